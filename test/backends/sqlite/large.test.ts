// @level normal
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { generate } from "../../../bench/generate.ts";
import { openSource } from "../../../src/backends/sqlite/source.ts";
import { ContentDigest } from "../../../src/graph/digest.ts";
import { BackendConfig, migrate } from "../../../src/index.ts";
import { canonicalizer } from "../../../src/memorygraph/canonicalizer.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { readAll } from "../../support/stores.ts";

const MEMORIES = 8_000;
const config = (path: string) => new BackendConfig({ type: "sqlite", path });

/** Files of this size are read by several threads and, where the layout is the same, copied as whole tables. */
describe("a store that is worth several threads", () => {
  let folder: TemporaryFolder;
  let store: string;
  let digest: string;
  beforeAll(async () => {
    folder = temporaryFolder();
    store = folder.file("large.db");
    generate(store, MEMORIES);
    const one = new ContentDigest();
    for (const record of (await readAll(store)).records) one.add(record, canonicalizer.text(record));
    digest = one.toString();
  });
  afterAll(() => folder[Symbol.dispose]());

  function copy(name: string, change: (database: Database) => void): string {
    const path = folder.file(name);
    copyFileSync(store, path);
    const database = new Database(path);
    change(database);
    database.close();
    return path;
  }

  for (const release of ["0.12", "0.13"] as const) {
    test(`goes to ${release} with the digest that one thread alone finds`, async () => {
      const result = await migrate(config(store), config(folder.file(`for-${release}.db`)), { for: release });
      expect(result.errors).toEqual([]);
      expect(result.imported).toEqual({ nodes: MEMORIES, memories: MEMORIES, relationships: 2 * MEMORIES });
      expect(result.verification).toMatchObject({ valid: true, sourceDigest: digest, targetDigest: digest });
    });
  }

  test("and back, row by row as it was", async () => {
    const result = await migrate(config(folder.file("for-0.13.db")), config(folder.file("back.db")), { for: "0.12" });
    expect(result.verified).toBe(true);
    const database = new Database(folder.file("back.db"));
    database.run(`ATTACH '${store}' AS original`);
    for (const [table, columns] of [
      ["nodes", "id, label, properties"],
      ["relationships", "id, from_id, to_id, rel_type, properties, valid_from, valid_until, recorded_at"],
    ]) {
      const left = database.query(
        `SELECT ${columns} FROM original.${table} EXCEPT SELECT ${columns} FROM main.${table}`,
      );
      expect(left.values()).toEqual([]);
    }
    database.close();
  });

  test("is refused for one row that no thread can read, by its id, and nothing is left", async () => {
    const broken = copy("broken.db", (database) => {
      database.run("UPDATE nodes SET properties = '{' WHERE id = 'm-007777'");
    });
    const result = await migrate(config(broken), config(folder.file("never.db")));
    expect(result.errors.map(({ code }) => code)).toEqual(["damaged"]);
    expect(result.errors[0]!.details.join()).toContain("m-007777");
    expect(existsSync(folder.file("never.db"))).toBe(false);
    const allowed = await migrate(config(broken), config(folder.file("allowed.db")), { allowLoss: true });
    expect(allowed.errors).toEqual([]);
    expect([allowed.imported.nodes, allowed.losses[0]!.examples]).toEqual([MEMORIES, ["m-007777"]]);
  });

  test("is read whole with changes that stand only in its WAL, and its private copy goes away", async () => {
    const path = folder.file("wal.db");
    copyFileSync(store, path);
    const application = new Database(path);
    application.run("PRAGMA journal_mode = WAL");
    application.run("PRAGMA wal_autocheckpoint = 0");
    application.run(
      "UPDATE nodes SET properties = json_set(properties, '$.title', 'only in the WAL') WHERE id < 'm-000100'",
    );
    const result = await migrate(config(path), config(folder.file("from-wal.db")));
    application.close();
    expect(result.verified).toBe(true);
    const titles = new Database(folder.file("from-wal.db"), { readonly: true });
    const [count] = titles
      .query("SELECT count(*) FROM nodes WHERE properties ->> '$.title' = 'only in the WAL'")
      .values()[0]!;
    titles.close();
    expect(count).toBe(100);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`memorygraph-migrate-${process.pid}-`))).toEqual([]);
  });

  test("takes its threads along when it is closed, as after a failure of the target", async () => {
    const source = await openSource(store);
    const summary = source.summarise();
    expect(summary).not.toBeNull();
    await source.close();
    expect(await summary!.catch((error: Error) => error.name)).toBe("AbortError");
  });

  test("stops in the middle when asked to, and leaves nothing", async () => {
    const abort = new AbortController();
    const stop = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === "verify" && done > 0) abort.abort();
    };
    const result = await migrate(config(store), config(folder.file("stopped.db")), { for: "0.13" }, stop, abort.signal);
    expect(result.errors.map(({ code }) => code)).toEqual(["interrupted"]);
    expect(readdirSync(folder.path).filter((name) => name.includes("stopped"))).toEqual([]);
  });
});
