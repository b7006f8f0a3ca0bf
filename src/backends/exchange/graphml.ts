/**
 * GraphML, which Gephi and networkx open: a declared key for each property and type of value. Written so that every reader keeps as
 * much as it can, and that our own, which knows this form alone, gets back everything: a node or an edge is one line.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { floatToken, parseJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { type GraphRecord, idOfKey, keyOfId, type NodeKey } from "../../graph/record.ts";
import { untag, writeTagged } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import { createPrivateFile, remove } from "../../support/files.ts";
import type { SourceStore } from "../backend.ts";
import { writtenOnce } from "../file/written-once.ts";
import type { FileWriter, Making } from "../file/written-once-target.ts";
import { LineError, type OwnFormat, openOwnFile, ownFileOf, spelled } from "./own-file.ts";
import { TextFile } from "./text-file.ts";

const BODY = ".body";
const CHUNK = 1 << 20;

const format: OwnFormat = { type: "graphml", engine: "GraphML of memorygraph-migrate", reader: () => readerOf() };

export const graphml = writtenOnce({
  type: "graphml",
  called: "a GraphML file",
  engine: "GraphML of memorygraph-migrate",
  suffixes: [BODY],
  fitting: () => null,
  begin: (making) => new GraphmlWriter(making),
  openSource: (config, options) => openOwnFile(config, format, options),
});

/** As its keys declare them: what is neither of these is JSON with the type of the value, as text. */
type ValueType = "boolean" | "long" | "double" | "string" | "json";

interface Key {
  readonly of: GraphRecord["kind"];
  /** Null for the labels of a node, or the type of a relationship. */
  readonly property: string | null;
  readonly type: ValueType;
}

/** Names that readers of GraphML take for something else: the id or label of the element itself, for example. */
const TAKEN: ReadonlySet<string> = new Set([
  "id",
  "label",
  "type",
  "key",
  "source",
  "target",
  "weight",
  "labels",
  "relationship",
]);

/** Keys are only known once all records are: the body is written beside, and put behind them. */
class GraphmlWriter implements FileWriter {
  readonly #making: Making;
  readonly #body: TextFile;
  readonly #keys = new Map<string, Key>();
  readonly #ids = new Map<string, string>();
  #edges = 0;

  constructor(making: Making) {
    this.#making = making;
    createPrivateFile(making.file + BODY);
    this.#body = new TextFile(making.file + BODY);
  }

  add(given: GraphRecord): void {
    const record = spelled(given, this.#making);
    const data = [...record.properties.entries()].map(([name, value]) => this.#data(record.kind, name, value)).join("");
    if (record.kind === "node") {
      const labels = this.#data("node", null, labelsText(record.labels));
      this.#body.put(`<node id="${escaped(nodeId(record.key))}">${labels}${data}</node>\n`);
      return;
    }
    const [from, to] = [record.from, record.to].map((end) => escaped(nodeId(end)));
    const shared = record.hasDuplicateId ? "<desc>shares its id</desc>" : "";
    const type = this.#data("relationship", null, record.type);
    this.#body.put(`<edge id="e${++this.#edges}" source="${from}" target="${to}">${shared}${type}${data}</edge>\n`);
  }

  end(): void {
    this.#body.end();
    const { file } = this.#making;
    const whole = new TextFile(file);
    whole.put(HEAD);
    for (const line of this.#declarations()) whole.put(line);
    whole.put('<graph id="memories" edgedefault="directed">\n');
    for (const text of textOf(file + BODY)) whole.put(text);
    whole.put("</graph>\n</graphml>\n");
    whole.end();
    remove(file + BODY);
  }

  abandon(): void {
    this.#body.abandon();
  }

  open(): SourceStore {
    return ownFileOf(this.#making, format);
  }

  #data(of: Key["of"], property: string | null, value: Value): string {
    const [type, text] = encoded(value);
    const name = JSON.stringify([of, property, type]);
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = `k${this.#keys.size}`;
      this.#ids.set(name, id);
      this.#keys.set(id, { of, property, type });
    }
    return `<data key="${id}">${escaped(text)}</data>`;
  }

  *#declarations(): Generator<string> {
    const names = new Set<string>();
    for (const [id, key] of this.#keys) {
      const { of, property, type } = key;
      const kind = of === "node" ? "node" : "edge";
      const own = attributeName(key);
      let name = own;
      // Readers that know one type for a name would mix the values up.
      for (let n = 2; names.has(`${of} ${name}`); n++) name = `${own}_${n === 2 ? type : n}`;
      names.add(`${of} ${name}`);
      const declared = type === "json" ? "string" : type;
      const desc = escaped(asciiJson(writeTagged([property, type])));
      yield `<key id="${id}" for="${kind}" attr.name="${escaped(name)}" attr.type="${declared}"><desc>${desc}</desc></key>\n`;
    }
  }
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!-- GraphML by memorygraph-migrate -->
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
`;

function attributeName({ of, property }: Key): string {
  if (property === null) return of === "node" ? "labels" : "relationship";
  const safe = property.replace(FORBIDDEN_ALL, "_") || "_";
  return TAKEN.has(safe.toLowerCase()) ? `${of === "node" ? "memory" : "relationship"}_${safe}` : safe;
}

/** The bytes of a text file, in pieces that end with a line. */
function* textOf(path: string): Generator<string> {
  const file = openSync(path, "r");
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const bytes = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = readSync(file, bytes);
      if (length === 0) break;
      yield decoder.decode(bytes.subarray(0, length), { stream: true });
    }
    yield decoder.decode();
  } finally {
    closeSync(file);
  }
}

/** Readers refuse what XML has no characters for: such texts are JSON. */
function encoded(value: Value): [ValueType, string] {
  if (typeof value === "boolean") return ["boolean", String(value)];
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return ["long", String(value)];
  if (typeof value === "number") return ["double", floatToken(value)];
  if (typeof value === "string" && !FORBIDDEN.test(value)) return ["string", value];
  return ["json", asciiJson(writeTagged(value))];
}

function decoded(type: ValueType, text: string): Value {
  switch (type) {
    case "boolean":
      return text === "true";
    case "long":
      return BigInt(text);
    case "double":
      return Number(text);
    case "string":
      return text;
    case "json":
      return untag(parseJson(text));
  }
}

/** What XML 1.0 has no character for. */
const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const FORBIDDEN_ALL = new RegExp(FORBIDDEN, "g");

/** JSON with an escape for each character that XML forbids. */
function asciiJson(json: string): string {
  return json.replace(FORBIDDEN_ALL, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Without a line break of its own, and as parsers give it back. */
function escaped(text: string): string {
  return text.replace(/[&<>"\n\r\t\u0085\u2028]/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** The id of a memory as it is, where that can be told from every other key. */
function nodeId(key: NodeKey): string {
  const id = idOfKey(key);
  if (id === null) return key;
  return /^[#=]/.test(id) || id.trim() === "" || FORBIDDEN.test(id) ? `=${asciiJson(JSON.stringify(id))}` : id;
}

function keyOf(id: string): NodeKey {
  if (id.startsWith("#")) return id;
  const plain = id.startsWith("=") ? parseJson(id.slice(1)) : id;
  if (typeof plain !== "string") throw new LineError("an id that is no text");
  return keyOfId(plain);
}

/** As Cypher writes them where they are plain words; a text all the same where not. */
function labelsText(labels: readonly string[]): Value {
  return labels.every((label) => /^[\w ]+$/.test(label)) ? labels.map((label) => `:${label}`).join("") : [...labels];
}

function labelsOf(value: Value): string[] {
  if (Array.isArray(value)) return value as string[];
  return typeof value === "string" && value !== "" ? value.slice(1).split(":") : [];
}

const KEY_LINE = /^<key id="(k\d+)" for="(node|edge)" .*<desc>(.*)<\/desc><\/key>$/;
const NODE_LINE = /^<node id="([^"]*)">(.*)<\/node>$/;
const EDGE_LINE = /^<edge id="e\d+" source="([^"]*)" target="([^"]*)">(<desc>shares its id<\/desc>)?(.*)<\/edge>$/;
const DATA = /<data key="(k\d+)">([^<]*)<\/data>/g;
/** What the lines are that hold no record. */
const OTHER_LINE = /^<(\?xml |!--|\/?graphml|\/?graph\b)/;

function readerOf(): (line: string) => GraphRecord | null {
  const keys = new Map<string, Key>();
  const read = (of: Key["of"], text: string): { own: Value; properties: Properties } => {
    let own: Value = null;
    const entries: [string, Value][] = [];
    if (text.replace(DATA, "") !== "") throw new LineError("something else than data");
    for (const [, id, content] of text.matchAll(DATA)) {
      const key = keys.get(id!);
      if (key === undefined || key.of !== of) throw new LineError(`a key that is not declared: ${id}`);
      const value = decoded(key.type, unescaped(content!));
      if (key.property === null) own = value;
      else entries.push([key.property, value]);
    }
    return { own, properties: Properties.from(entries) };
  };
  return (line) => {
    const node = NODE_LINE.exec(line);
    if (node !== null) {
      const { own, properties } = read("node", node[2]!);
      return { kind: "node", key: keyOf(unescaped(node[1]!)), labels: labelsOf(own), properties };
    }
    const edge = EDGE_LINE.exec(line);
    if (edge !== null) {
      const { own, properties } = read("relationship", edge[4]!);
      const [from, to] = [keyOf(unescaped(edge[1]!)), keyOf(unescaped(edge[2]!))];
      if (typeof own !== "string") throw new LineError("a relationship without its type");
      return { kind: "relationship", from, to, type: own, properties, ...(edge[3] && { hasDuplicateId: true }) };
    }
    const key = KEY_LINE.exec(line);
    if (key !== null) keys.set(key[1]!, declared(key[2]!, parseJson(unescaped(key[3]!))));
    else if (!OTHER_LINE.test(line)) throw new LineError("not a line of ours");
    return null;
  };
}

function declared(kind: string, desc: Value): Key {
  const [property, type] = Array.isArray(desc) ? desc : [];
  if (property !== null && typeof property !== "string") throw new LineError("a key without its property");
  return { of: kind === "node" ? "node" : "relationship", property, type: type as ValueType };
}
