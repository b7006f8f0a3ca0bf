/** What a Redis that carries FalkorDB refuses by itself: other nodes of a cluster, sentinels, missing replicas, users who may little. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { falkorBinaries } from "../../scripts/engines/falkordb.ts";
import { freePort } from "../../scripts/engines/ready.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { openFalkor } from "../../src/backends/falkor/falkor-server.ts";
import { type Failure, refusalOf } from "../../src/backends/falkor/refusals.ts";
import { ConnectionError, type MigrateError, WriteError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownFalkor } from "../support/own-servers.ts";
import { addressOf } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at, createLike, settle } from "../support/stores.ts";
import { ask } from "./raw-client.ts";

const [any] = await serversOf("falkordb");
const graphAt = (uri: string, login: { username?: string; password?: string } = {}) =>
  new BackendConfig({ type: "falkordb", uri, ...login });

function smallFile(path: string): BackendConfig {
  const database = createLike("0.12.4", path);
  database.run(
    'INSERT INTO nodes (id, label, properties) VALUES (\'m\', \'Memory\', \'{"id": "m", "type": "general"}\')',
  );
  database.close();
  return at(settle(path));
}

async function tell(own: OwnServer, ...words: readonly string[]): Promise<string> {
  return (await ask(addressOf(own.server.uri).port, ...words)).toString();
}

async function failureOf(work: Promise<unknown>): Promise<MigrateError> {
  return work.then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe("a refusal of Redis is named for what it is", () => {
  const failure: Failure = { location: "redis://a:1/g", access: "write", hasPassword: false, username: null };
  test.each([
    [
      "MOVED 3937 127.0.0.1:6572",
      ConnectionError,
      "belongs to another: 127.0.0.1:6572",
      "in its place: redis://127.0.0.1:6572/g",
    ],
    ["MOVED 3937 :6572", ConnectionError, "belongs to another: a:6572", "redis://a:6572/g"],
    ["ASK 3937 10.0.0.1:7", ConnectionError, "is moving the graph", "redis://10.0.0.1:7/g"],
    ["TRYAGAIN Multiple keys request during rehashing of slot", ConnectionError, "moving data", "Wait"],
    [
      "CLUSTERDOWN Hash slot not served",
      ConnectionError,
      "serves nothing now: Hash slot not served",
      "redis-cli --cluster check",
    ],
    ["NOREPLICAS Not enough good replicas to write.", WriteError, "fewer replicas", "min-replicas-to-write"],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      ConnectionError,
      "lost its master",
      "master",
    ],
    ["BUSY Redis is busy running a script.", ConnectionError, "script", "SCRIPT KILL"],
    ["ERR SELECT is not allowed in cluster mode", undefined, "no databases but 0", "Leave out"],
    ["Max pending queries exceeded", WriteError, "more statements waiting", "MAX_QUEUED_QUERIES"],
    ["NEWWORD something that came later", WriteError, "reason of the server's own: NEWWORD", "documentation"],
  ] as const)("%s", (message, kind, what, next) => {
    const refusal = refusalOf(message, failure, null);
    if (kind !== undefined) expect(refusal).toBeInstanceOf(kind);
    expect(refusal?.message).toContain(what);
    expect(refusal?.next).toContain(next);
    expect(refusal?.next).not.toContain("report it");
  });

  test("and what is none stays what it is", () => {
    for (const message of ["ERR wrong number of arguments", "errMsg: Invalid input", "Socket closed"]) {
      expect(refusalOf(message, failure, null)).toBeNull();
    }
  });
});

describe.skipIf(any === undefined)("a FalkorDB that cannot serve", () => {
  test("a node of a cluster that has not the graph, as source and as target", async () => {
    using folder = temporaryFolder();
    await using first = await ownFalkor("--cluster-enabled", "yes");
    await using second = await ownFalkor("--cluster-enabled", "yes");
    const source = smallFile(folder.file("a.db"));
    // Until the slots are given to somebody, the cluster is down.
    const down = await runMigration(source, graphAt(first.server.uri), {}, {});
    expect(down.error).toBeInstanceOf(ConnectionError);
    expect(down.error?.message).toContain("serves nothing now");
    await tell(first, "CLUSTER", "ADDSLOTSRANGE", "0", "8191");
    await tell(second, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
    const { port } = addressOf(second.server.uri);
    await tell(first, "CLUSTER", "MEET", "127.0.0.1", String(port));
    while (!(await tell(first, "CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(200);
    while (!(await tell(second, "CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(200);
    // The slot of `memorygraph` is 3937.
    const other = await runMigration(source, graphAt(second.server.uri), {}, {});
    expect(other.error).toBeInstanceOf(ConnectionError);
    const { next } = other.error as MigrateError;
    const named = /in its place: (\S+)/.exec(next ?? "")?.[1];
    expect(named).toBe(`${first.server.uri}/memorygraph`);
    const { error, result } = await runMigration(source, graphAt(named!), {}, {});
    expect([error, result.verified]).toEqual([null, true]);
    const reading = await runMigration(graphAt(second.server.uri), at(folder.file("b.db")), {}, {});
    expect((reading.error as MigrateError).next).toContain(`in its place: ${first.server.uri}/memorygraph`);
    expect((await runMigration(graphAt(first.server.uri), at(folder.file("b.db")), {}, {})).error).toBeNull();
  }, 90_000);

  describe("a sentinel", () => {
    const folder = temporaryFolder();
    afterAll(() => folder[Symbol.dispose]());

    test("is named, with the master that it watches", async () => {
      await using own = await ownFalkor();
      const port = await freePort();
      const { port: master } = addressOf(own.server.uri);
      const file = folder.file("sentinel.conf");
      writeFileSync(
        file,
        `port ${port}\nbind 127.0.0.1\ndir ${folder.path}\nsentinel monitor mine 127.0.0.1 ${master} 1\n`,
      );
      chmodSync(file, 0o600);
      const child = Bun.spawn([falkorBinaries().server, file, "--sentinel"], { stdout: "ignore", stderr: "ignore" });
      try {
        while ((await ask(port, "PING").then(String, () => "")) === "") await Bun.sleep(100);
        const error = await failureOf(openFalkor(graphAt(`redis://127.0.0.1:${port}`), { access: "read" }));
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).toContain("is a Redis Sentinel");
        expect(error.next).toContain(`redis://127.0.0.1:${master}/memorygraph`);
      } finally {
        child.kill("SIGKILL");
        await child.exited;
      }
    }, 60_000);
  });

  test("a master without the replicas that it wants", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--min-replicas-to-write", "1");
    const { error } = await runMigration(smallFile(folder.file("a.db")), graphAt(own.server.uri), {}, {});
    expect(error?.message).toContain("fewer replicas follow it");
    expect((error as MigrateError).next).not.toContain("report it");
  }, 60_000);

  test("a user who may read the graph, and neither INFO nor TYPE nor SCAN, reads it, and is told when it is not there", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    await withFalkor(own.server, async (command) => {
      await command(
        "GRAPH.QUERY",
        "memorygraph",
        "CREATE (:Memory {id: 'a', created_at: '2024-01-31T00:00:00+00:00'})",
      );
      await command("ACL", "SETUSER", "reader", "on", ">pw", "~memorygraph*", "+graph.ro_query");
    });
    const login = { username: "reader", password: "pw" };
    const { error, result } = await runMigration(graphAt(own.server.uri, login), at(folder.file("a.db")), {}, {});
    expect([error, result.verified, result.source?.before.nodes]).toEqual([null, true, 1]);
    const absent = new BackendConfig({ ...graphAt(own.server.uri, login), graph: "memorygraph2" });
    const missing = await runMigration(absent, at(folder.file("b.db")), {}, {});
    expect(missing.error?.message).toContain("is not there");
  }, 60_000);
});
