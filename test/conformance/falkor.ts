/** FalkorDB by plain commands of its client: filled, read and emptied without any code of the program. */

import { RESP_TYPES } from "@redis/client";
import { FalkorDB } from "falkordb";
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
    const graphs = (await command("GRAPH.LIST")) as string[];
    if (!graphs.includes(graph)) return { nodes: [], relationships: [] };
    const rows = async (statement: string) => {
      const reply = (await command("GRAPH.RO_QUERY", graph, statement, "--compact")) as Reply[][];
      return (reply[1] ?? []) as unknown as Cell[][];
    };
    const doubles: Double[] = [];
    const nodes = (await rows("MATCH (x) RETURN id(x), labels(x), properties(x)")).map(([id, labels, properties]) => ({
      name: id![1] as string,
      labels: (labels![1] as Cell[]).map(([, label]) => label as string),
      properties: decodeMap(properties![1], {
        find: "MATCH (x) WHERE id(x) = r[0]",
        at: [id![1] as string, "0"],
        doubles,
      }),
    }));
    const find = "MATCH (a)-[x]->() WHERE id(a) = r[1] AND id(x) = r[0]";
    const relationships = (await rows("MATCH (a)-[x]->(b) RETURN id(x), id(a), id(b), type(x), properties(x)")).map(
      ([id, from, to, type, properties]) => ({
        from: from![1] as string,
        to: to![1] as string,
        type: type![1] as string,
        properties: decodeMap(properties![1], { find, at: [id![1] as string, from![1] as string], doubles }),
      }),
    );
    for (const group of Map.groupBy(
      doubles,
      ({ find: how, index, half }) => `${how} ${index === null} ${half}`,
    ).values()) {
      const { find: how, index, half } = group[0]!;
      const list = group.map(({ at, name, index: place, base }, n) => {
        return `[${at.join(",")},${n},${literal(name)},${place ?? 0},${literal(base)}]`;
      });
      const value = index === null ? "x[r[3]]" : "x[r[3]][r[4]]";
      const scaled = half ? `${value} * 0.5` : value;
      for (const [n, difference] of await rows(
        `CYPHER rows=[${list.join(",")}] UNWIND $rows AS r ${how} RETURN r[2], ${scaled} - r[5]`,
      )) {
        const { base, put } = group[Number(n![1])]!;
        put((base + Number(difference![1])) * (half ? 2 : 1));
      }
    }
    return { nodes, relationships };
  });
}

type Cell = [string, Reply];

/** A double is printed with 15 digits: the server is told what it printed, and asked for what is missing to the real one. */
interface Double {
  readonly find: string;
  readonly at: readonly [string, string];
  readonly name: string;
  readonly index: number | null;
  readonly base: number;
  /** The largest doubles are asked for by half, since what is printed of them is more than a double can be. */
  readonly half: boolean;
  put(value: number): void;
}

interface Place {
  readonly find: string;
  readonly at: readonly [string, string];
  readonly doubles: Double[];
}

function decodeMap(flat: Reply, { find, at, doubles }: Place): PlainNode["properties"] {
  const cells = flat as (string | Cell)[];
  const properties: Record<string, Plain> = {};
  const ask = (name: string, index: number | null, text: string, put: (value: number) => void) => {
    const half = text.endsWith("e+308");
    const base = half ? Number(text.replace("e+308", "e+307")) * 5 : Number(text);
    if (base !== 0) doubles.push({ find, at, name, index, base, half, put });
  };
  for (let n = 0; n + 1 < cells.length; n += 2) {
    const name = cells[n] as string;
    const cell = cells[n + 1] as Cell;
    const value = decode(cell);
    Object.defineProperty(properties, name, { value, enumerable: true, writable: true, configurable: true });
    if (cell[0] === "5") {
      ask(name, null, cell[1] as string, (exact) => {
        properties[name] = exact;
      });
    }
    if (cell[0] !== "6") continue;
    for (const [index, item] of (cell[1] as Cell[]).entries()) {
      if (item[0] !== "5") continue;
      ask(name, index, item[1] as string, (exact) => {
        (value as Plain[])[index] = exact;
      });
    }
  }
  return properties;
}

function decode([type, value]: Cell): Plain {
  if (type === "2") return value as string;
  if (type === "3") return BigInt(value as string);
  if (type === "4") return value === "true";
  if (type === "5") return Number(value);
  if (type === "6") return (value as Cell[]).map(decode);
  return `unexpected type ${type}`;
}

export async function emptyFalkor(server: TestServer, graph: string): Promise<void> {
  await withFalkor(server, async (command) => {
    const graphs = (await command("GRAPH.LIST")) as string[];
    if (graphs.includes(graph)) await command("GRAPH.DELETE", graph);
  });
}
