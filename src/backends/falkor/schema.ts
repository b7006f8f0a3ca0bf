/** The indexes and constraints of a FalkorDB graph. Both are built after the command that asks for them has returned. */
import { SchemaConflictError, WriteError } from "../../errors.ts";
import { isMap, type Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { tellingRepeatedly } from "../../support/patience.ts";
import { sleep } from "../../support/time.ts";
import type { SchemaItem } from "../description.ts";
import type { Client } from "./client.ts";
import { literal, quote } from "./literals.ts";
import { collected } from "./pages.ts";
import { decode } from "./reply.ts";
import { otherLanguage, type TextSettings, textOptions, textSettings, USUAL_TEXT } from "./text-settings.ts";

const PAUSE_MS = 20;
/** For what makes no progress that the server tells of. */
const PATIENCE_MS = 600_000;

/** What an index or constraint is, whether a server tells it or a dump. */
export interface Named {
  readonly kind: "index" | "constraint";
  readonly type: string;
  readonly entity: "NODE" | "RELATIONSHIP";
  readonly label: string;
  readonly properties: readonly string[];
  /** Of a vector index: what it cannot be made without, as Cypher. */
  readonly options?: string;
  readonly text?: TextSettings;
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

/** Indexes and constraints, also those that are still being built. */
export async function readSchema(client: Client): Promise<SchemaItem[]> {
  return itemsOf([...(await indexes(client)), ...(await constraints(client))].map(({ named }) => named));
}

/** MemoryGraph's own marked so. */
export function itemsOf(found: readonly Named[]): SchemaItem[] {
  const own = new Set([
    ...ownSchema().map(({ what }) => what),
    ...OWN_TENANT.map((name) => `index on :${MEMORY_LABEL}(${name})`),
  ]);
  return found.map(itemOf).map((item) => ({ ...item, own: own.has(item.what) }));
}

/** The labels on which the graph demands a unique id. */
export async function uniqueIdLabels(client: Client): Promise<string[]> {
  return (await constraints(client))
    .filter(
      ({ named: { type, entity, properties } }) => type === "UNIQUE" && entity === "NODE" && properties.join() === "id",
    )
    .map(({ named }) => named.label);
}

/** @throws SchemaConflictError where that would make the server fall; what else is forbidden is found by schemaReady */
export async function createSchema(client: Client, graph: string, item: SchemaItem): Promise<void> {
  const named = JSON.parse(item.statement) as Named;
  if (named.properties.includes("")) {
    throw new SchemaConflictError(`the ${item.what} crashes FalkorDB`, {
      next: "Leave it out: its property has an empty name.",
    });
  }
  if (named.type === "UNIQUE") await assertHarmless(client, named, item.what);
  if ((await stateOf(client, item)) !== null) return;
  if (named.type === "FULLTEXT") await run(client, graph, await besideOthers(client, named), "CREATE");
  else await run(client, graph, named, "CREATE");
}

/** As it is to be made beside the full-text indexes that its label has. @throws SchemaConflictError where those are of another language */
async function besideOthers(client: Client, named: Named): Promise<Named> {
  const { label, entity, text = USUAL_TEXT } = named;
  const there = (await indexes(client)).map((found) => found.named);
  const other = there.find((one) => one.type === "FULLTEXT" && one.label === label && one.entity === entity);
  if (other?.text === undefined) return named;
  const conflict = otherLanguage(label, other.text, text);
  if (conflict !== null) throw new SchemaConflictError(conflict, { next: "Make one of the two anew by hand." });
  // What the label has is refused when it is said again.
  return { ...named, text: { ...text, language: USUAL_TEXT.language, stopWords: [] } };
}

/**
 * As schemaReady of GraphServer: a constraint that does not hold is found out while it is built.
 * @param waiting constraints that are still to be created, since each wants its index to be there, and to work
 */
export async function schemaReady(
  client: Client,
  graph: string,
  created: readonly SchemaItem[],
  waiting: readonly SchemaItem[],
): Promise<{ item: SchemaItem; why: string }[]> {
  const left: { item: SchemaItem; why: string }[] = [];
  const states = [...(await settled(client, indexes))];
  for (const item of waiting) {
    try {
      await createSchema(client, graph, item);
    } catch (error) {
      if (!(error instanceof SchemaConflictError)) throw error;
      left.push({ item, why: error.message });
    }
  }
  states.push(...(await settled(client, constraints)));
  const failed = states.filter(({ state }) => state === "FAILED").map(({ named }) => itemOf(named).what);
  const ours = created.filter(({ what }) => failed.includes(what));
  for (const { statement } of ours) await run(client, graph, JSON.parse(statement) as Named, "DROP");
  return [...left, ...ours.map((item) => ({ item, why: "several nodes have the same unique value" }))];
}

interface Stated {
  readonly named: Named;
  readonly state: string;
}

/** Once none of them is being built any more. */
async function settled(
  client: Client,
  list: (client: Client) => Promise<readonly Stated[]>,
): Promise<readonly Stated[]> {
  let open: Stated | undefined;
  let since = performance.now();
  let progress = "";
  const tell = tellingRepeatedly(
    (seconds) => `${client.location} has been working on this for ${seconds} s: ${itemOf(open!.named).what}`,
  );
  while (true) {
    const found = await list(client);
    open = found.find(({ state }) => state !== "OPERATIONAL" && state !== "FAILED");
    if (open === undefined) return found;
    // The state of an index tells how much of it is built.
    const now = found.map(({ state }) => state).join();
    if (now !== progress) [since, progress] = [performance.now(), now];
    if (performance.now() - since > PATIENCE_MS) {
      const minutes = PATIENCE_MS / 60_000;
      throw new WriteError(
        `the ${itemOf(open.named).what} of ${client.location} has made no progress for ${minutes} minutes`,
        {
          next: "Look at CALL db.indexes() and CALL db.constraints() in the graph, then run the same command again.",
        },
      );
    }
    tell();
    await sleep(PAUSE_MS);
  }
}

/** @throws SchemaConflictError where the constraint would make the server fall (values.ts, fatalWhenUnique) */
async function assertHarmless(client: Client, { entity, label, properties }: Named, what: string): Promise<void> {
  const match = entity === "NODE" ? `MATCH (x:${quote(label)})` : `MATCH ()-[x:${quote(label)}]->()`;
  for (const property of properties) {
    const value = `x.${quote(property)}`;
    const edges = `left(s, 1) <= ' ' OR right(s, 1) <= ' ' OR s CONTAINS '\u0001'`;
    // Every branch of a CASE is evaluated, so that what is no text has to go first.
    const rows = await client.read(
      `${match} UNWIND [v IN [${value}] WHERE typeOf(v) = 'String' | v] AS s WITH s WHERE size(s) > 1000 OR ${edges} RETURN count(s)`,
    );
    const count = Number(decode(rows[0]?.[0] ?? ["3", "0"]));
    if (count === 0) continue;
    throw new SchemaConflictError(`the ${what} would crash FalkorDB: ${count} texts are not safe for it`, {
      next: "Change them, then create the constraint.",
    });
  }
}

/** Drops an index or constraint; one that does not exist is not an error. */
export async function dropSchema(client: Client, graph: string, item: SchemaItem): Promise<void> {
  if ((await stateOf(client, item)) === null) return;
  await run(client, graph, JSON.parse(item.statement) as Named, "DROP");
}

/** Null where there is no such thing. */
async function stateOf(client: Client, { kind, what }: SchemaItem): Promise<string | null> {
  const found = await (kind === "index" ? indexes(client) : constraints(client));
  return found.find(({ named }) => itemOf(named).what === what)?.state ?? null;
}

async function run(client: Client, graph: string, named: Named, verb: "CREATE" | "DROP"): Promise<void> {
  const { kind, type, entity, label, properties, options = textOptions(named.text) } = named;
  if (kind === "constraint") {
    const count = String(properties.length);
    await client.change("GRAPH.CONSTRAINT", verb, graph, type, entity, label, "PROPERTIES", count, ...properties);
    return;
  }
  const subject = entity === "NODE" ? `(x:${quote(label)})` : `()-[x:${quote(label)}]-()`;
  const word = type === "RANGE" ? "" : `${type} `;
  for (const property of properties) {
    const tail = options !== undefined && verb === "CREATE" ? ` OPTIONS ${options}` : "";
    await client.write(`${verb} ${word}INDEX FOR ${subject} ON (x.${quote(property)})${tail}`);
  }
}

/** One for each property and type: FalkorDB lists them by label. */
async function indexes(client: Client): Promise<Stated[]> {
  const columns = "label, types, options, entitytype, status, language, stopwords, info";
  const rows = await collected(client, `CALL db.indexes() YIELD ${columns} RETURN collect([${columns}])`);
  return rows.flatMap((row) => {
    const [label, types, options, entity, status, language, stopWords, info] = row.map(decode) as [
      ...[string, Value, Value, Named["entity"], string],
      ...[Value, Value, Value],
    ];
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
          ...(type === "FULLTEXT" && { text: textSettings(language, stopWords, info, property) }),
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

/** As the server tells them, with their states. */
export async function constraints(client: Client): Promise<Stated[]> {
  const columns = "type, label, properties, entitytype, status";
  const rows = await collected(client, `CALL db.constraints() YIELD ${columns} RETURN collect([${columns}])`);
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
export function itemOf(named: Named): Omit<SchemaItem, "own"> & { readonly own: boolean } {
  const { kind, type, entity, label, properties } = named;
  const subject = entity === "NODE" ? `:${label}` : `-[:${label}]-`;
  const what = `${WORDS[type] ?? `${type.toLowerCase()} ${kind}`} on ${subject}(${properties.join(", ")})`;
  const options = settingsOf(named);
  return {
    ...{ backend: "falkordb", kind, what, statement: JSON.stringify(named), own: false },
    ...(options !== null && { options }),
  };
}

/** Each setting as text, the same whoever tells it; null for what has none. */
function settingsOf({ type, text = USUAL_TEXT, options = "" }: Named): Record<string, string> | null {
  if (type === "FULLTEXT") {
    const { language, stopWords, weight, nostem, phonetic } = text;
    const others = {
      weight: String(weight),
      nostem: String(nostem),
      phonetic: String(phonetic !== USUAL_TEXT.phonetic),
    };
    return { language, stopwords: stopWords.join(", ") || "the engine's own", ...others };
  }
  if (type !== "VECTOR") return null;
  const parts = options.matchAll(/(\w+)\W*?:\s*(?:'([^']*)'|([\d.]+))/g);
  return Object.fromEntries(
    [...parts].map(([, name = "", word, number]) => [name.toLowerCase(), (word ?? number ?? "").toLowerCase()]),
  );
}
