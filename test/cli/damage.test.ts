// @level normal
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { MigrationResultSchema } from "../../src/operations/models.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { document, expectError, program } from "./program.ts";
import { countOf, edited, MEMORIES, titleOf } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const targets = folder.file("targets");
const target = join(targets, "store.db");
beforeEach(() => {
  rmSync(targets, { recursive: true, force: true });
  mkdirSync(targets);
});
const migrate = (from: string, ...args: string[]) =>
  program(folder, ["migrate", "--from-path", from, "--to", "sqlite", "--to-path", target, ...args]);

describe("a damaged source", () => {
  const damaged = edited(folder, "damaged.db", (store) => store.damage("m-000007").damage("m-000031"));

  test("is refused (8), naming the records; all others are counted", async () => {
    const outcome = await migrate(damaged);
    for (const id of ["m-000007", "m-000031"]) expect(outcome.stderr).toContain(id);
    expect(outcome.stderr).toContain("--allow-loss");
    expect([outcome.code, outcome.stdout]).toEqual([8, ""]);
    expect(readdirSync(targets)).toEqual([]);
  });

  test("is refused by a dry run as well (8)", async () => {
    const { code, stdout, stderr } = await migrate(damaged, "--dry-run");
    expect(code).toBe(8);
    for (const id of ["m-000007", "m-000031"]) expect(stderr).toContain(id);
    expect(stdout).toStartWith("Plan: ");
    expect(readdirSync(targets)).toEqual([]);
  });

  test("comes along as far as it can be read with --allow-loss (0), and the loss is listed", async () => {
    const { code, stdout, stderr } = await migrate(damaged, "--allow-loss");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("LOST: ");
    for (const id of ["m-000007", "m-000031"]) expect(stdout).toContain(id);
    expect(stdout.split("\n\n")[0]!.replace("\n", " ")).toContain("; some records were not copied unchanged.");
    expect(countOf(target, "nodes")).toBe(MEMORIES);
    rmSync(target);
    const json = v.parse(MigrationResultSchema, document((await migrate(damaged, "--allow-loss", "--json")).stdout));
    expect(json).toMatchObject({ success: true, complete: false, verified: true, imported: { nodes: MEMORIES } });
    expect(json.losses.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(2);
  });

  test("leaves what was written for inspection with --no-rollback, and says where (8)", async () => {
    const { code, stdout, stderr } = await migrate(damaged, "--no-rollback");
    expect([code, stdout]).toEqual([8, ""]);
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(targets)).toEqual(["store.db.failed"]);
    expect(stderr).toContain(`rollback was switched off: the written records are kept in ${target}.failed\n`);
    expect(stderr).not.toContain("The target was not changed");
  });

  test("cut short, is damaged (8)", async () => {
    const short = edited(folder, "short.db");
    truncateSync(short, 100_000);
    expectError(await migrate(short), 8, "the file is truncated: its header says 262,144 bytes, it has 100,000");
    expect(readdirSync(targets)).toEqual([]);
  });
});

describe("a target that spoils what is written (a trigger of somebody else)", () => {
  const extra = edited(folder, "extra.db", (store) => store.add("new", { title: "honest" }));
  const spoil = () =>
    edited(folder, join("targets", "store.db"), (store) =>
      store.run(
        "CREATE TRIGGER spoil AFTER INSERT ON nodes BEGIN UPDATE nodes SET properties = json_set(properties, '$.title', 'spoilt') WHERE id = NEW.id; END",
      ),
    );

  test("fails the verification (3), names the record and the field, and is as before", async () => {
    spoil();
    const before = listing(targets);
    const { code, stdout, stderr } = await migrate(extra);
    expect([code, stdout]).toEqual([3, ""]);
    for (const word of ["new", "title", "honest", "spoilt", "proved by digest that it is as before"])
      expect(stderr).toContain(word);
    expect(listing(targets)).toEqual(before);
  });

  test("with --json tells the same as a document", async () => {
    spoil();
    const { code, stdout, stderr } = await migrate(extra, "--json");
    expect(code).toBe(3);
    const json = v.parse(MigrationResultSchema, document(stdout));
    expect(json).toMatchObject({
      success: false,
      verified: false,
      verification: { valid: false, differenceCount: 1, differences: [{ id: "new", fields: [{ name: "title" }] }] },
    });
    expect(document(stderr)).toMatchObject({ message_type: "exit_error", code: 3, error: json.errors[0]!.code });
  });

  test("keeps what was written with --no-rollback, and says so (3)", async () => {
    spoil();
    const { code, stderr } = await migrate(extra, "--no-rollback");
    expect(code).toBe(3);
    expect(stderr).toContain(`rollback was switched off: the written records are kept in ${target}\n`);
    expect(titleOf(target, "new")).toBe("spoilt");
  });
});

describe("text of a store that means to speak to the terminal", () => {
  const evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202egnp";
  const hostile = edited(folder, "hostile.db", (store) =>
    store
      .add(`id${evil}`, { title: `title${evil}`, type: evil, created_at: `then${evil}`, [`key${evil}`]: 1 })
      .add(`bad${evil}`)
      .damage(`bad${evil}`)
      .run("UPDATE nodes SET label = ? WHERE id = 'm-000003'", `label${evil}`)
      .run("UPDATE relationships SET rel_type = ? WHERE rowid = 1", `type${evil}`),
  );
  const other = (title: string) =>
    edited(folder, join("targets", "store.db"), (store) => store.add(`id${evil}`, { title: `${title}${evil}` }));

  test("never reaches it raw, on neither stream, in words or in JSON", async () => {
    const to = ["--to", "sqlite", "--to-path", target];
    const commands = [
      ["inspect", "--from-path", hostile],
      ["migrate", "--from-path", hostile, ...to],
      ["migrate", "--from-path", hostile, ...to, "--allow-loss", "--dry-run"],
      ["migrate", "--from-path", hostile, ...to, "--allow-loss", "--on-conflict", "fail"],
      ["migrate", "--from-path", hostile, ...to, "--allow-loss", "--verbose"],
      ["verify", "--from-path", hostile, ...to],
      ["inspect", "--from-path", `missing${evil}`],
      ["inspect", `--bogus${evil}`],
      [`command${evil}`],
    ];
    for (const args of commands) {
      other("other");
      for (const extra of [[], ["--json"], ["--debug"]]) {
        const { stdout, stderr } = await program(folder, [...args, ...extra]);
        expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
        expect(stdout + stderr).not.toBe("");
      }
    }
  });

  test("is still told, spelled out", async () => {
    other("other");
    const { stderr } = await program(folder, [
      "migrate",
      "--from-path",
      hostile,
      "--to",
      "sqlite",
      "--to-path",
      target,
      "--allow-loss",
      "--on-conflict",
      "fail",
    ]);
    expect(stderr).toContain("id\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\r\\u202egnp");
  });
});

test("nothing was left in the folder for temporary files", () => {
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
});
