/** Layouts in which a node or relationship is one row with its properties as JSON text: `nodes` of the Python line. */
import { canonicalValue } from "../../graph/canonical.ts";
import { parseInstant } from "../../graph/instant.ts";
import { JsonSyntaxError, writeJson } from "../../graph/json.ts";
import { readPrefix } from "../../graph/json-prefix.ts";
import { ObjectReader } from "../../graph/object-reader.ts";
import { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, idOfKey, relationshipId } from "../../graph/record.ts";
import type { Value, ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX, MEMORY_LABEL, meaningOf } from "../../memorygraph/fields.ts";
import { contextValue, toPlain } from "../../memorygraph/plain.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { Row, SqlValue } from "./database.ts";
import { COLUMN, type EncodedRow, type Note, textColumn, UnreadableRowError } from "./row.ts";
import type { RowExtra } from "./side-table.ts";

const TEMPORAL_COLUMNS = ["valid_from", "valid_until", "recorded_at", "invalidated_by"] as const;
const FIRST_TEMPORAL = 6;
const CREATED_AT = 5;

/** Where a value stands twice and differently, the other one is kept under this name. */
export const INNER = "properties.";

export interface DecodedNode {
  readonly id: string | null;
  readonly labels: readonly string[];
  readonly properties: Properties;
}

export interface DecodedRelationship {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly properties: Properties;
}

/** Reads rows that hold their properties as one JSON text. */
export class PropertyRows {
  readonly #nodes = new ObjectReader();
  readonly #relationships = new ObjectReader();

  /** @throws UnreadableRowError */
  decodeNode(row: Row, note: Note): DecodedNode {
    const id = typeof row[0] === "string" ? row[0] : null;
    const label = textColumn(row[1], "label");
    const inner = readOrKeep(this.#nodes, row[2], note);
    const properties = id === null ? inner : withRowId(inner, id, note);
    return { id, labels: [label], properties };
  }

  /** @throws UnreadableRowError */
  decodeRelationship(row: Row, note: Note): DecodedRelationship {
    let properties = readOrKeep(this.#relationships, row[4], note);
    if (typeof row[0] === "string") properties = withRowId(properties, row[0], note);
    for (let at = 0; at < TEMPORAL_COLUMNS.length; at++) {
      const column = row[FIRST_TEMPORAL + at] ?? null;
      if (column !== null) properties = withColumn(properties, TEMPORAL_COLUMNS[at]!, column, note);
    }
    return {
      from: textColumn(row[1], "from_id"),
      to: textColumn(row[2], "to_id"),
      type: textColumn(row[3], "rel_type"),
      properties,
    };
  }
}

/** One bad text costs what cannot be read of it: the record lives, and the text is kept. */
function readOrKeep(reader: ObjectReader, column: SqlValue | undefined, note: Note): Properties {
  try {
    return reader.read(textColumn(column, "properties"));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof UnreadableRowError)) throw error;
    note("its properties are not a JSON object: the readable ones are copied, and the text is kept", "damage");
    const found = typeof column === "string" ? readPrefix(column) : Properties.from([]);
    return found.with(`${COLUMN}properties`, column ?? null);
  }
}

function withRowId(properties: Properties, id: string, note: Note): Properties {
  const inner = properties.get("id");
  if (inner === id) return properties;
  if (inner === null) return properties.with("id", id);
  note("the id in the properties is not the row's id; both are kept");
  return properties.with("id", id).with(`${INNER}id`, inner);
}

/** The application filters by the column and shows the property: the column is what counts, both are kept. */
function withColumn(properties: Properties, name: string, column: Value, note: Note): Properties {
  const inner = properties.get(name);
  if (inner === null) return properties.with(name, column);
  const meaning = meaningOf(name);
  if (inner === column || canonicalValue(inner, meaning) === canonicalValue(column, meaning)) return properties;
  note("a time in the columns differs from the one in the properties; both are kept");
  return properties.with(name, column).with(`${INNER}${name}`, inner);
}

const NODE_ORDER =
  "id type title content tags importance confidence usage_count created_at updated_at summary effectiveness last_accessed".split(
    " ",
  );
const RELATIONSHIP_ORDER =
  "strength confidence context evidence_count success_rate created_at last_validated validation_count counter_evidence_count valid_from valid_until recorded_at invalidated_by".split(
    " ",
  );
/** The app writes these as null where they have no value. */
const RELATIONSHIP_NULLS = new Set(["context", "success_rate", "valid_until", "invalidated_by"]);

/** Writes rows of the layout, in the spelling of a release. */
export class PropertyEncoder {
  readonly #release: Release;
  readonly #now: string;
  readonly #temporal: boolean;

  /**
   * @param now for what demands a time and has none
   * @param temporal whether relationships have temporal columns; before release 0.10 the times stand in the properties only
   */
  constructor(release: Release, now: string, temporal: boolean) {
    this.#release = release;
    this.#now = now;
    this.#temporal = temporal;
  }

  /** The row that the application itself would write, or null for a node without an id to file it under. */
  encodeNode(node: GraphNode): EncodedRow | null {
    const id = idOfKey(node.key);
    if (id === null || !id.isWellFormed()) return null;
    const { json, extra } = this.#properties(node.properties, NODE_ORDER, ["id"], () => false);
    const label = node.labels.includes(MEMORY_LABEL) ? MEMORY_LABEL : (node.labels[0] ?? "");
    const created = this.#columnTime(node.properties.get("created_at"), this.#now);
    const updated = this.#columnTime(node.properties.get("updated_at"), created);
    return {
      columns: [id, label.toWellFormed(), json, created, updated],
      extra: node.labels.length === 1 && label.isWellFormed() ? extra : { ...extra, labels: node.labels },
    };
  }

  /** As encodeNode; null as well when an end has no id or the type cannot be stored as text. */
  encodeRelationship(relationship: GraphRelationship): EncodedRow | null {
    const { properties, type } = relationship;
    const id = relationshipId(relationship);
    const from = idOfKey(relationship.from);
    const to = idOfKey(relationship.to);
    if (id === null || from === null || to === null) return null;
    if (![id, from, to, type].every((text) => text.isWellFormed())) return null;
    const { json, extra } = this.#properties(properties, RELATIONSHIP_ORDER, ["id", ...TEMPORAL_COLUMNS], (name) =>
      RELATIONSHIP_NULLS.has(name),
    );
    const created = this.#columnTime(properties.get("created_at"), this.#now);
    const times = TEMPORAL_COLUMNS.map((name) => (this.#temporal ? this.#temporalColumn(properties, name) : null));
    const row = [id, from, to, type, json, created, ...times];
    if (!this.#temporal) return { columns: row, extra };
    return fillTemporal(row, extra, properties, this.#now);
  }

  /** These columns would turn text that looks like a number into one, so only points in time go there. */
  #temporalColumn(properties: Properties, name: string): SqlValue {
    const { value } = toPlain(name, properties.get(name), this.#release);
    if (typeof value !== "string" || !value.isWellFormed()) return null;
    return name === "invalidated_by" || parseInstant(value) !== null ? value : null;
  }

  /** `twice` names what also stands in columns of its own: there the JSON gets the other value, if there is one. */
  #properties(
    properties: Properties,
    order: readonly string[],
    twice: readonly string[],
    nullable: (name: string) => boolean,
  ): { json: string; extra: RowExtra } {
    const json: ValueMap = new Map();
    const set: [string, Value][] = [];
    const put = (name: string, value: Value) => {
      const plain = toPlain(name, value, this.#release);
      json.set(name, name.startsWith(CONTEXT_PREFIX) ? contextValue(plain.value) : plain.value);
      if (!plain.exact) set.push([name, value]);
    };
    const inner = twice.filter((name) => properties.get(name) !== null && properties.get(INNER + name) !== null);
    for (const name of order) {
      const value = properties.get(name);
      if (value !== null) put(name, value);
      else if (nullable(name)) json.set(name, null);
    }
    for (const [name, value] of properties.entries()) {
      if (!json.has(name) && !inner.some((known) => INNER + known === name)) put(name, value);
    }
    for (const name of inner) put(name, properties.get(INNER + name));
    return { json: writeJson(json, "python"), extra: set.length > 0 ? { set } : {} };
  }

  /** `YYYY-MM-DD HH:MM:SS` in UTC, as CURRENT_TIMESTAMP gives it. */
  #columnTime(value: Value, otherwise: string): string {
    const text = toPlain("created_at", value, this.#release).value;
    const instant = typeof text === "string" ? parseInstant(text) : null;
    return instant === null ? otherwise : `${instant.substring(0, 10)} ${instant.substring(11, 19)}`;
  }
}

/**
 * Gives valid_from and recorded_at, which newer releases demand, the time at which the row was made, as the
 * application's own upgrade does, and records that nobody said so.
 */
export function fillTemporal(columns: SqlValue[], extra: RowExtra, properties: Properties, now: string): EncodedRow {
  const defaulted = [...(extra.defaulted ?? [])];
  const set = [...(extra.set ?? [])];
  for (const name of ["valid_from", "recorded_at"] as const) {
    const at = FIRST_TEMPORAL + TEMPORAL_COLUMNS.indexOf(name);
    if (columns[at] !== null) continue;
    columns[at] = columns[CREATED_AT] ?? now;
    const value = properties.get(name);
    if (value === null) {
      defaulted.push(name);
    } else {
      defaulted.push(`${INNER}${name}`);
      if (!set.some(([known]) => known === name)) set.push([name, value]);
    }
  }
  if (defaulted.length === 0) return { columns, extra };
  return { columns, extra: { ...extra, defaulted, ...(set.length > 0 && { set }) } };
}
