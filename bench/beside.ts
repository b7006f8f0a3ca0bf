/** The lines of docs/PERFORMANCE.md that compare with no engine: MemoryGraph's own migration, and how soon a command has answered. */
import { Database } from "bun:sqlite";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { storeOf } from "./generate.ts";
import type { Line } from "./lines.ts";
import { inTurn, program, quietly } from "./measure.ts";

const ROOT = join(import.meta.dir, "..");
/** scripts/oracle installs it. */
const MEMORYGRAPH = join(ROOT, ".lab/python/bin/memorygraph");
/** Of so little a single run says nothing. */
const STARTS = 21;

/** MemoryGraph 0.12.4's `migrate` in the place of a floor, for the same move from one SQLite file to another. */
export const ownMigration: Line = {
  name: "own-migration",
  title: "SQLite, same layout, beside MemoryGraph's own `migrate`",
  // A thousand take it longer than 25 minutes on a busy machine.
  goals: [{ memories: 100 }],
  sizes: [],
  measure: async (folder, memories, rounds) => {
    if (!existsSync(MEMORYGRAPH)) throw new Error("MemoryGraph is not installed: run scripts/oracle first");
    const source = await storeOf(folder, memories);
    const [target, own] = [join(folder, "target.db"), join(folder, "own.db")];
    const to = (path: string) => ["--to", "sqlite", "--to-path", path];
    const pair = {
      floor: [MEMORYGRAPH, "migrate", "--from", "sqlite", "--from-path", source, ...to(own)],
      ours: [program, "--from-path", source, ...to(target), ...quietly(folder)],
      // It makes a folder there.
      env: { HOME: folder },
      reset: async () => {
        // What it left out is said before its target goes.
        if (existsSync(own)) console.error(`own-migration: ${leftOut(source, own)}`);
        for (const path of [target, own]) rmSync(path, { force: true });
      },
    };
    return inTurn(pair, rounds);
  },
};

function leftOut(source: string, target: string): string {
  const count = (path: string, table: string) => {
    using store = new Database(path, { readonly: true });
    return Number(store.query(`SELECT count(*) FROM ${table}`).values()[0]![0]);
  };
  const told = ["nodes", "relationships"].map(
    (table) => `${count(target, table)} of ${count(source, table)} ${table} came over`,
  );
  return told.join(", ");
}

/** A command that is over at once, run many times. @param seconds the goal */
export function startUp(name: string, title: string, seconds: number, words: readonly string[]): Line {
  return {
    ...{ name, title, goals: [{ memories: 0, seconds }], sizes: [] },
    measure: () => inTurn({ floor: null, ours: [program, ...words.map(found)] }, STARTS),
  };
}

function found(word: string): string {
  return word.startsWith("examples/") ? join(ROOT, word) : word;
}
