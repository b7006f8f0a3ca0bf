/** MemoryGraph 0.12.4 itself imports the exports that we write. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { BackendConfig, migrate } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { ask, hasOracle } from "./oracle.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

interface Imported {
  readonly counts: Record<string, number>;
  readonly memories: readonly Record<string, unknown>[];
}

/** What it has after importing the store as we export it. */
async function imported(name: string, source: string): Promise<Imported> {
  const file = folder.file(`${name}.json`);
  const result = await migrate(
    new BackendConfig({ type: "sqlite", path: source }),
    new BackendConfig({ type: "json", path: file }),
  );
  expect([result.errors, result.verified]).toEqual([[], true]);
  return JSON.parse(ask("import_export.py", [file, folder.file(`${name}.db`)])) as Imported;
}

test.skipIf(!hasOracle())(
  "0.12.4 imports every memory and relationship of an export, with what it takes from one",
  async () => {
    const { counts, memories } = await imported("first", copyFixture("0.12.4", folder));
    expect(counts).toEqual({
      imported_memories: 60,
      imported_relationships: 120,
      skipped_memories: 0,
      skipped_relationships: 0,
    });
    // Exported again by us, what it has imported is the same but for what its importer never takes: times and figures of use.
    const again = await imported("second", folder.file("first.db"));
    const taken = ["id", "type", "title", "content", "summary", "tags", "importance", "confidence", "context"];
    const of = (list: Imported["memories"]) =>
      list.map((memory) => taken.map((field) => memory[field])).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
    expect(of(again.memories)).toEqual(of(memories));
    expect(of(memories).find(([id]) => id === "m-000000")).toMatchObject([
      "m-000000",
      "error",
      "T0 backoff",
      expect.stringContaining("line2\r\nline3\ttab"),
      "sum 0",
      [],
      0,
      0,
      expect.objectContaining({ project_path: "/p/0", git_branch: "main" }),
    ]);
  },
);
