/** The lines of docs/PERFORMANCE.md between files, and of one value that is most of its store. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { generateApart, storeOf } from "./generate.ts";
import type { Goal, Line } from "./lines.ts";
import { inTurn, measure, program, quietly } from "./measure.ts";
import { measureDump } from "./rdb.ts";
import { emptied, startedServer } from "./server-lines.ts";

const FILE_SIZES = [1_000, 10_000, 100_000, 1_000_000];
const LARGE_BYTES = 100_000_000;
/** Four times the value. */
const LARGE_MEBIBYTES = Math.floor((4 * LARGE_BYTES) / 2 ** 20);

/** @param goal the ratio at 100,000 memories, and the seconds at 1,000,000 */
export function sqliteLine(
  name: string,
  title: string,
  { ratio, seconds }: { readonly ratio: number; readonly seconds: number },
  how: "same" | "translated",
): Line {
  return {
    ...{ name, title, sizes: FILE_SIZES },
    goals: [
      { memories: 100_000, ratio, mebibytes: 256 },
      { memories: 1_000_000, seconds, mebibytes: 256 },
    ],
    measure: async (folder, memories, rounds) => {
      const source = await storeOf(folder, memories);
      const target = join(folder, "target.db");
      const to = ["--to", "sqlite", "--to-path", target, ...(how === "translated" ? ["--for", "0.13"] : [])];
      const pair = {
        floor: [process.execPath, join(import.meta.dir, "floor.ts"), how, source, target],
        ours: [program, "--from-path", source, ...to, ...quietly(folder)],
        reset: async () => rmSync(target, { force: true }),
      };
      return inTurn(pair, rounds);
    },
  };
}

/** Whole migrations: an engine that does the same is not at hand, only one that loads or saves what is there. */
export function liteLine(side: "from" | "to"): Line {
  return {
    name: `${side}-falkordblite`,
    title: side === "to" ? "SQLite into FalkorDBLite" : "FalkorDBLite into SQLite",
    sizes: FILE_SIZES,
    goals: [{ memories: 100_000, mebibytes: 256 }],
    measure: async (folder, memories, rounds) => {
      const source = await storeOf(folder, memories);
      const [dump, target] = [join(folder, `dump-${memories}.rdb`), join(folder, "target.db")];
      const lite = (which: "from" | "to") => [`--${which}`, "falkordblite", `--${which}-path`, dump];
      const fill = [program, "--from-path", source, ...lite("to"), ...quietly(folder)];
      const read = [program, ...lite("from"), "--to", "sqlite", "--to-path", target, ...quietly(folder)];
      rmSync(dump, { force: true });
      if (side === "from") await measure(fill);
      const reset = async () => rmSync(side === "to" ? dump : target, { force: true });
      const runs = await inTurn({ floor: null, ours: side === "to" ? fill : read, reset }, rounds);
      rmSync(dump, { force: true });
      return runs;
    },
  };
}

/** What bench/rdb.ts compares, which has three relationships to a node. */
export function dumpLine(what: "read" | "write", title: string, ratio: number): Line {
  return {
    ...{ name: `dump-${what}`, title, sizes: [] },
    goals: [{ memories: 100_000, ratio }],
    measure: async (_, memories, rounds) => (await measureDump(memories, rounds))[what],
  };
}

/** One memory, nearly all of which is one text. */
export function largeValue(kind: "sqlite" | "falkordblite" | "neo4j" | "falkordb"): Line {
  const titles = { sqlite: "SQLite (0.13)", falkordblite: "FalkorDBLite", neo4j: "Neo4j", falkordb: "FalkorDB" };
  const goal: Goal = { memories: 1, mebibytes: LARGE_MEBIBYTES };
  return {
    ...{ name: `large-${kind}`, title: `A text of 100 MB into ${titles[kind]}`, goals: [goal], sizes: [] },
    measure: async (folder, _, rounds) => {
      const source = join(folder, "large.db");
      if (!existsSync(source)) await generateApart(source, "--large", String(LARGE_BYTES));
      const ours = (...to: string[]) => [program, "--from-path", source, "--to", kind, ...to, ...quietly(folder)];
      if (kind === "sqlite" || kind === "falkordblite") {
        const target = join(folder, "large-target");
        const other = kind === "sqlite" ? ["--for", "0.13"] : [];
        const reset = async () => rmSync(target, { force: true });
        return inTurn({ floor: null, ours: ours("--to-path", target, ...other), reset }, rounds);
      }
      const { server, options, env } = await startedServer(kind);
      return inTurn({ floor: null, ours: ours(...options("to").slice(2)), env, reset: () => emptied(server) }, rounds);
    },
  };
}
