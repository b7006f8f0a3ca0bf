/** Keeps memory flat where records stream by: what they leave behind is collected before the heap has doubled over it. */
import { heapSize } from "bun:jsc";

/**
 * JavaScriptCore collects the young part of its heap on its own, and the rest only when that has grown to a multiple of it: batches
 * that were under way in a small collection pile up as old ones until then, far over 100 MB. More of it is collected here.
 */
const MOST_GARBAGE_BYTES = 32 << 20;
/** Beside a server each byte in the heap stands for some outside of it, in buffers of the driver that go only with it. */
const MOST_GARBAGE_BESIDE_SERVERS = 10 << 20;

let room = MOST_GARBAGE_BYTES;

/** From now on less garbage is left, since the process talks to a server. Where only files are read that would take time. */
export function expectServers(): void {
  room = MOST_GARBAGE_BESIDE_SERVERS;
}

/**
 * @param size of the heap, in bytes
 * @param collect collects all of it
 * @param most garbage that may be left, in bytes
 * @returns what collects where much has come since the last time; where more is in use, a collection takes longer, and the room for
 *   garbage grows with it
 */
export function collectorOf(size: () => number, collect: () => void, most: () => number): () => void {
  /** Bytes that were left by the last collection, or since. */
  let live = Number.POSITIVE_INFINITY;
  return () => {
    const now = size();
    live = Math.min(live, now);
    if (now - live < Math.max(most(), live / 2)) return;
    collect();
    live = size();
  };
}

/** The size of the heap is the sum over its blocks: asked for with each of a million rows, that took a third of the time. */
const PAUSE_MS = 2;
let nextLook = 0;

const collectMuch = collectorOf(
  heapSize,
  () => Bun.gc(true),
  () => room,
);

/** To be called between batches or rows: it looks at the heap every few milliseconds, and takes no time otherwise. */
export function collectGarbage(): void {
  if (performance.now() < nextLook) return;
  collectMuch();
  nextLook = performance.now() + PAUSE_MS;
}
