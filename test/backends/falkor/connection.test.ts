/** Connecting by the falkordb client: what it can and cannot do, on a real server where that can be caused. */
import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { openFalkor } from "../../../src/backends/falkor/falkor-server.ts";
import { connectRaw } from "../../../src/backends/falkor/raw-client.ts";
import type { Address } from "../../../src/backends/graph-store/address.ts";
import { shortenPatience } from "../../../src/support/patience.ts";
import { withFalkor } from "../../conformance/falkor.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { ownFalkor } from "../../support/own-servers.ts";
import { addressOf } from "../../support/proxy.ts";
import { serversOf } from "../../support/servers.ts";
import { ask } from "../../wild/raw-client.ts";

const [any] = await serversOf("falkordb");

test("the client beneath falkordb is falkordb's own copy, and redis is no dependency of ours", async () => {
  const ours = createRequire(import.meta.url);
  const falkordbs = createRequire(ours.resolve("falkordb"));
  expect(falkordbs.resolve("@redis/client")).toBe(ours.resolve("@redis/client"));
  const { dependencies } = await Bun.file(join(import.meta.dir, "../../../package.json")).json();
  expect(Object.keys(dependencies)).toContain("falkordb");
  expect(Object.keys(dependencies)).not.toContain("redis");
});

describe.skipIf(any === undefined)("a connection to FalkorDB", () => {
  test("leaves none behind when it is closed, whether the user may INFO or not", async () => {
    await using own = await ownFalkor();
    const { port } = addressOf(own.server.uri);
    await withFalkor(own.server, async (command) => {
      await command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a'})");
      await command("ACL", "SETUSER", "reader", "on", ">pw", "~memorygraph*", "+graph.ro_query");
    });
    for (const login of [{}, { username: "reader", password: "pw" }]) {
      const config = new BackendConfig({ type: "falkordb", uri: own.server.uri, ...login });
      const server = await openFalkor(config, { access: "read" });
      const nodes = (await Array.fromAsync(server.nodes())).flat();
      expect(nodes).toHaveLength(1);
      await server.close();
      await Bun.sleep(50);
      // The one who asks is one of them.
      expect((await ask(port, "INFO", "clients")).toString()).toContain("connected_clients:1\r\n");
    }
  }, 60_000);

  test("asks INFO once, and the falkordb client another time by itself", async () => {
    await using own = await ownFalkor();
    const { port } = addressOf(own.server.uri);
    const asked = async () => {
      const stats = (await ask(port, "INFO", "commandstats")).toString();
      return Number(/^cmdstat_info:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
    };
    await withFalkor(own.server, (command) => command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a'})"));
    const before = await asked();
    const server = await openFalkor(new BackendConfig({ type: "falkordb", uri: own.server.uri }), { access: "read" });
    // What was asked here before is one of them.
    expect((await asked()) - before - 1).toBe(2);
    expect(server.engine).toMatch(/^FalkorDB \d+\.\d+\.\d+ on Redis \d+\.\d+/);
    expect(await server.identity()).toMatch(/^[0-9a-f]{40} memorygraph$/);
    expect((await asked()) - before - 2).toBe(2);
    await server.close();
  }, 60_000);

  test("goes by a unix socket", async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--unixsocket", folder.file("s"));
    await withFalkor(own.server, (command) => command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a'})"));
    const config = new BackendConfig({ type: "falkordb", uri: `unix://${folder.file("s")}` });
    const server = await openFalkor(config, { access: "read" });
    expect((await Array.fromAsync(server.nodes())).flat()).toHaveLength(1);
    await server.close();
  }, 60_000);
});

describe("a server that fails while it is connected to", () => {
  const INFO = "# Server\r\nredis_mode:standalone\r\n";

  /** Speaks as much of Redis's protocol as connecting needs; `answer` gives what INFO gets on the n-th connection. */
  async function standIn(answer: (nth: number, socket: Socket) => string | null) {
    const open = new Set<Socket>();
    let count = 0;
    const server: Server = createServer((socket) => {
      const nth = ++count;
      open.add(socket);
      socket.on("close", () => open.delete(socket)).on("error", () => {});
      socket.on("data", (data) => {
        const text = data.toString("latin1").includes("INFO") ? answer(nth, socket) : "+OK\r\n";
        if (text !== null) socket.write(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const address: Address = {
      ...{ scheme: "redis", host: "127.0.0.1", port, username: null, password: null, path: null, certificates: null },
    };
    const close = async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return { address, open, count: () => count, [Symbol.asyncDispose]: close };
  }
  const info = `$${INFO.length}\r\n${INFO}\r\n`;

  test("by hanging up on either connection is a failure of that, and ends nothing else", async () => {
    for (const fatal of [1, 2]) {
      await using server = await standIn((nth, socket) => {
        if (nth < fatal) return info;
        socket.destroy();
        return null;
      });
      // An error event without a listener would fail the test.
      const error = await connectRaw(server.address, 0, "here").then(
        () => null,
        (error: Error) => error,
      );
      expect(error?.message).toMatch(/socket closed/i);
      expect(server.count()).toBe(fatal);
    }
  });

  test("by silence on either connection is given up, and the connection is closed", async () => {
    shortenPatience({ connect: 250 });
    try {
      for (const silent of [1, 2]) {
        await using server = await standIn((nth) => (nth < silent ? info : null));
        const error = await connectRaw(server.address, 0, "here").then(
          () => null,
          (error: Error) => error,
        );
        expect(error?.message).toBe("here accepted the connection, and did not answer the login");
        await Bun.sleep(50);
        expect([server.count(), server.open.size]).toEqual([silent, 0]);
      }
    } finally {
      shortenPatience(null);
    }
  });

  test("one that may not be asked, and nodes of clusters and sentinels, keep the connection they have", async () => {
    const replies = [
      "-NOPERM User reader has no permissions to run the 'info' command\r\n",
      "-ERR unknown command 'INFO'\r\n",
      ...["cluster", "sentinel"].map((mode) => `$${13 + mode.length}\r\nredis_mode:${mode}\r\n\r\n`),
    ];
    for (const reply of replies) {
      await using server = await standIn(() => reply);
      const { client } = await connectRaw(server.address, 0, "here");
      expect([server.count(), server.open.size]).toEqual([1, 1]);
      client.destroy();
      await Bun.sleep(20);
      expect(server.open.size).toBe(0);
    }
  });
});
