/** Garbage that small collections leave behind goes when it adds up, and what is in use costs no collection each time. */

import { edenGC, fullGC, heapSize } from "bun:jsc";
import { expect, test } from "bun:test";
import { collectGarbage } from "../../src/support/garbage.ts";

const MIB = 2 ** 20;

/** So much that survives a small collection, as batches under way do. */
function grown(mebibytes: number): string[][] {
  const held = Array.from({ length: mebibytes }, (_, at) =>
    Array.from({ length: 4_096 }, (_, of) => `${at} ${of}`.padEnd(232, ".")),
  );
  edenGC();
  edenGC();
  return held;
}

test("what a small collection has kept is collected once it adds up to some 32 MiB", () => {
  fullGC();
  const before = heapSize();
  collectGarbage();
  let held: string[][] | null = grown(8);
  expect(held.length).toBe(8);
  held = null;
  edenGC();
  collectGarbage();
  const little = heapSize();
  expect(little - before).toBeGreaterThan(4 * MIB);
  held = grown(80);
  expect(held.length).toBe(80);
  held = null;
  edenGC();
  expect(heapSize() - before).toBeGreaterThan(60 * MIB);
  collectGarbage();
  expect(heapSize() - before).toBeLessThan(20 * MIB);
});
