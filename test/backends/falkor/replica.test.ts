/** A snapshot as a server sends it to a replica, asked for from real servers; an engine says whether it is whole. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { fetchSnapshot } from "../../../src/backends/falkor/replica.ts";
import { addressOf as parse } from "../../../src/backends/graph-store/address.ts";
import { fillFalkor, readFalkor } from "../../conformance/falkor.ts";
import { linesOf } from "../../conformance/graph.ts";
import { selfSigned } from "../../support/certificate.ts";
import { type Engine, startEngine } from "../../support/engine.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { addressOf, proxyTo } from "../../support/proxy.ts";
import { serversOf } from "../../support/servers.ts";

const [available] = await serversOf("falkordb");
/** Diskless with the delay that servers have by default, and as few servers of today do it: through a file of their own. */
const FORMS = [
  ["diskless", ["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"]],
  ["through a file", ["--repl-diskless-sync", "no"]],
] as const;
const GRAPH = {
  nodes: Array.from({ length: 300 }, (_, at) => ({
    name: `n${at}`,
    labels: ["Memory"],
    properties: { id: `n${at}`, importance: at / 7, content: `${Math.sin(at)} `.repeat(200) },
  })),
  relationships: Array.from({ length: 300 }, (_, at) => ({
    from: `n${at}`,
    to: `n${(at * 7) % 300}`,
    type: "SOLVES",
    properties: { strength: at / 3 },
  })),
};

function ask(engine: Engine, path: string, more: Partial<ReturnType<typeof parse>> = {}) {
  const address = {
    ...parse(new BackendConfig({ type: "falkordb", uri: engine.server.uri }), {
      schemes: ["redis", "rediss"],
      encrypted: ["rediss"],
      port: 6379,
    }),
    ...more,
  };
  return fetchSnapshot({ address, location: "the server", path });
}

describe.skipIf(available === undefined).each(FORMS)("a snapshot that a server makes %s", (form, options) => {
  test("is what an engine loads as the same graph, and is ours alone", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...options);
    await using judge = await startEngine();
    await fillFalkor(engine.server, "memorygraph", GRAPH);
    const path = folder.file("snapshot");
    expect(await ask(engine, path)).toBe(null);
    expect(readFileSync(path).toString("latin1", 0, 5)).toBe("REDIS");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await judge.load(path);
    expect(linesOf(await readFalkor(judge.server, "memorygraph"))).toEqual(linesOf(GRAPH));
    // Only one who is told by a mark where it ends spares the server a file of its own.
    expect(existsSync(join(engine.folder, "dump.rdb"))).toBe(form !== "diskless");
  });

  test("comes with a password and with a user, and not without", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...options);
    await engine.tell("CONFIG", "SET", "requirepass", "secret word");
    const path = folder.file("snapshot");
    expect(await ask(engine, path)).toContain("NOAUTH");
    expect(await ask(engine, path, { password: "wrong" })).toContain("WRONGPASS");
    expect(await ask(engine, path, { password: "secret word" })).toBe(null);
    expect(await ask(engine, path, { username: "default", password: "secret word" })).toBe(null);
  });

  test.each([
    ["+@all -sync -psync", "NOPERM"],
    ["+@all -replconf", "NOPERM"],
    ["+psync +replconf", null],
    ["+sync +replconf", null],
  ] as const)("for a user with %s is allowed or not", async (rules, refused) => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...options);
    expect(await engine.tell("ACL", "SETUSER", "reader", "on", ">pw", "~*", ...rules.split(" "))).toBe("+OK");
    const answer = await ask(engine, folder.file("snapshot"), { username: "reader", password: "pw" });
    if (refused === null) expect(answer).toBe(null);
    else expect(answer).toContain(refused);
  });

  test("comes over TLS, from a server whose certificate is to be trusted", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...options);
    const { key, cert } = selfSigned(folder);
    await using proxy = await proxyTo(addressOf(engine.server.uri), { key, cert });
    const path = folder.file("snapshot");
    const encrypted = { scheme: "rediss", host: "localhost", port: proxy.port };
    expect(await ask(engine, path, { ...encrypted, certificates: cert })).toBe(null);
    expect(readFileSync(path).toString("latin1", 0, 5)).toBe("REDIS");
    expect(ask(engine, path, encrypted)).rejects.toThrow("was interrupted");
  });
});

describe.skipIf(available === undefined)("a snapshot", () => {
  test("of a server that goes away in between is an error that names it", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine("--repl-diskless-sync-delay", "3");
    const asked = ask(engine, folder.file("snapshot"));
    setTimeout(() => process.kill(engine.pid, "SIGKILL"), 300);
    expect(asked).rejects.toThrow("the snapshot of the server was interrupted");
    await asked.catch(() => {});
  });

  test("is given up when the run is", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine("--repl-diskless-sync-delay", "5");
    const stop = new AbortController();
    const address = parse(new BackendConfig({ type: "falkordb", uri: engine.server.uri }), {
      schemes: ["redis"],
      encrypted: [],
      port: 6379,
    });
    const asked = fetchSnapshot({ address, location: "x", path: folder.file("snapshot"), signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 200);
    expect(asked).rejects.toThrow("enough");
    await asked.catch(() => {});
  });

  test("does not keep the server from answering and taking writes", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine("--repl-diskless-sync-delay", "1");
    await fillFalkor(engine.server, "memorygraph", GRAPH);
    const path = folder.file("snapshot");
    let done = false;
    const asked = ask(engine, path).finally(() => {
      done = true;
    });
    let slowest = 0;
    for (let at = 0; !done; at++) {
      const start = performance.now();
      await engine.tell("GRAPH.QUERY", "memorygraph", `CREATE (:Later {at: ${at}})`);
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(await asked).toBe(null);
    expect(slowest).toBeLessThan(1_000);
  });
});
