// @level normal
/** Stores made to do harm: what they hold is data, in every message and on every way. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { Editor, edited } from "../cli/stores.ts";
import { besidesJournals, temporaryFolder } from "../support/folder.ts";
import { at, settle } from "../support/stores.ts";
import { program, runsOf } from "./program.ts";
import { stateAt } from "./targets.ts";

const HOSTILE = [
  "\u001b]0;owned\u0007\u001b[2J\u001b[31m",
  "'; DROP TABLE nodes; --",
  "\"); ATTACH DATABASE 'owned.db' AS x; --",
  "`}) MATCH (n) DETACH DELETE n //",
  "\u202egnp.exe",
  "../../../etc/passwd",
  "$(touch owned)",
];

describe("ids, labels and types that would be commands", () => {
  test("come along, are undone, and are shown so that a terminal does nothing", async () => {
    using folder = temporaryFolder();
    const source = edited(folder, "source.db", (store) => {
      for (const [number, text] of HOSTILE.entries()) {
        store.add(text, { title: text, [text]: text });
        store.run("UPDATE nodes SET label = ? WHERE id = ?", text, text);
        store.run("UPDATE relationships SET rel_type = ?, id = ? WHERE rowid = ?", text, text, number + 1);
      }
    });
    mkdirSync(folder.file("target"));
    const target = folder.file("target", "sto\u001b[31mre.db");
    const args = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", target];
    const outputs = [await program(folder, args)];
    expect(outputs[0]!.code).toBe(0);
    expect(await stateAt(at(target))).toBe(await stateAt(at(source)));
    const editor = new Editor(target);
    for (const text of HOSTILE) editor.change(text, { title: "changed since" });
    editor.close();
    settle(target);
    const [run] = await runsOf(folder);
    outputs.push(await program(folder, ["runs"]), await program(folder, ["rollback", run!.id]));
    outputs.push(await program(folder, ["rollback", run!.id, "--yes"]));
    expect(outputs.map(({ code }) => code)).toEqual([0, 0, 4, 3]);
    expect(outputs.map(({ stdout, stderr }) => stdout + stderr).join("")).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u202e]/,
    );
    expect(outputs[3]!.stdout).toContain("\\x1b]0;owned");
    expect(readdirSync(folder.path).filter((name) => name.startsWith("owned"))).toEqual([]);
    const left = new Database(target, { readonly: true });
    expect(left.query("SELECT count(*) FROM nodes").values()).toEqual([[HOSTILE.length]]);
    left.close();
  });
});

describe("values beyond measure", () => {
  test.each([
    ["nested a hundred thousand deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["with a name that comes a hundred thousand times", `{${Array(100_000).fill('"a":1').join(",")}}`],
    ["with a number of a million digits", `{"id":"m-000001","n":${"9".repeat(1_000_000)}}`],
  ])("%s are read, or told in one error", async (_, json) => {
    using folder = temporaryFolder();
    const source = edited(folder, "source.db", (store) =>
      store.run("UPDATE nodes SET properties = ? WHERE id = 'm-000001'", json),
    );
    mkdirSync(folder.file("target"));
    const target = folder.file("target", "store.db");
    const { code, stderr } = await program(folder, [
      "migrate",
      "--from-path",
      source,
      "--to",
      "sqlite",
      "--to-path",
      target,
    ]);
    expect(stderr).not.toContain("unexpected failure");
    expect([0, 8]).toContain(code!);
    expect(besidesJournals(folder.file("target"))).toEqual(code === 0 ? ["store.db"] : []);
  });
});

describe("links", () => {
  test("a target that is one is followed, with its journal beside the file itself, and stays one", async () => {
    using folder = temporaryFolder();
    for (const name of ["real", "seen"]) mkdirSync(folder.file(name));
    const real = edited(folder, "real/store.db");
    const before = await stateAt(at(real));
    symlinkSync(real, folder.file("seen", "link.db"));
    const source = edited(folder, "source.db", (store) => store.add("one more"));
    const args = [
      "migrate",
      "--from-path",
      source,
      "--to",
      "sqlite",
      "--to-path",
      folder.file("seen", "link.db"),
      "--quiet",
    ];
    expect((await program(folder, args)).code).toBe(0);
    expect(readdirSync(folder.file("seen"))).toEqual(["link.db"]);
    expect(readdirSync(folder.file("real")).length).toBe(2);
    const [run] = await runsOf(folder);
    expect((await program(folder, ["rollback", run!.id, "--yes"])).code).toBe(0);
    expect([readlinkSync(folder.file("seen", "link.db")), await stateAt(at(real))]).toEqual([real, before]);
    expect(readdirSync(folder.file("real"))).toEqual(["store.db"]);
  });
});
