/** The steps of a plan as commands that a person can paste; they do what `doctor --fix` does. */
import { type BackendConfig, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { makeFolderCommand, moveCommand, quoteFor, type Shell } from "../support/shell.ts";
import type { Choice } from "./choose.ts";
import { ENVIRONMENT } from "./clients.ts";
import type { Bring, SetAside, Step } from "./plan.ts";

export function commandsOf(step: Step, choice: Choice, shell: Shell): string[] {
  return step.kind === "set aside" ? movesOf(step, shell) : bringCommands(step, choice, shell);
}

function movesOf({ files }: SetAside, shell: Shell): string[] {
  return files.map(([from, to]) => moveCommand(from, to, shell));
}

/** @param allowLoss also with what cannot come along */
export function bringCommands(
  bring: Pick<Bring, "from" | "to" | "release" | "newest" | "folder">,
  choice: Choice,
  shell: Shell,
  allowLoss = false,
): string[] {
  const { from, to, release, newest, folder } = bring;
  const words = [
    "memorygraph-migrate",
    ...storeWords("from", from),
    ...storeWords("to", to),
    ...passwordFrom("from", from, choice),
    ...passwordFrom("to", to, choice),
    ...(release === null ? [] : ["--for", release]),
    ...(newest ? ["--on-conflict", "newest", "--yes"] : []),
    ...(allowLoss ? ["--allow-loss"] : []),
  ];
  const make = folder === null ? [] : [makeFolderCommand(folder, shell)];
  return [...make, words.map((word) => quoteFor(shell, word)).join(" ")];
}

/** The options that name a store; a password is not among them. */
export function storeWords(side: "from" | "to", config: BackendConfig): string[] {
  const { type, path, uri, username, database, graph } = config;
  if (FILE_BACKENDS.has(type)) return [`--${side}`, type, `--${side}-path`, path ?? ""];
  return [
    ...[`--${side}`, type, `--${side}-uri`, withoutCredentials(uri ?? "")],
    ...(username ? [`--${side}-user`, username] : []),
    ...(database ? [`--${side}-database`, database] : []),
    ...(graph ? [`--${side}-graph`, graph] : []),
  ];
}

/** A password is read again where doctor found it; it is never part of a command. */
export function passwordFrom(side: "from" | "to", { password }: BackendConfig, { setup }: Choice): string[] {
  return password ? [`--${side}-password-from`, setup?.client.id ?? ENVIRONMENT] : [];
}
