// @level normal
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendConfig, migrate } from "../../src/index.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { ask, hasOracle } from "./oracle.ts";

const root = join(import.meta.dir, "../..");
const available = hasOracle();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memorygraph-oracle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Answer {
  memories: Record<string, { title: string; content: string; created_at: string }>;
  related: number;
  total: number;
}

async function copyTo(target: string, source: string, release: "0.12" | "0.13"): Promise<void> {
  const config = (path: string) => new BackendConfig({ type: "sqlite", path });
  const result = await migrate(config(source), config(target), { for: release });
  expect(result.errors).toEqual([]);
  expect(result.verified).toBe(true);
}

/** A copy with the files that belong to it, since the application writes to what it opens. */
function fixture(name: string): string {
  const copy = join(folder, name);
  for (const suffix of ["", "-wal"]) {
    const file = join(root, "test/fixtures", name + suffix);
    if (existsSync(file)) copyFileSync(file, copy + suffix);
  }
  return copy;
}

describe.skipIf(!available)("MemoryGraph 0.12.4 itself", () => {
  for (const [name, memories] of [
    ["sqlite-0.8.3.db", 12],
    ["sqlite-0.12.4.db", 60],
    // Each starts Python and MemoryGraph once more.
    ...(ALL_OF_IT
      ? ([
          ["sqlite-0.10.0.db", 12],
          ["sqlite-0.13.0.db", 30],
        ] as const)
      : []),
    ["sqlite-hybrid-0.12-0.13.db", 15],
  ] as const) {
    test(`opens what we make of ${name} and returns every memory and its relationships`, async () => {
      const target = join(folder, `for-0.12-${name}`);
      await copyTo(target, fixture(name), "0.12");
      const answer = JSON.parse(ask("open_store.py", [target])) as Answer;
      expect(Object.keys(answer.memories)).toHaveLength(memories);
      expect(answer.total).toBe(memories);
      expect(answer.related).toBeGreaterThan(0);
    });
  }

  test("finds in a store of its own, taken to 0.13 and back, exactly what it wrote", async () => {
    const [own, newer, back] = ["own.db", "own-0.13.db", "own-back.db"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    ask("open_store.py", ["--write", own, "40"]);
    await copyTo(newer, own, "0.13");
    await copyTo(back, newer, "0.12");
    const before = JSON.parse(ask("open_store.py", [own])) as Answer;
    expect(Object.keys(before.memories)).toHaveLength(40);
    expect(JSON.parse(ask("open_store.py", [back]))).toEqual(before);
  });
});
