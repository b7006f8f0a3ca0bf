/** What memorygraph/ knows of the stores that releases open, as configurations, for one machine. */
import { resolve } from "node:path";
import { assertNoAddress, BackendConfig, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { descriptorOf, typeNamed } from "../backends/descriptors.ts";
import { UsageError } from "../errors.ts";
import { type OpenedServer, openedBy } from "../memorygraph/opens.ts";
import type { Release } from "../memorygraph/releases.ts";
import type { Environment, Machine } from "./machine.ts";

/** A store that a release opens, and what names it. */
export interface ReleaseStore {
  readonly config: BackendConfig;
  /** The variable that names it; null for the release's own default. */
  readonly variable: string | null;
  /** Where a `~` in the variable was meant to lead; the application takes it for a folder of that name. */
  readonly meant: string | null;
}

/**
 * What the release opens with these variables.
 * @param cwd the working folder of the application
 * @param backend instead of what MEMORY_BACKEND says
 * @throws UsageError when that is a kind of store that this program does not read
 */
export function storeOpenedBy(
  release: Release,
  env: Environment,
  machine: Machine,
  cwd: string,
  backend?: string,
): ReleaseStore {
  const opened = openedBy(release, { env, home: machine.home, cwd }, backend);
  const type = typeNamed(opened.backend);
  if (opened.kind === "unread") throw new UsageError(opened.about.title, { next: opened.about.next });
  if (opened.kind === "unknown" || type === undefined) {
    throw new UsageError(`a backend that is unknown (MEMORY_BACKEND is "${opened.backend}")`, {
      next: "Set it to a backend of MemoryGraph.",
    });
  }
  const { variable } = opened;
  if (opened.kind === "server") return { config: serverConfig(type, opened), variable, meant: null };
  assertNoAddress(opened, env);
  return { config: new BackendConfig({ type, path: opened.path }), variable, meant: opened.meant };
}

function serverConfig(type: BackendConfig["type"], { parts }: OpenedServer): BackendConfig {
  const { uri, host, port, ...login } = parts;
  const address = uri ?? `${descriptorOf(type).server?.schemes[0]}://${host}:${port}`;
  return BackendConfig.from({ type, uri: address, ...login });
}

/** One name for one store: two configurations that lead to it have the same. */
export function locationOf(config: BackendConfig): string {
  return FILE_BACKENDS.has(config.type) ? resolve(config.path ?? "") : withoutCredentials(config.uri ?? "");
}
