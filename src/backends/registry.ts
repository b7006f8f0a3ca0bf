/** Loads the backend of a store when it is first asked for, which keeps the start of the program short. */
import { UsageError } from "../errors.ts";
import type { Backend, SourceStore, StagedBackend, TargetBackend } from "./backend.ts";
import type { BackendConfig } from "./config.ts";
import type { Finding } from "./description.ts";
import { descriptorOf } from "./descriptors.ts";
import { copiesBeside } from "./file/copies-beside.ts";
import { recognise } from "./recognise.ts";

/**
 * The backend of a store; of one that is something else than was said, where people are known to confuse the two, the
 * right one.
 * @throws AccessError when the system does not let us look
 */
export async function loadBackend({ type, path }: BackendConfig): Promise<Backend> {
  const found = path === undefined ? null : recognise(path).type;
  if (found === null || found === type) return tellingCopies(await descriptorOf(type).load(), path);
  const other = descriptorOf(found);
  const backend = other.mistakenFor.includes(type) ? await other.load() : null;
  if (backend?.target !== "staged") return descriptorOf(type).load();
  return misnamed(tellingCopies(backend, path), {
    kind: "note",
    what: `a ${other.noun} that was called ${descriptorOf(type).title}; it is read as a ${other.noun}`,
    count: 1,
    examples: [path!],
  });
}

/** As loadBackend, for a store that is written to. @throws UsageError for a kind that is only read */
export async function loadTarget(config: BackendConfig): Promise<TargetBackend> {
  const backend = await loadBackend(config);
  if (backend.target !== "none") return backend;
  throw new UsageError(`a ${descriptorOf(config.type).noun} can be a source, but not a target`, {
    next: "Choose another kind for the target.",
  });
}

/** The same backend, whose stores tell, when they are read, what stands beside them and may be newer. */
function tellingCopies<B extends Backend>(backend: B, path: string | undefined): B {
  if (path === undefined) return backend;
  return {
    ...backend,
    openForReading: async (config, options) =>
      tellingOf(await backend.openForReading(config, options), copiesBeside(path)),
  };
}

/** Not a copy: its backend knows its own stores. */
function tellingOf(store: SourceStore, notes: readonly Finding[]): SourceStore {
  if (notes.length === 0) return store;
  const describe = store.describe.bind(store);
  const noted: typeof store.describe = async (depth) => {
    const description = await describe(depth);
    return { ...description, findings: [...description.findings, ...notes] };
  };
  return Object.assign(store, { describe: noted });
}

/** The same backend, whose stores tell that they are no others. */
function misnamed(backend: StagedBackend, note: Finding): StagedBackend {
  return {
    ...backend,
    async openForReading(config, options) {
      return tellingOf(await backend.openForReading(config, options), [note]);
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
