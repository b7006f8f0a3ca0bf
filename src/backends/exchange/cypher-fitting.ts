/** What every engine that runs a Cypher script can hold, and read in a statement. */
import { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, idOfKey, nameWithoutId, relationshipId } from "../../graph/record.ts";
import { writeTagged } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import { CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import { contextValue, toPlain } from "../../memorygraph/plain.ts";
import { openScratch, storable } from "../../support/scratch.ts";
import type { Loss } from "../fitting.ts";
import { KEY, LABEL } from "./cypher-reader.ts";
import { FileFitting } from "./file-fitting.ts";

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
export class CypherFitting extends FileFitting {
  readonly #nodes = openScratch("CREATE TEMP TABLE node (key TEXT PRIMARY KEY) WITHOUT ROWID", 4_000);
  readonly #put = this.#nodes.prepare("INSERT OR IGNORE INTO node VALUES (?)");
  readonly #has = this.#nodes.prepare("SELECT 1 FROM node WHERE key = ?");

  protected node(node: GraphNode, losses: Loss[]): GraphNode | null {
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

  protected relationship(relationship: GraphRelationship, losses: Loss[]): GraphRelationship | null {
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
    const plain = toPlain(name, spelled, this.release);
    if (plain.exact && unsupported(plain.value) === null) return [plain.value, null];
    return [writeTagged(value), why];
  }
}
