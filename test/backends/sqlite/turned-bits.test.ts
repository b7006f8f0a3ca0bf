// @level normal
/** Files of SQLite in which a bit of a page's own numbers was turned: rows that are whole are read, and what is not read is told. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { MigrateError } from "../../../src/errors.ts";
import { inspect } from "../../../src/index.ts";
import { program } from "../../cli/program.ts";
import { randomFrom } from "../../faults/random.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { atLevel } from "../../support/level.ts";
import { copyFixture } from "../../support/stores.ts";
import { turnRowid } from "../../support/turned-rowid.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_128);
const ROUNDS = atLevel({ normal: 40, long: 400, full: 4_000 });

const at = (path: string) => ({ type: "sqlite", path }) as const;

/** A whole store with pages of that size, and a copy of it to be damaged. */
function stores(folder: TemporaryFolder, pageSize: number): { whole: string; damaged: string } {
  const whole = copyFixture("0.12.4", folder, "whole.db");
  const database = new Database(whole);
  for (const sql of ["PRAGMA journal_mode = DELETE", `PRAGMA page_size = ${pageSize}`, "VACUUM"]) database.run(sql);
  database.close();
  const damaged = folder.file("damaged.db");
  writeFileSync(damaged, readFileSync(whole));
  return { whole, damaged };
}

/** Where the first leaf page of a table with more than one row begins, of pages of 4,096 bytes. */
function leafOf(path: string, table: string): number {
  const database = new Database(path, { readonly: true });
  const query = "SELECT (pageno - 1) * 4096 FROM dbstat WHERE name = ? AND pagetype = 'leaf' AND ncell > 1 ORDER BY 1";
  const [start] = database.query(query).values(table).flat() as [number];
  database.close();
  return start;
}

const RENUMBERED = /whose numbers are damaged; the rows themselves are read/;

describe("rows whose pages have a turned number are all read", () => {
  test.each([
    ["nodes", 10, 2],
    ["nodes", 10, 35],
    ["nodes", 1, 30],
    ["relationships", 60, 3],
    ["relationships", 60, 100],
  ])("%s: row %i as row %i", async (table, from, into) => {
    using folder = temporaryFolder();
    const { whole, damaged } = stores(folder, 1024);
    turnRowid(damaged, table, from, into);
    const before = readFileSync(damaged);
    expect((await inspect(at(damaged))).digest).toBe((await inspect(at(whole))).digest);
    const target = folder.file("new.db");
    const args = ["migrate", "--from-path", damaged, "--to", "sqlite", "--to-path", target];
    const { code, stdout } = await program(folder, args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(RENUMBERED)]);
    expect((await inspect(at(target))).digest).toBe((await inspect(at(whole))).digest);
    expect(readFileSync(damaged).equals(before)).toBe(true);
  });

  test.each(["nodes", "relationships"])("a page of %s that counts one row less", async (table) => {
    using folder = temporaryFolder();
    const { whole, damaged } = stores(folder, 4096);
    const bytes = readFileSync(damaged);
    bytes[leafOf(damaged, table) + 4]! -= 1;
    writeFileSync(damaged, bytes);
    const { notes, damage } = await inspect(at(damaged));
    expect([damage, notes.map(({ what }) => what)]).toEqual([
      [],
      expect.arrayContaining([expect.stringMatching(RENUMBERED)]),
    ]);
    expect((await inspect(at(damaged))).digest).toBe((await inspect(at(whole))).digest);
  });
});

for (const pageSize of [512, 4096]) {
  test(`no bit of a page of ${pageSize} bytes takes records away without a word`, async () => {
    using folder = temporaryFolder();
    const { whole, damaged } = stores(folder, pageSize);
    const { count } = await inspect(at(whole));
    const original = readFileSync(whole);
    for (let round = 0; round < ROUNDS; round++) {
      const random = randomFrom(SEED * 1_013 + round);
      const bytes = Buffer.from(original);
      const [place, bit] = [placeIn(bytes, pageSize, random), 1 << Math.floor(random() * 8)];
      bytes[place]! ^= bit;
      writeFileSync(damaged, bytes);
      const found = await inspect(at(damaged)).catch((error: unknown) => {
        // What SQLite gives up at is read without it; nothing but the schema makes a whole file unreadable.
        if (error instanceof MigrateError && !error.message.includes("a damaged SQLite database")) return null;
        throw new Error(`seed ${SEED}, byte ${place}, bit ${bit}: ${error}`);
      });
      if (found === null || found.damage.length > 0) continue;
      const whereabouts = `seed ${SEED}, byte ${place}, bit ${bit}`;
      expect([whereabouts, found.count.nodes, found.count.relationships]).toEqual([
        whereabouts,
        count.nodes,
        count.relationships,
      ]);
    }
  }, 300_000);
}

/** Most often in the numbers by which a page finds its rows: its header, its pointers, the beginning of a row. */
function placeIn(bytes: Buffer, pageSize: number, random: () => number): number {
  const page = 1 + Math.floor(random() * (bytes.length / pageSize - 1));
  const start = page * pageSize;
  const cells = Math.min(bytes.readUInt16BE(start + 3), pageSize / 4);
  const within = [
    () => Math.floor(random() * 8),
    () => 8 + Math.floor(random() * 2 * Math.max(1, cells)),
    () => bytes.readUInt16BE(start + 8 + 2 * Math.floor(random() * Math.max(1, cells))) + Math.floor(random() * 6),
    () => Math.floor(random() * pageSize),
  ][Math.floor(random() * 4)]!;
  return start + (within() % pageSize);
}
