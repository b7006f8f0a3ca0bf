/** Neo4j and Memgraph by plain driver calls: filled, read and emptied without any code of the program. */
import neo4j, { type Driver } from "neo4j-driver";
import type { TestServer } from "../support/servers.ts";
import type { Plain, PlainGraph, PlainNode, PlainRelationship } from "./corpus.ts";
import { isTime } from "./graph.ts";

type Rows = unknown[][];

export async function withDriver<T>(
  server: TestServer,
  work: (run: (statement: string, parameters?: object) => Promise<Rows>) => Promise<T>,
): Promise<T> {
  const { uri, username, password } = server;
  const auth = password === undefined ? undefined : neo4j.auth.basic(username ?? "neo4j", password);
  const driver: Driver = neo4j.driver(uri, auth, { useBigInt: true });
  try {
    return await work(async (statement, parameters = {}) => {
      const session = driver.session();
      try {
        return (await session.run(statement, parameters)).records.map((record) => [...record.values()]);
      } finally {
        await session.close();
      }
    });
  } finally {
    await driver.close();
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll("\\", "\\u005C").replaceAll("`", "``")}\``;
}

/** Memgraph takes names as they stand. */
function quotedFor({ kind }: TestServer): (name: string) => string {
  return kind === "neo4j" ? quoted : (name) => `\`${name.replaceAll("`", "``")}\``;
}

function driverValue(value: Plain): unknown {
  if (Array.isArray(value)) return value.map(driverValue);
  if (isTime(value as Plain)) return dateTime((value as { dateTime: string }).dateTime);
  return value;
}

function dateTime(text: string): unknown {
  const [, y, mo, d, h, mi, s, fraction = "", sign, oh = "0", om = "0"] =
    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text)!;
  const offset = (Number(oh) * 3600 + Number(om) * 60) * (sign === "-" ? -1 : 1);
  const parts = [y, mo, d, h, mi, s].map((part) => BigInt(part!)) as [bigint, bigint, bigint, bigint, bigint, bigint];
  return new neo4j.types.DateTime(...parts, BigInt(fraction.padEnd(9, "0")), BigInt(offset));
}

function driverProperties(properties: PlainNode["properties"]): object {
  const object = {};
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(object, name, { value: driverValue(value), enumerable: true });
  }
  return object;
}

export async function fillBolt(server: TestServer, { nodes, relationships }: PlainGraph): Promise<void> {
  const quote = quotedFor(server);
  await withDriver(server, async (run) => {
    const ids = new Map<string, unknown>();
    for (const { name, labels, properties } of nodes) {
      const statement = `CREATE (n${labels.map((label) => `:${quote(label)}`).join("")}) SET n = $p RETURN id(n)`;
      const [row] = await run(statement, { p: driverProperties(properties) });
      ids.set(name, row![0]);
    }
    for (const { from, to, type, properties } of relationships) {
      await run(`MATCH (a) WHERE id(a) = $a MATCH (b) WHERE id(b) = $b CREATE (a)-[r:${quote(type)}]->(b) SET r = $p`, {
        a: ids.get(from),
        b: ids.get(to),
        p: driverProperties(properties),
      });
    }
  });
}

export async function readBolt(server: TestServer): Promise<PlainGraph> {
  return withDriver(server, async (run) => {
    // Keys and values by themselves: as an object, the driver would lose the key __proto__.
    const values = (x: string) =>
      server.kind === "neo4j" ? `[k IN keys(${x}) | ${x}[k]]` : `extract(k IN keys(${x}) | ${x}[k])`;
    const nodes = await run(`MATCH (n) RETURN id(n), labels(n), keys(n), ${values("n")}`);
    const relationships = await run(`MATCH (a)-[r]->(b) RETURN id(a), id(b), type(r), keys(r), ${values("r")}`);
    return {
      nodes: nodes.map(([id, labels, keys, values]): PlainNode => {
        return { name: String(id), labels: labels as string[], properties: properties(keys, values) };
      }),
      relationships: relationships.map(([from, to, type, keys, values]): PlainRelationship => {
        return { from: String(from), to: String(to), type: type as string, properties: properties(keys, values) };
      }),
    };
  });
}

function properties(keys: unknown, values: unknown): PlainNode["properties"] {
  const list = values as unknown[];
  return Object.fromEntries((keys as string[]).map((key, at) => [key, plain(list[at])]));
}

function plain(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(plain);
  if (neo4j.isDateTime(value as object)) return { dateTime: String(value) };
  if (typeof value === "object" && value !== null) return `unexpected ${Object.prototype.toString.call(value)}`;
  return value as Plain;
}

/** Takes everything away that a test may have left, indexes and constraints included. */
export async function emptyBolt(server: TestServer): Promise<void> {
  await withDriver(server, async (run) => {
    await run("MATCH (n) DETACH DELETE n");
    if (server.kind === "neo4j") {
      for (const [name] of await run("SHOW CONSTRAINTS YIELD name"))
        await run(`DROP CONSTRAINT ${quoted(String(name))}`);
      for (const [name] of await run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name")) {
        await run(`DROP INDEX ${quoted(String(name))}`);
      }
      return;
    }
    for (const [type, label, names] of await run("SHOW CONSTRAINT INFO")) {
      const list = [names]
        .flat()
        .map((name) => `n.\`${name}\``)
        .join(", ");
      const what = type === "unique" ? `${list} IS UNIQUE` : `EXISTS (${list})`;
      await run(`DROP CONSTRAINT ON (n:\`${label}\`) ASSERT ${what}`);
    }
    for (const [type, label, names] of await run("SHOW INDEX INFO")) {
      const list =
        names == null
          ? ""
          : `(${[names]
              .flat()
              .map((name) => `\`${name}\``)
              .join(", ")})`;
      await run(`DROP ${String(type).startsWith("edge") ? "EDGE " : ""}INDEX ON :\`${label}\`${list}`);
    }
  });
}
