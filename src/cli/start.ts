/** What a person does once a target is complete: for their MCP client, or for the shell. */
import { resolve } from "node:path";
import { BackendConfig } from "../backends/config.ts";
import { readClients } from "../doctor/client-configurations.ts";
import { CLIENTS, type ClientId } from "../doctor/clients.ts";
import { machineOf } from "../doctor/machine.ts";
import { locationOf } from "../doctor/release-stores.ts";
import { storeOfSetup } from "../doctor/setup-stores.ts";
import { snippetFor } from "../doctor/snippet.ts";
import type { MigrationResult } from "../operations/models.ts";
import { settingVariables, shellInUse } from "../support/shell.ts";
import type { CommandContext } from "./command.ts";
import { printable } from "./printable.ts";

/** The one graph that every release opens. */
const GRAPH = "memorygraph";

/** @param id the client whose configuration is wanted; without one, what its configurations say */
export function startLines(
  result: MigrationResult,
  target: BackendConfig,
  id: ClientId | undefined,
  { env }: Pick<CommandContext, "env">,
): string[] {
  const { release } = result;
  if (release === null) return [];
  // What was called FalkorDBLite may have been something else.
  const type = result.target?.before.backend ?? target.type;
  const path = target.path === undefined ? {} : { path: resolve(target.path) };
  const named = new BackendConfig({ ...target, type, ...path, ...addressReached(result, target) });
  if (named.graph !== undefined && named.graph !== GRAPH) {
    return [
      `MemoryGraph opens the graph ${GRAPH} alone; to use this copy, repeat the command with --to-graph ${GRAPH}.`,
    ];
  }
  if (!result.visible) return [];
  const machine = machineOf(env, process.platform, process.cwd());
  const { setups } = readClients(machine);
  const variables = named.toEnv();
  if (id !== undefined) {
    const client = CLIENTS.find((one) => one.id === id)!;
    const own = setups.find((setup) => setup.client.id === id);
    const { file, lines } = snippetFor(client, variables, machine, own);
    const login = named.username ? ["  Add the user and the password of the server to these variables."] : [];
    return [
      `put this into ${printable(file)}, and restart ${client.title}:`,
      ...lines.map((line) => `  ${printable(line)}`),
      ...login,
    ];
  }
  const using = setups.filter((setup) => storeOfSetup(setup, release, machine).location === locationOf(named));
  if (using.length > 0) {
    const titles = [...new Set(using.map(({ client }) => client.title))];
    return [`restart ${titles.join(" and ")}, which ${titles.length === 1 ? "opens" : "open"} this store.`];
  }
  const settings = settingVariables(variables);
  return [
    ...(shellInUse() === "posix"
      ? [`start MemoryGraph ${release} with ${settings.join(" ")}`]
      : [`start MemoryGraph ${release} after`, ...settings.map((command) => `      ${command}`)]),
    "      (--client claude-code, or another one, prints this as a client's configuration)",
  ];
}

/** A node of a cluster, or a sentinel, sends to where the graph is: MemoryGraph follows no such referral, so it is given the end of it. */
function addressReached(result: MigrationResult, { uri }: BackendConfig): { uri?: string } {
  const location = result.target?.before.location;
  if (uri === undefined || location === undefined || !URL.canParse(uri) || !URL.canParse(location)) return {};
  const [named, reached] = [new URL(uri), new URL(location)];
  const isSame = named.hostname === reached.hostname && (named.port === "" || named.port === reached.port);
  if (isSame || reached.hostname === "") return {};
  named.hostname = reached.hostname;
  named.port = reached.port;
  return { uri: named.href };
}
