/** A target with a run that is to be undone, and what has become of it. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { countOf } from "../cli/stores.ts";
import { program, runsOf } from "../faults/program.ts";
import { stateAt } from "../faults/targets.ts";
import type { TemporaryFolder } from "../support/folder.ts";
import { at, copyFixture, settle } from "../support/stores.ts";

export function change(path: string, ...statements: string[]): void {
  const database = new Database(path, { readwrite: true, create: false });
  for (const sql of statements) database.run(sql);
  database.close();
  settle(path);
}

export function dangling(path: string): number {
  const database = new Database(path, { readonly: true });
  const sql =
    "SELECT count(*) FROM relationships WHERE from_id NOT IN (SELECT id FROM nodes) OR to_id NOT IN (SELECT id FROM nodes)";
  const [[count]] = database.query(sql).values() as [[number]];
  database.close();
  return count;
}

export const counts = (path: string) => [countOf(path, "nodes"), countOf(path, "relationships")];

/** A store of 0.12 that has been there, and a run that brought that of 0.10 into it. @param statements before that */
export async function merged(folder: TemporaryFolder, ...statements: string[]) {
  for (const name of ["target", "elsewhere"]) mkdirSync(folder.file(name));
  const target = copyFixture("0.12.4", folder, "target/t.db");
  change(target, ...statements);
  const before = await stateAt(at(target));
  const source = copyFixture("0.10.0", folder, "a.db");
  const onto = (from: string, ...more: string[]) =>
    program(folder, [
      "migrate",
      "--from-path",
      from,
      "--to",
      "sqlite",
      "--to-path",
      target,
      "--yes",
      "--quiet",
      ...more,
    ]);
  expect((await onto(source)).code).toBe(0);
  const [run] = await runsOf(folder);
  const undo = (...words: string[]) => program(folder, ["rollback", run!.id, ...words]);
  return { target, before, source, onto, run: run!.id, undo };
}
