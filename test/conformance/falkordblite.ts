/**
 * FalkorDBLite stores, judged by a real engine: it fills them by plain commands and saves, and it loads what the program
 * has written and is asked by plain commands. No code of the program.
 */
import { existsSync, mkdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { sharedEngine } from "../support/engine.ts";
import type { PlainGraph } from "./corpus.ts";
import { fillFalkor, readFalkor } from "./falkor.ts";

export type Form = "file" | "directory";
const GRAPH = "memorygraph";

/** Where the engine's own file is in a store of that form. */
export function dumpOf(path: string, form: Form): string {
  return form === "file" ? path : join(path, "dump.rdb");
}

/** Adds to what the store holds, as an application does that opens it. */
export async function fillLite(path: string, form: Form, content: PlainGraph, graph = GRAPH): Promise<void> {
  const engine = await sharedEngine();
  const dump = dumpOf(path, form);
  if (existsSync(dump)) await engine.load(dump);
  else await engine.tell("FLUSHALL");
  await fillFalkor(engine.server, graph, content);
  if (form === "directory") mkdirSync(path, { recursive: true });
  await engine.save(dump);
  // Old enough to count as being at rest.
  const then = Date.now() / 1_000 - 3_600;
  utimesSync(dump, then, then);
}

export async function readLite(path: string, form: Form, graph = GRAPH): Promise<PlainGraph> {
  const dump = dumpOf(path, form);
  if (!existsSync(dump)) return { nodes: [], relationships: [] };
  const engine = await sharedEngine();
  await engine.load(dump);
  return readFalkor(engine.server, graph);
}

/** Only an empty directory says that a directory is wanted. */
export async function emptyLite(path: string, form: Form): Promise<void> {
  rmSync(path, { recursive: true, force: true });
  if (form === "directory") mkdirSync(path);
}
