/** What a Redis that carries FalkorDB refuses by itself: other nodes of a cluster, sentinels, missing replicas, users who may little. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { falkorBinaries } from "../../scripts/engines/falkordb.ts";
import { freePort } from "../../scripts/engines/ready.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { openFalkor } from "../../src/backends/falkor/falkor-server.ts";
import { falkordb } from "../../src/backends/falkor/falkordb.ts";
import { type Failure, refusalOf } from "../../src/backends/falkor/refusals.ts";
import { ConnectionError, type MigrateError, RefusedError, WriteError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { program } from "../cli/program.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { begin, ended, runsOf, standsStill } from "../faults/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownFalkor } from "../support/own-servers.ts";
import { addressOf } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at, createLike, manyMemories, settle } from "../support/stores.ts";
import { ask } from "./raw-client.ts";

const [any] = await serversOf("falkordb");
const graphAt = (uri: string, login: { username?: string; password?: string } = {}) =>
  new BackendConfig({ type: "falkordb", uri, ...login });

function smallFile(path: string): BackendConfig {
  const database = createLike("0.12.4", path);
  const now = "2026-01-02T03:04:05.678901+00:00";
  const memory = { id: "m", type: "general", title: "t", content: "c", created_at: now, updated_at: now };
  database.run("INSERT INTO nodes (id, label, properties) VALUES ('m', 'Memory', ?)", [JSON.stringify(memory)]);
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
    ["CLUSTERDOWN Hash slot not served", ConnectionError, "is down: Hash slot not served", "redis-cli --cluster check"],
    ["NOREPLICAS Not enough good replicas to write.", WriteError, "fewer replicas", "min-replicas-to-write"],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      ConnectionError,
      "lost its master",
      "master",
    ],
    ["BUSY Redis is busy running a script.", ConnectionError, "script", "SCRIPT KILL"],
    ["ERR SELECT is not allowed in cluster mode", undefined, "only database 0", "Leave out"],
    ["Max pending queries exceeded", WriteError, "a full queue of statements", "MAX_QUEUED_QUERIES"],
    ["NEWWORD something that came later", WriteError, "refused the statement: NEWWORD", "documentation"],
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

/** Two nodes become a cluster, of which the first has the slot of `memorygraph`, 3937. */
async function joined(first: OwnServer, second: OwnServer): Promise<void> {
  await tell(first, "CLUSTER", "ADDSLOTSRANGE", "0", "8191");
  await tell(second, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
  await tell(first, "CLUSTER", "MEET", "127.0.0.1", String(addressOf(second.server.uri).port));
  for (const node of [first, second]) {
    while (!(await tell(node, "CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(200);
  }
}

/** What is kept of the graph goes to the node with that port. */
async function sent(from: OwnServer, port: number): Promise<void> {
  for (const key of ["memorygraph", "telemetry{memorygraph}"]) {
    await tell(from, "MIGRATE", "127.0.0.1", String(port), key, "0", "10000").catch(() => {});
  }
}

/** The graph with its slot goes from one node to the other, as when a cluster is balanced anew. */
async function moved(from: OwnServer, to: OwnServer): Promise<void> {
  const [source, target] = [await tell(from, "CLUSTER", "MYID"), await tell(to, "CLUSTER", "MYID")];
  await tell(to, "CLUSTER", "SETSLOT", "3937", "IMPORTING", source);
  await tell(from, "CLUSTER", "SETSLOT", "3937", "MIGRATING", target);
  await sent(from, addressOf(to.server.uri).port);
  for (const node of [to, from]) await tell(node, "CLUSTER", "SETSLOT", "3937", "NODE", target);
}

describe.skipIf(any === undefined)("a FalkorDB that cannot serve", () => {
  test("a node of a cluster that has not the graph leads to the one that has it, as source, as target and for undoing", async () => {
    using folder = temporaryFolder();
    await using first = await ownFalkor("--cluster-enabled", "yes");
    await using second = await ownFalkor("--cluster-enabled", "yes");
    const source = smallFile(folder.file("a.db"));
    // Until the slots are given to somebody, the cluster is down.
    const down = await runMigration(source, graphAt(first.server.uri), {}, {});
    expect(down.error).toBeInstanceOf(ConnectionError);
    expect(down.error?.message).toContain("is down");
    await joined(first, second);
    const { port } = addressOf(second.server.uri);
    // The slot of `memorygraph` is 3937: the second node has not the graph, and leads to the first.
    const direct = graphAt(first.server.uri);
    const led = graphAt(second.server.uri);
    const nodes = async (config: BackendConfig) =>
      (await runMigration(config, at(folder.file(`${crypto.randomUUID()}.db`)), {}, {})).result.imported.nodes;
    const written = await program(folder, ["migrate", "--from-path", source.path!, "--to-uri", led.uri!]);
    expect([written.code, written.stderr]).toEqual([0, ""]);
    // MemoryGraph follows no node of a cluster to another one.
    expect(written.stdout).toContain(`MEMORY_FALKORDB_PORT=${new URL(first.server.uri).port}`);
    expect([await nodes(direct), await nodes(led)]).toEqual([1, 1]);
    const found = await program(folder, ["inspect", "--from-uri", led.uri!]);
    expect(found.stdout).toContain("is one node of a cluster");
    expect(found.stdout).toContain(`${first.server.uri.replace(/.*\//, "")} owns the graph`);
    const same = await runMigration(led, direct, {}, {});
    expect(same.error?.message).toContain("source and target are the same store");
    // The graph goes to the second node: the run is undone where it is now, by either address.
    const [from, to] = [await tell(first, "CLUSTER", "MYID"), await tell(second, "CLUSTER", "MYID")];
    await tell(second, "CLUSTER", "SETSLOT", "3937", "IMPORTING", from);
    await tell(first, "CLUSTER", "SETSLOT", "3937", "MIGRATING", to);
    const busy = await runMigration(direct, at(folder.file("busy.db")), {}, {});
    expect(busy.error).toBeNull();
    await sent(first, port);
    const moving = await runMigration(direct, at(folder.file("moving.db")), {}, {});
    expect(moving.error?.message).toContain("the cluster is moving the graph");
    for (const node of [second, first]) await tell(node, "CLUSTER", "SETSLOT", "3937", "NODE", to);
    expect(await nodes(direct)).toBe(1);
    const { runs } = JSON.parse((await program(folder, ["runs", "--json"])).stdout) as { runs: { id: string }[] };
    const undone = await program(folder, ["rollback", runs[0]!.id, "--yes"]);
    expect([undone.code, undone.stderr]).toEqual([0, ""]);
    const gone = await runMigration(direct, at(folder.file("gone.db")), {}, {});
    expect(gone.error?.message).toContain("does not exist");
  }, 120_000);

  test("a graph that a cluster moves to another node ends the run that writes or reads it, by name, and nothing is lost", async () => {
    using folder = temporaryFolder();
    await using first = await ownFalkor("--cluster-enabled", "yes");
    await using second = await ownFalkor("--cluster-enabled", "yes");
    await joined(first, second);
    const count = 3_000;
    const source = manyMemories(folder.file("many.db"), count, 1_000);
    const named = (to: OwnServer) => `the graph belongs to another: 127.0.0.1:${addressOf(to.server.uri).port}`;

    const args = ["migrate", "--from-path", source.path!, "--to-uri", first.server.uri, "--yes"];
    const child = begin(folder, args, { pause: "batch answered#1" });
    await standsStill(child);
    // What the server still works on ends meanwhile.
    await Bun.sleep(1_000);
    await moved(first, second);
    child.kill("SIGCONT");
    const { code, stderr } = await ended(child);
    expect(code).toBe(5);
    expect(stderr).toContain(named(second));
    // It has been undone where the graph is now, which leaves none; and the same command goes there.
    expect(stderr).toContain("proved by digest that it is as before");
    expect((await runsOf(folder)).map(({ status, can }) => ({ status, can }))).toEqual([
      { status: "rolled back", can: [] },
    ]);
    expect(await tell(second, "EXISTS", "memorygraph")).toStartWith(":0");
    const again = await program(folder, args);
    expect([again.code, await tell(second, "EXISTS", "memorygraph")]).toEqual([0, ":1\r\n"]);

    const opened = await falkordb.openForReading(graphAt(second.server.uri));
    const reading = (async () => {
      let seen = 0;
      for await (const batch of opened.read()) {
        if (seen === 0) await moved(second, first);
        seen += batch.length;
      }
      return seen;
    })();
    const error = await failureOf(reading);
    await opened.close();
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain(named(first));
    const { result } = await runMigration(graphAt(second.server.uri), at(folder.file("all.db")), {}, {});
    expect([result.verified, result.imported.nodes]).toEqual([true, count]);
  }, 120_000);

  describe("a sentinel", () => {
    const folder = temporaryFolder();
    afterAll(() => folder[Symbol.dispose]());

    async function sentinel(name: string, lines: readonly string[]) {
      const port = await freePort();
      const file = folder.file(`${name}.conf`);
      writeFileSync(file, [`port ${port}`, "bind 127.0.0.1", `dir ${folder.path}`, ...lines, ""].join("\n"));
      chmodSync(file, 0o600);
      const child = Bun.spawn([falkorBinaries().server, file, "--sentinel"], { stdout: "ignore", stderr: "ignore" });
      while ((await ask(port, "PING").then(String, () => "")) === "") await Bun.sleep(100);
      return {
        uri: `redis://127.0.0.1:${port}`,
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await child.exited;
        },
      };
    }

    test("leads to the master that it watches, as source and as target, with the master's own login", async () => {
      await using own = await ownFalkor("--requirepass", "secret");
      const { port } = addressOf(own.server.uri);
      const watched = [`sentinel monitor mine 127.0.0.1 ${port} 1`, "sentinel auth-pass mine secret"];
      await using watch = await sentinel("one", watched);
      const config = new BackendConfig({ type: "falkordb", uri: watch.uri, password: "secret" });
      const written = await runMigration(smallFile(folder.file("a.db")), config, {}, {});
      expect([written.error, written.result.verified]).toEqual([null, true]);
      const direct = new BackendConfig({ ...config, uri: own.server.uri });
      for (const from of [config, direct]) {
        const { error, result } = await runMigration(from, at(folder.file(`${crypto.randomUUID()}.db`)), {}, {});
        expect([error, result.verified, result.imported.nodes]).toEqual([null, true, 1]);
      }
      const wrong = new BackendConfig({ ...config, password: "another" });
      const refused = await failureOf(openFalkor(wrong, { access: "read" }));
      expect(refused.message).toContain("refuses the password");
      expect(refused.details[0]).toContain("is a Redis Sentinel; ");
    }, 90_000);

    test("that watches several masters, or one that is down, is named with them", async () => {
      await using own = await ownFalkor();
      const { port: master } = addressOf(own.server.uri);
      const monitor = (name: string, port: number) => `sentinel monitor ${name} 127.0.0.1 ${port} 1`;
      await using two = await sentinel("two", [monitor("mine", master), monitor("other", await freePort())]);
      const error = await failureOf(openFalkor(graphAt(two.uri), { access: "read" }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("is a Redis Sentinel");
      expect(error.details.join()).toContain(`the master mine, 127.0.0.1:${master}`);
      expect(error.next).toMatch(
        /Name the master that you meant instead, such as redis:\/\/127\.0\.0\.1:\d+\/memorygraph/,
      );
      const lines = [monitor("mine", await freePort()), "sentinel down-after-milliseconds mine 200"];
      await using down = await sentinel("down", lines);
      let away = await failureOf(openFalkor(graphAt(down.uri), { access: "read" }));
      // Until it has noticed, it leads to where nobody answers.
      for (let wait = 0; wait < 50 && !away.message.includes("Sentinel"); wait++) {
        expect(away.next).toContain("another address on this network");
        await Bun.sleep(100);
        away = await failureOf(openFalkor(graphAt(down.uri), { access: "read" }));
      }
      expect(away.details.join()).toContain("which is down");
    }, 90_000);
  });

  test("a master without the replicas that it wants", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--min-replicas-to-write", "1");
    const from = smallFile(folder.file("a.db"));
    for (const dryRun of [true, false]) {
      const { error } = await runMigration(from, graphAt(own.server.uri), { dryRun }, {});
      expect(error).toBeInstanceOf(RefusedError);
      expect(error?.message).toContain("fewer replicas than min-replicas-to-write requires: 0 of 1");
      expect((error as MigrateError).next).not.toContain("report it");
    }
  }, 60_000);

  test("a server that has used up its memory, or cannot save, takes nothing: told by the dry run", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--maxmemory", "1mb", "--enable-protected-configs", "yes");
    const from = smallFile(folder.file("a.db"));
    const refusal = async (dryRun: boolean) => {
      const { error } = await runMigration(from, graphAt(own.server.uri), { dryRun }, {});
      return error === null ? "" : [error.name, error.message, error.next].join("\n");
    };
    for (const dryRun of [true, false]) {
      expect(await refusal(dryRun)).toMatch(
        /^RefusedError\n.* has no memory left: .* maxmemory is 1,048,576\nRaise maxmemory/,
      );
    }
    await tell(own, "CONFIG", "SET", "maxmemory", "0");
    await tell(own, "CONFIG", "SET", "save", "3600 1");
    expect(await refusal(true)).toBe("");
    const nowhere = folder.file("nowhere");
    mkdirSync(nowhere);
    await tell(own, "CONFIG", "SET", "dir", nowhere);
    rmdirSync(nowhere);
    await tell(own, "BGSAVE");
    while (!/rdb_last_bgsave_status:err/.test(await tell(own, "INFO", "persistence"))) await Bun.sleep(50);
    for (const dryRun of [true, false]) expect(await refusal(dryRun)).toMatch(/^RefusedError\n.* cannot save its data/);
    await tell(own, "CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
    expect(await refusal(false)).toBe("");
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
    expect(missing.error?.message).toContain("does not exist");
  }, 60_000);
});
