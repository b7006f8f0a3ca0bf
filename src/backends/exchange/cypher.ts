/**
 * A script in the Cypher that Neo4j, Memgraph and FalkorDB share: one statement a line, which any of their shells runs into an empty
 * database. Nodes have a label and a key of ours while it runs, by which relationships find them; the last statement takes both away.
 */
import { Properties } from "../../graph/properties.ts";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  idOfKey,
  nameWithoutId,
  relationshipId,
} from "../../graph/record.ts";
import { writeTagged } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import { CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import { isMemory } from "../../memorygraph/memory.ts";
import { contextValue, toPlain } from "../../memorygraph/plain.ts";
import { respell } from "../../memorygraph/spelling.ts";
import { openScratch, storable } from "../../support/scratch.ts";
import type { SourceStore, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding } from "../description.ts";
import { writtenOnce } from "../file/written-once.ts";
import { type FileWriter, type Making, releaseOf } from "../file/written-once-target.ts";
import { FindingLog } from "../findings.ts";
import type { Fitted, Fitting, Loss, Rehearsal } from "../fitting.ts";
import { KEY, LABEL, readerOf } from "./cypher-reader.ts";
import { type OwnFormat, openOwnFile, ownFileOf } from "./own-file.ts";
import { TextFile } from "./text-file.ts";

const format: OwnFormat = { type: "cypher", engine: "Cypher script of memorygraph-migrate", reader: readerOf };

export const cypher = writtenOnce({
  type: "cypher",
  called: "a Cypher script of memorygraph-migrate",
  engine: "Cypher script of memorygraph-migrate",
  fitting: (request, report) => new CypherFitting(request, report),
  begin: (making) => new CypherWriter(making),
  openSource: (config, options) => openOwnFile(config, format, options),
});

const HEAD = `// Cypher by memorygraph-migrate, for an empty database of Neo4j, Memgraph or FalkorDB
// A large graph loads faster into Neo4j after the first of these, into Memgraph after the second; drop the index afterwards:
//   CREATE INDEX loading FOR (n:\`${LABEL}\`) ON (n.\`${KEY}\`)
//   CREATE INDEX ON :\`${LABEL}\`(\`${KEY}\`)
// Not into FalkorDB: with an index it does not find every text.
`;

class CypherWriter implements FileWriter {
  readonly #making: Making;
  readonly #text: TextFile;

  constructor(making: Making) {
    this.#making = making;
    this.#text = new TextFile(making.file);
    this.#text.put(HEAD);
  }

  add(record: GraphRecord): void {
    this.#text.put(record.kind === "node" ? nodeStatement(record) : relationshipStatement(record));
  }

  end(): void {
    this.#text.put(`MATCH (n:\`${LABEL}\`) REMOVE n:\`${LABEL}\`, n.\`${KEY}\`;\n`);
    this.#text.end();
  }

  abandon(): void {
    this.#text.abandon();
  }

  open(): SourceStore {
    return ownFileOf(this.#making, format);
  }
}

function nodeStatement({ key, labels, properties }: GraphNode): string {
  const all = [LABEL, ...labels].map((label) => `:\`${label}\``).join("");
  return `CREATE (${all} ${mapOf([[KEY, key], ...properties.entries()])});\n`;
}

function relationshipStatement({ from, to, type, properties, hasDuplicateId }: GraphRelationship): string {
  const [a, b] = [from, to].map((key) => `:\`${LABEL}\` ${mapOf([[KEY, key]])}`);
  const shared = hasDuplicateId ? " // shares its id" : "";
  return `MATCH (a${a}), (b${b}) CREATE (a)-[:\`${type}\` ${mapOf(properties.entries())}]->(b);${shared}\n`;
}

function mapOf(entries: Iterable<readonly [string, Value]>): string {
  return `{${[...entries].map(([name, value]) => `\`${name}\`: ${literal(value)}`).join(", ")}}`;
}

/** Of a value that `unsupported` has nothing against. */
function literal(value: Value): string {
  switch (typeof value) {
    case "string":
      return text(value);
    case "bigint":
      // The parsers read the sign apart from the digits.
      return value === LEAST ? `(${LEAST + 1n} - 1)` : String(value);
    case "number":
      return double(value);
  }
  return Array.isArray(value) ? `[${value.map(literal).join(", ")}]` : String(value);
}

/** Every record stays on one line. */
function text(value: string): string {
  return `'${value.replace(/[\\'\n\r]/g, (unit) => ESCAPES[unit]!)}'`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r" };

function double(value: number): string {
  const spelled = Object.is(value, -0) ? "-0.0" : String(value).replace("e+", "e");
  if (spelled.includes(".")) return spelled;
  return spelled.includes("e") ? spelled.replace("e", ".0e") : `${spelled}.0`;
}

const LEAST = -(2n ** 63n);
/** Within these FalkorDB's parser takes a double unchanged. */
const [SMALLEST, LARGEST] = [1e-300, 1e300];

/** Why not each of the three engines can hold it or read it in a statement; null where all can. */
function unsupported(value: Value): string | null {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "string") return unsupportedText(value);
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? null : "an integer of more than 64 bits";
  if (typeof value === "number") return unsupportedDouble(value);
  if (!Array.isArray(value)) return "a value other than text, numbers, booleans and lists of one of them";
  if (value.some((item) => item === null || typeof item === "object"))
    return "a list of something else than plain values";
  if (new Set(value.map((item) => typeof item)).size > 1) return "a list of several types";
  return value.map(unsupported).find((why) => why !== null) ?? null;
}

function unsupportedText(value: string): string | null {
  if (value.includes("\0")) return "text with a NUL character";
  return value.isWellFormed() ? null : "text with half of a character";
}

function unsupportedDouble(value: number): string | null {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return "a number that is infinite or none";
  return size === 0 || (size >= SMALLEST && size <= LARGEST) ? null : "a number near the limits of doubles";
}

function unsupportedName(name: string): string | null {
  if (name === "") return "it is empty";
  if (name === KEY || name === LABEL) return "the script uses it itself";
  // Neo4j takes a code of a character for the character in names as well.
  return /[`\0]|\\u/.test(name) || !name.isWellFormed() ? "it has a character that cannot be quoted" : null;
}

/** Remembers which nodes there are, since a statement for a relationship of another one would do nothing, without a word. */
class CypherFitting implements Fitting, Rehearsal {
  readonly rehearsal = this;
  readonly #request: WriteRequest;
  readonly #report: WriteReport;
  readonly #losses = new FindingLog();
  readonly #nodes = openScratch("CREATE TEMP TABLE node (key TEXT PRIMARY KEY) WITHOUT ROWID", 4_000);
  readonly #put = this.#nodes.prepare("INSERT OR IGNORE INTO node VALUES (?)");
  readonly #has = this.#nodes.prepare("SELECT 1 FROM node WHERE key = ?");

  constructor(request: WriteRequest, report: WriteReport) {
    this.#request = request;
    this.#report = report;
  }

  fit(given: GraphRecord): Fitted {
    const losses: Loss[] = [];
    const { release } = this.#request;
    const { record, respelled } = release === null ? { record: given, respelled: 0 } : respell(given, release);
    return {
      record: record.kind === "node" ? this.#node(record, losses) : this.#relationship(record, losses),
      losses,
      respelled,
      clash: null,
    };
  }

  note({ losses }: Fitted): void {
    for (const { what, example, unit } of losses) this.#losses.add("loss", what, example, unit);
  }

  admit({ record, respelled }: Fitted): void {
    if (record === null) return;
    this.#report.respelled += respelled;
    if (isMemory(record)) this.#report.showing.add(record.properties);
  }

  losses(): readonly Finding[] {
    return this.#losses.list();
  }

  assertPossible(): void {}

  #node(node: GraphNode, losses: Loss[]): GraphNode | null {
    const name = idOfKey(node.key) ?? nameWithoutId(node);
    if (unsupportedText(node.key) !== null) {
      losses.push({ what: "a node whose id not every engine can hold", example: name, unit: "record" });
      return null;
    }
    this.#put.run(storable(node.key));
    const labels = node.labels.filter((label) => {
      const why = unsupportedName(label);
      if (why !== null)
        losses.push({ what: `a label that is left out: ${why}`, example: `${name}: ${label}`, unit: "label" });
      return why === null;
    });
    const properties = this.#properties(node.properties, name, losses);
    if (properties === node.properties && labels.length === node.labels.length) return node;
    return { kind: "node", key: node.key, labels, properties };
  }

  #relationship(relationship: GraphRelationship, losses: Loss[]): GraphRelationship | null {
    const { from, to, type, hasDuplicateId } = relationship;
    const name = relationshipId(relationship) ?? `a relationship ${type} without an id of its own`;
    const why = unsupportedName(type);
    const lacks = [from, to].some((key) => this.#has.values(storable(key)).length === 0);
    if (why !== null || lacks) {
      const what = lacks
        ? "a relationship with an end that is not in the script"
        : `a relationship whose type cannot be written: ${why}`;
      losses.push({ what, example: name, unit: "record" });
      return null;
    }
    const properties = this.#properties(relationship.properties, name, losses);
    if (properties === relationship.properties) return relationship;
    return { kind: "relationship", from, to, type, properties, ...(hasDuplicateId && { hasDuplicateId }) };
  }

  #properties(properties: Properties, record: string, losses: Loss[]): Properties {
    let changed = false;
    const kept: [string, Value][] = [];
    for (const [name, value] of properties.entries()) {
      const why = unsupportedName(name);
      const [fitted, lost] = why === null ? this.#value(name, value) : [null, `its name cannot be written: ${why}`];
      if (lost !== null) {
        const what = `a property that the script cannot hold unchanged: ${lost}`;
        losses.push({ what, example: `${record}.${name}`, unit: "property" });
      }
      changed ||= fitted !== value;
      if (fitted !== null) kept.push([name, fitted]);
    }
    return changed ? Properties.from(kept) : properties;
  }

  /** What is written for it, and why that is something else; null where it says the same. */
  #value(name: string, value: Value): [Value, string | null] {
    const why = unsupported(value);
    if (why === null) return [value, null];
    const spelled = name.startsWith(CONTEXT_PREFIX) ? contextValue(value) : value;
    const plain = toPlain(name, spelled, releaseOf(this.#request));
    if (plain.exact && unsupported(plain.value) === null) return [plain.value, null];
    return [writeTagged(value), why];
  }
}
