/**
 * Which kind answers at a Bolt address. Memgraph is in no registry, so here both kinds are what they say of themselves: a
 * server that greets as one of them, and knows nothing else.
 */
import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { BackendConfig } from "../../../src/backends/config.ts";
import { descriptorOf } from "../../../src/backends/descriptors.ts";

/** A string of PackStream. */
function packed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(bytes.length < 16 ? [0x80 + bytes.length] : [0xd0, bytes.length]), bytes]);
}

/** SUCCESS {server: agent, connection_id: "b-1"}, as one chunk. */
function success(agent: string): Buffer {
  const body = Buffer.concat([
    Buffer.from([0xb1, 0x70, 0xa2]),
    ...["server", agent, "connection_id", "b-1"].map(packed),
  ]);
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body, Buffer.from([0, 0])]);
}

/** Greets in Bolt 4.4, and answers each message with success. */
async function greeter(agent: string): Promise<AsyncDisposable & { readonly uri: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let waiting = Buffer.alloc(0);
    let greeted = false;
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      waiting = Buffer.concat([waiting, data]);
      if (!greeted && waiting.length >= 20) {
        greeted = true;
        waiting = waiting.subarray(20);
        socket.write(Uint8Array.of(0, 0, 4, 4));
      }
      // A message is chunks with their lengths; one of length 0 ends it.
      for (let at = 0; greeted && at + 2 <= waiting.length; ) {
        const length = waiting.readUInt16BE(at);
        at += 2 + length;
        if (length > 0 || at > waiting.length) continue;
        waiting = waiting.subarray(at);
        at = 0;
        socket.write(success(agent));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    uri: `bolt://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const identify = (uri: string) => descriptorOf("neo4j").identify!(new BackendConfig({ type: "neo4j", uri }));

describe("a Bolt address", () => {
  test.each([
    ["Neo4j/5.26.30", "neo4j"],
    ["Neo4j/v5.11.0 compatible graph database server - Memgraph", "memgraph"],
    ["Something/1.0", null],
  ])("where %s answers is of the kind %s", async (agent, kind) => {
    await using server = await greeter(agent);
    expect(await identify(server.uri)).toBe(kind);
  });

  test("where nobody answers is of no kind", async () => {
    expect(await identify("bolt://127.0.0.1:1")).toBeNull();
  });
});
