/** Graphs in several databases of one server, under keys of another name, keys that expire; servers of a cluster, sentinels. */
import { describe, expect, test } from "bun:test";
import { BackendConfig } from "../../src/backends/config.ts";
import { placeOfGraph } from "../../src/backends/falkor/place.ts";
import { ConnectionError, RefusedError, StoreKindError, UsageError } from "../../src/errors.ts";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { program } from "../cli/program.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownFalkor } from "../support/own-servers.ts";
import { addressOf } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at } from "../support/stores.ts";
import { ask } from "./raw-client.ts";

const [any] = await serversOf("falkordb");
const CREATE =
  "CREATE (:Memory {id: 'a', type: 'general', title: 't', content: 'c', created_at: '2024-01-31T00:00:00+00:00'})";

const graphAt = (uri: string, fields: { graph?: string; database?: string } = {}) =>
  new BackendConfig({ type: "falkordb", uri, ...fields });

describe("an address of a FalkorDB graph", () => {
  const uri = "redis://host";
  test.each([
    [graphAt(uri), ["memorygraph", 0, "redis://host:6379/memorygraph"]],
    [graphAt(`${uri}/0`), ["memorygraph", 0, "redis://host:6379/memorygraph"]],
    [graphAt(`${uri}/g?db=3`), ["g", 3, "redis://host:6379/g?db=3"]],
    [graphAt(`${uri}/g?db=3`, { database: "3", graph: "g" }), ["g", 3, "redis://host:6379/g?db=3"]],
    [graphAt(uri, { database: "1" }), ["memorygraph", 1, "redis://host:6379/memorygraph?db=1"]],
    [graphAt(uri, { graph: "1" }), ["1", 0, "redis://host:6379/1"]],
    [graphAt(`${uri}?db=1&graph=g`), ["g", 1, "redis://host:6379/g?db=1"]],
    [graphAt("unix:///run/redis.sock"), ["memorygraph", 0, "unix:///run/redis.sock?graph=memorygraph"]],
    [graphAt("unix:///a%20b?graph=g&db=2"), ["g", 2, "unix:///a b?graph=g&db=2"]],
  ] as const)("%p names graph and database", (config, [graph, database, location]) => {
    expect(placeOfGraph(config)).toMatchObject({ graph, database, location });
  });

  test.each([
    [graphAt(`${uri}/1`), /can be a database .* or the name of a graph/, "redis://host/memorygraph?db=1"],
    [graphAt(`${uri}/g?db=x`), /is a number/, "--from-graph"],
    [graphAt(`${uri}/g?db=1`, { database: "2" }), /names the database 1, the options name 2/, "only one"],
    [graphAt(`${uri}/g`, { graph: "h" }), /names the graph g, the options name h/, "only one"],
    [graphAt(`${uri}/g?timeout=1`), /"timeout" is not an option/, "db=... and graph=..."],
    [graphAt(`${uri}/g?db=1&db=2`), /no value, or several/, "db=..."],
    [graphAt("unix://run/redis.sock"), /has no host/, "unix:///run/redis.sock"],
    [graphAt("unix://"), /has no path of a socket/, "unix:///run/redis.sock"],
  ] as const)("%p is refused with a way", (config, what, next) => {
    try {
      placeOfGraph(config);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).message).toMatch(what);
      expect((error as UsageError).next).toContain(next);
    }
  });
});

const inspected = (config: BackendConfig) => inspectStore(config, () => {});

async function tell(own: OwnServer, ...words: readonly (string | Buffer)[]): Promise<string> {
  return (await ask(addressOf(own.server.uri).port, ...words)).toString();
}

async function failureOf(work: Promise<unknown>): Promise<Error & { next?: string; details?: readonly string[] }> {
  return work.then(
    () => expect.unreachable(),
    (error) => error,
  );
}

async function inDatabase(own: OwnServer, database: number, ...words: readonly string[]): Promise<void> {
  await withFalkor(own.server, async (command) => {
    await command("SELECT", String(database));
    await command(...words);
  });
}

describe.skipIf(any === undefined)("a FalkorDB server", () => {
  test("with the graph in another database", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    const { uri } = own.server;
    await inDatabase(own, 1, "GRAPH.QUERY", "memorygraph", CREATE);
    const error = await failureOf(inspected(graphAt(uri)));
    expect(error).toBeInstanceOf(StoreKindError);
    expect(error.details).toEqual(["it has in database 1: memorygraph"]);
    expect(error.next).toContain("--from-database 1");
    const refused = await runMigration(graphAt(uri), at(folder.file("a.db")), {}, {});
    expect(refused.error).toBeInstanceOf(StoreKindError);
    for (const [number, source] of [graphAt(uri, { database: "1" }), graphAt(`${uri}/memorygraph?db=1`)].entries()) {
      const { error: failed, result } = await runMigration(source, at(folder.file(`${number}.db`)), {}, {});
      expect([failed, result.verified, result.source?.before.nodes]).toEqual([null, true, 1]);
    }
    const bySnapshot = new BackendConfig({ ...graphAt(uri, { database: "1" }), readBy: "snapshot" });
    const snapshot = await runMigration(bySnapshot, at(folder.file("snapshot.db")), {}, {});
    expect([snapshot.error, snapshot.result.source?.before.nodes]).toEqual([null, 1]);
    // Into a third one, and verified there.
    const target = graphAt(uri, { database: "2" });
    expect((await runMigration(at(folder.file("0.db")), target, {}, {})).error).toBeNull();
    expect((await inspected(target)).store.nodes).toBe(1);
    expect((await failureOf(inspected(graphAt(uri, { database: "99" })))).message).toContain(
      "no database of that number",
    );
    // What FalkorDB's own list forgets when another database is emptied is still there.
    await inDatabase(own, 2, "FLUSHDB");
    expect((await inspected(graphAt(uri, { database: "1" }))).store.nodes).toBe(1);
  }, 60_000);

  test("with one graph of another name, which inspect shows where nobody named one", async () => {
    await using own = await ownFalkor();
    const { uri } = own.server;
    await inDatabase(own, 0, "GRAPH.QUERY", "notes", CREATE);
    const { store, notes } = await inspected(graphAt(uri));
    expect(store.nodes).toBe(1);
    expect(notes.map(({ what }) => what).join()).toContain("this is notes, the only one that is there");
    expect((await failureOf(inspected(graphAt(`${uri}/memorygraph`)))).message).toContain("does not exist");
    expect((await failureOf(inspected(graphAt(uri, { graph: "memorygraph" })))).message).toContain("does not exist");
    // Which of two is meant, nobody knows.
    await inDatabase(own, 0, "GRAPH.QUERY", "more", CREATE);
    expect((await failureOf(inspected(graphAt(uri)))).message).toContain("does not exist");
  }, 60_000);

  test("with a graph under a key of another name: read, and no target", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    const { uri } = own.server;
    await tell(own, "GRAPH.QUERY", "first", CREATE);
    await tell(own, "RESTORE", "second", "0", await ask(addressOf(uri).port, "DUMP", "first"));
    const second = graphAt(uri, { graph: "second" });
    const { error, result } = await runMigration(second, at(folder.file("a.db")), {}, {});
    expect([error, result.verified, result.source?.before.nodes]).toEqual([null, true, 1]);
    const bySnapshot = new BackendConfig({ ...second, readBy: "snapshot" });
    const snapshot = await runMigration(bySnapshot, at(folder.file("snapshot.db")), {}, {});
    expect([snapshot.error, snapshot.result.source?.before.nodes]).toEqual([null, 1]);
    for (const dryRun of [true, false]) {
      const refused = await runMigration(at(folder.file("a.db")), second, { dryRun }, {});
      expect(refused.error).toBeInstanceOf(RefusedError);
      expect(refused.error?.message).toContain("calls itself first");
    }
    expect((await inspected(second)).store.nodes).toBe(1);
    await tell(own, "RENAME", "first", "third");
    expect((await runMigration(at(folder.file("a.db")), graphAt(uri, { graph: "third" }), {}, {})).error).toBeNull();
  }, 60_000);

  test("with a key that expires: no target", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    const { uri } = own.server;
    await tell(own, "GRAPH.QUERY", "memorygraph", CREATE);
    expect((await runMigration(graphAt(uri), at(folder.file("a.db")), {}, {})).error).toBeNull();
    await tell(own, "EXPIRE", "memorygraph", "4000");
    for (const dryRun of [true, false]) {
      const { error } = await runMigration(at(folder.file("a.db")), graphAt(uri), { dryRun }, {});
      expect(error).toBeInstanceOf(RefusedError);
      expect(error?.message).toMatch(/expires in [34],\d{3} s/);
    }
    await tell(own, "PERSIST", "memorygraph");
    expect((await runMigration(at(folder.file("a.db")), graphAt(uri), {}, {})).error).toBeNull();
  }, 60_000);

  test("that drops graphs when its memory is full, as a target: told before anything is written", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--maxmemory", "500mb", "--maxmemory-policy", "allkeys-lru");
    const { uri } = own.server;
    await tell(own, "GRAPH.QUERY", "other", CREATE);
    const source = graphAt(uri, { graph: "other" });
    expect((await runMigration(source, at(folder.file("a.db")), {}, {})).error).toBeNull();
    const { result } = await runMigration(at(folder.file("a.db")), graphAt(uri), { dryRun: true }, {});
    expect(result.notes.map(({ what }) => what).join()).toContain("maxmemory-policy allkeys-lru");
    // A person has to agree, and nobody sits here.
    const args = ["migrate", "--from-path", folder.file("a.db"), "--to", "falkordb", "--to-uri", uri];
    const unasked = await program(folder, args);
    expect([unasked.code, unasked.stderr.includes("evicts whole graphs")]).toEqual([4, true]);
    expect(await tell(own, "EXISTS", "memorygraph")).toContain("0");
    expect((await program(folder, [...args, "--yes"])).code).toBe(0);
  }, 60_000);

  test("with times as numbers: --since reads integers and doubles, in seconds and in milliseconds", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    const made = (id: string, updated: string) =>
      `(:Memory {id: '${id}', type: 'general', title: 't', content: 'c', created_at: '2020-01-01T00:00:00+00:00', updated_at: ${updated}})`;
    const late = ["1795819064385", "1795819064", "1795819064.385", "1795819064385.0", "'2026-11-27T22:37:44Z'"];
    const early = ["1577836800000", "1577836800.5", "'2020-01-01T00:00:00Z'"];
    const nodes = [
      ...late.map((time, at) => made(`late${at}`, time)),
      ...early.map((time, at) => made(`early${at}`, time)),
    ];
    await tell(own, "GRAPH.QUERY", "memorygraph", `CREATE ${nodes.join(", ")}`);
    const options = { since: "2026-01-01" };
    const { error, result } = await runMigration(graphAt(own.server.uri), at(folder.file("a.db")), options, {});
    expect([error, result.verified, result.imported.nodes]).toEqual([null, true, late.length]);
  }, 60_000);

  test("by its unix socket, as source and as target, by queries and by a snapshot", async () => {
    using folder = temporaryFolder();
    const socket = folder.file("redis.sock");
    await using own = await ownFalkor("--unixsocket", socket);
    await tell(own, "GRAPH.QUERY", "memorygraph", CREATE);
    const source = graphAt(`unix://${socket}`);
    for (const readBy of ["query", "snapshot"] as const) {
      const config = new BackendConfig({ ...source, readBy });
      const { error, result } = await runMigration(config, at(folder.file(`${readBy}.db`)), {}, {});
      expect([error, result.verified, result.source?.before.nodes]).toEqual([null, true, 1]);
    }
    const target = graphAt(`unix://${socket}?graph=copy`);
    expect((await runMigration(source, target, {}, {})).error).toBeNull();
    expect((await runMigration(source, graphAt(own.server.uri), {}, {})).error).toBeInstanceOf(RefusedError);
    expect(source.toEnv()).toEqual({});
    const gone = await failureOf(inspected(graphAt(`unix://${folder.file("no.sock")}`)));
    expect(gone).toBeInstanceOf(ConnectionError);
    expect(gone.message).toContain("no.sock");
  }, 60_000);
});
