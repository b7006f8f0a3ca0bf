/** Archives in memory, of small blocks, and what can be read of them. */

import { inMemory } from "../../../src/backends/archive/bytes.ts";
import { FORMAT, type Header } from "../../../src/backends/archive/format.ts";
import { lineOf } from "../../../src/backends/archive/lines.ts";
import { openArchive } from "../../../src/backends/archive/opening.ts";
import type { ByteSink } from "../../../src/backends/archive/sink.ts";
import { ArchiveWriter } from "../../../src/backends/archive/writer.ts";
import type { Finding } from "../../../src/backends/description.ts";
import { FindingLog } from "../../../src/backends/findings.ts";
import { openSource } from "../../../src/backends/sqlite/source.ts";
import { MigrateError } from "../../../src/errors.ts";
import type { GraphRecord } from "../../../src/graph/record.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { copyFixture } from "../../support/stores.ts";

export const CREATED = "2026-01-01T00:00:00.000Z";

export function headerOf(records: readonly GraphRecord[]): Header {
  const nodes = records.filter(({ kind }) => kind === "node").length;
  return {
    ...{ format: FORMAT, version: "1.0", created: CREATED, by: "a test", spelledFor: null, schema: null },
    source: {
      ...{ kind: "sqlite", engine: "SQLite 3", layout: "nodes", release: "0.12" },
      ...{ nodes, relationships: records.length - nodes },
    },
  };
}

/** Every record of a SQLite fixture, with its rows. */
export async function recordsOfFixture(name: "0.12.4" | "0.13.0" = "0.12.4"): Promise<GraphRecord[]> {
  using folder = temporaryFolder();
  const source = await openSource(copyFixture(name, folder));
  const records: GraphRecord[] = [];
  for await (const batch of source.read()) records.push(...batch);
  await source.close();
  return records;
}

/** The bytes of an archive of these records. */
export async function archiveOf(records: readonly GraphRecord[], blockBytes = 8 << 10): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const writer = new ArchiveWriter(sinkInto(chunks), blockBytes);
  writer.begin(headerOf(records), []);
  for (const record of records) writer.add(record);
  const digest = await digestOf(
    (async function* () {
      yield records;
    })(),
  );
  await writer.end(digest.toString());
  return Buffer.concat(chunks);
}

/** Gathers what is written. */
export function sinkInto(chunks: Uint8Array[]): ByteSink {
  return { write: (bytes) => chunks.push(Uint8Array.from(bytes)), close() {}, abandon() {}, reading: (file) => file };
}

export interface Reading {
  readonly lines: readonly string[];
  readonly findings: readonly Finding[];
  /** What opening or reading threw, if it is for a person; anything else is thrown on. */
  readonly error: MigrateError | null;
}

/** All that can be read of these bytes. */
export async function readArchive(bytes: Buffer): Promise<Reading> {
  const findings = new FindingLog();
  const lines: string[] = [];
  let error: MigrateError | null = null;
  try {
    const reader = await openArchive("test.jsonl.zst", inMemory(bytes));
    for await (const batch of reader.read(findings)) lines.push(...batch.map(lineOf));
  } catch (cause) {
    if (!(cause instanceof MigrateError)) throw cause;
    error = cause;
  }
  return { lines, findings: findings.list(), error };
}

export function damageIn({ findings }: Reading): readonly Finding[] {
  return findings.filter(({ kind }) => kind === "damage");
}

/** Records that are told as missing. */
export function missingIn(reading: Reading): number {
  return damageIn(reading)
    .filter(({ unit = "record" }) => unit === "record")
    .reduce((sum, { count }) => sum + count, 0);
}
