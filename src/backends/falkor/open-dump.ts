/** A dump opened for reading: one of its graphs, and what there is beside it. */
import { BusyError, RefusedError, StoreKindError, WriteError } from "../../errors.ts";
import type { ByteSource, DumpGraph, DumpScan } from "../../rdb/dump.ts";
import { type GraphReader, openGraph } from "../../rdb/graph.ts";
import { blockerOf, unloadable } from "../../rdb/loadable.ts";
import { findGraph, scanDump } from "../../rdb/scan.ts";
import { openDumpFile } from "../../rdb/source.ts";
import { DumpStore } from "./dump-store.ts";

export interface OpenDump extends Disposable {
  readonly scan: DumpScan;
  /** Null where the dump holds no such graph. */
  readonly graph: DumpGraph | null;
  readonly store: DumpStore;
  /** Whether a key that is no graph has the graph's name. */
  readonly isNameTaken: boolean;
}

interface DumpRequest {
  /** As messages name the store. */
  readonly location: string;
  readonly file: string;
  readonly graph: string;
  /** Redis's number of it; MemoryGraph looks into 0 alone. */
  readonly database: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws DamagedStoreError, NewerFormatError, UnsupportedError, the system's error */
export async function openDump({ location, file, graph: name, database, signal }: DumpRequest): Promise<OpenDump> {
  const source = openDumpFile(file);
  const wanted = Buffer.from(name);
  let isNameTaken = false;
  try {
    const eachKey = (db: number, key: Uint8Array) => {
      if (db === database && Buffer.compare(key, wanted) === 0) isNameTaken = true;
    };
    const scan = await scanDump(described(source, location), { signal, eachKey });
    const graph = findGraph(scan, name, database);
    const reader: GraphReader | null = graph === null ? null : await openGraph(scan, graph, { signal });
    const store = new DumpStore(reader);
    return {
      scan,
      graph,
      store,
      isNameTaken,
      [Symbol.dispose]() {
        store.close();
        source[Symbol.dispose]();
      },
    };
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

/** Messages name the store, and not the private copy that it may be read from. */
function described(source: ByteSource, name: string): ByteSource {
  return { name, size: source.size, read: (into, position) => source.read(into, position) };
}

/**
 * @param hasDatabases whether the store's databases can be named
 * @throws StoreKindError when there are graphs, but not this one; a dump without any is an empty store
 */
export function assertGraph(
  { scan, graph }: OpenDump,
  { location, graph: name, database }: DumpRequest,
  hasDatabases: boolean,
  side: "from" | "to" = "from",
): void {
  const reached = scan.graphs.filter(({ db }) => hasDatabases || db === database);
  const others = reached.sort((a, b) => a.db - b.db);
  const [first] = others.filter(({ db }) => db === database).concat(others);
  if (graph !== null || first === undefined) return;
  const where = database === 0 ? "" : ` in database ${database}`;
  const options = [
    ...(first.name === name ? [] : [`--${side}-graph`, quoted(first.name)]),
    ...(first.db === database ? [] : [`--${side}-database`, String(first.db)]),
  ];
  throw new StoreKindError(`${location} holds no graph ${name}${where}`, {
    details: others.map(({ db, name: other }) => `it holds the graph ${other}${db === 0 ? "" : ` in database ${db}`}`),
    next: `Name one of them: ${options.join(" ")}`,
    onlyGraph: others.length === 1 && first.db === database ? first.name : null,
  });
}

function quoted(name: string): string {
  return /^[\w.:-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}

/** The names of the graphs in one database of the dump. */
export function graphNames({ graphs }: DumpScan, database: number): string[] {
  return graphs.filter(({ db }) => db === database).map(({ name }) => name);
}

/**
 * What keeps a dump from being written anew with the graph changed or added, so that an engine loads it.
 * @throws RefusedError
 */
export function assertExtendable({ scan, isNameTaken }: OpenDump, { location, graph }: DumpRequest): void {
  if (isNameTaken) {
    throw new RefusedError(`${location} has a key ${JSON.stringify(graph)} that is no graph`, {
      next: "Rename that key in its engine, or name another graph: --to-graph NAME.",
    });
  }
  const obstacle = blockerOf(scan, graph);
  if (obstacle === null) return;
  throw new RefusedError(`${location} cannot be written to: ${obstacle.why}`, { next: obstacle.next });
}

/** What was written, read anew. @throws WriteError where no engine would load it */
export function assertLoadable({ scan }: OpenDump, { location, graph }: DumpRequest): void {
  const why = unloadable(scan, graph);
  if (why === null) return;
  throw new WriteError(`an engine would refuse the file that was written for ${location}: ${why}`, {
    next: "The target was not changed. Report it to the project; use a new path as the target to avoid it.",
  });
}

/** For a dump that changed on every attempt to copy it. */
export function stillWriting(location: string): BusyError {
  return new BusyError(`could not copy a consistent snapshot of ${location}: another program keeps writing to it`, {
    next: "Close the application that writes to it, or wait until it is done, and run the same command again.",
  });
}
