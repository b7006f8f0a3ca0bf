/** What a verification and a result claim beyond the records that the run was about. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import type { SourceStore } from "../../src/backends/backend.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadTarget } from "../../src/backends/registry.ts";
import { ContentDigest } from "../../src/graph/digest.ts";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "../../src/graph/record.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { emptyTally, Summary } from "../../src/memorygraph/summary.ts";
import { RecordKeys } from "../../src/operations/records.ts";
import { FittedSource } from "../../src/operations/transfer/fitted-source.ts";
import { Ledger } from "../../src/operations/transfer/ledger.ts";
import { verifyMerged, verifyWhole } from "../../src/operations/verify.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture, run, settle, succeed } from "../support/stores.ts";

const memory = (id: string, title: string): GraphNode => ({
  kind: "node",
  key: `=${id}`,
  labels: ["Memory"],
  properties: Properties.from([
    ["id", id],
    ["title", title],
  ]),
});

const reading = (...records: GraphRecord[]) => ({
  async *read() {
    yield records;
  },
});

function digestOf(...records: GraphRecord[]): ContentDigest {
  const digest = new ContentDigest();
  for (const record of records) digest.addHash(record, hashOf(record));
  return digest;
}

describe("what a run was to leave alone", () => {
  const [own, theirs] = [memory("own", "of the run"), memory("theirs", "as it was")];

  /** @param noted what the ledger has of the record that was to be left alone */
  async function verified(noted: GraphRecord, untouched: ContentDigest) {
    const ledger = new Ledger();
    const keys = new RecordKeys();
    for (const [record, selected] of [
      [own, true],
      [noted, false],
    ] as const) {
      const hash = hashOf(record);
      const entry = { before: selected ? null : hash, stamp: null, expected: hash, selected };
      ledger.put(keys.keyOf(record, hash), entry);
    }
    const selectedCounts = { ...emptyTally(), nodes: 1, memories: 1 };
    const expected = { ledger, rest: null, selected: digestOf(own), selectedCounts, untouched };
    try {
      return await verifyMerged(reading(own), expected, reading(own, theirs), () => {});
    } finally {
      ledger.close();
    }
  }

  test("is the same record by record, and by a digest of its own", async () => {
    const { valid, errors, untouched } = await verified(theirs, digestOf(theirs));
    expect([valid, errors]).toEqual([true, []]);
    expect(untouched).toEqual({ records: 1, before: untouched!.after, after: digestOf(theirs).toString() });
  });

  test("has changed where the digest says so, though no record does", async () => {
    const before = digestOf(memory("theirs", "as it was at first"));
    const { valid, errors, untouched } = await verified(theirs, before);
    expect([valid, errors.join()]).toEqual([false, expect.stringContaining("stay unchanged have changed")]);
    expect(untouched).toEqual({ records: 1, before: before.toString(), after: digestOf(theirs).toString() });
  });

  test("has changed where a record of it does", async () => {
    const { valid, differenceCount } = await verified(memory("theirs", "as it was at first"), digestOf(theirs));
    expect([valid, differenceCount]).toEqual([false, 1]);
  });
});

describe("a target that held nothing", () => {
  const [a, b] = [memory("a", "one"), memory("b", "other")];
  const joined = (type: string, from = "=a", to = "=b", strength = 0.5): GraphRelationship => ({
    ...{ kind: "relationship", from, to, type },
    properties: Properties.from([["strength", strength]]),
  });
  const source = [a, b, joined("SOLVES"), joined("SOLVES")];

  test.each([
    ["all that the source holds, in any order", [joined("SOLVES"), b, joined("SOLVES"), a], 0],
    ["a relationship less", [a, b, joined("SOLVES")], 1],
    ["one of two that are alike twice", [a, b, joined("SOLVES"), joined("SOLVES"), joined("SOLVES")], 1],
    ["a relationship of another type", [a, b, joined("SOLVES"), joined("CAUSES")], 2],
    ["a relationship turned round", [a, b, joined("SOLVES"), joined("SOLVES", "=b", "=a")], 2],
    ["another value in a relationship", [a, b, joined("SOLVES"), joined("SOLVES", "=a", "=b", 0.25)], 2],
    ["another title", [a, memory("b", "changed"), joined("SOLVES"), joined("SOLVES")], 1],
  ] as const)("with %s", async (_, target, differences) => {
    const expected = new Summary();
    for (const record of source) expected.add(record);
    const found = await verifyWhole(reading(...source), expected, reading(...target), () => {});
    expect([found.valid, found.differenceCount]).toEqual([differences === 0, differences]);
  });
});

test("what was fitted to a FalkorDBLite store can be read again when it is compared with what was written", async () => {
  using folder = temporaryFolder();
  // Of two nodes without an id each is known by what it holds.
  const nameless = (text: string): GraphNode => ({
    ...memory("", text),
    key: `#${text}`,
    labels: ["Note"],
    properties: Properties.from([["text", text]]),
  });
  const source = reading(memory("a", "one"), nameless("b"), nameless("c")) as unknown as SourceStore;
  const to = new BackendConfig({ type: "falkordblite", path: folder.file("store.db") });
  const session = await (await loadTarget(to)).openForWriting(to, { release: null, fallbackRelease: "0.12" });
  const fitted = new FittedSource(source, session.fitting);
  try {
    const written: GraphRecord[] = [];
    for await (const batch of fitted.admitAll()) {
      written.push(...batch);
      await session.write(batch);
    }
    await session.finish();
    const again: GraphRecord[] = [];
    for await (const batch of fitted.read()) again.push(...batch);
    expect(again.map((record) => hashOf(record))).toEqual(written.map((record) => hashOf(record)));
    expect(again).toHaveLength(3);
  } finally {
    fitted.close();
    await session.rollback();
  }
});

describe("what a result tells of the source", () => {
  test.each([
    {},
    { dryRun: true },
  ])("after a success is what stands there, independently counted (%j)", async (more) => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const target = copyFixture("0.8.3", folder, "target.db");
    const { result } = await succeed(source, target, more);
    const told = {
      ...{ backend: "sqlite", location: source, layout: "nodes", release: "0.12" },
      ...{ nodes: 60, relationships: 120, bytes: statSync(source).size },
    } as const;
    expect(result.source).toMatchObject({ before: told, after: told });
  });

  test("after a failure is nothing: it may have changed", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const database = new Database(source);
    database.run("UPDATE nodes SET properties = '{' WHERE id = 'm-000059'");
    database.close();
    const { error, result } = await run(settle(source), folder.file("new.db"), { for: "0.13" });
    expect([error?.code, result.source?.before.nodes, result.source?.after]).toEqual(["damaged", 60, null]);
  });
});
