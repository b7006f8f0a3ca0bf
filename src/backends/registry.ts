/** The only list of backends. Each is imported when it is first asked for, which keeps the start of the program short. */

import { UsageError } from "../errors.ts";
import type { Backend, Capabilities, Finding, StagedBackend, TargetBackend } from "./backend.ts";
import { BackendConfig, type BackendType } from "./config.ts";
import { recognise } from "./recognise.ts";

const BACKENDS: Record<BackendType, () => Promise<Backend>> = {
  sqlite: async () => (await import("./sqlite/sqlite.ts")).sqlite,
  falkordblite: async () => (await import("./falkor/falkordblite.ts")).falkordblite,
  neo4j: async () => (await import("./bolt/open.ts")).neo4jBackend,
  memgraph: async () => (await import("./bolt/open.ts")).memgraphBackend,
  falkordb: async () => (await import("./falkor/falkordb.ts")).falkordb,
};

/**
 * The backend of a store; of one that is something else than was said, but something that we know, the right one.
 * @throws AccessError when the system does not let us look
 */
export async function loadBackend({ type, path }: BackendConfig): Promise<Backend> {
  const backend = await BACKENDS[type]();
  // Documents used to call FalkorDBLite "SQLite-based", and people believed it.
  if (type !== "falkordblite" || path === undefined || recognise(path) !== "SQLite database") return backend;
  return misnamed((await import("./sqlite/sqlite.ts")).sqlite, {
    kind: "note",
    what: "a SQLite file that was called FalkorDBLite; it is taken for what it is",
    count: 1,
    examples: [path],
  });
}

/** As loadBackend, for a store that is written to. @throws UsageError for a kind that is only read */
export async function loadTarget(config: BackendConfig): Promise<TargetBackend> {
  const backend = await loadBackend(config);
  if (backend.target !== "none") return backend;
  throw new UsageError(`a ${backend.type} store can be a source, but not a target`, {
    next: "Choose another kind for the target.",
  });
}

export async function capabilitiesOf(type: BackendType): Promise<Capabilities> {
  return (await loadBackend(new BackendConfig({ type }))).capabilities;
}

/** The same backend, whose stores tell that they are no others. */
function misnamed(backend: StagedBackend, note: Finding): StagedBackend {
  return {
    ...backend,
    async openForReading(config, options) {
      const store = await backend.openForReading(config, options);
      const describe = store.describe.bind(store);
      const noted: typeof store.describe = async (depth) => {
        const description = await describe(depth);
        return { ...description, findings: [...description.findings, note] };
      };
      // Not a copy: its backend knows its own stores.
      return Object.assign(store, { describe: noted });
    },
    async openForWriting(config, request) {
      const session = await backend.openForWriting(config, request);
      Object.assign(session.report, { notes: [...(session.report.notes ?? []), note] });
      return session;
    },
    async preview(config, request) {
      const preview = await backend.preview(config, request);
      Object.assign(preview.report, { notes: [...(preview.report.notes ?? []), note] });
      return preview;
    },
  };
}
