/** Graphs with hard values, and what becomes of them in a file. */
import { expect } from "bun:test";
import { readFileSync, rmSync, statSync } from "node:fs";
import fc from "fast-check";
import type { StagedBackend } from "../../../src/backends/backend.ts";
import type { BackendConfig } from "../../../src/backends/config.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphNode, type GraphRecord, keyOfId } from "../../../src/graph/record.ts";
import { Point, Temporal, type Value } from "../../../src/graph/value.ts";
import { digestOf, hashOf } from "../../../src/memorygraph/canonicalizer.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { MigrationResult } from "../../../src/operations/models.ts";
import { atLevel } from "../../support/level.ts";
import { has } from "../../support/system.ts";

async function* batchesOf(records: readonly GraphRecord[]) {
  yield records;
}

/** What is read of records that were fitted and written, before they have their place. */
export async function writtenTo(backend: StagedBackend, config: BackendConfig, records: readonly GraphRecord[]) {
  rmSync(config.path!, { force: true, recursive: true });
  const session = await backend.openForWriting(config, { release: null, fallbackRelease: "0.12" });
  const fitted = records.map((record) => session.fitting!.fit(record));
  for (const one of fitted) session.fitting!.rehearsal.note(one);
  const kept = fitted.flatMap(({ record }) => (record === null ? [] : [record]));
  await session.write(kept);
  await session.finish();
  const expected = await digestOf(batchesOf(kept));
  const found = await digestOf(session.read());
  const bad = session.findings().filter(({ kind }) => kind !== "note");
  await session.commit();
  return { fitted, losses: session.fitting!.rehearsal.losses(), expected, found, bad };
}

/** What is read of random graphs is what was fitted, and nothing changes that no loss names. */
export async function comeBack(
  written: (records: readonly GraphRecord[]) => ReturnType<typeof writtenTo>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(graph, async (records) => {
      const { fitted, expected, found, bad } = await written(records);
      expect(String(found)).toBe(String(expected));
      expect(bad).toEqual([]);
      for (const [n, { record, losses }] of fitted.entries()) {
        if (losses.length === 0) expect(hashOf(record!).toHex()).toBe(hashOf(records[n]!).toHex());
      }
    }),
    { numRuns: atLevel({ quick: 60, normal: 200, long: 2_000, full: 5_000 }) },
  );
}

/** A store goes into a file and comes back as it was, and the file is private and never overwritten. */
export async function thereAndBack(
  source: BackendConfig,
  target: BackendConfig,
  back: BackendConfig,
): Promise<MigrationResult> {
  const { result } = await runMigration(source, target, {}, {});
  expect([result.errors, result.verified, result.losses]).toEqual([[], true, []]);
  if (has.modes) expect(statSync(target.path!).mode & 0o777).toBe(0o600);
  const returned = (await runMigration(target, back, {}, {})).result;
  expect([returned.verified, returned.source?.before.release]).toEqual([true, result.source!.before.release]);
  expect((await compareConfigured(source, back, () => {})).identical).toBe(true);
  const bytes = readFileSync(target.path!);
  expect((await runMigration(source, target, {}, {})).result.errors).toMatchObject([{ code: "refused" }]);
  expect(readFileSync(target.path!).equals(bytes)).toBe(true);
  return result;
}

export function memory(
  id: string,
  more: Record<string, Value> = {},
  labels: readonly string[] = ["Memory"],
): GraphNode {
  const entries = Object.entries({ id, type: "task", title: "T", content: "C", ...more });
  return { kind: "node", key: keyOfId(id), labels, properties: Properties.from(entries) };
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("[1", "{}", "[1]", "a\ud800", "a\0b"),
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom<Value>(new Point(4326, 1, 2), new Temporal("date", "2024-01-31"), Uint8Array.of(1, 255)),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.array(fc.tuple(text, scalar), { maxLength: 3 }).map((entries) => new Map(entries)),
);
const name = fc.oneof(
  fc.string({ maxLength: 6 }).filter((own) => own !== "id" && !own.startsWith("memorygraph_migrate")),
  fc.constantFrom("context", "context.project_path", "context.additional_metadata", "importance", "strength", "title"),
);
const properties = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true });
/** Small graphs of memories with hard values, some of which are no memories. */
export const graph = fc
  .record({
    nodes: fc.uniqueArray(fc.tuple(text, properties, fc.constantFrom(["Memory"], ["Memory", "Other"], ["Entity"])), {
      selector: ([id]) => id,
      minLength: 1,
      maxLength: 6,
    }),
    links: fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.constantFrom("SOLVES", "a b"), properties, fc.boolean()), {
      maxLength: 6,
    }),
  })
  .map(({ nodes, links }): GraphRecord[] => {
    const memories = nodes.map(([id, more, labels]) => memory(id, more, labels));
    const end = (n: number) => memories[n % memories.length]!.key;
    const relationships = links.map(([from, to, type, more, hasId], n): GraphRecord => {
      const entries = [
        ...Object.entries(more),
        ...(hasId ? [["id", `r${n}`] as [string, Value]] : [["n", BigInt(n)] as [string, Value]]),
      ];
      return { kind: "relationship", from: end(from), to: end(to), type, properties: Properties.from(entries) };
    });
    return [...memories, ...relationships];
  });
