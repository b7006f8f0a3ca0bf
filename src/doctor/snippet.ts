/** What goes into the configuration of an MCP client so that MemoryGraph opens a store: ready to paste. */

import type { Setup } from "./client-configurations.ts";
import type { Client } from "./clients.ts";
import { filesOf } from "./clients.ts";
import { type Machine, placeOn, shortPath } from "./machine.ts";

export interface Snippet {
  /** The file that it belongs in. */
  readonly file: string;
  readonly lines: readonly string[];
}

/**
 * @param variables those that name the store; no password is among them
 * @param setup the client's present entry, whose command and name stay
 */
export function snippetFor(
  client: Client,
  variables: Readonly<Record<string, string>>,
  machine: Machine,
  setup: Setup | undefined,
): Snippet {
  const { command, args } = setup?.command ?? { command: "memorygraph", args: [] };
  const name = setup?.name ?? "memorygraph";
  // What --backend says would win over the variable.
  const kept = withoutBackend(args).map(withoutSecret);
  const template = filesOf(client, machine.platform)[0] ?? "";
  const file = shortPath(machine, setup?.file ?? placeOn(machine, template) ?? template);
  if (client.format === "toml") return { file, lines: tomlLines(client.servers[0]!, name, command, kept, variables) };
  const entry =
    client.spelling === "command list"
      ? { type: "local", command: [command, ...kept], environment: variables }
      : { ...(client.spelling === "stdio type" && { type: "stdio" }), command, args: kept, env: variables };
  const nested = [...client.servers[0]!, name].reduceRight<unknown>((inner, key) => ({ [key]: inner }), entry);
  return { file, lines: JSON.stringify(nested, null, 2).split("\n") };
}

function tomlLines(
  keys: readonly string[],
  name: string,
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): string[] {
  const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
  const pairs = Object.entries(variables).map(([variable, value]) => `${variable} = ${JSON.stringify(value)}`);
  return [
    `[${[...keys, key].join(".")}]`,
    `command = ${JSON.stringify(command)}`,
    `args = ${JSON.stringify(args)}`,
    `env = { ${pairs.join(", ")} }`,
  ];
}

/** `docker run -e MEMORY_NEO4J_PASSWORD=…`: a password is never shown, also not one that is in the configuration. */
function withoutSecret(word: string): string {
  return word.replace(/^([^=]*(?:PASSWORD|SECRET|TOKEN|KEY)[^=]*=).*$/is, "$1…").replace(/\/\/\S*@/, "//");
}

function withoutBackend(args: readonly string[]): string[] {
  return args.filter((word, at) => !/^--backend(=|$)/.test(word) && args[at - 1] !== "--backend");
}
