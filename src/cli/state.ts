/** Where runs are remembered. */
import { resolve } from "node:path";
import { RunRegistry } from "../journal/registry.ts";
import { stateFolder } from "../support/state-folder.ts";
import { VERSION } from "../version.ts";

export function registryOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): RunRegistry {
  const folder = given === undefined ? stateFolder("memorygraph-migrate", env, process.platform) : resolve(given);
  return new RunRegistry(folder, VERSION);
}
