/** The steps of a plan as commands that a person can paste; they do what `doctor --fix` does. */
import { type BackendConfig, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { shellQuote, windowsQuote } from "../support/shell.ts";
import type { Choice } from "./choose.ts";
import { ENVIRONMENT } from "./clients.ts";
import type { Bring, SetAside, Step } from "./plan.ts";

export function commandsOf(step: Step, choice: Choice, platform: string): string[] {
  return step.kind === "set aside" ? movesOf(step, platform) : bringCommands(step, choice, platform);
}

function movesOf({ files }: SetAside, platform: string): string[] {
  const quote = quoting(platform);
  const move = platform === "win32" ? "move" : "mv -n --";
  return files.map(([from, to]) => `${move} ${quote(from)} ${quote(to)}`);
}

/** @param allowLoss also with what cannot come along */
export function bringCommands(
  bring: Pick<Bring, "from" | "to" | "release" | "newest" | "folder">,
  choice: Choice,
  platform: string,
  allowLoss = false,
): string[] {
  const { from, to, release, newest, folder } = bring;
  const quote = quoting(platform);
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
  const make = folder === null ? [] : [platform === "win32" ? `mkdir ${quote(folder)}` : `mkdir -p ${quote(folder)}`];
  return [...make, words.map(quote).join(" ")];
}

function quoting(platform: string): (word: string) => string {
  return platform === "win32" ? windowsQuote : shellQuote;
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
