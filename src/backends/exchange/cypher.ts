/**
 * A script in the Cypher that Neo4j, Memgraph and FalkorDB share: one statement a line, which any of their shells runs into an empty
 * database. Nodes have a label and a key of ours while it runs, by which relationships find them; the last statement takes both away.
 */
import type { GraphNode, GraphRecord, GraphRelationship } from "../../graph/record.ts";
import type { Value } from "../../graph/value.ts";
import type { SourceStore } from "../backend.ts";
import { writtenOnce } from "../file/written-once.ts";
import type { Making } from "../file/written-once-target.ts";
import { CypherFitting } from "./cypher-fitting.ts";
import { KEY, LABEL, readerOf } from "./cypher-reader.ts";
import { type OwnFormat, openOwnFile, ownFileOf } from "./own-file.ts";
import { TextWriter } from "./text-writer.ts";

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

class CypherWriter extends TextWriter {
  constructor(making: Making) {
    super(making);
    this.text.put(HEAD);
  }

  add(record: GraphRecord): void {
    this.text.put(record.kind === "node" ? nodeStatement(record) : relationshipStatement(record));
  }

  override end(): void {
    this.text.put(`MATCH (n:\`${LABEL}\`) REMOVE n:\`${LABEL}\`, n.\`${KEY}\`;\n`);
    super.end();
  }

  open(): SourceStore {
    return ownFileOf(this.making, format);
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

const LEAST = -(2n ** 63n);

/** Of a value that CypherFitting has nothing against. */
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
