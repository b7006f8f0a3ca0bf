import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import type { Progress } from "../../src/index.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture, createLike, differences, digestOf, readAll, run, settle, succeed } from "../support/stores.ts";

function withTrigger(path: string, sql: string): string {
  const database = new Database(path);
  database.run(sql);
  database.close();
  return settle(path);
}

const TARGETS = [
  ["0.12.4", "nodes"],
  ["0.13.0", "memories"],
] as const;

describe("a target that does something else than it was told", () => {
  const TRIGGERS: [string, (table: string) => string][] = [
    [
      "changes new records",
      (table) =>
        `CREATE TRIGGER meddle AFTER INSERT ON ${table} BEGIN UPDATE ${table} SET ${table === "nodes" ? "label" : "title"} = 'meddled' WHERE id = new.id; END`,
    ],
    [
      "changes a record that was there",
      (table) =>
        `CREATE TRIGGER meddle AFTER INSERT ON relationships BEGIN UPDATE ${table} SET ${table === "nodes" ? "properties = '{}'" : "title = 'meddled'"} WHERE rowid = 1; END`,
    ],
    [
      "drops a new relationship",
      () =>
        "CREATE TRIGGER meddle AFTER INSERT ON relationships BEGIN DELETE FROM relationships WHERE id = new.id; END",
    ],
    [
      "drops a record that was there",
      (table) => `CREATE TRIGGER meddle AFTER INSERT ON ${table} BEGIN DELETE FROM ${table} WHERE rowid = 2; END`,
    ],
    [
      "adds one more",
      (table) =>
        table === "nodes"
          ? "CREATE TRIGGER meddle AFTER INSERT ON relationships BEGIN INSERT OR IGNORE INTO nodes (id, label, properties) VALUES ('one more', 'Memory', '{}'); END"
          : "CREATE TRIGGER meddle AFTER INSERT ON relationships BEGIN INSERT OR IGNORE INTO memories (id, type, title, content, created_at, updated_at) VALUES ('one more', 'fix', 't', 'c', 'x', 'y'); END",
    ],
  ];
  for (const [fixture, table] of TARGETS) {
    for (const [what, trigger] of TRIGGERS) {
      test(`${fixture}: a trigger that ${what} fails the verification, and everything is as before`, async () => {
        using folder = temporaryFolder();
        const source = copyFixture("0.8.3", folder);
        const target = withTrigger(copyFixture(fixture, folder, "target.db"), trigger(table));
        const before = await digestOf(target);
        const { error, result } = await run(source, target);
        expect(error?.code).toBe("verification_failed");
        expect(result.verification?.valid).toBe(false);
        expect(result).toMatchObject({ success: false, verified: false, complete: false });
        expect(result.rollback.join()).toContain(before);
        expect(await digestOf(target)).toBe(before);
      });
    }

    test(`${fixture}: the differences name records and fields`, async () => {
      using folder = temporaryFolder();
      const target = withTrigger(copyFixture(fixture, folder, "target.db"), TRIGGERS[0]![1](table));
      const { error } = await run(copyFixture("0.8.3", folder), target);
      expect(error!.details.join("\n")).toMatch(/changed node old-\d+; \(?(labels|title)\)?: .* became .*meddled/);
    });

    test(`${fixture}: without verification the meddling stays, and the result says that nothing is proven`, async () => {
      using folder = temporaryFolder();
      const target = withTrigger(copyFixture(fixture, folder, "target.db"), TRIGGERS[0]![1](table));
      const { result } = await succeed(copyFixture("0.8.3", folder), target, { verify: false });
      expect(result).toMatchObject({ success: true, verified: false, verification: null });
      expect(result.validation.warnings.join()).toContain("the result is not verified");
    });

    for (const action of ["ABORT", "ROLLBACK", "FAIL"]) {
      test(`${fixture}: a trigger that raises ${action} half-way undoes everything`, async () => {
        using folder = temporaryFolder();
        const target = withTrigger(
          copyFixture(fixture, folder, "target.db"),
          `CREATE TRIGGER no BEFORE INSERT ON relationships WHEN (SELECT count(*) FROM ${table}) > 5 BEGIN SELECT RAISE(${action}, 'not here'); END`,
        );
        const before = [await digestOf(target), (await readAll(target)).records.length];
        const { error, result } = await run(copyFixture("0.8.3", folder), target);
        expect(error?.code).toBe("write_failed");
        expect(error?.message).toContain("not here");
        expect(result.rollback.join()).toContain("as before");
        expect([await digestOf(target), (await readAll(target)).records.length]).toEqual(before);
      });
    }
  }

  test("is kept for inspection where rollback was switched off, and the result says where", async () => {
    using folder = temporaryFolder();
    const target = withTrigger(copyFixture("0.12.4", folder, "target.db"), TRIGGERS[0]![1]("nodes"));
    const { error, result } = await run(copyFixture("0.8.3", folder), target, { rollbackOnFailure: false });
    expect(error?.code).toBe("verification_failed");
    expect(result.success).toBe(false);
    expect(result.rollback.join()).toContain(target);
    expect(
      (await readAll(target)).records.filter(
        ({ kind, ...record }) => kind === "node" && "labels" in record && record.labels.includes("meddled"),
      ),
    ).toHaveLength(12);
  });

  test("a new file that failed is kept under another name, never as the target", async () => {
    using folder = temporaryFolder();
    using sources = temporaryFolder();
    const source = withTrigger(
      copyFixture("0.12.4", sources),
      "UPDATE nodes SET properties = '{' WHERE id = 'm-000059'",
    );
    const target = folder.file("new.db");
    writeFileSync(`${target}.failed`, "an earlier one");
    const { error, result } = await run(source, target, { rollbackOnFailure: false, for: "0.13" });
    expect(error?.code).toBe("damaged");
    expect(existsSync(target)).toBe(false);
    expect(listing(folder.path).map((line) => line.split(" ")[0])).toEqual(["new.db.failed", "new.db.failed-2"]);
    expect(result.rollback.join()).toContain(`${target}.failed-2`);
  });
});

describe("stopped half-way by the caller", () => {
  const PHASES = ["plan", "transfer", "verify", "commit"] as const;
  for (const filled of [false, true]) {
    for (const phase of PHASES) {
      if (phase === "plan" && !filled) continue;
      test(`in the phase ${phase}, with ${filled ? "a filled" : "no"} target: interrupted, and nothing there`, async () => {
        using folder = temporaryFolder();
        const source = copyFixture("0.12.4", folder);
        const target = folder.file("target.db");
        if (filled) await succeed(copyFixture("0.13.0", folder), target);
        const before = listing(folder.path);
        const controller = new AbortController();
        const seen: Progress["phase"][] = [];
        const onProgress = ({ phase: now }: Progress) => {
          seen.push(now);
          if (now === phase) controller.abort();
        };
        const { error, result } = await run(source, target, { for: "0.13" }, { onProgress, signal: controller.signal });
        expect(seen).toContain(phase);
        // Where the last moment had passed, the run is complete; else the target is as before.
        if (error === null) {
          expect([phase, result.success]).toEqual(["commit", true]);
          return;
        }
        expect(error.code).toBe("interrupted");
        expect(result.success).toBe(false);
        expect(listing(folder.path)).toEqual(before);
      });
    }
  }

  test("before it began", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const before = listing(folder.path);
    const { error } = await run(source, folder.file("target.db"), {}, { signal: AbortSignal.abort() });
    expect(error?.code).toBe("interrupted");
    expect(listing(folder.path)).toEqual(before);
  });
});

describe("somebody else gets there first", () => {
  test("a target that appears while we write is left alone", async () => {
    using folder = temporaryFolder();
    const target = folder.file("target.db");
    const onProgress = ({ phase }: Progress) => {
      if (phase === "commit" && !existsSync(target)) writeFileSync(target, "mine");
    };
    const { error } = await run(copyFixture("0.12.4", folder), target, {}, { onProgress });
    expect(error?.code).toBe("busy");
    expect(await Bun.file(target).text()).toBe("mine");
    expect(listing(folder.path)).toHaveLength(2);
  });

  for (const how of ["at rest and read in place", "with a WAL, and copied"] as const) {
    test(`a source that changes while it is read (${how}) gives one moment of it`, async () => {
      using folder = temporaryFolder();
      const source = folder.file("source.db");
      const application = createLike("0.12.4", source);
      if (how.includes("WAL")) application.run("PRAGMA journal_mode = WAL");
      const insert = () =>
        application.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', '{}')", [crypto.randomUUID()]);
      application.run("BEGIN");
      for (let at = 0; at < 2000; at++) insert();
      application.run("COMMIT");
      settle(source);
      let changed = false;
      const onProgress = ({ phase }: Progress) => {
        if (phase === "verify" && !changed) {
          changed = true;
          insert();
        }
      };
      // Verification starts after the source was proven unchanged: that change comes too late to matter.
      const { result } = await succeed(source, folder.file("late.db"), { for: "0.13" }, { onProgress });
      expect(result.imported.nodes).toBe(2000);
      settle(source);
      let early = true;
      const during = ({ phase, done }: Progress) => {
        if (phase === "transfer" && done > 0 && early) {
          early = false;
          insert();
        }
      };
      const second = await succeed(source, folder.file("during.db"), { for: "0.13" }, { onProgress: during });
      expect([2001, 2002]).toContain(second.result.imported.nodes);
      expect(second.result.verified).toBe(true);
      application.close();
      if (second.result.imported.nodes === 2002)
        expect(await differences(source, folder.file("during.db"))).toEqual([]);
    });
  }

  const CHANGES: [string, string][] = [
    ["grows", "INSERT INTO nodes (id, label, properties) SELECT id || '-more', label, properties FROM nodes"],
    ["loses half of its rows", "DELETE FROM nodes WHERE rowid % 2 = 0"],
    ["is vacuumed", "VACUUM"],
  ];
  for (const [what, sql] of CHANGES) {
    test(`a source at rest that ${what} while it is read is not called damaged: it is read again from a copy`, async () => {
      using folder = temporaryFolder();
      const source = folder.file("source.db");
      const application = createLike("0.12.4", source);
      const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)";
      const properties = `'{"content": "${"x".repeat(400)}"}'`;
      application.run(
        `INSERT INTO nodes (id, label, properties) ${numbers} SELECT 'm' || i, 'Memory', ${properties} FROM n`,
      );
      application.run("DELETE FROM nodes WHERE rowid % 3 = 0");
      settle(source);
      let changed = false;
      const onProgress = ({ phase, done }: Progress) => {
        if (phase !== "transfer" || done < 500 || changed) return;
        changed = true;
        application.run(sql);
      };
      const { result } = await succeed(source, folder.file("new.db"), { for: "0.13" }, { onProgress });
      application.close();
      expect(changed).toBe(true);
      expect(result.verified).toBe(true);
      expect(await differences(source, folder.file("new.db"))).toEqual([]);
    });
  }
});
