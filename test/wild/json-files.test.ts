/** JSON files that people have (wild 18): each is read, or named for what it is, and no advice spoils a memory. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { document, expectError, program } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { settle } from "../support/stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const run = (...args: string[]) => program(folder, args);

function file(name: string, text: string): string {
  writeFileSync(folder.file(name), text);
  return settle(folder.file(name));
}

const exported = file(
  "export.json",
  `{"format_version":"2.0","export_version":"1.0","export_date":"2026-09-01T00:00:00.000Z","backend_type":"falkordblite",
   "memory_count":1,"relationship_count":0,"memories":[{"id":"a","type":"task","title":"t","content":"c","tags":[],
   "importance":0.5,"confidence":0.8,"created_at":"2024-01-01T00:00:00+00:00","updated_at":"2024-01-01T00:00:00+00:00",
   "usage_count":3,"version":2}],"relationships":[]}`,
);
const mcp = file("memory.jsonl", '{"type":"entity","name":"x","entityType":"person","observations":["likes tea"]}\n');
const other = file("package.json", '{"name": "x"}');

describe("a JSON file", () => {
  test("that was called SQLite is named, with the kind that it is", async () => {
    for (const [path, kind, what] of [
      [exported, "json", "is a JSON export of MemoryGraph, not a SQLite file"],
      [mcp, "mcp", "is a file of the MCP memory server, not a SQLite file"],
    ] as const) {
      const asked = await run("inspect", "--from", "sqlite", "--from-path", path);
      expectError(asked, 2, what);
      expect(asked.stderr).toContain(`Name its kind: ${kind} instead of sqlite.`);
      expect(asked.stderr).not.toContain("import it with the application");
      // The advice is right.
      expect((await run("inspect", "--from", kind, "--from-path", path)).code).toBe(0);
    }
  });

  test("is recognised by looking, and shows what it cannot have held, in inspect, plan and result", async () => {
    for (const [path, what] of [
      [exported, "an export of MemoryGraph is never the whole store"],
      [mcp, "a file of the MCP memory server has only names"],
    ] as const) {
      const inspected = await run("inspect", "--from-path", path, "--json");
      const target = folder.file(`${path.length}.db`);
      const to = ["--to", "sqlite", "--to-path", target];
      const planned = await run("--from-path", path, ...to, "--dry-run", "--json");
      const done = await run("--from-path", path, ...to, "--json");
      for (const { code, stdout } of [inspected, planned, done]) {
        expect(code).toBe(0);
        const { notes } = document(stdout) as { notes: { what: string; examples: string[] }[] };
        expect(notes.find((note) => note.what.startsWith(what))?.examples.length).toBeGreaterThan(3);
      }
      expect((await run("inspect", "--from-path", path)).stdout).toContain(`note: ${what}`);
      expect((await run("verify", "--from-path", path, ...to)).code).toBe(0);
    }
  });

  test("keeps its times and figures, which the application's own import does not", async () => {
    const target = folder.file("kept.db");
    expect((await run("--from-path", exported, "--to", "sqlite", "--to-path", target, "--quiet")).code).toBe(0);
    const { earliest } = document((await run("inspect", "--from-path", target, "--json")).stdout) as {
      earliest: string;
    };
    expect(earliest).toBe("2024-01-01T00:00:00Z");
  });

  test("whose memories or relationships are no list is refused (8), and nothing of it is passed over without a word", async () => {
    const written = (members: object) =>
      file("edited.json", JSON.stringify({ format_version: "2.0", memories: [], relationships: [], ...members }));
    const memory = { id: "a", type: "task", title: "t", content: "c" };
    for (const member of ["memories", "relationships"]) {
      for (const value of [{ a: memory }, "a", 1]) {
        const asked = await run(
          written({ [member]: value }),
          folder.file("never.db"),
          "--to",
          "sqlite",
          "--allow-empty",
        );
        expectError(asked, 8, "cannot be read");
        expect(asked.stderr).toContain(`${member} is not a list: nothing of it is read`);
      }
    }
    const more = written({ memories: [memory], relationships: null, outcomes: { o: { id: "o" } } });
    const { notes } = document((await run("inspect", more, "--json")).stdout) as {
      notes: { what: string; examples: string[] }[];
    };
    const note = notes.find(({ what }) => what.startsWith("a member that no known export has"));
    expect(note?.examples).toEqual(["outcomes"]);
  });

  test("with an id that several memories share: relationships lead to the one that counts, which is the one that is shown", async () => {
    const memory = (title: string, day: number, id = "dup") => {
      const at = `2026-01-0${day}T00:00:00+00:00`;
      return { id, type: "task", title, content: "c", importance: 0.5, created_at: at, updated_at: at };
    };
    const relationships = [{ from_memory_id: "dup", to_memory_id: "one", type: "SOLVES", properties: {} }];
    const memories = [memory("old", 1), memory("new", 3), memory("middle", 2), memory("one", 1, "one")];
    const source = file("shared.json", JSON.stringify({ format_version: "2.0", memories, relationships }));
    const target = folder.file("shared.db");
    expect((await run(source, target, "--to", "sqlite", "--for", "0.13")).code).toBe(0);
    const database = new Database(target, { readonly: true });
    expect(database.query("SELECT id, title FROM memories ORDER BY id").values()).toEqual([
      ["dup", "new"],
      ["one", "one"],
    ]);
    expect(database.query("SELECT from_id, to_id FROM relationships").values()).toEqual([["dup", "one"]]);
    database.close();
    expect((await run("verify", source, target)).code).toBe(0);
  });

  test("that is neither is named as JSON", async () => {
    for (const kind of [[], ["--from", "json"], ["--from", "sqlite"]]) {
      const asked = await run("inspect", ...kind, "--from-path", other);
      expectError(asked, 2, "is a JSON text, not");
      expect(asked.stderr).toContain("neither an export of MemoryGraph nor the MCP memory server's file");
    }
  });

  test("is a target where nothing is, by its name, and refused where something is", async () => {
    const target = folder.file("new.json");
    expect((await run(exported, target)).code).toBe(0);
    expect((await run("verify", exported, target)).code).toBe(0);
    const made = readFileSync(target);
    expectError(await run(exported, target), 4, "is a JSON file with memories already");
    expectError(await run(exported, other, "--to", "json"), 2, "is a JSON text, not");
    expect(readFileSync(target)).toEqual(made);
  });
});
