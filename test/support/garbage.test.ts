/** Garbage that small collections leave behind goes when it adds up, and what is in use costs no collection each time. */

import { edenGC, fullGC, heapSize } from "bun:jsc";
import { expect, test } from "bun:test";
import { collectGarbage, collectorOf } from "../../src/support/garbage.ts";

const MIB = 2 ** 20;

/** Collects whenever the heap has another one of the sizes, and gives whether it did. */
function collected(sizes: readonly [mebibytes: number, afterCollection: number][]): boolean[] {
  let size = 0;
  let after = 0;
  let isCollected = false;
  const collect = collectorOf(
    () => size * MIB,
    () => {
      isCollected = true;
      size = after;
    },
    () => 32 * MIB,
  );
  return sizes.map(([mebibytes, left]) => {
    [size, after, isCollected] = [mebibytes, left, false];
    collect();
    return isCollected;
  });
}

test("what has come since the last collection is collected from 32 MiB on", () => {
  expect(
    collected([
      [10, 10],
      [41, 10],
      [42, 12],
      [43, 12],
      [44, 12],
      // What the engine has collected by itself counts as a collection.
      [5, 5],
      [36, 5],
      [37, 5],
    ]),
  ).toEqual([false, false, true, false, true, false, false, true]);
});

test("where much is in use, half as much may come", () => {
  expect(
    collected([
      [200, 200],
      [299, 200],
      [300, 250],
      [374, 250],
      [375, 250],
    ]),
  ).toEqual([false, false, true, false, true]);
});

test("garbage of 80 MiB that small collections have kept does not stay", () => {
  fullGC();
  const before = heapSize();
  collectGarbage();
  let held: string[][] | null = Array.from({ length: 80 }, (_, at) =>
    Array.from({ length: 4_096 }, (_, of) => `${at} ${of}`.padEnd(232, ".")),
  );
  edenGC();
  edenGC();
  expect(held.length).toBe(80);
  held = null;
  edenGC();
  collectGarbage();
  expect(heapSize() - before).toBeLessThan(20 * MIB);
});
