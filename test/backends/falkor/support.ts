/** What the tests of FalkorDB share: a graph of their own on a real server, read and written by plain commands, too. */
import { BackendConfig } from "../../../src/backends/config.ts";
import { openFalkor } from "../../../src/backends/falkor/falkor-server.ts";
import type { GraphServer, ServerNode, ServerOptions } from "../../../src/backends/graph-store/server.ts";
import { Properties } from "../../../src/graph/properties.ts";
import type { Value } from "../../../src/graph/value.ts";
import { type Command, withFalkor } from "../../conformance/falkor.ts";
import { serversOf, type TestServer } from "../../support/servers.ts";

export const [server] = await serversOf("falkordb");

let graphs = 0;

export function configOf({ uri, username, password }: TestServer, graph: string): BackendConfig {
  return new BackendConfig({
    type: "falkordb",
    uri,
    graph,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
}

/** Opens a graph that nobody else has, and deletes it afterwards. */
export async function withGraph(
  work: (graph: GraphServer, raw: Command, name: string) => Promise<void>,
  access: ServerOptions["access"] = "write",
): Promise<void> {
  const name = `falkortest_${Bun.randomUUIDv7()}_${graphs++}`;
  const opened = await openFalkor(configOf(server!, name), { access });
  try {
    await withFalkor(server!, (raw) => work(opened, raw, name));
  } finally {
    await opened.close();
    await withFalkor(server!, async (raw) => {
      if ((await raw("EXISTS", name)) !== "0") await raw("DEL", name);
    });
  }
}

export async function allOf<R>(batches: AsyncIterable<readonly R[]>): Promise<R[]> {
  const all: R[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** Nodes with one property each, numbered from `first` in the order of the values. */
export async function createValues(graph: GraphServer, values: readonly Value[], first = 0): Promise<void> {
  const rows = values.map((value, at) =>
    Properties.from([["number", BigInt(first + at)] as const, ["value", value] as const]),
  );
  await graph.writer.createNodes({ labels: ["Value"], rows });
}

export async function readValues(graph: GraphServer): Promise<Value[]> {
  const nodes = await allOf<ServerNode>(graph.nodes());
  const values: Value[] = [];
  for (const { properties } of nodes) values[Number(properties.get("number"))] = properties.get("value");
  return values;
}
