/** A source that holds nothing is most likely not the one that was meant: refused, with what is there and not empty. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { expectError, program } from "../cli/program.ts";
import { allEnds } from "../conformance/ends.ts";
import { fillLite } from "../conformance/falkordblite.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, createLike, settle } from "../support/stores.ts";

const { first } = await allEnds();

test.each(["0.12.4", "0.13.0"] as const)("a file as MemoryGraph %s makes it, without a memory", async (release) => {
  using folder = temporaryFolder();
  createLike(release, folder.file("empty.db")).close();
  settle(folder.file("empty.db"));
  const args = [
    "migrate",
    "--from-path",
    folder.file("empty.db"),
    "--to",
    "sqlite",
    "--to-path",
    folder.file("new.db"),
  ];
  for (const more of [["--dry-run"], []]) {
    const refused = await program(folder, [...args, ...more]);
    expectError(refused, 4, "is empty: it is probably not the store that you meant");
    expect(refused.stderr).toContain("--allow-empty");
  }
  expect(existsSync(folder.file("new.db"))).toBe(false);
  expect((await program(folder, [...args, "--allow-empty"])).code).toBe(0);
  expect(existsSync(folder.file("new.db"))).toBe(true);
});

const others = first.filter(({ kind }) => ["neo4j", "memgraph", "falkordblite"].includes(kind));

describe.each(others)("an empty $kind", (end) => {
  test("is refused as a source, and copied where that was meant", async () => {
    using folder = temporaryFolder();
    await end.empty();
    // Of FalkorDBLite an empty store is a dump with another graph.
    const isLite = end.kind === "falkordblite";
    if (isLite) {
      const node = { name: "a", labels: ["Memory"], properties: { id: "a" } };
      await fillLite(end.config.path!, "file", { nodes: [node], relationships: [] }, "other");
    }
    const from = isLite ? new BackendConfig({ ...end.config, graph: "memorygraph" }) : end.config;
    const to = at(folder.file("out.db"));
    const { error } = await runMigration(from, to, {}, {});
    expect(["refused", "not_a_store"]).toContain(error?.code as string);
    if (isLite) expect([error!.message, ...error!.details].join("\n")).toContain("other");
    expect(existsSync(folder.file("out.db"))).toBe(false);
    if (isLite) return;
    expect((await runMigration(from, to, { allowEmpty: true }, {})).error).toBeNull();
  });
});
