/** What acts by itself in a target is asked about once, before anything is written. */
import { expect, test } from "bun:test";
import type { Finding, StoreDescription } from "../../src/backends/description.ts";
import { RefusedError } from "../../src/errors.ts";
import { assertAgreed, assertLatest } from "../../src/operations/checks.ts";

const NOTE: Finding = { kind: "note", what: "an index failed", count: 1, examples: ["x"] };
const ACTING: Finding = {
  kind: "note",
  what: "triggers run on what is written",
  count: 2,
  examples: ["audit (after commit)", "stamp (before commit)"],
  needsConsent: true,
};

function store(...findings: Finding[]): StoreDescription {
  return {
    ...{ backend: "memgraph", location: "bolt://h:7687", engine: "Memgraph", layout: "empty", release: null },
    ...{ readableBy: [], bytes: null, nodes: 0, relationships: 0, indexes: [], findings },
  };
}

test("one question names the target and everything that acts", async () => {
  const asked: string[] = [];
  const agree = async (question: string) => void asked.push(question);
  await assertAgreed(store(NOTE), agree);
  expect(asked).toEqual([]);
  await assertAgreed(store(NOTE, ACTING), agree);
  expect(asked).toEqual([
    "In bolt://h:7687, triggers run on what is written (audit (after commit), stamp (before commit)). Go on all the same?",
  ]);
});

test("a no ends the run; where the caller has decided, nobody is asked", async () => {
  const no = new RefusedError("not confirmed; nothing was written", { next: "Add --yes." });
  await expect(assertAgreed(store(ACTING), () => Promise.reject(no))).rejects.toBe(no);
  await assertAgreed(store(ACTING), undefined);
});

test("what stands beside a source and is later is one question; what is only beside it is none", async () => {
  const asked: string[] = [];
  const agree = async (question: string) => void asked.push(question);
  await assertLatest(store(NOTE), agree);
  expect(asked).toEqual([]);
  const later: Finding = { ...NOTE, what: "a later copy", examples: ["memory (1).db"], isLater: true };
  await assertLatest(store(NOTE, later), agree);
  expect(asked).toEqual([
    "bolt://h:7687 may not be the latest state of this store: a later copy (memory (1).db). Read it all the same?",
  ]);
  const no = new RefusedError("not confirmed; nothing was written", { next: "Add --yes." });
  await expect(assertLatest(store(later), () => Promise.reject(no))).rejects.toBe(no);
  await assertLatest(store(later), undefined);
});
