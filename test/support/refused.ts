/** Migrations that must not happen, and files made to be refused. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { listing, type TemporaryFolder } from "./folder.ts";
import { run, settle } from "./stores.ts";

/** Runs dry and for real, and proves that the folder is the same afterwards. Gives the code and all that was said. */
export async function refused(
  folder: TemporaryFolder,
  from: string,
  to: string,
  options = {},
): Promise<{ code: string; told: string }> {
  const before = listing(folder.path);
  const codes = new Set<string>();
  let told = "";
  for (const dryRun of [true, false]) {
    const { error, result } = await run(from, to, { ...options, dryRun });
    expect(result.success).toBe(false);
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]!.next).not.toBe("");
    codes.add(error!.code);
    told = [error!.message, ...error!.details, error!.next].join("\n");
    expect(listing(folder.path)).toEqual(before);
  }
  expect([...codes]).toHaveLength(1);
  return { code: [...codes][0]!, told };
}

export function fill(path: string, statements: readonly string[]): void {
  const database = new Database(path);
  for (const sql of statements) database.run(sql);
  database.close();
  settle(path);
}
