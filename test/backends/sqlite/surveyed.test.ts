/** A large file is undone by what a run noted of the rest and by the rows that have changed since, as if all of it had been read. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { RollbackTarget } from "../../../src/backends/backend.ts";
import { openForRollback } from "../../../src/backends/sqlite/rollback.ts";
import { hashRow } from "../../../src/backends/sqlite/side-table.ts";
import { openSource } from "../../../src/backends/sqlite/source.ts";
import { DamagedStoreError } from "../../../src/errors.ts";
import { inspect, journalsBeside } from "../../../src/journal/journal-path.ts";
import { REST } from "../../../src/journal/rest.ts";
import { RollbackPlan } from "../../../src/journal/rollback-plan.ts";
import { RunTrace } from "../../../src/journal/run-trace.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { program, runsOf } from "../../faults/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { copyFixture } from "../../support/stores.ts";
import { change, merged } from "../../wild/merged.ts";

/** What makes a file so large that it pays to read only what the plan has to see. */
const BALLAST = "CREATE TABLE ballast AS SELECT zeroblob(17000000) AS bytes";
const theirs = "SELECT id FROM nodes WHERE id LIKE 'm-%' ORDER BY id LIMIT 1";

const SIDE =
  "CREATE TABLE IF NOT EXISTS memorygraph_migrate_extra (kind TEXT NOT NULL, id TEXT, key TEXT, row_hash BLOB, record TEXT NOT NULL)";

/** What may become of a target; none of it touches all of the rest. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  "one of the rest was used": [
    `UPDATE nodes SET properties = json_set(properties, '$.usage_count', 7) WHERE id = (${theirs})`,
  ],
  "one of the rest was renamed": [`UPDATE nodes SET id = 'renamed' WHERE id = (${theirs})`],
  "one of the rest is gone": [`DELETE FROM nodes WHERE id = (${theirs})`],
  "two of the rest were exchanged": [
    "UPDATE nodes SET id = 'm-x' WHERE id = 'm-000001'",
    "UPDATE nodes SET id = 'm-000001' WHERE id = 'm-000002'",
    "UPDATE nodes SET id = 'm-000002' WHERE id = 'm-x'",
  ],
  "a label of one of the rest was changed": [`UPDATE nodes SET label = 'Other' WHERE id = (${theirs})`],
  "only when a row was written was changed": [`UPDATE nodes SET updated_at = '1999-01-01' WHERE id = (${theirs})`],
  "a relationship of the rest leads elsewhere": [
    "UPDATE relationships SET to_id = from_id WHERE id = (SELECT min(id) FROM relationships WHERE from_id LIKE 'm-%')",
  ],
  "others came": [
    "INSERT INTO nodes (id, label, properties) VALUES ('new', 'Memory', '{\"title\": \"new\"}')",
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('joined', 'new', 'm-000001', 'RELATED_TO', '{}')",
  ],
  "something holds a node of the run": [
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('joined', 'm-000001', 'old-0', 'RELATED_TO', '{}')",
  ],
  "records of the run were used, changed and deleted": [
    "UPDATE nodes SET properties = json_set(properties, '$.usage_count', 7) WHERE id = 'old-1'",
    "UPDATE nodes SET properties = json_set(properties, '$.title', 'changed') WHERE id = 'old-2'",
    "DELETE FROM nodes WHERE id = 'old-3'",
  ],
  "the file was written anew": ["VACUUM"],
  "a table has another column": ["ALTER TABLE nodes ADD COLUMN mood TEXT DEFAULT 'glad'"],
  "long texts reach over many pages": [
    `UPDATE nodes SET properties = json_set(properties, '$.content', hex(zeroblob(20000))) WHERE id IN ('m-000001', 'old-1')`,
  ],
  "ids are no texts": [
    "INSERT INTO nodes (id, label, properties) VALUES (x'0102', 'Memory', '{}'), (CAST(x'6dff' AS TEXT), 'Memory', '{}')",
  ],
  "something stands beside one of the rest": [
    `INSERT INTO memorygraph_migrate_extra (kind, id, row_hash, record) VALUES ('node', 'm-000001', x'00', '{"labels": ["A"]}')`,
  ],
  "nothing stands beside any record": ["DELETE FROM memorygraph_migrate_extra"],
  "a record of the rest stands in another row": [
    "CREATE TEMP TABLE moved AS SELECT * FROM nodes WHERE id = 'm-000004'",
    "DELETE FROM nodes WHERE id = 'm-000004'",
    "INSERT INTO nodes SELECT * FROM moved",
  ],
};

const [CREATING, OVERWRITING] = ["created", "overwrote"] as const;

describe.skipIf(availableParallelism() === 1).each([CREATING, OVERWRITING])(
  "a large file in which a run %s records and noted the rest",
  (what) => {
    let folder: TemporaryFolder;
    let target: string;
    let journal: string;

    beforeAll(async () => {
      folder = temporaryFolder();
      const made = await merged(folder, BALLAST);
      ({ target } = made);
      if (what === OVERWRITING) {
        copyFileSync(made.source, folder.file("changed.db"));
        change(folder.file("changed.db"), "UPDATE nodes SET properties = json_set(properties, '$.title', 'other')");
        expect((await made.onto(folder.file("changed.db"), "--on-conflict", "overwrite")).code).toBe(0);
      }
      change(target, SIDE);
      const [run] = await runsOf(folder);
      journal = journalsBeside(target).get(run!.id)!;
    }, 240_000);

    afterAll(() => folder[Symbol.dispose]());

    test("is undone as if all of it had been read: what stands beside one of the rest tells it", async () => {
      const path = folder.file("lived.db");
      copyFileSync(target, path);
      const database = new Database(path);
      const [row] = database.query("SELECT id, label, properties FROM nodes WHERE id = 'm-000001'").values();
      const insert = "INSERT INTO memorygraph_migrate_extra (kind, id, row_hash, record) VALUES ('node', ?, ?, ?)";
      database.run(insert, ["m-000001", hashRow(row as string[]), '{"labels": ["A", "B"]}']);
      database.close();
      await undone(path, journal);
    }, 60_000);

    test("is not what was planned where a page changed on the disk on which a long text goes on", async () => {
      const path = folder.file("lived.db");
      copyFileSync(target, path);
      const long = "json_set(properties, '$.content', hex(zeroblob(9000)) || 'THE-END' || hex(zeroblob(500)))";
      change(path, `UPDATE nodes SET properties = ${long} WHERE id = 'm-000001'`);
      await undone(path, journal, () => {
        const bytes = readFileSync(path);
        bytes[bytes.lastIndexOf("THE-END")]! ^= 1;
        writeFileSync(path, bytes);
      });
    }, 60_000);

    test.each([
      ["is no page of a table", 0, 99],
      ["has a row that is nowhere", 9, 1],
    ])(
      "is left unchanged where a page of it %s",
      async (_, at, byte) => {
        const path = folder.file("lived.db");
        copyFileSync(target, path);
        const database = new Database(path);
        const leaf = "SELECT max(pageno) FROM dbstat WHERE name = 'nodes' AND pagetype = 'leaf'";
        const [[page]] = database.query(leaf).values() as [[number]];
        database.close();
        const bytes = readFileSync(path);
        bytes[4096 * (page - 1) + at] = byte;
        if (at > 0) bytes[4096 * (page - 1) + at - 1] = 0;
        writeFileSync(path, bytes);
        await expect(undone(path, journal)).rejects.toBeInstanceOf(DamagedStoreError);
        expect(readFileSync(path).equals(bytes)).toBe(true);
      },
      60_000,
    );

    test.each(Object.entries(CHANGES))(
      "is undone as if all of it had been read: %s",
      async (_, statements) => {
        const path = folder.file("lived.db");
        copyFileSync(target, path);
        change(path, ...statements);
        await undone(path, journal);
      },
      60_000,
    );
  },
);

test.skipIf(availableParallelism() === 1)(
  "the rest is noted in a file of 0.13, whose log is moved into it",
  async () => {
    using folder = temporaryFolder();
    const target = copyFixture("0.13.0", folder, "t.db");
    const source = copyFixture("0.12.4", folder, "a.db");
    change(target, BALLAST);
    const words = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", target, "--yes", "--quiet"];
    expect((await program(folder, words)).code).toBe(0);
    change(
      target,
      "UPDATE memories SET importance = 0.25 WHERE id = (SELECT min(id) FROM memories)",
      "UPDATE memories SET usage_count = usage_count + 1 WHERE id = (SELECT max(id) FROM memories)",
    );
    const [run] = await runsOf(folder);
    await undone(target, journalsBeside(target).get(run!.id)!);
  },
  120_000,
);

/**
 * Undoes the run in the file, and finds that it came out as planned, which is what a plan says that was made of all records.
 * @param damage what happens to the file before it is looked at: then it must be found not to be so
 */
async function undone(path: string, journal: string, damage?: () => void): Promise<void> {
  const noted = inspect(journal);
  if (typeof noted === "string") throw new Error(noted);
  const { file } = noted;
  const traces = [new RunTrace(file), new RunTrace(file)] as const;
  const plans: RollbackPlan[] = [];
  let opened: RollbackTarget | null = null;
  try {
    opened = (await openForRollback(path, [file]))!;
    expect([...file.rowsOf(REST)]).not.toBeEmpty();
    const survey = await opened.survey!(() => {});
    expect(survey).not.toBeNull();
    plans.push(await RollbackPlan.of(survey!, [traces[0]]), await RollbackPlan.of(opened.present(), [traces[1]]));
    const [told, read] = plans as [RollbackPlan, RollbackPlan];
    expect([told.expected.toString(), told.counts]).toEqual([read.expected.toString(), read.counts]);
    await opened.apply(told);
    await opened.close();
    const closed = opened;
    opened = null;
    damage?.();
    expect(await closed.isAsPlanned!(() => {})).toBe(damage === undefined);
    const source = await openSource(path);
    expect((await digestOf(source.read())).equals(read.expected)).toBe(damage === undefined);
    await source.close();
  } finally {
    await opened?.close();
    for (const one of [...plans, ...traces, file]) one.close();
  }
}
