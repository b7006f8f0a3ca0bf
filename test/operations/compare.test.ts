import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { compare, copyFixture, type FixtureName, succeed } from "../support/stores.ts";

/** In the long level every change is tried, else one of so many, spread over all records and fields. */
const STEP = atLevel({ quick: 25, normal: 10, long: 1 });

/** Changes every single field of every record in turn, and asks whether that one change, and no other, is found. */
async function everyChange(name: FixtureName, release: "0.12" | "0.13", step: number): Promise<number> {
  using folder = temporaryFolder();
  const store = folder.file("store.db");
  if (release === "0.12") copyFixture(name, folder, "store.db");
  else await succeed(copyFixture(name, folder), store, { for: release });
  const changed = folder.file("changed.db");
  copyFileSync(store, changed);
  const database = new Database(changed);
  database.run("PRAGMA journal_mode = DELETE");
  database.run("PRAGMA foreign_keys = OFF");
  let tried = 0;
  let number = 0;
  const attempt = async (table: string, id: string, field: string, set: string, value: unknown, back: unknown) => {
    if (number++ % step !== 0) return;
    database.run(`UPDATE ${table} SET ${set} = ? WHERE id = ?`, [value as string, id]);
    const found = await compare(store, changed);
    const kind = table === "relationships" ? "relationship" : "node";
    if (field === "id") expect([id, field, found.missing, found.extra, found.changed]).toEqual([id, field, 1, 1, 0]);
    else {
      expect([id, field, found.missing, found.extra, found.changed, found.fields]).toEqual([
        id,
        field,
        0,
        0,
        1,
        { [`${kind}.${field}`]: 1 },
      ]);
      expect(found.differences).toMatchObject([{ kind: "changed", record: kind, id, fields: [{ name: field }] }]);
    }
    database.run(`UPDATE ${table} SET ${set} = ? WHERE id = ?`, [
      back as string,
      field === "id" ? (value as string) : id,
    ]);
    tried++;
  };
  for (const table of release === "0.12" ? ["nodes", "relationships"] : ["memories", "relationships"]) {
    for (const row of database.query(`SELECT * FROM ${table}`).all() as Record<string, string | number | null>[]) {
      const id = String(row.id);
      for (const [column, value] of Object.entries(row)) {
        if (column === "properties") {
          const properties = parseExactly(String(value));
          for (const key of Object.keys(properties)) {
            if (properties[key] === null || key === "id" || key in row) continue;
            const other = JSON.stringify({ ...properties, [key]: another(properties[key]) });
            await attempt(table, id, key, "properties", other, value);
          }
          continue;
        }
        if (value === null || column === "context" || (release === "0.12" && /_at$/.test(column))) continue;
        const field = { label: "(labels)", from_id: "(from)", to_id: "(to)", rel_type: "(type)" }[column] ?? column;
        if (release === "0.12" && /valid|recorded/.test(column) && table === "relationships") continue;
        if (release === "0.12" && column === "id") continue;
        await attempt(table, id, field, column, column === "tags" ? '["another"]' : another(value), value);
      }
      if (typeof row.context === "string" && table === "memories") {
        const context = parseExactly(row.context);
        for (const key of Object.keys(context)) {
          const other = JSON.stringify({ ...context, [key]: another(context[key]) });
          await attempt(table, id, `context_${key}`, "context", other, row.context);
        }
      }
    }
  }
  database.close();
  expect(await compare(store, changed)).toMatchObject({ missing: 0, extra: 0, changed: 0 });
  return tried;
}

/** JSON.rawJSON is newer than TypeScript's library. */
const raw = JSON as unknown as {
  rawJSON(text: string): { rawJSON: string };
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/** Numbers stay as they are spelled, so that only the one field changes. */
function parseExactly(text: string): Record<string, unknown> {
  const keep = (_: string, value: unknown, context: { source: string }) =>
    typeof value === "number" ? raw.rawJSON(context.source) : value;
  return JSON.parse(text, keep as never) as Record<string, unknown>;
}

function another(value: unknown): unknown {
  if (raw.isRawJSON(value)) return Number(value.rawJSON) + 0.0001;
  if (typeof value === "number") return value + 0.0001;
  if (typeof value === "string") return `x${value}`;
  if (Array.isArray(value)) return [...value, "x"];
  return { other: value };
}

test("any single field of any record of a 0.8.3 store that changes is found, alone and by name", async () => {
  expect(await everyChange("0.8.3", "0.12", STEP)).toBeGreaterThan(200 / STEP);
}, 120_000);

test("any single field of a 0.13.0 store that changes is found, alone and by name", async () => {
  expect(await everyChange("0.13.0", "0.13", 5 * STEP)).toBeGreaterThan(200 / STEP);
}, 120_000);

test("all differences are counted, the first ten are shown", async () => {
  using folder = temporaryFolder();
  const left = copyFixture("0.12.4", folder, "left.db");
  const right = copyFixture("0.12.4", folder, "right.db");
  const database = new Database(right);
  database.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'x') WHERE id < 'm-000020'");
  database.run("DELETE FROM nodes WHERE id >= 'm-000050'");
  database.run("INSERT INTO nodes (id, label, properties) VALUES ('more', 'Memory', '{}')");
  database.run("UPDATE relationships SET rel_type = 'OTHER' WHERE rowid <= 7");
  database.close();
  const found = await compare(left, right);
  expect([found.missing, found.extra, found.changed, found.differences.length]).toEqual([10, 1, 27, 10]);
  expect(found.fields["node.title"]).toBe(20);
  expect(found.fields["relationship.(type)"]).toBe(7);
  const reverse = await compare(right, left);
  expect([reverse.missing, reverse.extra, reverse.changed]).toEqual([1, 10, 27]);
});

test("the type of a value is a difference of its own, and shows", async () => {
  using folder = temporaryFolder();
  const [left, right] = [copyFixture("0.8.3", folder, "left.db"), copyFixture("0.8.3", folder, "right.db")];
  const database = new Database(right);
  database.run(
    `UPDATE nodes SET properties = replace(properties, '"usage_count": 0', '"usage_count": 0.0') WHERE id = 'old-0'`,
  );
  database.close();
  const found = await compare(left, right);
  expect(found.differences).toMatchObject([
    { kind: "changed", record: "node", id: "old-0", fields: [{ name: "usage_count", source: "0", target: "0.0" }] },
  ]);
});
