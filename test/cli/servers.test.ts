// @level normal
/** Servers on the command line: where passwords come from, what is said when something is wrong, and TLS. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { endOf } from "../conformance/ends.ts";
import { emptyFalkor, fillFalkor } from "../conformance/falkor.ts";
import { authority, selfSigned } from "../support/certificate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { addressOf, proxyTo } from "../support/proxy.ts";
import { serversOf, type TestServer } from "../support/servers.ts";
import { copyFixture } from "../support/stores.ts";
import { onTerminal } from "./on-terminal.ts";
import { document, expectError, program } from "./program.ts";

const CANARY = "canary-5t6y7u";
const servers = [...(await serversOf("neo4j")), ...(await serversOf("falkordb"))];
const memgraphs = await serversOf("memgraph");
const closed = servers.filter(({ password }) => password !== undefined);
const folder = temporaryFolder();
let fixture: string;

beforeAll(() => {
  fixture = copyFixture("0.12.4", folder);
});
afterAll(() => folder[Symbol.dispose]());

function empty(server: TestServer): Promise<void> {
  return endOf(server, "memorygraph").clear();
}

function addressFlags({ kind, uri, username }: TestServer, side: "from" | "to"): string[] {
  return [`--${side}`, kind, `--${side}-uri`, uri, ...(username ? [`--${side}-user`, username] : [])];
}

describe.each(closed.map((server) => ({ name: server.kind, server })))("a $name server that asks for a password", ({
  server,
}) => {
  const inspect = ["inspect", ...addressFlags(server, "from"), "--quiet"];

  beforeAll(async () => {
    const graph = { nodes: [{ name: "a", labels: ["Memory"], properties: { id: "a" } }], relationships: [] };
    await empty(server);
    if (server.kind === "falkordb") await fillFalkor(server, "memorygraph", graph);
  });

  test("takes it from a file, a command, standard input, a variable and the address", async () => {
    const file = folder.file("secret");
    writeFileSync(file, `${server.password}\n`);
    chmodSync(file, 0o600);
    const login = `${server.username ?? ""}:${server.password}@`;
    const inAddress = [
      "inspect",
      "--from",
      server.kind,
      "--from-uri",
      server.uri.replace("//", `//${login}`),
      "--quiet",
    ];
    const ways: [string[], Record<string, string>, string?][] = [
      [[...inspect, "--from-password-file", file], {}],
      [[...inspect, "--from-password-command", `cat ${file}`], {}],
      [[...inspect, "--from-password-stdin"], {}, `${server.password}\n`],
      [inspect, { MEMORYGRAPH_FROM_PASSWORD: server.password! }],
      [inspect, { MEMORYGRAPH_FROM_PASSWORD_FILE: file }],
      [inAddress, {}],
    ];
    for (const [args, env, input] of ways) {
      const { code, stdout, stderr } = await program(folder, args, env, input);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/memor(y|ies)/);
      expect(stdout).not.toContain(server.password!);
    }
  });

  test("refuses a wrong one, and none (5), and never shows it", async () => {
    const wrong = await program(folder, inspect, { MEMORYGRAPH_FROM_PASSWORD: CANARY });
    expectError(wrong, 5, "refuses the password");
    for (const flag of ["--debug", "--json", "--verbose"]) {
      const outcome = await program(folder, [...inspect.slice(0, -1), flag], { MEMORYGRAPH_FROM_PASSWORD: CANARY });
      expect(outcome.stdout + outcome.stderr).not.toContain(CANARY);
    }
    const none = await program(folder, ["inspect", "--from", server.kind, "--from-uri", server.uri]);
    expectError(none, 5, "asks for a password");
  });

  test("does not get the application's password when the address was typed", async () => {
    const prefix = `MEMORY_${server.kind.toUpperCase()}`;
    const env = { [`${prefix}_PASSWORD`]: server.password!, [`${prefix}_USER`]: server.username ?? "" };
    expectError(await program(folder, inspect, env), 5, "password");
    const { port } = addressOf(server.uri);
    const address =
      server.kind === "falkordb"
        ? { [`${prefix}_HOST`]: "127.0.0.1", [`${prefix}_PORT`]: String(port) }
        : { [`${prefix}_URI`]: server.uri };
    const own = await program(folder, ["inspect", "--quiet"], { MEMORY_BACKEND: server.kind, ...env, ...address });
    expect([own.code, own.stderr]).toEqual([0, ""]);
  });

  test("is a target whose password appears nowhere", async () => {
    await empty(server);
    const args = ["migrate", "--from", "sqlite", "--from-path", fixture, ...addressFlags(server, "to"), "--verbose"];
    const outcome = await program(folder, args, { MEMORYGRAPH_TO_PASSWORD: server.password! });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain("verified: 180 of 180");
    expect(outcome.stdout).toContain(`MEMORY_BACKEND=${server.kind}`);
    expect(outcome.stdout + outcome.stderr).not.toContain(server.password!);
  });

  test("is found by doctor, which says what it holds", async () => {
    const prefix = `MEMORY_${server.kind.toUpperCase()}`;
    const { port } = addressOf(server.uri);
    const env = {
      MEMORY_BACKEND: server.kind,
      [`${prefix}_PASSWORD`]: server.password!,
      ...(server.kind === "falkordb"
        ? { [`${prefix}_HOST`]: "127.0.0.1", [`${prefix}_PORT`]: String(port) }
        : { [`${prefix}_URI`]: server.uri }),
    };
    const found = await program(folder, ["doctor"], env);
    expect([found.code, found.stderr]).toEqual([0, ""]);
    expect(found.stdout).toMatch(/Neo4j 5|FalkorDB 4/);
    expect(found.stdout).toContain("60 memories");
    const refused = await program(folder, ["doctor"], { ...env, [`${prefix}_PASSWORD`]: CANARY });
    expect(refused.code).toBe(9);
    expect(refused.stdout).toContain("refuses the password");
    expect(refused.stdout + refused.stderr).not.toContain(CANARY);
  });

  test("behind TLS is reached with its authority's certificate only, and only by its name", async () => {
    const { key, cert, file } = selfSigned(folder);
    await using proxy = await proxyTo(addressOf(server.uri), { key, cert });
    const scheme = server.kind === "falkordb" ? "rediss" : "bolt+s";
    const flags = (host: string) => {
      const user = server.username ? ["--from-user", server.username] : [];
      return ["inspect", "--from", server.kind, "--from-uri", `${scheme}://${host}:${proxy.port}`, ...user, "--quiet"];
    };
    const env = { MEMORYGRAPH_FROM_PASSWORD: server.password! };
    const trusted = await program(folder, [...flags("localhost"), "--from-ca-file", file], env);
    expect([trusted.code, trusted.stderr]).toEqual([0, ""]);
    expectError(await program(folder, flags("localhost"), env), 5, "not trusted here");
    expectError(await program(folder, [...flags("127.0.0.1"), "--from-ca-file", file], env), 5, "is for another host");
    const plain = server.kind === "falkordb" ? "redis" : "bolt";
    const unencrypted = await program(
      folder,
      ["inspect", "--from", server.kind, "--from-uri", `${plain}://localhost:${proxy.port}`],
      env,
    );
    expect([2, 5]).toContain(unencrypted.code);
    const { host, port } = addressOf(server.uri);
    const toPlain = await program(
      folder,
      ["inspect", "--from", server.kind, "--from-uri", `${scheme}://${host}:${port}`],
      env,
    );
    expectError(toPlain, 5, "does not speak TLS");
  });

  test("has a person at the terminal asked for it, also where no user is named; where nobody sits, says so", async () => {
    await empty(server);
    const to = ["--to", server.kind, "--to-uri", server.uri];
    const migrate = ["migrate", "--from-path", fixture, ...to];
    expectError(await program(folder, migrate), 5, "asks for a password");
    const asked = await onTerminal(folder, migrate, `${server.password}\r`, {}, "Password");
    expect([asked.code, asked.screen.includes("verified: 180 of 180")]).toEqual([0, true]);
    expect(asked.screen).not.toContain(server.password!);
    const inspect = ["inspect", "--from", server.kind, "--from-uri", server.uri, "--quiet"];
    const wrong = await onTerminal(folder, inspect, `${CANARY}\r`, {}, "Password");
    expect([wrong.code, wrong.screen.includes("refuses the password")]).toEqual([5, true]);
    expect(wrong.screen).not.toContain(CANARY);
  });

  test("behind TLS that requires a client certificate is reached with one, as source and as target", async () => {
    await empty(server);
    const ca = authority(folder, `Authority of ${server.kind}`);
    const [own, client, stranger] = [ca.issue("host"), ca.issue("client"), authority(folder, "Strangers").issue("x")];
    await using proxy = await proxyTo(addressOf(server.uri), {
      ...{ key: readFileSync(own.key), cert: readFileSync(own.cert), ca: readFileSync(ca.file) },
      ...{ requestCert: true, rejectUnauthorized: true },
    });
    const uri = `${server.kind === "falkordb" ? "rediss" : "bolt+s"}://localhost:${proxy.port}`;
    const flags = (side: string, pair?: { cert: string; key: string }) => [
      ...[`--${side}`, server.kind, `--${side}-uri`, uri, `--${side}-ca-file`, ca.file],
      ...(server.username ? [`--${side}-user`, server.username] : []),
      ...(pair === undefined ? [] : [`--${side}-cert-file`, pair.cert, `--${side}-key-file`, pair.key]),
    ];
    const env = { MEMORYGRAPH_FROM_PASSWORD: server.password!, MEMORYGRAPH_TO_PASSWORD: server.password! };
    const into = ["migrate", "--from-path", fixture, ...flags("to", client)];
    const written = await program(folder, into, env);
    expect([written.code, written.stdout.includes("verified: 180 of 180")]).toEqual([0, true]);
    const read = await program(folder, ["inspect", ...flags("from", client), "--quiet"], env);
    expect([read.code, read.stderr]).toEqual([0, ""]);
    expectError(await program(folder, ["inspect", ...flags("from")], env), 5, "client certificate");
    expectError(
      await program(folder, ["inspect", ...flags("from", stranger)], env),
      5,
      "not accept the client certificate",
    );
    const run = /rollback (\S+)/.exec(written.stdout)![1]!;
    expect((await program(folder, ["rollback", run, "--yes"], env)).code).toBe(0);
  });
});

const bolt = servers.filter(({ uri }) => uri.startsWith("bolt"));

describe.skipIf(bolt.length === 0)("a Bolt address without a kind", () => {
  test.each(bolt.map((server) => ({ kind: server.kind, server })))("is that of $kind, which answers there", async ({
    kind,
    server: { uri, username, password },
  }) => {
    const env = { MEMORYGRAPH_FROM_PASSWORD: password ?? "" };
    const login = username === undefined ? [] : ["--from-user", username];
    const { code, stdout } = await program(folder, ["inspect", uri, ...login, "--json"], env);
    expect([code, document(stdout)]).toEqual([
      0,
      expect.objectContaining({ store: expect.objectContaining({ backend: kind }) }),
    ]);
  });
});

describe.skipIf(servers.length < 4)("a server that is another than was said", () => {
  const neo4j = servers.find(({ kind }) => kind === "neo4j")!;
  const falkor = servers.find(({ kind }) => kind === "falkordb")!;

  test("is named (2)", async () => {
    const env = { MEMORYGRAPH_FROM_PASSWORD: neo4j.password! };
    const args = ["inspect", "--from", "memgraph", "--from-uri", neo4j.uri, "--from-user", "neo4j"];
    expectError(await program(folder, args, env), 2, "is Neo4j, not Memgraph");
    const redis = ["inspect", "--from", "falkordb", "--from-uri", neo4j.uri.replace("bolt", "redis")];
    expect([2, 5]).toContain((await program(folder, redis)).code);
    const bolt = ["inspect", "--from", "neo4j", "--from-uri", falkor.uri.replace("redis", "bolt")];
    expect([2, 5]).toContain((await program(folder, bolt)).code);
  });

  test("has no such database (5), or another thing where the graph should be (2)", async () => {
    const env = { MEMORYGRAPH_FROM_PASSWORD: neo4j.password! };
    const args = [
      "inspect",
      "--from",
      "neo4j",
      "--from-uri",
      neo4j.uri,
      "--from-user",
      "neo4j",
      "--from-database",
      "nowhere",
    ];
    expectError(await program(folder, args, env), 5, "no such database");
  });
});

describe("doctor", () => {
  const memgraph = memgraphs[0];
  const neo4j = servers.find(({ kind, password }) => kind === "neo4j" && password === undefined);
  const doctor = (env: Record<string, string>) => program(folder, ["doctor"], env);

  test("says of a server that is down how to go on, and not to bring anything into it", async () => {
    const env = { MEMORY_BACKEND: "falkordb", MEMORY_FALKORDB_HOST: "127.0.0.1", MEMORY_FALKORDB_PORT: "1" };
    const alone = await doctor(env);
    expect([alone.code, alone.stderr]).toEqual([9, ""]);
    expect(alone.stdout).toContain("nothing listens at 127.0.0.1:1");
    expect(alone.stdout.replace(/\s+/g, " ")).toContain(
      "could not be read: nothing listens at 127.0.0.1:1. Start the falkordb server",
    );
    expect(alone.stdout).not.toContain("No memories were found");
    const beside = await doctor({ ...env, MEMORY_SQLITE_PATH: fixture });
    expect(beside.stdout).toContain("60 memories");
    expect(beside.stdout).not.toContain("--to falkordb");
  });

  test("says of a graph that is not there which there are", async () => {
    const falkor = servers.find(({ kind, password }) => kind === "falkordb" && password === undefined);
    if (falkor === undefined) return;
    const { host, port } = addressOf(falkor.uri);
    await emptyFalkor(falkor, "memorygraph");
    await fillFalkor(falkor, "somebody-else", {
      nodes: [{ name: "x", labels: ["X"], properties: {} }],
      relationships: [],
    });
    const env = { MEMORY_BACKEND: "falkordb", MEMORY_FALKORDB_HOST: host, MEMORY_FALKORDB_PORT: String(port) };
    const { stdout } = await doctor({ ...env, MEMORY_SQLITE_PATH: fixture });
    expect(stdout.replace(/\s+/g, " ")).toMatch(/there is no graph memorygraph yet; the server has .*somebody-else/);
    // It is where MemoryGraph would write.
    expect(stdout.replace(/ \\\n */g, " ")).toContain(`--to falkordb --to-uri ${falkor.uri}`);
    const inspect = ["inspect", "--from", "falkordb", "--from-uri", falkor.uri];
    const seen = await program(folder, inspect);
    // Others may have graphs there, and then nobody knows which is meant.
    if (seen.code === 0) expect(seen.stdout).toContain("this is somebody-else, the only one that is there");
    else expectError(seen, 2, "it has: somebody-else");
    expectError(await program(folder, [...inspect, "--from-graph", "memorygraph"]), 2, "it has: somebody-else");
    const migrate = ["migrate", ...inspect.slice(1), "--to", "sqlite", "--to-path", folder.file("none.db")];
    expectError(await program(folder, migrate), 2, "does not exist");
    await emptyFalkor(falkor, "somebody-else");
  });

  test.skipIf(memgraph === undefined || neo4j === undefined)(
    "names Memgraph in the place of Neo4j, and the reverse",
    async () => {
      const wrong = await doctor({
        MEMORY_BACKEND: "neo4j",
        MEMORY_NEO4J_URI: memgraph!.uri,
        MEMORY_NEO4J_PASSWORD: CANARY,
      });
      expect(wrong.stdout).toContain("is Memgraph, not Neo4j");
      expect(wrong.stdout).toContain("Name its kind: memgraph instead of neo4j.");
      expect(wrong.stdout + wrong.stderr).not.toContain(CANARY);
      const reverse = await doctor({ MEMORY_BACKEND: "memgraph", MEMORY_MEMGRAPH_URI: neo4j!.uri });
      expect(reverse.stdout).toContain("is Neo4j, not Memgraph");
      const inspect = ["inspect", "--from", "neo4j", "--from-uri", memgraph!.uri];
      expectError(await program(folder, inspect), 2, "is Memgraph, not Neo4j");
    },
  );
});

describe("options for a server", () => {
  const file = ["inspect", "--from", "sqlite", "--from-path"];
  test.each([
    [[...file, "x.db", "--from-user", "u"], "means nothing for a sqlite store"],
    [[...file, "x.db", "--from-password-stdin"], "--from-password-stdin means nothing"],
    [
      ["inspect", "--from", "falkordb", "--from-uri", "redis://h", "--from-database", "d"],
      "a database of a FalkorDB server is a number",
    ],
    [["inspect", "--from", "neo4j", "--from-uri", "redis://h"], "not one of its schemes"],
    [["inspect", "--from", "neo4j", "--from-uri", "bolt://h:99999"], "its port is not a number"],
    [["inspect", "--from", "neo4j", "--from-uri", "h:7687"], "it has no scheme"],
    [
      [
        "inspect",
        "--from",
        "neo4j",
        "--from-uri",
        "bolt://h",
        "--from-password-file",
        "a",
        "--from-password-command",
        "b",
      ],
      "more than one way",
    ],
    [
      ["inspect", "--from", "neo4j", "--from-uri", "bolt://127.0.0.1:1", "--from-password-command", "exit 3"],
      "failed with exit code 3",
    ],
    [
      ["inspect", "--from", "neo4j", "--from-uri", "bolt://127.0.0.1:1", "--from-password-file", "/nowhere"],
      "cannot be read",
    ],
    [
      ["inspect", "--from", "falkordb", "--from-uri", "redis://127.0.0.1:1/a", "--from-graph", "b"],
      "names the graph a",
    ],
  ] as [string[], string][])("%p is told in one error (2)", async (args, message) => {
    expectError(await program(folder, args), 2, message);
  });

  test("both passwords cannot come from standard input (2)", async () => {
    const args = ["verify", "--from", "neo4j", "--from-uri", "bolt://h", "--from-password-stdin"];
    const both = [...args, "--to", "neo4j", "--to-uri", "bolt://i", "--to-password-stdin"];
    expectError(await program(folder, both, {}, "x\n"), 2, "both passwords");
  });
});
