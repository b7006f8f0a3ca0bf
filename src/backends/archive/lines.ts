/** Records as lines of strict JSON, and back. */
import { JsonScanner, JsonSyntaxError } from "../../graph/json.ts";
import { ObjectReader } from "../../graph/object-reader.ts";
import { Properties, type Shape } from "../../graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship, NativeRow } from "../../graph/record.ts";
import { untag, writeTagged } from "../../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import type { RecordKind } from "./format.ts";

/** Without the end of the line. */
export function lineOf(record: GraphRecord): string {
  const row = record.native === undefined ? "" : `,"row":${rowText(record.native)}`;
  if (record.kind === "node") {
    const stored = record.stored === undefined ? "" : `,"stored":${propertiesText(record.stored)}`;
    return `{"node":${JSON.stringify(record.key)},"labels":${JSON.stringify(record.labels)},"properties":${propertiesText(record.properties)}${stored}${row}}`;
  }
  const { type, from, to, hasDuplicateId, properties } = record;
  const shared = hasDuplicateId ? ',"sharesId":true' : "";
  return `{"relationship":${JSON.stringify(type)},"from":${JSON.stringify(from)},"to":${JSON.stringify(to)}${shared},"properties":${propertiesText(properties)}${row}}`;
}

/** The names of a shape as they stand before their values: spelled out once for all records that have it. */
const namesOf = new WeakMap<Shape, readonly string[]>();

function namesIn(shape: Shape): readonly string[] {
  let names = namesOf.get(shape);
  if (names === undefined) {
    names = shape.keys.map((key) => `${JSON.stringify(key)}:`);
    namesOf.set(shape, names);
  }
  return names;
}

function propertiesText({ shape, values }: Properties): string {
  const names = namesIn(shape);
  let text = "";
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value !== null) text += (text === "" ? "" : ",") + names[at]! + writeTagged(value);
  }
  return `{${text}}`;
}

function rowText({ layout, columns, extra }: NativeRow): string {
  const beside = extra === null ? "" : `,"extra":${JSON.stringify(extra)}`;
  return `{"layout":${JSON.stringify(layout)},"columns":${columnsText(columns)}${beside}}`;
}

/** JSON's own writer has one spelling for texts and nulls, and is several times faster with a whole list of them. */
function columnsText(columns: readonly Value[]): string {
  return columns.every((value) => typeof value === "string" || value === null)
    ? JSON.stringify(columns)
    : `[${columns.map(writeTagged).join(",")}]`;
}

/** A line that is no record. */
export class LineError extends Error {
  override readonly name = "LineError";
}

interface LineOptions {
  /** Told of each member that this release does not know. */
  readonly onUnknown: (member: string) => void;
  /** Whether the rows of layouts are of use to whoever reads. */
  readonly withRows: boolean;
}

/** Reads the lines of an archive one after the other; what it has learnt of their shapes makes the later ones faster. */
export class LineReader {
  readonly #properties: Record<RecordKind, ObjectReader> = {
    node: new ObjectReader(),
    relationship: new ObjectReader(),
  };
  readonly #options: LineOptions;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /**
   * The records of a block in their order; in the place of one that cannot be read, why not.
   * @param content whole lines in UTF-8
   */
  *block(kind: RecordKind, content: Uint8Array): Generator<GraphRecord | LineError> {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
    const { withRows } = this.#options;
    let row = withRows ? -1 : bytes.indexOf(ROW);
    for (let at = 0; at < bytes.length; ) {
      const newLine = bytes.indexOf(LINE_FEED, at);
      const end = newLine === -1 ? bytes.length : newLine;
      while (row !== -1 && row < at) row = bytes.indexOf(ROW, at);
      const cut = row !== -1 && row < end ? row : null;
      yield this.#withoutRow(kind, bytes, at, cut) ?? this.#tried(kind, bytes.toString("utf8", at, end));
      at = end + 1;
    }
  }

  /**
   * The row comes last, is half of a line, and is under the hash of its block: it is not even decoded.
   * @returns null where nothing was cut off, or something else than a row
   */
  #withoutRow(kind: RecordKind, bytes: Buffer, at: number, cut: number | null): GraphRecord | null {
    if (cut === null) return null;
    const record = this.#tried(kind, `${bytes.toString("utf8", at, cut)}}`);
    // Within a map that is a property, the brackets before it stay open.
    return record instanceof LineError ? null : record;
  }

  #tried(kind: RecordKind, line: string): GraphRecord | LineError {
    try {
      return this.read(kind, line);
    } catch (error) {
      if (error instanceof LineError) return error;
      throw error;
    }
  }

  /** @throws LineError */
  read(kind: RecordKind, line: string): GraphRecord {
    try {
      const scanner = new JsonScanner(line);
      const members = this.#members(scanner, this.#properties[kind]);
      return kind === "node" ? this.#node(members) : this.#relationship(members);
    } catch (error) {
      if (error instanceof JsonSyntaxError || error instanceof TypeError) {
        throw new LineError(error.message, { cause: error });
      }
      throw error;
    }
  }

  #members(scanner: JsonScanner, reader: ObjectReader): Members {
    const members: Members = { plain: new Map(), properties: null };
    if (scanner.skipSpace() !== BRACE) throw new LineError("no object");
    scanner.at++;
    for (let isFirst = true; scanner.skipSpace() !== END; isFirst = false) {
      if (!isFirst) {
        if (scanner.skipSpace() !== COMMA) scanner.fail("a comma or the end of the object expected");
        scanner.at++;
        scanner.skipSpace();
      }
      const name = scanner.string();
      if (scanner.skipSpace() !== COLON) scanner.fail("a colon expected");
      scanner.at++;
      if (name === "row" && !this.#options.withRows && scanner.text.endsWith("}")) {
        // It comes last: what it holds is under the hash of its block.
        return members;
      }
      scanner.skipSpace();
      if (name === "properties") members.properties = untagged(reader.readAt(scanner));
      else members.plain.set(name, scanner.value());
    }
    scanner.at++;
    if (!Number.isNaN(scanner.skipSpace())) scanner.fail("text after the object");
    return members;
  }

  #node({ plain, properties }: Members): GraphNode {
    const labels = plain.get("labels");
    if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) throw new LineError("no labels");
    const stored = plain.get("stored");
    this.#tellUnknown(plain, NODE_MEMBERS);
    return {
      kind: "node",
      key: keyIn(plain, "node"),
      labels,
      properties: properties ?? missing("properties"),
      ...(stored !== undefined && { stored: propertiesOf(stored) }),
      ...rowOf(plain.get("row")),
    };
  }

  #relationship({ plain, properties }: Members): GraphRelationship {
    const type = plain.get("relationship");
    if (typeof type !== "string") throw new LineError("no type");
    this.#tellUnknown(plain, RELATIONSHIP_MEMBERS);
    return {
      kind: "relationship",
      from: keyIn(plain, "from"),
      to: keyIn(plain, "to"),
      type,
      properties: properties ?? missing("properties"),
      ...(plain.get("sharesId") === true && { hasDuplicateId: true as const }),
      ...rowOf(plain.get("row")),
    };
  }

  #tellUnknown(plain: ValueMap, known: ReadonlySet<string>): void {
    for (const name of plain.keys()) if (!known.has(name)) this.#options.onUnknown(name);
  }
}

const [BRACE, END, COMMA, COLON, LINE_FEED] = [123, 125, 44, 58, 10];
/** As this program writes it. In a text its quotes are escaped, so that it is found only where it is meant. */
const ROW = Buffer.from(',"row":{"layout":', "latin1");
const NODE_MEMBERS = new Set(["node", "labels", "stored", "row"]);
const RELATIONSHIP_MEMBERS = new Set(["relationship", "from", "to", "sharesId", "row"]);

/** Of one line; the properties apart, since they are read in another way. */
interface Members {
  readonly plain: ValueMap;
  properties: Properties | null;
}

function missing(what: string): never {
  throw new LineError(`no ${what}`);
}

/** The same where nothing in it is tagged. */
function untagged(properties: Properties): Properties {
  const { shape, values } = properties;
  if (!values.some((value) => typeof value === "object" && value !== null)) return properties;
  return new Properties(shape, values.map(untag));
}

function keyIn(map: ValueMap, name: string): string {
  const key = map.get(name);
  if (typeof key === "string" && /^[=#]/.test(key)) return key;
  throw new LineError(`no key in ${name}`);
}

function propertiesOf(value: Value | undefined): Properties {
  if (value === undefined || !isMap(value)) throw new LineError("no properties");
  const names = [...value.keys()];
  return Properties.of(names, [...value.values()].map(untag));
}

function rowOf(value: Value | undefined): { native?: NativeRow } {
  if (value === undefined) return {};
  const [layout, columns, extra = null] = isMap(value)
    ? [value.get("layout"), value.get("columns"), value.get("extra")]
    : [];
  if (typeof layout !== "string" || !Array.isArray(columns) || (extra !== null && typeof extra !== "string")) {
    throw new LineError("no row");
  }
  return { native: { layout, columns: columns.map(untag), extra } };
}
