// @level long
/**
 * What a live server works on is not cut off by the limits of a release: indexes and constraints over 1,000,000 records are
 * built, and as many deleted, on FalkorDB by one statement. The program itself deletes some hundreds at a time; FalkorDB answers nobody, not
 * even PING, while it deletes, so that one statement which deletes for longer than a silence may last looks like a dead server.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Connection } from "../../src/backends/bolt/connection.ts";
import { neo4jDialect } from "../../src/backends/bolt/neo4j.ts";
import { openerOf } from "../../src/backends/bolt/open.ts";
import { connectFalkor } from "../../src/backends/falkor/connect.ts";
import { openFalkor } from "../../src/backends/falkor/falkor-server.ts";
import { onWait, patience } from "../../src/support/patience.ts";
import { endOf, type ServerEnd } from "../conformance/ends.ts";
import { ownFalkor, ownNeo4j } from "../support/own-servers.ts";
import { addressOf } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";

const RECORDS = 1_000_000;
const AT_ONCE = 50_000;

interface Asking {
  write(statement: string): Promise<readonly (readonly unknown[])[]>;
  close(): void | Promise<void>;
}

async function askNeo4j({ config, server }: ServerEnd): Promise<Asking> {
  const address = { ...addressOf(server.uri), scheme: "bolt", path: null, certificates: null };
  const options = { access: "write", database: null, location: "it" } as const;
  const connection = new Connection(config, { ...address, username: null, password: null }, options);
  connection.watchBy((await neo4jDialect(connection, "it")).activity);
  return { write: (statement) => connection.write(statement, {}), close: () => connection.close() };
}

async function askFalkor({ config }: ServerEnd): Promise<Asking> {
  const { client } = await connectFalkor(config, { access: "write" });
  return { write: (statement) => client.write(statement), close: () => client.close() };
}

const KINDS = {
  // In one transaction all of them need more memory than the tests give it.
  neo4j: { own: ownNeo4j, ask: askNeo4j, open: openerOf("neo4j"), deletions: 10 },
  falkordb: { own: ownFalkor, ask: askFalkor, open: openFalkor, deletions: 1 },
} as const;
const names = ["falkordb", "neo4j"] as const;
const there = await Promise.all(names.map(async (name) => (await serversOf(name)).length > 0));

const told: string[] = [];
beforeAll(() => onWait((text) => told.push(text)));
afterAll(() => onWait(null));

describe.each(names.filter((_, at) => there[at]))("a %s with a million records", (name) => {
  test("builds what MemoryGraph makes, and deletes them", async () => {
    expect(patience().silence).toBe(110_000);
    const { own, ask, open, deletions } = KINDS[name];
    await using instance = await own();
    const end = endOf(instance.server);
    const { write, close } = await ask(end);
    const server = await open(end.config, { access: "write" });
    const took: string[] = [];
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const begun = performance.now();
      const done = await work();
      took.push(`${what} ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
      return done;
    };
    try {
      const properties = ["type: 'general'", "title: 't' + x", "created_at: '2024-01-31T00:00:00+00:00'"].join(", ");
      for (let at = 0; at < RECORDS; at += AT_ONCE) {
        await write(`UNWIND range(${at}, ${at + AT_ONCE - 1}) AS x CREATE (:Memory {id: 'm' + x, ${properties}})`);
      }
      const items = server.ownSchema("0.12");
      await timed(`${items.length} indexes and constraints`, async () => {
        for (const item of items) await server.createSchema(item);
        expect(await server.schemaReady(items)).toEqual([]);
      });
      await timed("deleting", async () => {
        for (let n = 0; n < deletions; n++) await write(`MATCH (n) WITH n LIMIT ${RECORDS / deletions} DELETE n`);
      });
      expect(await server.counts()).toEqual({ nodes: 0, relationships: 0 });
    } finally {
      console.log(`${name}: ${took.join(", ")}; ${told.splice(0).join("; ")}`);
      await server.close();
      await close();
    }
  }, 1_800_000);
});
