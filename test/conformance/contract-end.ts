/**
 * A store of files as an end: filled and read through the contract that every backend has. What arrives at the other end
 * of a pair is judged by what was to be filled in, and by plain means where the other end has such.
 */
import { rmSync } from "node:fs";
import type { BackendConfig } from "../../src/backends/config.ts";
import { descriptorOf } from "../../src/backends/descriptors.ts";
import { recognise } from "../../src/backends/recognise.ts";
import { loadBackend, loadTarget } from "../../src/backends/registry.ts";
import { Properties } from "../../src/graph/properties.ts";
import { type GraphNode, type GraphRecord, keyOfId } from "../../src/graph/record.ts";
import { isMap, Temporal, type Value } from "../../src/graph/value.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import type { Release } from "../../src/memorygraph/releases.ts";
import { fittedTo } from "../support/fitted.ts";
import { settle } from "../support/stores.ts";
import type { Plain, PlainGraph } from "./corpus.ts";
import type { End } from "./ends.ts";

/** @param release for which its store is made */
export function contractEnd(name: string, config: BackendConfig, release: Release): End {
  const path = config.path!;
  const empty = async () => {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { recursive: true, force: true });
  };
  return {
    name,
    kind: config.type,
    config,
    fill: (graph) => (descriptorOf(config.type).capabilities.isWrittenOnce ? refill : fill)(config, release, graph),
    read: () => read(config),
    empty,
    clear: empty,
  };
}

/** What is there and what comes, as one store that takes the place of the other. */
async function refill(config: BackendConfig, release: Release, graph: PlainGraph): Promise<void> {
  const { nodes, relationships } = await read(config);
  rmSync(config.path!, { recursive: true, force: true });
  await fill(config, release, {
    nodes: [...nodes, ...graph.nodes],
    relationships: [...relationships, ...graph.relationships],
  });
}

async function fill(config: BackendConfig, release: Release, graph: PlainGraph): Promise<void> {
  const request = { release: recognise(config.path!).kind === "nothing" ? release : null, fallbackRelease: release };
  const session = await (await loadTarget(config)).openForWriting(config, request);
  try {
    for await (const _ of session.read());
    await session.write(fittedTo(session.fitting, recordsOf(graph)).records);
    await session.finish();
  } catch (error) {
    await session.rollback();
    throw error;
  }
  await session.commit();
  settle(config.path!);
}

async function read(config: BackendConfig): Promise<PlainGraph> {
  if (recognise(config.path!).kind === "nothing") return { nodes: [], relationships: [] };
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  const graph = {
    nodes: [] as PlainGraph["nodes"][number][],
    relationships: [] as PlainGraph["relationships"][number][],
  };
  try {
    for await (const batch of store.read()) {
      for (const record of batch) {
        const properties = Object.fromEntries(
          [...record.properties.entries()].map(([key, value]) => [key, plainOf(value)]),
        );
        if (record.kind === "node") graph.nodes.push({ name: record.key, labels: record.labels, properties });
        else graph.relationships.push({ from: record.from, to: record.to, type: record.type, properties });
      }
    }
  } finally {
    await store.close();
  }
  return graph;
}

function recordsOf({ nodes, relationships }: PlainGraph): GraphRecord[] {
  const ids = new Map<Plain, number>();
  for (const { properties } of nodes) ids.set(properties.id ?? null, (ids.get(properties.id ?? null) ?? 0) + 1);
  const numbers = new Map<string, number>();
  const keys = new Map<string, string>();
  const records = nodes.map(({ name, labels, properties: plain }): GraphNode => {
    const node: GraphNode = { kind: "node", key: "#", labels, properties: propertiesOf(plain) };
    const { id } = plain;
    if (typeof id === "string" && ids.get(id) === 1) keys.set(name, keyOfId(id));
    else {
      const hash = hashOf(node).toHex();
      numbers.set(hash, (numbers.get(hash) ?? 0) + 1);
      keys.set(name, `#${hash}.${numbers.get(hash)}`);
    }
    return { ...node, key: keys.get(name)! };
  });
  const shared = new Map<Plain, number>();
  for (const { properties } of relationships) {
    shared.set(properties.id ?? null, (shared.get(properties.id ?? null) ?? 0) + 1);
  }
  const joined = relationships.map(({ from, to, type, properties }): GraphRecord => {
    return {
      kind: "relationship",
      from: keys.get(from) ?? keyOfId(from),
      to: keys.get(to) ?? keyOfId(to),
      type,
      properties: propertiesOf(properties),
      ...(typeof properties.id === "string" && shared.get(properties.id)! > 1 && { hasDuplicateId: true }),
    };
  });
  return [...records, ...joined];
}

function propertiesOf(plain: Readonly<Record<string, Plain>>): Properties {
  return Properties.from(Object.entries(plain).map(([key, value]) => [key, valueFrom(value)] as const));
}

function valueFrom(plain: Plain): Value {
  if (plain === null || typeof plain !== "object") return plain;
  if (Array.isArray(plain)) return plain.map(valueFrom);
  return new Temporal("date-time", (plain as { dateTime: string }).dateTime);
}

function plainOf(value: Value): Plain {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(plainOf);
  if (isMap(value))
    return Object.fromEntries([...value].map(([key, item]) => [key, plainOf(item)])) as unknown as Plain;
  if (value instanceof Temporal) return { dateTime: value.text };
  throw new Error(`a ${value.constructor.name} is in no corpus`);
}
