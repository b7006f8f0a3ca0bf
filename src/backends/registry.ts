/** The only list of backends. Each is imported when it is first asked for, which keeps the start of the program short. */
import { StoreKindError, UsageError } from "../errors.ts";
import type { Backend, Capabilities } from "./backend.ts";
import { BackendConfig, type BackendType } from "./config.ts";
import { recognise } from "./recognise.ts";

const BACKENDS: Partial<Record<BackendType, () => Promise<Backend>>> = {
  sqlite: async () => (await import("./sqlite/sqlite.ts")).sqlite,
  neo4j: async () => (await import("./bolt/open.ts")).neo4jBackend,
  memgraph: async () => (await import("./bolt/open.ts")).memgraphBackend,
  falkordb: async () => (await import("./falkor/falkordb.ts")).falkordb,
};

export function supportedBackends(): BackendType[] {
  return Object.keys(BACKENDS) as BackendType[];
}

/**
 * @throws StoreKindError when the path holds another kind of store than was said
 * @throws UsageError for a backend that this release cannot open yet
 */
export async function loadBackend({ type, path }: BackendConfig): Promise<Backend> {
  const load = BACKENDS[type];
  if (load !== undefined) return load();
  if (path !== undefined && recognise(path) === "SQLite database") {
    throw new StoreKindError(`${path} is a SQLite file, not a ${type} store`, {
      next: `Name its kind: sqlite instead of ${type}.`,
    });
  }
  throw new UsageError(`this release cannot open ${type} stores yet`, {
    next: `It can open: ${supportedBackends().join(", ")}. Nothing was touched.`,
  });
}

export async function capabilitiesOf(type: BackendType): Promise<Capabilities> {
  return (await loadBackend(new BackendConfig({ type }))).capabilities;
}
