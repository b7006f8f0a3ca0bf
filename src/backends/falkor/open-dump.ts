/** A dump opened for reading: one of its graphs, and what there is beside it. */
import { BusyError, StoreKindError } from "../../errors.ts";
import type { ByteSource, DumpGraph, DumpScan } from "../../rdb/dump.ts";
import { type GraphReader, openGraph } from "../../rdb/graph.ts";
import { findGraph, scanDump } from "../../rdb/scan.ts";
import { openDumpFile } from "../../rdb/source.ts";
import { DumpStore } from "./dump-store.ts";

export interface OpenDump extends Disposable {
  readonly scan: DumpScan;
  /** Null where the dump holds no such graph. */
  readonly graph: DumpGraph | null;
  readonly store: DumpStore;
}

export interface DumpRequest {
  /** As messages name the store. */
  readonly location: string;
  readonly file: string;
  readonly graph: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws DamagedStoreError, NewerFormatError, UnsupportedError, the system's error */
export async function openDump({ location, file, graph: name, signal }: DumpRequest): Promise<OpenDump> {
  const source = openDumpFile(file);
  try {
    const scan = await scanDump({ ...described(source, location) }, { signal });
    const unreadable = scan.unreadable.find(({ db, key }) => db === 0 && key === name);
    if (unreadable !== undefined) throw unreadable.error;
    const graph = findGraph(scan, name);
    const reader: GraphReader | null = graph === null ? null : await openGraph(scan, graph, { signal });
    const store = new DumpStore(reader);
    return {
      scan,
      graph,
      store,
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

/** @throws StoreKindError when there are graphs, but not this one; a dump without any is an empty store */
export function assertGraph({ scan, graph }: OpenDump, location: string, name: string, side: "from" | "to"): void {
  const others = graphNames(scan);
  if (graph !== null || others.length === 0) return;
  throw new StoreKindError(`${location} holds no graph ${name}`, {
    details: others.map((other) => `it holds the graph ${other}`),
    next: `Name one of them: --${side}-graph ${others[0]}`,
  });
}

/** In the first database, which is the only one that engines look into. */
export function graphNames({ graphs }: DumpScan): string[] {
  return graphs.filter(({ db }) => db === 0).map(({ name }) => name);
}

export function stillWriting(location: string): BusyError {
  return new BusyError(`${location} is being written to all the time; no moment of it could be copied`, {
    next: "Close the application that writes to it, or wait until it is done, and run the same command again.",
  });
}
