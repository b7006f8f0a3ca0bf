/** The lines of docs/PERFORMANCE.md: for each what runs, what is the least that an engine itself can do, and the goal. */
import type { Kind } from "../scripts/servers.ts";
import { ownMigration, startUp } from "./beside.ts";
import { dumpLine, largeValue, liteLine, sqliteLine } from "./file-lines.ts";
import type { Runs } from "./measure.ts";
import { fromServer, intoServer } from "./server-lines.ts";

/** What one row of the table is to reach: each part that is given. */
export interface Goal {
  /** The size of store, in memories; a store has twice as many relationships. 0 for work that has no size. */
  readonly memories: number;
  /** Ours over the floor, by the clock. */
  readonly ratio?: number;
  readonly seconds?: number;
  /** The peak. */
  readonly mebibytes?: number;
}

export interface Line {
  readonly name: string;
  readonly title: string;
  /** One row of the table each; those of them that ask for nothing are shown for comparison. */
  readonly goals: readonly Goal[];
  /** Measured beside those of the table, for the plots. */
  readonly sizes: readonly number[];
  measure(folder: string, memories: number, rounds: number): Promise<Runs>;
}

const KINDS: readonly Kind[] = ["neo4j", "falkordb", "memgraph"];

export const LINES: readonly Line[] = [
  sqliteLine("sqlite-same", "SQLite, same layout (0.12)", { ratio: 2.5, seconds: 22 }, "same"),
  sqliteLine("sqlite-other", "SQLite, other layout (0.12 to 0.13)", { ratio: 2, seconds: 73 }, "translated"),
  ...KINDS.flatMap((kind) => [intoServer(kind), fromServer(kind)]),
  dumpLine("read", "FalkorDBLite dump, read", 1.2),
  dumpLine("write", "FalkorDBLite dump, written", 2),
  liteLine("to"),
  liteLine("from"),
  ...(["sqlite", "falkordblite", "neo4j", "falkordb"] as const).map(largeValue),
  ownMigration,
  startUp("version", "`--version`", 0.015, ["--version"]),
  startUp("inspect", "`inspect` of the example", 0.06, ["inspect", "examples/memory-0.12.db"]),
];
