/**
 * What is made of answers of Memgraph about itself, in the form that this program expects of them: there is no engine of it
 * in any registry, and where a test run has one, test/wild and test/conformance ask that.
 */
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../../src/backends/bolt/connection.ts";
import { memgraphDialect } from "../../../src/backends/bolt/memgraph.ts";

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
    if (found === undefined) throw new Error("You are not authorized to execute this query!");
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
