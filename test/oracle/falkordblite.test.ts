// @level normal
/** MemoryGraph 0.12.4 on its embedded engine (falkordblite 0.11.0) opens what we write, and we read what it wrote. */
import { describe, expect, test } from "bun:test";
import { BackendConfig, migrate } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { copyFixture } from "../support/stores.ts";
import { ask, hasOracle } from "./oracle.ts";

interface Answer {
  readonly memories: Record<string, { title: string; content: string; created_at: string }>;
  readonly related: number;
  readonly total: number;
  readonly writes: boolean;
}

function open(path: string): Answer {
  return JSON.parse(ask("open_lite.py", [path])) as Answer;
}

async function move(from: BackendConfig, to: BackendConfig, release: "0.12" | "0.13"): Promise<void> {
  const result = await migrate(from, to, { for: release });
  expect(result.errors).toEqual([]);
  expect(result.verified).toBe(true);
}

const sqlite = (path: string) => new BackendConfig({ type: "sqlite", path });
const lite = (path: string) => new BackendConfig({ type: "falkordblite", path });

const OTHERS = [
  ["0.8.3", 12],
  ["0.10.0", 12],
  ["0.13.0", 30],
] as const;

describe.skipIf(!hasOracle("redislite"))("MemoryGraph 0.12.4 with FalkorDBLite", () => {
  test.each([
    ["0.12.4", 60],
    ["hybrid-0.12-0.13", 15],
    // Each starts Python and MemoryGraph once more.
    ...(ALL_OF_IT ? OTHERS : []),
  ] as const)("opens what we make of %s, returns every memory, and goes on writing", async (name, memories) => {
    using folder = temporaryFolder();
    await move(sqlite(copyFixture(name, folder)), lite(folder.file("made.db")), "0.12");
    const answer = open(folder.file("made.db"));
    expect(Object.keys(answer.memories)).toHaveLength(memories);
    expect(answer.total).toBe(memories);
    expect(answer.related).toBeGreaterThan(0);
    expect(answer.writes).toBe(true);
  });

  test("finds in a store of its own, taken to SQLite for 0.13 and back, exactly what it wrote", async () => {
    using folder = temporaryFolder();
    ask("open_lite.py", ["--write", folder.file("own.db"), "40"]);
    await move(lite(folder.file("own.db")), sqlite(folder.file("new.db")), "0.13");
    await move(sqlite(folder.file("new.db")), lite(folder.file("back.db")), "0.12");
    const before = open(folder.file("own.db"));
    expect(Object.keys(before.memories)).toHaveLength(40);
    expect(before.related).toBe(40);
    expect(open(folder.file("back.db"))).toEqual(before);
  });
});
