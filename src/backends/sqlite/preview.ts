/** What a run would find and make of a target, without touching it. */
import { Database } from "bun:sqlite";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import type { TargetPreview, WriteRequest } from "../backend.ts";
import type { StoreDescription } from "../description.ts";
import { describe } from "./describe.ts";
import { assertWritable } from "./existing-file.ts";
import { readLayout } from "./layout.ts";
import { RowWriter } from "./row-writer.ts";
import { openSource, type SqliteSource } from "./source.ts";

/** Of a file that does not exist yet, or is empty. */
export async function previewNew(path: string, { release, fallbackRelease }: WriteRequest): Promise<TargetPreview> {
  return previewOf(path, release ?? fallbackRelease, null);
}

/** @throws what opening it for writing would throw */
export async function previewExisting(path: string, request: WriteRequest): Promise<TargetPreview> {
  const source = await openSource(path, { signal: request.signal });
  try {
    const empty = source.layout.name === "empty";
    const release = empty
      ? (request.release ?? request.fallbackRelease)
      : assertWritable(path, source.layout, request.release);
    source.assertWritable();
    return await previewOf(path, release, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Rows are prepared against an empty file of the same layout in memory: assessing asks for no row of the real one. */
async function previewOf(path: string, release: Release, source: SqliteSource | null): Promise<TargetPreview> {
  const model = new Database(":memory:");
  for (const sql of releaseLine(release).sqlite.layout.tables) model.run(sql);
  const layout = source === null || source.layout.name === "empty" ? readLayout(model) : source.layout;
  const writer = new RowWriter(model, release, { ...layout, hasSideTable: false });
  const blank = (): StoreDescription => ({
    ...describe(model, readLayout(model), path, "counts"),
    layout: "new",
    bytes: null,
  });
  return {
    before: source === null ? blank() : await source.describe("integrity"),
    release,
    report: writer.report,
    fitting: null,
    assess: (record) => writer.assess(record),
    async *read() {
      if (source !== null) yield* source.read();
    },
    findings: () => source?.findings() ?? [],
    async close() {
      writer.close();
      model.close();
      await source?.close();
    },
  };
}
