/**
 * The lines of `memory.jsonl` of the MCP memory server (@modelcontextprotocol/server-memory, 2025.4 to 2026.8), read and written: one
 * entity or relation each. An entity becomes a memory that MemoryGraph shows; what it was exactly is in its context. A line that we
 * write has a member of ours, with what the server's own members do not say of the record. The server passes over it when it reads
 * the file, and leaves it out when it writes the file anew.
 */
import { JsonSyntaxError, parseJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { type GraphRecord, idOfKey } from "../../graph/record.ts";
import { untag, writeTagged } from "../../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import { releaseLines } from "../../memorygraph/releases.ts";
import type { Aside, Item } from "./format.ts";
import type { Piece } from "./pieces.ts";
import { structured } from "./writer.ts";

/** MemoryGraph refuses longer ones. */
const TITLE_LENGTH = 200;
export const OTHER_TYPE = "RELATED_TO";
const METADATA = `${CONTEXT_PREFIX}additional_metadata`;
/** Our own member: `{"type"?: …, "properties": {…}}`, where null takes a property away. */
export const OWN = "memorygraph";

/**
 * Null for no line.
 * @param written what stands for the times that the server's members do not have
 * @param edited called for a line whose own members say something else than when we wrote it: they count then
 * @throws JsonSyntaxError
 */
export function itemOf(
  { text, where }: Pick<Piece, "text" | "where">,
  written: string,
  edited: (where: string) => void = () => {},
): Item | Aside {
  if (text === null) return { kind: "damage", what: "text that is not valid UTF-8", value: where };
  const object = parseJson(text);
  if (!isMap(object)) throw new JsonSyntaxError("an object expected");
  const own = ownOf(object);
  if (own !== null) object.delete(OWN);
  switch (object.get("type")) {
    case "entity": {
      const base = entity(object, written);
      const properties = completed(base, own);
      const now = own === null ? properties : afterEdits(object, base, properties);
      if (now !== properties) edited(where);
      return { kind: "node", properties: now };
    }
    case "relation": {
      const item = relation(object, written, own);
      if (own === null || relationLine(item).get("relationType") === object.get("relationType")) return item;
      edited(where);
      const { type, properties } = relation(object, written, null);
      return { ...item, type, properties: item.properties.with("context", properties.get("context")) };
    }
    default:
      return { kind: "loss", what: "a line that is neither an entity nor a relation", value: where };
  }
}

interface Own {
  readonly type: Value;
  readonly properties: ValueMap;
}

/** Null where no member of that name is one of ours. */
function ownOf(object: ValueMap): Own | null {
  const own = object.get(OWN) ?? null;
  if (!isMap(own)) return null;
  const properties = untagged(own.get("properties") ?? null);
  return isMap(properties) ? { type: own.get("type") ?? null, properties } : null;
}

function untagged(value: Value): Value {
  try {
    return untag(value);
  } catch (cause) {
    if (cause instanceof TypeError) throw new JsonSyntaxError(cause.message);
    throw cause;
  }
}

function completed(properties: Properties, own: Own | null): Properties {
  return own === null ? properties : Properties.from([...properties.entries(), ...own.properties]);
}

/** The same properties, if the entity is still as we wrote it for them. */
function afterEdits(object: ValueMap, base: Properties, properties: Properties): Properties {
  const wrote = entityLine(textOf(object, "name"), properties);
  const isAsWritten = (member: string) => {
    const [one, other] = [wrote.get(member) ?? null, object.get(member) ?? null].map(writeTagged);
    return one === other;
  };
  let now = properties;
  if (!isAsWritten("observations")) {
    const [content, title] = [base.get("content"), properties.get("title")];
    const isTitled = typeof content === "string" && content.startsWith(`${title}\n`);
    now = now.with("content", isTitled ? content.slice(`${title}\n`.length) : content);
  }
  if (!isAsWritten("entityType")) {
    const tags = properties.get("tags");
    now = now.with("type", base.get("type"));
    now = now.with("tags", [...(Array.isArray(tags) ? tags : []), ...(base.get("tags") as Value[])]);
  }
  return now;
}

function entity(object: ValueMap, written: string): Properties {
  const name = textOf(object, "name");
  const entityType = object.get("entityType") ?? null;
  const observations = object.get("observations") ?? [];
  const lines = Array.isArray(observations) ? observations.filter((line) => typeof line === "string") : [];
  const exact = new Map([...object].filter(([key]) => key !== "type" && key !== "name"));
  return Properties.from([
    ["id", name],
    ["type", "general"],
    ["title", shortened(name)],
    ["content", lines.join("\n") || name],
    ["tags", typeof entityType === "string" && entityType !== "" ? [entityType] : []],
    ["created_at", written],
    ["updated_at", written],
    [METADATA, exact],
  ]);
}

type Relationship = Extract<Item, { kind: "relationship" }>;

function relation(object: ValueMap, written: string, own: Own | null): Relationship {
  const relationType = textOf(object, "relationType");
  const beside = [...object].filter(([key]) => !["type", "from", "to", "relationType"].includes(key));
  const properties = Properties.from([["context", relationType], ["created_at", written], ...beside]);
  return {
    kind: "relationship",
    from: textOf(object, "from"),
    to: textOf(object, "to"),
    type: typeof own?.type === "string" ? own.type : typeNamed(relationType),
    properties: completed(properties, own),
  };
}

let known: ReadonlySet<string> | null = null;

/** MemoryGraph's own type of that name, else the one for all others. */
export function typeNamed(relationType: string): string {
  known ??= new Set(releaseLines().flatMap(({ relationshipTypes }) => relationshipTypes));
  const type = relationType.toUpperCase().replace(/[\s-]+/g, "_");
  return known.has(type) ? type : OTHER_TYPE;
}

function textOf(object: ValueMap, name: string): string {
  const value = object.get(name);
  if (typeof value === "string") return value;
  throw new JsonSyntaxError(`${name} is not a text`);
}

/** Never in the middle of a character. */
function shortened(name: string): string {
  return name.length <= TITLE_LENGTH ? name : name.slice(0, TITLE_LENGTH).replace(/[\ud800-\udbff]$/, "");
}

/** The line that is read as the record, without its end. @param record whose nodes have ids of their own */
export function lineOf(record: GraphRecord): string {
  const line =
    record.kind === "node"
      ? entityLine(idOfKey(record.key)!, record.properties)
      : relationLine({ ...record, from: idOfKey(record.from)!, to: idOfKey(record.to)! });
  const base = readAgain(line);
  const properties = differences(base.properties, record.properties);
  const type = record.kind === "relationship" && base.kind === "relationship" && base.type !== record.type;
  if (properties.size > 0 || type) {
    line.set(
      OWN,
      new Map<string, Value>([...(type ? [["type", record.type] as const] : []), ["properties", properties]]),
    );
  }
  return writeTagged(line);
}

function readAgain(line: ValueMap): Item {
  return itemOf({ text: writeTagged(line), where: "" }, "") as Item;
}

/** What has to take the place of what is in the one to make the other of it; null for what that has not. */
function differences(base: Properties, wanted: Properties): ValueMap {
  const found: ValueMap = new Map();
  for (const [key, value] of wanted.entries()) if (!saysTheSame(key, base.get(key), value)) found.set(key, value);
  for (const [key] of base.entries()) if (wanted.get(key) === null) found.set(key, null);
  return found;
}

/** The structures of a context are text in some stores. */
function saysTheSame(key: string, a: Value, b: Value): boolean {
  const [one, other] = key.startsWith(CONTEXT_PREFIX) ? [structured(a), structured(b)] : [a, b];
  return writeTagged(one) === writeTagged(other);
}

/** Of a memory that was an entity, and says the same still, as the entity was; else title and content are what was observed. */
function entityLine(name: string, properties: Properties): ValueMap {
  const [type, title, content] = ["type", "title", "content"].map((field) => properties.get(field)) as [
    Value,
    Value,
    Value,
  ];
  const exact = structured(properties.get(METADATA));
  if (isMap(exact) && isEntity(exact)) {
    const line: ValueMap = new Map<string, Value>([["type", "entity"], ["name", name], ...exact]);
    const base = readAgain(line).properties;
    if (base.get("content") === content && base.get("title") === title) return line;
  }
  return new Map<string, Value>([
    ["type", "entity"],
    ["name", name],
    ["entityType", typeof type === "string" ? type : "memory"],
    ["observations", [title, content].filter((text) => typeof text === "string" && text !== "")],
  ]);
}

/** Whether it is what an entity has beside its name, as the server takes it. */
function isEntity(exact: ValueMap): boolean {
  const observations = exact.get("observations") ?? null;
  return (
    typeof exact.get("entityType") === "string" &&
    Array.isArray(observations) &&
    observations.every((line) => typeof line === "string") &&
    !["type", "name", OWN].some((name) => exact.has(name))
  );
}

function relationLine({ from, to, type, properties }: Relationship): ValueMap {
  const context = properties.get("context");
  const wasRelation =
    typeof context === "string" &&
    typeNamed(context) === type &&
    [...properties.entries()].every(([key]) => ["id", "context", "created_at"].includes(key));
  return new Map<string, Value>([
    ["type", "relation"],
    ["from", from],
    ["to", to],
    ["relationType", wasRelation ? context : type],
  ]);
}
