// @level normal
/** Servers give the number of a deleted relationship to the next one: a run that goes on must not take one for the other. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { loadBackend } from "../../src/backends/registry.ts";
import { summarise } from "../../src/operations/compare.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { endOf } from "../conformance/ends.ts";
import { temporaryFolder } from "../support/folder.ts";
import { faultServers } from "../support/servers.ts";
import { at, copyFixture, settle } from "../support/stores.ts";
import { program, runsOf } from "./program.ts";
import { stateAt } from "./targets.ts";

const servers = await faultServers();
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const source = copyFixture("0.12.4", folder);
/** The same with another type everywhere, so that each has to be deleted and created anew. */
const other = folder.file("other.db");
copyFileSync(source, other);
const database = new Database(other);
database.run("UPDATE relationships SET rel_type = 'WAS_ANOTHER'");
database.close();
settle(other);

async function digestAt(config: Parameters<typeof stateAt>[0]): Promise<string> {
  const store = await (await loadBackend(config)).openForReading(config);
  try {
    return (await summarise(store)).digest.toString();
  } finally {
    await store.close();
  }
}

describe.each(servers.map((server) => ({ kind: server.kind, server })))("$kind", ({ kind, server }) => {
  const end = endOf(server, "numbers");
  const { uri, username, password, graph } = end.config;
  const options = [
    ...["migrate", "--from-path", source, "--to", kind, "--to-uri", uri!, "--on-conflict", "overwrite", "--yes"],
    ...(username === undefined ? [] : ["--to-user", username]),
    ...(graph === undefined ? [] : ["--to-graph", graph]),
  ];
  const env = password === undefined ? {} : { MEMORYGRAPH_TO_PASSWORD: password };

  test.each([
    ["when all was written", "written#1", "resume"],
    ["when all was written", "written#1", "rollback"],
    ["between the answer to a batch and its note", "batch taken#3", "resume"],
    ["between the answer to a batch and its note", "batch taken#3", "rollback"],
  ] as const)(
    "a run killed %s (%s): %s",
    async (_, stop, command) => {
      await end.empty();
      const { error } = await runMigration(at(other), end.config, {}, {});
      expect(error).toBeNull();
      const before = await stateAt(end.config);
      expect((await program(folder, options, { env, stop })).code).toBeNull();
      const [run] = await runsOf(folder);
      if (command === "resume") {
        const resumed = await program(folder, ["resume", run!.id], { env });
        expect([resumed.code, resumed.stderr]).toEqual([0, expect.not.stringContaining("error")]);
        expect(await digestAt(end.config)).toBe(await digestAt(at(source)));
      }
      const undone = await program(folder, ["rollback", run!.id, "--yes"], { env });
      expect([undone.code, undone.stderr]).toEqual([0, expect.not.stringContaining("error")]);
      expect(await stateAt(end.config)).toBe(before);
      await end.empty();
    },
    120_000,
  );
});
