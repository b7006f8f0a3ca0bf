/** Records as files of memories can hold them, MemoryGraph's JSON export for one, and whatever these cannot hold of them. */
import { createHash } from "node:crypto";
import { writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  hasDuplicateId,
  idOfKey,
  nameWithoutId,
  relationshipId,
} from "../../graph/record.ts";
import { tag } from "../../graph/tagged.ts";
import { isMap, type Value } from "../../graph/value.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { CONTEXT_PREFIX, MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { toPlain } from "../../memorygraph/plain.ts";
import type { WriteReport, WriteRequest } from "../backend.ts";
import type { Loss } from "../fitting.ts";
import { REALS } from "./export.ts";
import { FileFitting } from "./file-fitting.ts";

/** Without one of these the importer refuses the whole file. */
const DEMANDED: ReadonlyMap<string, string> = new Map([
  ["type", "general"],
  ["title", ""],
  ["content", ""],
]);
/** Far below what readers of JSON take. */
const MAX_DEPTH = 100;
export const TOO_DEEP = `nesting deeper than ${MAX_DEPTH}`;

/**
 * For files that hold memories by their ids and what joins them. Remembers of the records that it has fitted only the nodes that
 * were left out.
 */
export abstract class MemoryFitting extends FileFitting {
  readonly #file: string;
  readonly #leftOut = new Set<string>();

  /** @param file as messages call it: "an export" */
  constructor(file: string, request: WriteRequest, report: WriteReport) {
    super(request, report);
    this.#file = file;
  }

  protected node(node: GraphNode, losses: Loss[]): GraphNode | null {
    const id = idOfKey(node.key);
    const why =
      id === null ? reasonWithoutId(node) : node.labels.includes(MEMORY_LABEL) ? null : "a node that is no memory";
    if (why !== null || id === null) {
      this.#leftOut.add(node.key);
      losses.push({
        what: `${why}, which ${this.#file} has no place for`,
        example: id ?? nameWithoutId(node),
        unit: "record",
      });
      return null;
    }
    const others = node.labels.filter((label) => label !== MEMORY_LABEL);
    for (const label of others) {
      losses.push({
        what: `a label beside Memory, which ${this.#file} has no place for`,
        example: `${id}: ${label}`,
        unit: "label",
      });
    }
    const properties = this.properties("node", node.properties, id, losses);
    if (properties === node.properties && others.length === 0) return node;
    return { kind: "node", key: node.key, labels: [MEMORY_LABEL], properties };
  }

  protected relationship(relationship: GraphRelationship, losses: Loss[]): GraphRelationship | null {
    const name = relationshipId(relationship) ?? `a relationship ${relationship.type} without an id of its own`;
    const { from, to, type, hasDuplicateId } = relationship;
    if ([from, to].some((end) => idOfKey(end) === null || this.#leftOut.has(end))) {
      losses.push({ what: "a relationship of a node that is left out", example: name, unit: "record" });
      return null;
    }
    let properties = this.properties("relationship", relationship.properties, name, losses);
    if (properties.get("id") === null) {
      losses.push({
        what: "a relationship without an id, which gets one made of its contents",
        example: `${type} from ${idOfKey(from)} to ${idOfKey(to)}`,
        unit: "property",
      });
      properties = properties.with("id", idFor(relationship));
    }
    if (properties === relationship.properties) return relationship;
    return { kind: "relationship", from, to, type, properties, ...(hasDuplicateId && { hasDuplicateId }) };
  }

  /** @param name of the record, for the losses to which what cannot be held is added */
  protected abstract properties(
    kind: GraphRecord["kind"],
    properties: Properties,
    name: string,
    losses: Loss[],
  ): Properties;
}

export class ExportFitting extends MemoryFitting {
  constructor(request: WriteRequest, report: WriteReport) {
    super("an export", request, report);
  }

  protected properties(kind: GraphRecord["kind"], properties: Properties, name: string, losses: Loss[]): Properties {
    const { keys } = properties.shape;
    const hasContext = kind === "node" && keys.some((key) => key.startsWith(CONTEXT_PREFIX));
    let changed: Value[] | null = null;
    for (const [at, key] of keys.entries()) {
      const value = properties.values[at]!;
      const [fitted, why] = this.#value(kind, key, value, hasContext);
      if (why !== null)
        losses.push({
          what: `a property that an export cannot hold unchanged: ${why}`,
          example: `${name}.${key}`,
          unit: "property",
        });
      if (fitted === value) continue;
      changed ??= [...properties.values];
      changed[at] = fitted;
    }
    let fitted = changed === null ? properties : new Properties(properties.shape, changed);
    if (kind === "relationship") return fitted;
    for (const [key, instead] of DEMANDED) {
      if (typeof fitted.get(key) === "string") continue;
      const what = `a memory without a text as its ${key}, which the importer demands: it gets ${JSON.stringify(instead)}`;
      losses.push({ what, example: name, unit: "property" });
      fitted = fitted.with(key, instead);
    }
    return fitted;
  }

  /** The value that is written for it, and why that is another one; null where it says the same. */
  #value(kind: GraphRecord["kind"], key: string, value: Value, hasContext: boolean): [Value, string | null] {
    if (value === null || typeof value === "string" || typeof value === "boolean") {
      return key === "context" && hasContext && value !== null
        ? [null, "beside the fields of the context"]
        : [value, null];
    }
    if (key === "context" && kind === "node") {
      return hasContext
        ? [null, "beside the fields of the context"]
        : isMap(value)
          ? [writeText(value), "a map called context"]
          : this.#plain(key, value);
    }
    if (typeof value === "bigint" && REALS[kind].has(key)) {
      return BigInt(Number(value)) === value ? [Number(value), "an integer in a field of real numbers"] : [value, null];
    }
    return this.#plain(key, value);
  }

  #plain(key: string, value: Value): [Value, string | null] {
    const why = notInJson(value);
    if (why === null) return [value, null];
    if (why === "") {
      const plain = toPlain(key, value, this.release);
      if (notInJson(plain.value) === null) return [plain.value, plain.exact ? null : "JSON has no such value"];
    }
    return [writeText(value), why === "" ? "JSON has no such value" : why];
  }
}

function reasonWithoutId(node: GraphNode): string {
  return hasDuplicateId(node) ? "a node that shares its id with another" : "a node without an id";
}

/** Null for a value that JSON has, else why it has not; empty where a plainer one may do. */
function notInJson(value: Value, depth = 0): string | null {
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if (typeof value === "number") return Number.isFinite(value) ? null : "JSON has no infinity and no NaN";
  if (value === null || typeof value !== "object") return null;
  if (!Array.isArray(value) && !isMap(value)) return "";
  for (const item of value.values()) {
    const why = notInJson(item, depth + 1);
    if (why !== null) return why;
  }
  return null;
}

/** Whether so many lists and maps are in each other that readers of JSON may refuse the text. */
export function isTooDeep(value: Value, depth = 0): boolean {
  if (depth > MAX_DEPTH) return true;
  return (Array.isArray(value) || isMap(value)) && [...value.values()].some((item) => isTooDeep(item, depth + 1));
}

export function writeText(value: Value): string {
  return typeof value === "number" ? String(value) : writeJson(tag(value), "javascript");
}

/** The same for the same contents, in every order of records. */
function idFor(relationship: GraphRelationship): string {
  return createHash("sha256").update(hashOf(relationship).toHex()).digest("hex").slice(0, 32);
}
