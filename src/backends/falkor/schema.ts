/** The indexes and constraints of a FalkorDB graph. Both are built after the command that asks for them has returned. */
import { SchemaConflictError } from "../../errors.ts";
import { isMap, type Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { sleep } from "../../support/time.ts";
import type { SchemaItem } from "../backend.ts";
import type { Client } from "./client.ts";
import { literal, quote } from "./literals.ts";
import { decode } from "./reply.ts";

const PAUSE_MS = 20;

interface Named {
  readonly kind: "index" | "constraint";
  readonly type: string;
  readonly entity: "NODE" | "RELATIONSHIP";
  readonly label: string;
  readonly properties: readonly string[];
  /** Of a vector index: what it cannot be made without, as Cypher. */
  readonly options?: string;
}

/** MemoryGraph's own: the constraint is refused by its Cypher there, so stores without it exist. */
export function ownSchema(): SchemaItem[] {
  const node = { entity: "NODE", label: MEMORY_LABEL } as const;
  const indexes = ["id", "type", "created_at", "importance", "confidence"].map((property) =>
    itemOf({ kind: "index", type: "RANGE", ...node, properties: [property] }),
  );
  return [...indexes, itemOf({ kind: "constraint", type: "UNIQUE", ...node, properties: ["id"] })].map((item) => ({
    ...item,
    own: true,
  }));
}

const OWN_TENANT = ["context_tenant_id", "context_team_id", "context_visibility", "context_created_by", "version"];

export async function readSchema(client: Client): Promise<SchemaItem[]> {
  const own = new Set([
    ...ownSchema().map(({ what }) => what),
    ...OWN_TENANT.map((name) => `index on :${MEMORY_LABEL}(${name})`),
  ]);
  const found = [...(await indexes(client)), ...(await constraints(client))];
  return found.map(({ named }) => itemOf(named)).map((item) => ({ ...item, own: own.has(item.what) }));
}

export async function uniqueIdLabels(client: Client): Promise<string[]> {
  return (await constraints(client))
    .filter(
      ({ named: { type, entity, properties } }) => type === "UNIQUE" && entity === "NODE" && properties.join() === "id",
    )
    .map(({ named }) => named.label);
}

/** @throws SchemaConflictError when what stands in the graph forbids the constraint */
export async function createSchema(client: Client, graph: string, item: SchemaItem): Promise<void> {
  const named = JSON.parse(item.statement) as Named;
  const list = named.kind === "index" ? indexes : constraints;
  if (named.type === "UNIQUE") await assertHarmless(client, named, item.what);
  await run(client, graph, named, "CREATE");
  while (true) {
    const state = (await list(client)).find((found) => itemOf(found.named).what === item.what)?.state ?? "MISSING";
    if (state === "OPERATIONAL") return;
    if (state === "FAILED") {
      await run(client, graph, named, "DROP");
      throw new SchemaConflictError(`what the graph holds violates the ${item.what}`, {
        next: "Look for nodes that share the property.",
      });
    }
    await sleep(PAUSE_MS);
  }
}

/** @throws SchemaConflictError where the constraint would make the server fall (values.ts, fatalWhenUnique) */
async function assertHarmless(client: Client, { entity, label, properties }: Named, what: string): Promise<void> {
  const match = entity === "NODE" ? `MATCH (x:${quote(label)})` : `MATCH ()-[x:${quote(label)}]->()`;
  for (const property of properties) {
    const value = `x.${quote(property)}`;
    const edges = `left(${value}, 1) <= ' ' OR right(${value}, 1) <= ' ' OR ${value} CONTAINS '\u0001'`;
    const rows = await client.read(
      `${match} WITH CASE typeOf(${value}) WHEN 'String' THEN (size(${value}) > 1000 OR ${edges}) ELSE false END AS fatal ` +
        "WHERE fatal RETURN count(fatal)",
    );
    const count = Number(decode(rows[0]?.[0] ?? ["3", "0"]));
    if (count === 0) continue;
    throw new SchemaConflictError(
      `the ${what} would make FalkorDB fall: ${count} texts there are empty, very long, or begin or end with white space`,
      { next: "Change them, then create the constraint." },
    );
  }
}

export async function dropSchema(client: Client, graph: string, item: SchemaItem): Promise<void> {
  await run(client, graph, JSON.parse(item.statement) as Named, "DROP");
}

async function run(client: Client, graph: string, named: Named, verb: "CREATE" | "DROP"): Promise<void> {
  const { kind, type, entity, label, properties, options } = named;
  if (kind === "constraint") {
    const count = String(properties.length);
    await client.command("GRAPH.CONSTRAINT", verb, graph, type, entity, label, "PROPERTIES", count, ...properties);
    return;
  }
  const subject = entity === "NODE" ? `(x:${quote(label)})` : `()-[x:${quote(label)}]-()`;
  const word = type === "RANGE" ? "" : `${type} `;
  for (const property of properties) {
    const tail = options !== undefined && verb === "CREATE" ? ` OPTIONS ${options}` : "";
    await client.write(`${verb} ${word}INDEX FOR ${subject} ON (x.${quote(property)})${tail}`);
  }
}

interface Found {
  readonly named: Named;
  readonly state: string;
}

/** One for each property and type: FalkorDB lists them by label. */
async function indexes(client: Client): Promise<Found[]> {
  const columns = "label, types, options, entitytype, status";
  const rows = await client.read(`CALL db.indexes() YIELD ${columns} RETURN ${columns}`);
  return rows.flatMap((row) => {
    const [label, types, options, entity, status] = row.map(decode) as [string, Value, Value, Named["entity"], string];
    if (!isMap(types)) return [];
    return [...types].flatMap(([property, kinds]) =>
      (kinds as string[]).map((type) => ({
        named: {
          kind: "index" as const,
          type,
          entity,
          label,
          properties: [property],
          ...(type === "VECTOR" && isMap(options) && { options: optionsText(options.get(property) ?? null) }),
        },
        state: status.startsWith("OPERATIONAL") ? "OPERATIONAL" : status,
      })),
    );
  });
}

function optionsText(options: Value): string {
  const known = isMap(options) ? [...options] : [];
  return `{${known.map(([name, value]) => `${name}:${literal(value, "statement")}`).join(",")}}`;
}

async function constraints(client: Client): Promise<Found[]> {
  const rows = await client.read(
    "CALL db.constraints() YIELD type, label, properties, entitytype, status RETURN type, label, properties, entitytype, status",
  );
  return rows.map((row) => {
    const [type, label, properties, entity, state] = row.map(decode) as [
      string,
      string,
      string[],
      Named["entity"],
      string,
    ];
    return { named: { kind: "constraint", type, entity, label, properties }, state };
  });
}

const WORDS: Readonly<Record<string, string>> = {
  RANGE: "index",
  FULLTEXT: "full-text index",
  VECTOR: "vector index",
  UNIQUE: "unique constraint",
  MANDATORY: "existence constraint",
};

/** The statement is the description itself, as JSON: a constraint is made by a command and not by Cypher. */
function itemOf(named: Named): Omit<SchemaItem, "own"> & { readonly own: boolean } {
  const { kind, type, entity, label, properties } = named;
  const subject = entity === "NODE" ? `:${label}` : `-[:${label}]-`;
  const what = `${WORDS[type] ?? `${type.toLowerCase()} ${kind}`} on ${subject}(${properties.join(", ")})`;
  return { backend: "falkordb", kind, what, statement: JSON.stringify(named), own: false };
}
