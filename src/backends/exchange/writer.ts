/** Writes MemoryGraph's JSON export 2.0 record by record: the same records in the same order give the same bytes. */
import { JsonSyntaxError, parseJson, writeJson } from "../../graph/json.ts";
import { type GraphNode, type GraphRecord, type GraphRelationship, idOfKey } from "../../graph/record.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import type { SourceStore } from "../backend.ts";
import type { Making } from "../file/written-once-target.ts";
import { exportFormat, WRITER } from "./export.ts";
import { sourceOfOwn } from "./source.ts";
import { TextWriter } from "./text-writer.ts";

/** First memories, then relationships, then `end`. */
export class ExportWriter extends TextWriter {
  readonly #counts: Record<GraphRecord["kind"], number> = { node: 0, relationship: 0 };
  #list: GraphRecord["kind"] = "node";

  /** @throws the system's error */
  constructor(making: Making) {
    super(making);
    // The importer looks at the older member where the first one is missing.
    this.text.put(`{\n"format_version": "2.0",\n"export_version": "1.0",\n"backend_type": "${WRITER}",\n"memories": [`);
  }

  /** @param record as ExportFitting has fitted it. @throws the system's error */
  add(record: GraphRecord): void {
    if (record.kind === "relationship") this.#toRelationships();
    const text = writeJson(record.kind === "node" ? memory(record) : relationship(record), "python");
    this.text.put(`${this.#counts[record.kind]++ === 0 ? "" : ","}\n${text}`);
  }

  override end(): void {
    this.#toRelationships();
    const { node, relationship } = this.#counts;
    this.text.put(`\n],\n"memory_count": ${node},\n"relationship_count": ${relationship}\n}\n`);
    super.end();
  }

  open(): SourceStore {
    const { path, file, request } = this.making;
    return sourceOfOwn(path, file, exportFormat(), request.signal);
  }

  #toRelationships(): void {
    if (this.#list === "relationship") return;
    this.#list = "relationship";
    this.text.put(`\n],\n"relationships": [`);
  }
}

function memory({ properties }: GraphNode): ValueMap {
  const object: ValueMap = new Map();
  const context: ValueMap = new Map();
  for (const [name, value] of properties.entries()) {
    if (name.startsWith(CONTEXT_PREFIX)) context.set(name.slice(CONTEXT_PREFIX.length), structured(value));
    else object.set(name, value);
  }
  if (context.size > 0) object.set("context", context);
  return object;
}

/** Lists and objects of the context, which graphs keep as text; the importer takes only the structure. */
export function structured(value: Value): Value {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    const parsed = parseJson(value);
    return Array.isArray(parsed) || isMap(parsed) ? parsed : value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return value;
    throw error;
  }
}

function relationship({ from, to, type, properties }: GraphRelationship): ValueMap {
  return new Map<string, Value>([
    ["from_memory_id", idOfKey(from)],
    ["to_memory_id", idOfKey(to)],
    ["type", type],
    ["properties", new Map(properties.entries())],
  ]);
}
