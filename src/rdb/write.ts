/** A dump put together: a graph of ours, and what another dump holds beside it, byte for byte. */
import { RefusedError } from "../errors.ts";
import { breathe } from "../support/time.ts";
import { Crc64 } from "./crc64.ts";
import { damageAt } from "./damage.ts";
import type { GraphDraft } from "./draft.ts";
import type { ByteSource, DumpScan, GraphKey } from "./dump.ts";
import { GRAPH_DATA, moduleTypeBytes } from "./module-type.ts";
import { WRITTEN_ENCODING } from "./packed-writer.ts";
import { findGraph, scanDump } from "./scan.ts";
import { FileSink } from "./sink.ts";
import { MODULE_VALUE } from "./skip.ts";

/** The oldest that holds all there is in it: a dump of graphs alone loads as any version. */
const CONTAINER = "REDIS0011";
const SELECT_DB = 254;
const RESIZE = 251;
const MODULE_AUX = 247;
const END = 255;
const UNSIGNED = 2;
const BEFORE_KEYS = 1;
const AFTER_KEYS = 2;
const COPIED = 1 << 20;
const TYPE = moduleTypeBytes({ name: GRAPH_DATA, encoding: WRITTEN_ENCODING });

interface WriteOptions {
  /** The dump whose other contents are taken over; a graph of the same name in the same database is replaced. */
  readonly keep?: DumpScan | null;
  readonly db?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the dump to a file, which is created or emptied; whoever calls has to flush it, and to remove it on failure.
 * @throws RefusedError where another kind of key has the graph's name; the system's error
 */
export async function writeDump(
  path: string,
  draft: GraphDraft,
  options: WriteOptions = {},
): Promise<{ bytes: number }> {
  const { keep = null, db = 0, signal } = options;
  const checksum = new Crc64();
  const sink = new FileSink(path, checksum);
  try {
    if (keep === null) writeAlone(sink, draft, db);
    else await new Rewriter(sink, keep, signal).write(draft, db);
    sink.byte(END);
    sink.flush();
    sink.write(checksum.digest());
    sink.flush();
    return { bytes: sink.bytes };
  } finally {
    sink.close();
  }
}

function writeAlone(sink: FileSink, draft: GraphDraft, db: number): void {
  sink.write(Buffer.from(CONTAINER));
  writeAux(sink, BEFORE_KEYS);
  selectDb(sink, db);
  sink.byte(RESIZE);
  sink.length(1);
  sink.length(0);
  writeKey(sink, draft);
  writeAux(sink, AFTER_KEYS);
}

function writeKey(sink: FileSink, draft: GraphDraft): void {
  sink.byte(MODULE_VALUE);
  sink.string(Buffer.from(draft.name));
  sink.write(TYPE);
  draft.writeTo(sink);
  sink.byte(0);
}

/** Before the keys, that there are no functions in other languages; behind them, that the graphs are complete. */
function writeAux(sink: FileSink, when: number): void {
  sink.byte(MODULE_AUX);
  sink.write(TYPE);
  sink.write(Uint8Array.of(UNSIGNED, when, UNSIGNED, 0, 0));
}

function selectDb(sink: FileSink, db: number): void {
  sink.byte(SELECT_DB);
  sink.length(db);
}

class Rewriter {
  readonly #sink: FileSink;
  readonly #keep: DumpScan;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer = new Uint8Array(COPIED);
  #at = 0;

  constructor(sink: FileSink, keep: DumpScan, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#keep = keep;
    this.#signal = signal;
  }

  async write(draft: GraphDraft, db: number): Promise<void> {
    const { layout } = this.#keep;
    const old = findGraph(this.#keep, draft.name, db)?.keys ?? [];
    const main = old.find(({ isMain }) => isMain) ?? null;
    if (main === null) await this.#assertFree(draft.name, db);
    // As Redis does: engines refuse a graph behind one of the same name in another database.
    const isFirst = db === 0 && layout.lastDb !== null && (layout.databases[0] !== 0 || layout.lastDb !== 0);
    const place = isFirst && layout.databases[0] !== 0 ? null : main;
    await this.#copyTo(layout.keysBegin);
    if (!layout.hasAuxBefore) writeAux(this.#sink, BEFORE_KEYS);
    if (place === null && isFirst) {
      selectDb(this.#sink, db);
      writeKey(this.#sink, draft);
    }
    for (const key of old) await this.#replace(key, key === place ? draft : null);
    await this.#copyTo(layout.keysEnd);
    if (place === null && !isFirst) {
      if (layout.lastDb !== db) selectDb(this.#sink, db);
      writeKey(this.#sink, draft);
    }
    if (!layout.hasAuxAfter) writeAux(this.#sink, AFTER_KEYS);
    await this.#copyTo(layout.end);
  }

  /** What belongs to the key, such as its expiry, stays with the graph that takes its place. */
  async #replace(key: GraphKey, draft: GraphDraft | null): Promise<void> {
    await this.#copyTo(draft === null ? key.offset : key.typeOffset);
    if (draft !== null) writeKey(this.#sink, draft);
    this.#at = key.end;
  }

  async #copyTo(end: number): Promise<void> {
    const { source } = this.#keep;
    while (this.#at < end) {
      this.#signal?.throwIfAborted();
      const part = this.#buffer.subarray(0, Math.min(COPIED, end - this.#at));
      if (source.read(part, this.#at) < part.length) throw damageAt(source, this.#at, "it is shorter than it was");
      this.#sink.write(part);
      this.#at += part.length;
      await breathe();
    }
  }

  /** An engine refuses a dump that has a key twice. */
  async #assertFree(name: string, db: number): Promise<void> {
    const { source } = this.#keep;
    const wanted = Buffer.from(name);
    await scanDump(source, {
      signal: this.#signal,
      eachKey: (keyDb, key) => {
        if (keyDb === db && Buffer.compare(key, wanted) === 0) throw occupied(source, name);
      },
    });
  }
}

function occupied(source: ByteSource, name: string): RefusedError {
  return new RefusedError(`${source.name} has a key ${JSON.stringify(name)} that is no graph`, {
    next: "Rename that key, or choose another file.",
  });
}
