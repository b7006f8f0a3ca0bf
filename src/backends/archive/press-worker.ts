/** Runs in a thread of its own: answers each PlainBlock with a PressedBlock, in their order. */
import { heapSize } from "bun:jsc";
import { collectorOf } from "../../support/garbage.ts";
import { type PlainBlock, Press } from "./press.ts";

declare const self: Worker;

/** A block leaves some MB behind, and what is in use here is next to nothing: collecting it often costs little. */
const MOST_GARBAGE_BYTES = 12 << 20;

const press = new Press();
const collectGarbage = collectorOf(
  heapSize,
  () => Bun.gc(true),
  () => MOST_GARBAGE_BYTES,
);

self.onmessage = ({ data }: MessageEvent<PlainBlock>) => {
  self.postMessage(press.press(data));
  collectGarbage();
};
