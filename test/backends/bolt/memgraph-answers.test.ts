/**
 * What is made of answers of Memgraph about itself, in the form that this program expects of them: there is no engine of it
 * in any registry, and where a test run has one, test/wild and test/conformance ask that.
 */
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../../src/backends/bolt/connection.ts";
import { memgraphDialect } from "../../../src/backends/bolt/memgraph.ts";
import { AccessError } from "../../../src/errors.ts";

type Rows = readonly (readonly unknown[])[];

/** A connection that answers these statements, and refuses all others, as a server does whose user may not. */
function answering(answers: Record<string, Rows>): Connection {
  const known: Record<string, Rows> = {
    "SHOW VERSION": [["2.22.1"]],
    "SHOW STORAGE INFO": [["storage_mode", "IN_MEMORY_TRANSACTIONAL"]],
    ...answers,
  };
  const rows = async (statement: string) => {
    const found = known[statement];
    if (found === undefined) {
      throw new AccessError("the user has no permission for this", { next: "Use a user who may read everything." });
    }
    return found;
  };
  return { rows } as unknown as Connection;
}

async function blockerOf(answers: Record<string, Rows>) {
  const connection = answering(answers);
  return (await memgraphDialect(connection)).blocker(connection);
}

describe("a target that cannot be one", () => {
  test("keeps everything on disk: a relationship is not found by its number there", async () => {
    const blocker = await blockerOf({ "SHOW STORAGE INFO": [["storage_mode", "ON_DISK_TRANSACTIONAL"]] });
    expect(blocker?.what).toContain("ON_DISK_TRANSACTIONAL");
    expect(blocker?.next).toContain("IN_MEMORY_TRANSACTIONAL");
  });

  test("is a replica, or keeps no properties of relationships", async () => {
    expect((await blockerOf({ "SHOW REPLICATION ROLE": [["replica"]] }))?.what).toContain("replica");
    const off = [["storage_properties_on_edges", "true", "false", "Controls whether edges have properties."]];
    expect((await blockerOf({ "SHOW CONFIG": off }))?.what).toContain("properties on relationships");
  });

  test("is nothing of that", async () => {
    const on = [["storage_properties_on_edges", "true", "true", "Controls whether edges have properties."]];
    expect(await blockerOf({ "SHOW REPLICATION ROLE": [["main"]], "SHOW CONFIG": on })).toBeNull();
    expect(await blockerOf({ "SHOW STORAGE INFO": [["storage_mode", "IN_MEMORY_ANALYTICAL"]] })).toBeNull();
  });
});

test("triggers are told by name and phase", async () => {
  const connection = answering({
    "SHOW TRIGGERS": [["stamp", "CREATE (:Log)", "CREATE", "BEFORE COMMIT", null]],
  });
  expect(await (await memgraphDialect(connection)).triggers(connection)).toEqual(["stamp (before commit)"]);
});

test("what stays on its disk after a rollback is told, as far as the user may ask", async () => {
  const connection = answering({
    "SHOW CONFIG": [
      ["data_directory", "mg_data", "/var/lib/memgraph", "Path to directory in which to save all permanent data."],
      ["storage_wal_enabled", "true", "true", "Controls whether the storage uses write-ahead logging."],
      ["storage_snapshot_interval_sec", "0", "300", "Storage snapshot creation interval (in seconds)."],
      ["storage_snapshot_retention_count", "3", "3", "The number of snapshots that should always be kept."],
    ],
  });
  const [copy, ...others] = await (await memgraphDialect(connection)).copies(connection);
  expect(copy?.what).toMatch(/write-ahead logs and snapshots .* \/var\/lib\/memgraph, of which it keeps 3/);
  expect(copy?.remove).toContain("CREATE SNAPSHOT");
  expect(others).toEqual([]);
  const closed = answering({});
  expect(await (await memgraphDialect(closed)).copies(closed)).toEqual([]);
});

describe("what it says of its indexes and constraints becomes the statement that makes them", () => {
  test.each([
    [["label", "Memory", null, 3], "index on :Memory", "CREATE INDEX ON :`Memory`"],
    [["label+property", "Memory", "id", 3], "index on :Memory(id)", "CREATE INDEX ON :`Memory`(`id`)"],
    // Newer ones give lists.
    [["label+property", "A", ["x", "y`z"], 0], "index on :A(x, y`z)", "CREATE INDEX ON :`A`(`x`, `y``z`)"],
    [["edge-type", "SOLVES", null, 1], "index on -[:SOLVES]-", "CREATE EDGE INDEX ON :`SOLVES`"],
    [["edge-type+property", "SOLVES", "id", 1], "index on -[:SOLVES]-(id)", "CREATE EDGE INDEX ON :`SOLVES`(`id`)"],
    [["edge-property", null, "id", 1], "index on -[]-(id)", "CREATE GLOBAL EDGE INDEX ON :(`id`)"],
    [["point", "Place", "at", 0], "point index on :Place(at)", "CREATE POINT INDEX ON :`Place`(`at`)"],
  ] as const)("%j", async (row, what, statement) => {
    const connection = answering({ "SHOW INDEX INFO": [row], "SHOW CONSTRAINT INFO": [] });
    const { schema } = await memgraphDialect(connection);
    const [item, ...others] = await schema.read(connection);
    expect(item).toMatchObject({ kind: "index", what, statement });
    expect([others, schema.adapt(item!)]).toEqual([[], [item!]]);
  });

  test.each([
    [["unique", "Memory", ["id"]], "unique constraint on :Memory(id)", "ON (n:`Memory`) ASSERT n.`id` IS UNIQUE"],
    [["unique", "A", ["x", "y"]], "unique constraint on :A(x, y)", "ON (n:`A`) ASSERT n.`x`, n.`y` IS UNIQUE"],
    [["exists", "A", "x"], "existence constraint on :A(x)", "ON (n:`A`) ASSERT EXISTS (n.`x`)"],
    [["data_type", "A", "x", "STRING"], "type constraint (STRING) on :A(x)", "ON (n:`A`) ASSERT n.`x` IS TYPED STRING"],
  ] as const)("%j", async (row, what, statement) => {
    const connection = answering({ "SHOW INDEX INFO": [], "SHOW CONSTRAINT INFO": [row] });
    const { schema } = await memgraphDialect(connection);
    const [item, ...others] = await schema.read(connection);
    expect(item).toMatchObject({ kind: "constraint", what, statement: `CREATE CONSTRAINT ${statement}` });
    expect(others).toEqual([]);
  });

  test("one over texts or vectors, whose settings it does not tell, is left out and listed", async () => {
    const rows = [
      ["label_text (name: found)", "Memory", null, null],
      ["label+property_vector", "Memory", "embedding", 1],
      ["edge-type+property_vector", "SOLVES", "embedding", 1],
    ];
    const connection = answering({ "SHOW INDEX INFO": rows, "SHOW CONSTRAINT INFO": [] });
    const { schema } = await memgraphDialect(connection);
    for (const item of await schema.read(connection)) {
      expect(schema.adapt(item)).toEqual({ why: expect.stringContaining("text and vector indexes") });
    }
  });

  test("and what is dropped is that statement with DROP in its place", async () => {
    const asked: string[] = [];
    const connection = { rows: async (statement: string) => void asked.push(statement) } as unknown as Connection;
    const { schema } = await memgraphDialect(answering({}));
    for (const item of schema.own("0.12")) await schema.drop(connection, item);
    expect(asked[0]).toBe("DROP CONSTRAINT ON (m:`Memory`) ASSERT m.id IS UNIQUE");
    expect(asked.slice(1).every((statement) => statement.startsWith("DROP INDEX ON :`Memory`("))).toBe(true);
  });
});

test("a value of an enum is not written as the map that the driver makes of it", async () => {
  const dialect = await memgraphDialect(answering({}));
  const value = new Map([
    ["__type", "mg_enum"],
    ["__value", "Status::Good"],
  ]);
  expect(dialect.unsupported(value)).toBe("the value Status::Good of an enum");
  expect(dialect.unsupported([value])).toBe("a list that holds the value Status::Good of an enum");
  expect(dialect.unsupported(new Map([["a", 1n]]))).toBeNull();
});
