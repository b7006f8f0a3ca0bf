/** The log of a run: what is in it comes out as it was, or is told. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphNode, GraphRelationship } from "../../src/graph/record.ts";
import { beforeImageRow, createdRow, readBeforeImage, readFingerprints } from "../../src/journal/entries.ts";
import { JournalFile, type LogRow } from "../../src/journal/journal-file.ts";
import { FingerprintPacker, fingerprintOf } from "../../src/memorygraph/fingerprint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { turnRowid } from "../support/turned-rowid.ts";

const plainly = <T>(work: () => T): T => work();
const row = (text: string, ref: bigint | null = null): LogRow => ({ kind: "note", ref, text, bytes: null });
const node = (id: string, properties: Record<string, string | bigint | number> = {}): GraphNode => ({
  kind: "node",
  key: `=${id}`,
  labels: ["Memory"],
  properties: Properties.from(Object.entries({ id, ...properties })),
});

/** No more than that many of them: what goes in circles gives them for ever. */
function taken<T>(rows: Iterable<T>, most: number): T[] {
  const all: T[] = [];
  for (const one of rows) if (all.push(one) > most) break;
  return all;
}

describe("a journal", () => {
  test("gives back what was written, in order, after it was closed", () => {
    using folder = temporaryFolder();
    const path = folder.file("j.db");
    const written = JournalFile.create(path, plainly);
    const first = written.append("process", [row("a"), row("b", 7n)]);
    written.append("power", [row("c", 9_007_199_254_740_993n)]);
    written.setMeta("name", "value");
    written.close();
    const read = JournalFile.open(path, plainly);
    expect([...read.rows()].map(({ text, ref }) => [text, ref])).toEqual([
      ["a", null],
      ["b", 7n],
      ["c", 9_007_199_254_740_993n],
    ]);
    expect([read.getMeta("name"), read.getMeta("other"), read.row(first).text]).toEqual(["value", null, "a"]);
    expect(read.find("note", 9_007_199_254_740_993n)?.text).toBe("c");
    read.rewrite(({ text, ...rest }) => (text === "b" ? [] : [{ ...rest, text: text.toUpperCase() }]));
    expect([...read.rows()].map(({ text }) => text)).toEqual(["A", "C"]);
    read.append("process", [row("d")]);
    read.close();
    const again = JournalFile.open(path, plainly);
    expect([...again.rows()].map(({ text }) => text)).toEqual(["A", "C", "d"]);
    again.close();
  });

  test.each([
    ["a text", "UPDATE entry SET text = 'x' WHERE text = 'b'"],
    ["a reference", "UPDATE entry SET ref = 8 WHERE ref = 7"],
    ["a kind", "UPDATE entry SET kind = 'other' WHERE text = 'a'"],
    ["a row that is gone", "DELETE FROM entry WHERE text = 'c'"],
    [
      "a row that is there twice",
      "INSERT INTO entry SELECT 99, kind, ref, text, bytes, checksum FROM entry WHERE text = 'a'",
    ],
    ["the total", "UPDATE meta SET value = '2 0000000000000000' WHERE name = 'entries'"],
  ])("tells of %s that is not as it was written", (_, sql) => {
    using folder = temporaryFolder();
    const path = folder.file("j.db");
    const written = JournalFile.create(path, plainly);
    written.append("process", [row("a"), row("b", 7n), row("c")]);
    written.close();
    const database = new Database(path);
    database.run(sql);
    database.close();
    const read = JournalFile.open(path, plainly);
    expect(() => [...read.rows()]).toThrow(/is damaged/);
    read.close();
  });

  test.each([
    "value = 'another'",
    "name = 'renamed'",
    "checksum = zeroblob(8)",
  ])("tells of a named text that is not as it was written: %s", (change) => {
    using folder = temporaryFolder();
    const path = folder.file("j.db");
    const written = JournalFile.create(path, plainly);
    written.setMeta("name", "value");
    written.close();
    const database = new Database(path);
    database.run(`UPDATE meta SET ${change} WHERE name = 'name'`);
    database.close();
    const read = JournalFile.open(path, plainly);
    expect(() => read.getMeta(change.startsWith("name") ? "renamed" : "name")).toThrow(/is damaged/);
    read.close();
  });

  test.each([
    [64, 3],
    [65, 3],
    [64, 120],
    [100, 5],
  ])("tells of row %i that stands under number %i, and does not read in circles", (from, into) => {
    using folder = temporaryFolder();
    const path = folder.file("j.db");
    const written = JournalFile.create(path, plainly);
    written.append(
      "power",
      Array.from({ length: 100 }, (_, at) => row(`${at}`, 1n)),
    );
    written.close();
    turnRowid(path, "entry", from, into);
    const read = JournalFile.open(path, plainly);
    expect(() => taken(read.rows(), 1_000)).toThrow(/is damaged/);
    for (const order of ["first", "latest"] as const)
      expect(() => taken(read.rowsOf("note", order), 1_000)).toThrow(/is damaged|disk image is malformed/);
    read.close();
  });

  test("shares no memory with anybody, so that it works where none can be shared", () => {
    using folder = temporaryFolder();
    const path = folder.file("j.db");
    JournalFile.create(path, plainly).close();
    const open = JournalFile.open(path, plainly);
    open.append("power", [row("a")]);
    expect(() => readFileSync(`${path}-shm`)).toThrow();
    open.close();
  });

  test("holds records and fingerprints exactly", () => {
    const record = node("m-1", { weight: 0.1, count: 9_007_199_254_740_993n, text: "a \ud800 b" });
    const relationship: GraphRelationship = {
      ...{ kind: "relationship", from: "=m-1", to: "#abc.2", type: "RELATED_TO" },
      properties: Properties.from([["strength", 1]]),
    };
    const journal = JournalFile.temporary();
    journal.append("process", [beforeImageRow(record), beforeImageRow(relationship, true)]);
    const [first, second] = [...journal.rows()].map(readBeforeImage);
    expect([first, second]).toEqual([
      { identity: fingerprintOf(record).identity, record, moved: false },
      { identity: fingerprintOf(relationship).identity, record: relationship, moved: true },
    ]);
    const packer = new FingerprintPacker((packed) => journal.append("process", [createdRow(packed)]));
    for (const one of [record, relationship]) packer.add(fingerprintOf(one));
    packer.flush();
    const created = [...journal.rowsOf("created")].flatMap((one) => [...readFingerprints(one)]);
    expect(created).toEqual([record, relationship].map(fingerprintOf));
    journal.close();
  });
});

test("a fingerprint tells a change of the content from one of what the application keeps by itself", () => {
  const before = fingerprintOf(node("m-1", { title: "t", usage_count: 1n }));
  const used = fingerprintOf(node("m-1", { title: "t", usage_count: 2n, last_accessed: "2026-01-01T00:00:00Z" }));
  const edited = fingerprintOf(node("m-1", { title: "other", usage_count: 1n }));
  expect([used.identity, edited.identity]).toEqual([before.identity, before.identity]);
  expect([used.content === before.content, used.stable === before.stable]).toEqual([false, true]);
  expect([edited.content === before.content, edited.stable === before.stable]).toEqual([false, false]);
});
