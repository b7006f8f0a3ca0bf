/** The `memories` layout (TypeScript, 0.13): a column for each field, and the context as one JSON object. */
import { canonicalValue } from "../../graph/canonical.ts";
import { parseJson, writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, idOfKey, relationshipId } from "../../graph/record.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX, holdsStructure, MEMORY_LABEL, meaningOf } from "../../memorygraph/fields.ts";
import { toPlain } from "../../memorygraph/plain.ts";
import type { Row, SqlValue } from "./database.ts";
import type { DecodedNode, DecodedRelationship } from "./nodes-layout.ts";
import { type EncodedRow, type Note, textColumn, UnreadableRowError } from "./row.ts";
import type { RowExtra } from "./side-table.ts";

type ColumnType = "text" | "real" | "integer" | "tags" | "context";

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** What the layout demands where the source has nothing; null where it demands nothing. */
  readonly defaulted: SqlValue | ((properties: Properties) => SqlValue);
}

const EPOCH = "1970-01-01T00:00:00.000Z";

/** The first of the named times that the record has, so that what must be said says least that is not so. */
function firstTime(...names: string[]): (properties: Properties) => SqlValue {
  return (properties) => {
    for (const name of names) {
      const { value } = toPlain(name, properties.get(name), "0.13");
      if (typeof value === "string") return value.toWellFormed();
    }
    return EPOCH;
  };
}

function column(name: string, type: ColumnType, defaulted: Column["defaulted"] = null): Column {
  return { name, type, defaulted };
}

const MEMORY: readonly Column[] = [
  column("id", "text"),
  column("type", "text", "general"),
  column("title", "text", "(untitled)"),
  column("content", "text", ""),
  column("summary", "text"),
  column("tags", "tags", "[]"),
  column("importance", "real", 0.5),
  column("confidence", "real", 0.8),
  column("effectiveness", "real"),
  column("usage_count", "integer", 0n),
  column("created_at", "text", firstTime("updated_at", "last_accessed")),
  column("updated_at", "text", firstTime("created_at", "last_accessed")),
  column("last_accessed", "text"),
  column("version", "integer", 1n),
  column("updated_by", "text"),
  column("context", "context"),
];

const RELATIONSHIP: readonly Column[] = [
  column("id", "text"),
  column("from_id", "text"),
  column("to_id", "text"),
  column("rel_type", "text"),
  column("strength", "real", 0.5),
  column("confidence", "real", 0.8),
  column("context", "text"),
  column("evidence_count", "integer", 1n),
  column("success_rate", "real"),
  column("created_at", "text", firstTime("valid_from", "recorded_at", "last_validated")),
  column("last_validated", "text", firstTime("created_at", "recorded_at", "valid_from")),
  column("validation_count", "integer", 0n),
  column("counter_evidence_count", "integer", 0n),
  column("valid_from", "text", firstTime("created_at", "recorded_at", "last_validated")),
  column("valid_until", "text"),
  column("recorded_at", "text", firstTime("created_at", "valid_from", "last_validated")),
  column("invalidated_by", "text"),
];

export const MEMORY_COLUMNS = MEMORY.map(({ name }) => name);
export const WIDE_RELATIONSHIP_COLUMNS = RELATIONSHIP.map(({ name }) => name);
const ENDS = 4;

/** Reads rows whose columns may be fewer or more than those we know; `columns` are the names in the order of the row. */
export class MemoriesLayout {
  /** @throws UnreadableRowError or JsonSyntaxError */
  decodeMemory(row: Row, columns: readonly string[]): DecodedNode {
    const id = typeof row[0] === "string" ? row[0] : null;
    const keys: string[] = [];
    const values: Value[] = [];
    let context: SqlValue = null;
    for (let at = 0; at < columns.length; at++) {
      const name = columns[at]!;
      const value = row[at] ?? null;
      if (name === "context") context = value;
      else if (value !== null) {
        keys.push(name);
        values.push(name === "tags" ? tags(value) : value);
      }
    }
    if (context !== null)
      for (const [name, value] of contextEntries(context)) {
        keys.push(CONTEXT_PREFIX + name);
        values.push(value);
      }
    return { id, labels: [MEMORY_LABEL], properties: Properties.of(keys, values) };
  }

  /** @throws UnreadableRowError */
  decodeRelationship(row: Row, columns: readonly string[], _note: Note): DecodedRelationship {
    const keys: string[] = [];
    const values: Value[] = [];
    for (let at = 0; at < columns.length; at++) {
      const value = row[at] ?? null;
      if (value === null || (at > 0 && at < ENDS)) continue;
      keys.push(columns[at]!);
      values.push(value);
    }
    return {
      from: textColumn(row[1], "from_id"),
      to: textColumn(row[2], "to_id"),
      type: textColumn(row[3], "rel_type"),
      properties: Properties.of(keys, values),
    };
  }
}

function tags(value: SqlValue): Value {
  const list = parseJson(textColumn(value, "tags"));
  if (!Array.isArray(list)) throw new UnreadableRowError("its tags are not a JSON list");
  return list;
}

function contextEntries(value: SqlValue): ValueMap {
  const context = parseJson(textColumn(value, "context"));
  if (isMap(context)) return context;
  if (context === null) return new Map();
  throw new UnreadableRowError("its context is not a JSON object");
}

/** The row that the application itself would write, or null for what is no memory or has no id to file it under. */
export function encodeMemory(node: GraphNode): EncodedRow | null {
  const id = idOfKey(node.key);
  if (id === null || !id.isWellFormed() || !node.labels.includes(MEMORY_LABEL)) return null;
  const encoder = new RowEncoder(node.properties, MEMORY);
  const { columns, extra } = encoder.encode([id]);
  return { columns, extra: node.labels.length === 1 ? extra : { ...extra, labels: node.labels } };
}

/** As encodeMemory; null as well when an end has no id. */
export function encodeWideRelationship(relationship: GraphRelationship): EncodedRow | null {
  const id = relationshipId(relationship);
  const from = idOfKey(relationship.from);
  const to = idOfKey(relationship.to);
  const { type, properties } = relationship;
  if (id === null || from === null || to === null) return null;
  if (![id, from, to, type].every((text) => text.isWellFormed())) return null;
  return new RowEncoder(properties, RELATIONSHIP).encode([id, from, to, type]);
}

class RowEncoder {
  readonly #defaulted: string[] = [];
  readonly #set: [string, Value][] = [];

  constructor(
    readonly properties: Properties,
    readonly layout: readonly Column[],
  ) {}

  /** `first` are the leading columns, which hold the identity and are not taken from the properties. */
  encode(first: readonly SqlValue[]): EncodedRow {
    const columns = [...first];
    for (let at = first.length; at < this.layout.length; at++) columns.push(this.#column(this.layout[at]!));
    this.#rest(first.length);
    const extra: RowExtra = {
      ...(this.#defaulted.length > 0 && { defaulted: this.#defaulted }),
      ...(this.#set.length > 0 && { set: this.#set }),
    };
    return { columns, extra };
  }

  #column({ name, type, defaulted }: Column): SqlValue {
    if (type === "context") return this.#context();
    const value = this.properties.get(name);
    const demanded = () => (typeof defaulted === "function" ? defaulted(this.properties) : defaulted);
    if (value === null) {
      const filler = demanded();
      if (filler !== null) this.#defaulted.push(name);
      return filler;
    }
    const fit = fitColumn(name, value, type);
    if (!fit.exact) this.#set.push([name, value]);
    return fit.value ?? demanded();
  }

  /** Everything in one object, so that a field that this release does not know stays where the application keeps such. */
  #context(): SqlValue {
    const context: ValueMap = new Map();
    for (const [name, value] of this.properties.entries()) {
      if (!name.startsWith(CONTEXT_PREFIX)) continue;
      const plain = toPlain(name, value, "0.13");
      context.set(name.substring(CONTEXT_PREFIX.length), structured(name, plain.value));
      if (!plain.exact) this.#set.push([name, value]);
    }
    return context.size === 0 ? null : writeJson(context, "javascript");
  }

  /** What has no column goes beside the row. */
  #rest(first: number): void {
    const isNode = this.layout === MEMORY;
    for (const [name, value] of this.properties.entries()) {
      if (isNode && name.startsWith(CONTEXT_PREFIX)) continue;
      const at = this.layout.findIndex((known) => known.name === name);
      const identity = name === "id";
      if (at === -1 || (at < first && !identity) || (isNode && name === "context")) this.#set.push([name, value]);
    }
  }
}

/** Real lists and objects where the other line keeps them as JSON text. */
function structured(name: string, value: Value): Value {
  if (typeof value !== "string" || !holdsStructure(name) || !/^[[{]/.test(value)) return value;
  if (canonicalValue(value, meaningOf(name)).startsWith("s")) return value;
  return parseJson(value);
}

interface Fit {
  /** What the column gets; null when nothing of the value fits. */
  readonly value: SqlValue;
  readonly exact: boolean;
}

const INT64 = 2n ** 63n;

function fitColumn(name: string, value: Value, type: ColumnType): Fit {
  switch (type) {
    case "text": {
      const plain = toPlain(name, value, "0.13");
      if (typeof plain.value !== "string") return { value: null, exact: false };
      return { value: plain.value.toWellFormed(), exact: plain.exact && plain.value.isWellFormed() };
    }
    case "real": {
      if (typeof value === "bigint") return { value: Number(value), exact: false };
      if (typeof value !== "number" || Number.isNaN(value)) return { value: null, exact: false };
      // SQLite keeps -0.0 as 0.0.
      return { value, exact: !Object.is(value, -0) };
    }
    case "integer": {
      const fits = typeof value === "bigint" && value >= -INT64 && value < INT64;
      return { value: fits ? value : null, exact: fits };
    }
    case "tags": {
      const plain = toPlain(name, value, "0.13");
      const list = Array.isArray(plain.value);
      return { value: list ? writeJson(plain.value, "javascript") : null, exact: list && plain.exact };
    }
    default:
      return { value: null, exact: false };
  }
}
