/** Layouts with a column for each field, and the context as one JSON object: `memories` of the TypeScript line. */
import { canonicalValue } from "../../graph/canonical.ts";
import { JsonSyntaxError, parseJson, writeJson } from "../../graph/json.ts";
import { Properties, type Shape } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, idOfKey, relationshipId } from "../../graph/record.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX, holdsStructure, MEMORY_LABEL, meaningOf } from "../../memorygraph/fields.ts";
import type { Column, ColumnKind, LayoutTable, SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { toPlain } from "../../memorygraph/plain.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { spellInstant } from "../../memorygraph/spelling.ts";
import type { Row, SqlValue } from "./database.ts";
import type { DecodedNode, DecodedRelationship } from "./nodes-layout.ts";
import { COLUMN, type EncodedRow, type Note, textColumn, UnreadableRowError } from "./row.ts";
import type { RowExtra } from "./side-table.ts";

const EPOCH = "1970-01-01T00:00:00Z";
/** A relationship's id, its ends and its type. */
const ENDS = 4;

/** Reads rows of a table whose columns may be fewer or more than those of the layout. */
export class ColumnRows {
  readonly #columns: readonly string[];
  readonly #known: readonly (Column | undefined)[];

  /** @param columns their names, in the order of a row */
  constructor(table: LayoutTable, columns: readonly string[]) {
    this.#columns = columns;
    this.#known = columns.map((name) => table.columns.find((known) => known.name === name));
  }

  decodeNode(row: Row, note: Note): DecodedNode {
    const id = typeof row[0] === "string" ? row[0] : null;
    const keys: string[] = [];
    const values: Value[] = [];
    let context: ValueMap | null = null;
    for (let at = 0; at < this.#columns.length; at++) {
      const value = row[at] ?? null;
      if (value === null) continue;
      const known = this.#known[at];
      const read = known?.kind === "tags" || known?.kind === "context" ? structureOf(value, known) : value;
      if (read === UNREADABLE_TEXT && known !== undefined) {
        note(`its ${known.name} cannot be read: the text is kept, and the application does not see it`);
        keys.push(COLUMN + known.name);
        values.push(value);
      } else if (known?.kind === "context" && isMap(read)) context = read;
      else if (read !== null) {
        keys.push(this.#columns[at]!);
        values.push(read);
      }
    }
    if (context !== null)
      for (const [name, value] of context) {
        keys.push(CONTEXT_PREFIX + name);
        values.push(value);
      }
    return { id, labels: [MEMORY_LABEL], properties: Properties.of(keys, values) };
  }

  /** @throws UnreadableRowError */
  decodeRelationship(row: Row): DecodedRelationship {
    const keys: string[] = [];
    const values: Value[] = [];
    for (let at = 0; at < this.#columns.length; at++) {
      const value = row[at] ?? null;
      if (value === null || (at > 0 && at < ENDS)) continue;
      keys.push(this.#columns[at]!);
      values.push(value);
    }
    const [from, to, type] = [1, 2, 3].map((at) => textColumn(row[at], this.#columns[at]!));
    return { from: from!, to: to!, type: type!, properties: Properties.of(keys, values) };
  }
}

const UNREADABLE_TEXT = new Map<string, Value>();

/**
 * A list for tags, an object for a context; null for none, as the application takes it: an empty text, the word null.
 * UNREADABLE_TEXT for anything else.
 */
function structureOf(value: SqlValue, { name, kind, orText }: Column): Value {
  if (value === "") return null;
  try {
    const read = parseJson(textColumn(value, name));
    if (read === null || (kind === "tags" ? Array.isArray(read) : isMap(read))) return read;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof UnreadableRowError)) throw error;
  }
  return orText ? value : UNREADABLE_TEXT;
}

/** Writes rows of a table of the layout, in the spelling of a release. */
class ColumnEncoder {
  readonly #columns: readonly Column[];
  readonly #release: Release;
  readonly #isNode: boolean;
  readonly #known: ReadonlyMap<string, number>;
  readonly #places = new WeakMap<Shape, Places>();

  constructor(kind: "node" | "relationship", { columns }: LayoutTable, release: Release) {
    this.#columns = columns;
    this.#release = release;
    this.#isNode = kind === "node";
    this.#known = new Map(columns.map(({ name }, at) => [name, at]));
  }

  /** The row that the application itself would write, or null for what is no memory or has no id to file it under. */
  encodeNode(node: GraphNode): EncodedRow | null {
    const id = idOfKey(node.key);
    if (id === null || !id.isWellFormed() || !node.labels.includes(MEMORY_LABEL)) return null;
    const { columns, extra } = this.#encode(node.properties, [id]);
    return { columns, extra: node.labels.length === 1 ? extra : { ...extra, labels: node.labels } };
  }

  /** As encodeNode; null as well when an end has no id. */
  encodeRelationship(relationship: GraphRelationship): EncodedRow | null {
    const id = relationshipId(relationship);
    const from = idOfKey(relationship.from);
    const to = idOfKey(relationship.to);
    const { type, properties } = relationship;
    if (id === null || from === null || to === null) return null;
    if (![id, from, to, type].every((text) => text.isWellFormed())) return null;
    return this.#encode(properties, [id, from, to, type]);
  }

  /** `first` are the leading columns, which hold the identity and are not taken from the properties. */
  #encode(properties: Properties, first: readonly SqlValue[]): EncodedRow {
    const columns = [...first];
    const beside: Beside = { defaulted: [], set: [] };
    const places = this.#placesOf(properties.shape, first.length);
    for (let at = first.length; at < this.#columns.length; at++) {
      const column = this.#columns[at]!;
      const value = properties.values[places.ofColumns[at]!] ?? null;
      columns.push(
        column.kind === "context"
          ? this.#context(properties, places.context, beside.set)
          : this.#column(column, value, properties, beside),
      );
    }
    // What has no column goes beside the row.
    for (const at of places.rest) {
      const value = properties.values[at]!;
      if (value !== null) beside.set.push([properties.shape.keys[at]!, value]);
    }
    const extra: RowExtra = {
      ...(beside.defaulted.length > 0 && { defaulted: beside.defaulted }),
      ...(beside.set.length > 0 && { set: beside.set }),
    };
    return { columns, extra };
  }

  #column(column: Column, value: Value, properties: Properties, { defaulted, set }: Beside): SqlValue {
    const { name, kind } = column;
    if (value === null) {
      const filler = this.#otherwise(column, properties);
      if (filler !== null) defaulted.push(name);
      return filler;
    }
    const fit = fitColumn(name, value, kind, this.#release);
    if (!fit.exact) set.push([name, value]);
    return fit.value ?? this.#otherwise(column, properties);
  }

  /** What must be said where the record says nothing: of a time, what says least that is not so. */
  #otherwise({ otherwise }: Column, properties: Properties): SqlValue {
    if (typeof otherwise !== "object") return otherwise ?? null;
    for (const name of otherwise.firstOf) {
      const { value } = toPlain(name, properties.get(name), this.#release);
      if (typeof value === "string") return value.toWellFormed();
    }
    return spellInstant(EPOCH, this.#release);
  }

  /** Everything in one object, so that a field that this release does not know stays where the application keeps such. */
  #context({ shape, values }: Properties, places: readonly number[], set: [string, Value][]): SqlValue {
    const context: ValueMap = new Map();
    for (const at of places) {
      const [name, value] = [shape.keys[at]!, values[at]!];
      if (value === null) continue;
      const plain = toPlain(name, value, this.#release);
      context.set(name.substring(CONTEXT_PREFIX.length), structured(name, plain.value));
      if (!plain.exact) set.push([name, value]);
    }
    return context.size === 0 ? null : writeJson(context, "javascript");
  }

  /** Where the values of such records go: found once for each shape. */
  #placesOf(shape: Shape, first: number): Places {
    let places = this.#places.get(shape);
    if (places === undefined) {
      const positions = shape.keys.map((_, at) => at);
      const isContext = (at: number) => this.#isNode && shape.keys[at]!.startsWith(CONTEXT_PREFIX);
      const hasColumn = (name: string) => {
        const at = this.#known.get(name) ?? -1;
        return name === "id" || (at >= first && !(this.#isNode && name === "context"));
      };
      places = {
        ofColumns: this.#columns.map(({ name }) => shape.index.get(name) ?? -1),
        context: positions.filter((at) => shape.keys[at]!.startsWith(CONTEXT_PREFIX)),
        rest: positions.filter((at) => !isContext(at) && !hasColumn(shape.keys[at]!)),
      };
      this.#places.set(shape, places);
    }
    return places;
  }
}

/** One for each of the two tables. */
export class ColumnEncoders {
  readonly #nodes: ColumnEncoder;
  readonly #relationships: ColumnEncoder;

  constructor({ nodes, relationships }: SqliteLayout, release: Release) {
    this.#nodes = new ColumnEncoder("node", nodes, release);
    this.#relationships = new ColumnEncoder("relationship", relationships, release);
  }

  encodeNode(node: GraphNode): EncodedRow | null {
    return this.#nodes.encodeNode(node);
  }

  encodeRelationship(relationship: GraphRelationship): EncodedRow | null {
    return this.#relationships.encodeRelationship(relationship);
  }
}

/** Positions among the values of a record; -1 for a column that it says nothing of. */
interface Places {
  readonly ofColumns: readonly number[];
  readonly context: readonly number[];
  readonly rest: readonly number[];
}

interface Beside {
  readonly defaulted: string[];
  readonly set: [string, Value][];
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

function fitColumn(name: string, value: Value, kind: ColumnKind, release: Release): Fit {
  switch (kind) {
    case "text": {
      const plain = toPlain(name, value, release);
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
      const plain = toPlain(name, value, release);
      const list = Array.isArray(plain.value);
      return { value: list ? writeJson(plain.value, "javascript") : null, exact: list && plain.exact };
    }
    default:
      return { value: null, exact: false };
  }
}
