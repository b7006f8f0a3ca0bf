/** What a graph holds, as lines that can be compared whatever server it stands on. No code of the program. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Exact, exactJson, float, spell } from "../support/exact.ts";
import type { Plain, PlainGraph, PlainNode, PlainRelationship } from "./corpus.ts";

/** The application writes points in time into these, as text or as native date-times. */
const TIMES = new Set([
  ...["created_at", "updated_at", "last_accessed", "context_timestamp", "last_validated", "valid_from", "valid_until"],
  ...["recorded_at", "timestamp", "start_time", "last_activity", "last_seen", "last_decayed", "superseded_at"],
]);

/** One line for each node and relationship, sorted. A node is known by its id where no other has it, else by its content. */
export function linesOf({ nodes, relationships }: PlainGraph): string[] {
  const ids = new Map<string, number>();
  for (const { properties } of nodes) {
    if (typeof properties.id === "string") ids.set(properties.id, (ids.get(properties.id) ?? 0) + 1);
  }
  const content = new Map<string, string>();
  const identity = new Map<string, string>();
  for (const node of nodes) {
    const line = nodeLine(node);
    const { id } = node.properties;
    content.set(node.name, line);
    const own = typeof id === "string" && ids.get(id) === 1;
    identity.set(node.name, own ? `id ${id}` : `content ${createHash("sha256").update(line).digest("hex")}`);
  }
  return [...content.values(), ...relationships.map((relationship) => relationshipLine(relationship, identity))].sort();
}

function nodeLine({ labels, properties }: PlainNode): string {
  return spell({ node: [...labels].sort().map((label) => `text ${label}`), properties: exactProperties(properties) });
}

function relationshipLine(
  { from, to, type, properties }: PlainRelationship,
  identity: ReadonlyMap<string, string>,
): string {
  const ends = [identity.get(from) ?? `unknown ${from}`, identity.get(to) ?? `unknown ${to}`];
  return spell({ relationship: [...ends, type], properties: exactProperties(properties) });
}

function exactProperties(properties: PlainNode["properties"]): Exact {
  const entries = Object.entries(properties)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [`.${name}`, meant(name, value)]);
  return Object.fromEntries(entries);
}

/** As MemoryGraph reads it. */
function meant(name: string, value: Plain): Exact {
  if (TIMES.has(name)) {
    const text = typeof value === "string" ? value : isTime(value) ? value.dateTime : "";
    const instant = instantOf(text);
    if (instant !== null) return instant;
  }
  if (name.startsWith("context_") && typeof value === "string" && /^[[{]/.test(value)) {
    try {
      return exactJson(value);
    } catch {
      return exact(value);
    }
  }
  return exact(value);
}

export function exact(value: Plain): Exact {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "bigint") return `integer ${value}`;
  if (typeof value === "number") return float(value);
  if (typeof value === "string") return `text ${value}`;
  if (isTime(value)) return `time ${value.dateTime}`;
  if (Array.isArray(value)) return value.map(exact);
  // Only a truth file has objects: servers hold them as text.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, exact(item as Plain)]));
}

export function isTime(value: Plain): value is { dateTime: string } {
  return typeof value === "object" && value !== null && "dateTime" in value;
}

/** Every timestamp of MemoryGraph's in the graph. */
export function timesOf({ nodes, relationships }: PlainGraph): Plain[] {
  return [...nodes, ...relationships].flatMap(({ properties }) =>
    [...TIMES].map((name) => properties[name] ?? null).filter((value) => value !== null),
  );
}

/** 0.13 leaves a memory out without a word when one of its times is spelled in another way. */
export function isReadBy013(time: Plain): boolean {
  return typeof time === "string" && /^\d{4}-\d\d-\d\dT[\d:]{8}(\.\d{1,9})?Z$/.test(time);
}

/** Nanoseconds since 1970; null for a text that names no point in time. */
function instantOf(text: string): string | null {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?:\[.*\])?$/.exec(text);
  if (match === null) return null;
  const [, day, clock, fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(milliseconds)
    ? null
    : `instant ${BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"))}`;
}

/** What an independent reader found in a fixture. */
export function graphOfTruth(path: string): PlainGraph {
  const nodes: PlainNode[] = [];
  const relationships: PlainRelationship[] = [];
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const record = plainJson(line) as unknown as Record<string, Plain>;
    const properties = record.properties as unknown as PlainNode["properties"];
    if ("node" in record) nodes.push({ name: String(record.node), labels: record.labels as string[], properties });
    else {
      const { from, to, type } = record as Record<string, string>;
      relationships.push({ from: from!, to: to!, type: type!, properties });
    }
  }
  return { nodes, relationships };
}

export function plainJson(text: string): Plain {
  return JSON.parse(text, function (this: unknown, _name: string, value: unknown, context?: { source?: string }) {
    if (typeof value === "number") return /[.eE]/.test(context!.source!) ? value : BigInt(context!.source!);
    if (typeof value === "object" && value !== null && "$datetime" in value) return { dateTime: value.$datetime };
    return value;
  } as (name: string, value: unknown) => unknown) as Plain;
}
