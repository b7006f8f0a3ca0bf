// @level normal
/** `inspect` and `verify` as they are typed. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import * as v from "valibot";
import { ComparisonResultSchema, InspectionResultSchema } from "../../src/operations/models.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture, FIXTURES, settle } from "../support/stores.ts";
import { document, program } from "./program.ts";
import { edited, MEMORIES, RELATIONSHIPS } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const run = (...args: string[]) => program(folder, args);
const plain = copyFixture("0.12.4", folder);
const DIGEST = /^mg1-\d+-\d+-[0-9a-f]{60,}$/;

describe("inspect", () => {
  const KNOWN = {
    "0.8.3": { layout: "nodes", readableBy: [] },
    "0.10.0": { layout: "nodes", readableBy: ["0.12"] },
    "0.12.4": { layout: "nodes", readableBy: ["0.12"] },
    "0.13.0": { layout: "memories", readableBy: ["0.13", "0.14", "0.100"] },
    "hybrid-0.12-0.13": { layout: "hybrid", readableBy: [] },
  };

  test.each(FIXTURES)("knows what a %s file is, counts it and changes nothing", async (name) => {
    using own = temporaryFolder();
    const path = copyFixture(name, own, "store.db");
    const before = listing(own.path);
    const { code, stdout, stderr } = await run("inspect", "--from-path", path, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const result = v.parse(InspectionResultSchema, document(stdout));
    expect(result.store).toMatchObject({ backend: "sqlite", location: path, layout: KNOWN[name].layout });
    expect(result.readableBy.map(String)).toEqual(KNOWN[name].readableBy);
    expect(result.digest).toMatch(DIGEST);
    expect(result.damage).toEqual([]);
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
    expect(sum(result.labels)).toBe(result.count.nodes);
    expect(sum(result.memoryTypes)).toBe(result.count.memories);
    expect(sum(result.relationshipTypes)).toBe(result.count.relationships);
    expect(listing(own.path)).toEqual(before);
  });

  test("tells it in words, headline first", async () => {
    const { code, stdout, stderr } = await run("inspect", "--from", "sqlite", "--from-path", plain);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`${plain}: ${MEMORIES} memories, ${RELATIONSHIPS} relationships\n`);
    for (const line of [/visible to +MemoryGraph 0\.12$/m, /digest +mg1-60-120-/, /nodes +Memory 60$/m])
      expect(stdout).toMatch(line);
  });

  test("prints one line with --quiet", async () => {
    const { code, stdout, stderr } = await run("inspect", "--from-path", plain, "--quiet");
    expect([code, stdout, stderr]).toEqual([0, `${plain}: ${MEMORIES} memories, ${RELATIONSHIPS} relationships\n`, ""]);
  });

  test("tells the newest and oldest time", async () => {
    const path = edited(folder, "times.db", (store) =>
      store
        .change("m-000005", { created_at: "1999-05-06T07:08:09.5+02:00" })
        .change("m-000006", { updated_at: "2101-01-01T00:00:00Z" }),
    );
    const { earliest, latest } = v.parse(
      InspectionResultSchema,
      document((await run("inspect", "--from-path", path, "--json")).stdout),
    );
    expect([Date.parse(earliest!), Date.parse(latest!)]).toEqual([
      Date.parse("1999-05-06T05:08:09.5Z"),
      Date.parse("2101-01-01T00:00:00Z"),
    ]);
  });

  test("shows a store that no release sees whole the command that helps, and it does", async () => {
    const old = copyFixture("0.8.3", folder);
    const { stdout } = await run("inspect", "--from-path", old);
    const step = /^next: this makes a file that MemoryGraph (\S+) sees whole: memorygraph-migrate (.*)$/m.exec(stdout)!;
    const fresh = folder.file("fresh.db");
    const args = step[2]!.split(" ").map((word) => (word === "NEW.db" ? fresh : word));
    expect((await run(...args)).code).toBe(0);
    const result = v.parse(
      InspectionResultSchema,
      document((await run("inspect", "--from-path", fresh, "--json")).stdout),
    );
    expect(result.readableBy.map(String)).toContain(step[1]!);
  });

  test("reports damage with 8, after telling everything else", async () => {
    const path = edited(folder, "damaged.db", (store) => store.damage("m-000009"));
    const { code, stdout, stderr } = await run("inspect", "--from-path", path);
    expect(code).toBe(8);
    expect(stdout).toContain(`${MEMORIES} memories`);
    expect(stderr).toContain("m-000009");
    const json = await run("inspect", "--from-path", path, "--json");
    expect(json.code).toBe(8);
    expect(v.parse(InspectionResultSchema, document(json.stdout)).damage).toHaveLength(1);
    expect(document(json.stderr)).toMatchObject({ message_type: "exit_error", code: 8, error: "damaged" });
  });

  test.each([
    [["--to", "sqlite"], "unknown option --to"],
    [["--dry-run"], "unknown option --dry-run"],
    [["--from-path", "missing.db"], "missing.db does not exist"],
  ])("%j is refused with 2", async (args, message) => {
    const { code, stdout, stderr } = await run("inspect", ...args);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

test("commands that only read take --state-dir, so that a script can give it to all", async () => {
  const state = ["--state-dir", folder.file("anywhere")];
  for (const args of [
    ["inspect", plain, "--quiet"],
    ["verify", plain, plain, "--quiet"],
  ]) {
    const { code, stderr } = await program(folder, [...args, ...state]);
    expect([code, stderr]).toEqual([0, ""]);
  }
});

describe("verify", () => {
  const verify = (left: string, right: string, ...args: string[]) =>
    run("verify", "--from-path", left, "--to", "sqlite", "--to-path", right, ...args);

  test("finds a copy identical (0), and changes neither", async () => {
    const copy = edited(folder, "copy.db");
    const before = listing(folder.path);
    const { code, stdout, stderr } = await verify(plain, copy);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(
      `The same: ${MEMORIES} nodes and ${RELATIONSHIPS} relationships, every property equal.\n`,
    );
    expect(listing(folder.path)).toEqual(before);
  });

  test.each(FIXTURES)("finds what migrate made of a %s file identical, in both layouts and back", async (name) => {
    const from = copyFixture(name, folder);
    let previous = from;
    for (const release of ["0.13", "0.12"]) {
      const next = folder.file(`${name}-as-${release}.db`);
      const { code, stderr } = await run(
        "migrate",
        "--from-path",
        previous,
        "--to",
        "sqlite",
        "--to-path",
        next,
        "--for",
        release,
        "--quiet",
      );
      expect([code, stderr]).toEqual([0, ""]);
      const comparison = await verify(from, next, "--json");
      expect([comparison.code, comparison.stderr]).toEqual([0, ""]);
      const result = v.parse(ComparisonResultSchema, document(comparison.stdout));
      expect(result).toMatchObject({ identical: true, missing: 0, extra: 0, changed: 0, differences: [] });
      expect(result.source.digest).toBe(result.target.digest);
      previous = next;
    }
  });

  test("names the record, the field and both values where one field differs (3)", async () => {
    const other = edited(folder, "title.db", (store) => store.change("m-000011", { title: "what it became" }));
    const { code, stdout, stderr } = await verify(plain, other);
    expect(code).toBe(3);
    expect(stdout).toStartWith("Different: 1 changed.\n");
    expect(stdout).toContain("fields that differ: node.title 1\n");
    expect(stdout).toMatch(/changed node m-000011 ".*"\n +title: .*T11.* \| .*what it became/);
    expect(stderr).toStartWith("error: the two stores do not hold the same\nnext: ");
    expect((await verify(other, plain)).stdout).toMatch(
      /changed node m-000011 ".*"\n +title: .*what it became.* \| .*T11/,
    );
  });

  test.each([
    [
      "importance from 0.5 to the next float",
      "node.importance",
      { importance: 0.5 },
      { importance: 0.5000000000000001 },
    ],
    [
      "a microsecond",
      "node.updated_at",
      { updated_at: "2024-01-31T23:59:59.123456+00:00" },
      { updated_at: "2024-01-31T23:59:59.123457+00:00" },
    ],
    ["the order of tags", "node.tags", { tags: ["a", "b"] }, { tags: ["b", "a"] }],
    ["a space at the end", "node.content", { content: "text" }, { content: "text " }],
    ["a composed letter", "node.content", { content: "é" }, { content: "e\u0301" }],
    ["a field of nobody's", "node.own_field", { own_field: 1 }, { own_field: 2 }],
    ["a large integer by one", "node.own_field", { own_field: 2 ** 53 - 1 }, { own_field: 2 ** 53 - 2 }],
  ])("notices %s", async (_name, field, left, right) => {
    const [a, b] = [left, right].map((change, at) =>
      edited(folder, `field-${at}.db`, (store) => store.change("m-000020", change)),
    );
    const { code, stdout } = await verify(a!, b!, "--json");
    expect(code).toBe(3);
    const result = v.parse(ComparisonResultSchema, document(stdout));
    expect(result).toMatchObject({
      identical: false,
      missing: 0,
      extra: 0,
      changed: 1,
      fields: { [field]: 1 },
      differences: [{ kind: "changed", record: "node", id: "m-000020" }],
    });
    expect(result.differences[0]!.fields.map(({ name }) => `node.${name}`)).toEqual([field]);
    expect(result.differences[0]!.fields[0]!.source).not.toBe(result.differences[0]!.fields[0]!.target);
  });

  test("counts what is missing and what the target alone has, shows ten and counts all", async () => {
    const more = edited(folder, "more.db", (store) => {
      for (let at = 0; at < 14; at++) store.add(`extra-${at}`);
    });
    const there = await verify(plain, more);
    expect(there.code).toBe(3);
    expect(there.stdout).toStartWith("Different: 14 in the target only.\n");
    expect(there.stdout.match(/^ {2}extra node extra-\d+ ".*"$/gm)).toHaveLength(10);
    expect(there.stdout).toContain("  and 4 more; --limit N or --all prints them\n");
    const limited = await verify(plain, more, "--limit", "12");
    expect(limited.stdout.match(/^ {2}extra node extra-\d+ ".*"$/gm)).toHaveLength(12);
    const all = await verify(plain, more, "--all");
    expect(all.stdout.match(/^extra node extra-\d+ ".*"$/gm)).toHaveLength(14);
    expect(all.stdout).not.toContain("more;");
    const lines = (await verify(more, plain, "--all", "--json")).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, -1).map(({ message_type, kind }) => `${message_type} ${kind}`)).toEqual(
      Array.from({ length: 14 }, () => "difference missing"),
    );
    expect(v.parse(ComparisonResultSchema, lines.at(-1))).toMatchObject({ missing: 14, differences: [] });
    for (const bad of ["-1", "x", "1.5", "9999999"]) expect((await verify(plain, more, `--limit=${bad}`)).code).toBe(2);
    const back = await verify(more, plain, "--json");
    const result = v.parse(ComparisonResultSchema, document(back.stdout));
    expect([back.code, result.missing, result.extra, result.differences.length]).toEqual([3, 14, 0, 10]);
    expect(document(back.stderr)).toMatchObject({ message_type: "exit_error", code: 3 });
  });

  test("notices a relationship that points elsewhere", async () => {
    const other = edited(folder, "elsewhere.db", (store) =>
      store.run(
        "UPDATE relationships SET to_id = 'm-000059' WHERE rowid = (SELECT min(rowid) FROM relationships WHERE to_id <> 'm-000059')",
      ),
    );
    const { code, stdout } = await verify(plain, other, "--json");
    const result = v.parse(ComparisonResultSchema, document(stdout));
    expect([code, result.missing + result.extra + result.changed > 0, result.differences[0]?.record]).toEqual([
      3,
      true,
      "relationship",
    ]);
  });

  test("prints one line with --quiet", async () => {
    expect((await verify(plain, edited(folder, "copy.db"), "--quiet")).stdout).toMatch(/^The same: [^\n]+\n$/);
    const other = edited(folder, "title.db", (store) => store.change("m-000011", { title: "x" }));
    expect((await verify(plain, other, "--quiet")).stdout).toMatch(/^Different: [^\n]+\n$/);
  });

  test("does not call two stores the same when one cannot be read whole", async () => {
    const damaged = edited(folder, "damaged.db", (store) => store.damage("m-000009"));
    const twin = edited(folder, "twin.db", (store) => store.damage("m-000009"));
    for (const right of [plain, twin]) {
      const { code, stdout, stderr } = await verify(damaged, right);
      expect([3, 8]).toContain(code);
      expect(stdout + stderr).toContain("m-000009");
    }
  });

  test("does not make a target that is not there (2)", async () => {
    const { code, stdout, stderr } = await verify(plain, folder.file("nowhere.db"));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("nowhere.db does not exist");
    expect(readdirSync(folder.path)).not.toContain("nowhere.db");
  });

  test("compares a store that an application holds open", async () => {
    const live = edited(folder, "live.db");
    const application = new Database(live, { readwrite: true });
    application.run("PRAGMA journal_mode = WAL");
    application.run("UPDATE nodes SET updated_at = updated_at");
    try {
      expect((await verify(plain, live)).code).toBe(0);
    } finally {
      application.close();
      settle(live);
    }
  });
});

test("nothing was left in the folder for temporary files", () => {
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
});
