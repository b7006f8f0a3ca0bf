/** FalkorDB by plain commands of its client: filled, read and emptied without any code of the program. */
import { FalkorDB } from "falkordb";
import { RESP_TYPES } from "redis";
import type { TestServer } from "../support/servers.ts";
import type { Plain, PlainGraph, PlainNode } from "./corpus.ts";

type Reply = string | null | Reply[];
export type Command = (...words: string[]) => Promise<Reply>;

export async function withFalkor<T>({ uri, password }: TestServer, work: (command: Command) => Promise<T>): Promise<T> {
  const { hostname: host, port } = new URL(uri.replace(/^\w+:/, "http:"));
  const database = await FalkorDB.connect({
    socket: { host, port: Number(port) },
    ...(password !== undefined && { password }),
  });
  try {
    const client = (await database.connection) as unknown as {
      sendCommand(words: string[], options: object): Promise<Reply>;
    };
    return await work((...words) => client.sendCommand(words, { typeMapping: { [RESP_TYPES.NUMBER]: String } }));
  } finally {
    await database.close();
  }
}

function literal(value: Plain): string {
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&")}'`;
  if (typeof value === "number") {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  return Array.isArray(value) ? `[${value.map(literal).join(", ")}]` : String(value);
}

function map(properties: PlainNode["properties"]): string {
  return `{${Object.entries(properties)
    .map(([name, value]) => `\`${name}\`: ${literal(value)}`)
    .join(", ")}}`;
}

export async function fillFalkor(
  server: TestServer,
  graph: string,
  { nodes, relationships }: PlainGraph,
): Promise<void> {
  await withFalkor(server, async (command) => {
    const ids = new Map<string, string>();
    for (const { name, labels, properties } of nodes) {
      const statement = `CYPHER p=${map(properties)} CREATE (n${labels.map((label) => `:\`${label}\``).join("")}) SET n = $p RETURN id(n)`;
      const reply = (await command("GRAPH.QUERY", graph, statement, "--compact")) as Reply[][][][];
      ids.set(name, reply[1]![0]![0]![1] as unknown as string);
    }
    for (const { from, to, type, properties } of relationships) {
      const ends = `MATCH (a) WHERE id(a) = ${ids.get(from)} MATCH (b) WHERE id(b) = ${ids.get(to)}`;
      const statement = `CYPHER p=${map(properties)} ${ends} CREATE (a)-[r:\`${type}\`]->(b) SET r = $p`;
      await command("GRAPH.QUERY", graph, statement, "--compact");
    }
  });
}

export async function readFalkor(server: TestServer, graph: string): Promise<PlainGraph> {
  return withFalkor(server, async (command) => {
    const rows = async (statement: string) => {
      const reply = (await command("GRAPH.RO_QUERY", graph, statement, "--compact")) as Reply[][];
      return (reply[1] ?? []) as unknown as [string, Reply][][];
    };
    /**
     * Of every property, or element of a list, that is a double: a short form of it, and what is missing to it. Both
     * are printed with 15 digits, and their sum is exact.
     */
    const residuals = async (match: string): Promise<Map<string, Doubles>> => {
      const parts = "CASE typeOf(e) WHEN 'Float' THEN [toFloat(toString(e)), e - toFloat(toString(e))] ELSE null END";
      const elements = "CASE typeOf(x[k]) WHEN 'List' THEN x[k] ELSE [x[k]] END";
      const found = await rows(`${match} RETURN id(x), [k IN keys(x) | [e IN (${elements}) | ${parts}]]`);
      const sum = ([, pair]: [string, [string, string][] | null]) =>
        pair === null ? null : Number(pair[0]![1]) + Number(pair[1]![1]);
      return new Map(
        found.map(([id, lists]) => {
          const properties = lists![1] as unknown as [string, [string, [string, string][] | null][]][];
          return [id![1] as string, properties.map(([, list]) => list.map(sum))];
        }),
      );
    };
    const nodeDoubles = await residuals("MATCH (x)");
    const nodes = (await rows("MATCH (x) RETURN id(x), labels(x), properties(x)")).map(([id, labels, properties]) => ({
      name: id![1] as string,
      labels: (labels![1] as [string, string][]).map(([, label]) => label),
      properties: decodeMap(properties![1], nodeDoubles.get(id![1] as string)!),
    }));
    const doubles = await residuals("MATCH ()-[x]->()");
    const relationships = (await rows("MATCH (a)-[x]->(b) RETURN id(x), id(a), id(b), type(x), properties(x)")).map(
      ([id, from, to, type, properties]) => ({
        from: from![1] as string,
        to: to![1] as string,
        type: type![1] as string,
        properties: decodeMap(properties![1], doubles.get(id![1] as string)!),
      }),
    );
    return { nodes, relationships };
  });
}

type Doubles = readonly (readonly (number | null)[])[];

function decodeMap(flat: Reply, doubles: Doubles): PlainNode["properties"] {
  const cells = flat as (string | [string, Reply])[];
  const entries: [string, Plain][] = [];
  for (let at = 0; at + 1 < cells.length; at += 2) {
    const cell = cells[at + 1] as [string, Reply];
    const own = doubles[at / 2]!;
    const value =
      cell[0] === "6" ? (cell[1] as [string, Reply][]).map((item, n) => decode(item, own[n])) : decode(cell, own[0]);
    entries.push([cells[at] as string, value]);
  }
  return Object.fromEntries(entries);
}

function decode([type, value]: [string, Reply], double: number | null = null): Plain {
  if (type === "2") return value as string;
  if (type === "3") return BigInt(value as string);
  if (type === "4") return value === "true";
  // A printed zero keeps its sign, and a sum does not.
  if (type === "5") return double === null || double === 0 ? Number(value) : double;
  if (type === "6") return (value as [string, Reply][]).map((item) => decode(item));
  return `unexpected type ${type}`;
}

export async function emptyFalkor(server: TestServer, graph: string): Promise<void> {
  await withFalkor(server, async (command) => {
    const graphs = (await command("GRAPH.LIST")) as string[];
    if (graphs.includes(graph)) await command("GRAPH.DELETE", graph);
  });
}
