/**
 * MemoryGraph's own exports, 1.0 and 2.0, of every release (export_import.py up to 0.12, its counterpart in TypeScript
 * from 0.13 on; 0.100 writes more fields under the same 2.0). Whatever is in one is taken over.
 */
import { NewerFormatError } from "../../errors.ts";
import { JsonSyntaxError, parseJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_FIELDS, CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import { memoriesLayout } from "../../memorygraph/layouts/memories.ts";
import type { Finding } from "../description.ts";
import type { Aside, Format, Item, Survey } from "./format.ts";
import { type Piece, piecesOfDocument } from "./pieces.ts";

const NEWEST = 2;
/** In the place of the backend's name, in files that this program writes. */
export const WRITER = "memorygraph-migrate";
const HEADERS = [
  "format_version",
  "export_version",
  "export_date",
  "backend_type",
  "memory_count",
  "relationship_count",
];
const LISTS = new Set(["memories", "relationships"]);
/** Members of a relationship's object that are no properties. */
const ENDS = new Set(["from_memory_id", "to_memory_id", "type", "properties"]);

/** Columns that hold real numbers: JavaScript writes such a number without a point where it is whole. */
export const REALS = {
  node: realColumns("nodes"),
  relationship: realColumns("relationships"),
};

function realColumns(table: "nodes" | "relationships"): ReadonlySet<string> {
  return new Set(memoriesLayout[table].columns.filter(({ kind }) => kind === "real").map(({ name }) => name));
}

/** The parts of MemoryGraph's export files, in either version. */
export function exportFormat(): Format {
  return {
    type: "json",
    engine: (survey) => `MemoryGraph export ${versionOf(survey)}`,
    layout: "export",
    renamesDuplicates: false,
    pieces: (file, signal, kind) =>
      piecesOfDocument(file, signal, kind === undefined ? undefined : kind === "node" ? "relationships" : "memories"),
    item: itemOf,
    findings,
  };
}

function itemOf({ member, isElement, text, where }: Piece): Item | Aside | null {
  if (text === null) return { kind: "damage", what: "text that is not valid UTF-8", value: where };
  if (member === "memories" && isElement) return { kind: "node", properties: memory(objectOf(text)) };
  if (member === "relationships" && isElement) return relationship(objectOf(text));
  if (HEADERS.includes(member) && !isElement) return { kind: "header", what: member, value: text };
  if (isElement) return { kind: "loss", what: `an entry of a list that no known export has: ${member}`, value: where };
  if (!LISTS.has(member))
    return { kind: "note", what: "a member that no known export has; it is not read", value: where };
  // Empty lists come without an element, and null is none.
  if (text === "null") return null;
  return { kind: "damage", what: `${member} is not a list: nothing of it is read`, value: where };
}

function objectOf(text: string): ValueMap {
  const value = parseJson(text);
  if (isMap(value)) return value;
  throw new JsonSyntaxError("an object expected");
}

function memory(object: ValueMap): Properties {
  const entries: [string, Value][] = [];
  for (const [name, value] of object) {
    if (name === "context" && isMap(value)) {
      for (const [inner, own] of value) entries.push([CONTEXT_PREFIX + inner, own]);
    } else entries.push([name, typed(value, REALS.node, name)]);
  }
  return Properties.from(entries);
}

function relationship(object: ValueMap): Item {
  const [from, to, type] = ["from_memory_id", "to_memory_id", "type"].map((name) => {
    const value = object.get(name);
    if (typeof value === "string") return value;
    throw new JsonSyntaxError(`${name} is not a text`);
  }) as [string, string, string];
  const properties = object.get("properties") ?? new Map();
  if (!isMap(properties)) throw new JsonSyntaxError("properties is not an object");
  const beside = [...object].filter(([name]) => !ENDS.has(name));
  const entries = [...properties, ...beside].map(([name, value]): [string, Value] => [
    name,
    typed(value, REALS.relationship, name),
  ]);
  return { kind: "relationship", from, to, type, properties: Properties.from(entries) };
}

function typed(value: Value, reals: ReadonlySet<string>, name: string): Value {
  if (typeof value !== "bigint" || !reals.has(name)) return value;
  return BigInt(Number(value)) === value ? Number(value) : value;
}

function findings(survey: Survey): Finding[] {
  const { headers } = survey;
  const version = versionOf(survey);
  if (Number.parseInt(version, 10) > NEWEST) {
    throw new NewerFormatError(`the export has format ${version}, which is newer than this release knows`, {
      next: "Get the newest memorygraph-migrate.",
    });
  }
  const own = [
    ...unnamed(survey),
    ...miscounted("memory_count", "memories", survey.nodes, headers),
    ...miscounted("relationship_count", "relationships", survey.relationships, headers),
  ];
  // What it could not take over was named when it was written.
  if (headers.get("backend_type") === JSON.stringify(WRITER)) return own;
  const lacks = [
    ...lacking("memories", survey.nodeFields, memoryFields()),
    ...lacking("relationships", survey.relationshipFields, relationshipFields()),
    "nodes other than memories, and what joins them",
    "relationships: at most 20 of each memory, parallel ones as one, and none from FalkorDB",
  ];
  const what = "an export of MemoryGraph is never the whole store; this one cannot have held:";
  return [{ kind: "note", what, count: lacks.length, examples: lacks }, ...own];
}

/** The oldest ones have no `format_version`. */
function versionOf({ headers }: Survey): string {
  return (headers.get("format_version") ?? headers.get("export_version") ?? "1.0").replaceAll('"', "");
}

function memoryFields(): string[] {
  const columns = memoriesLayout.nodes.columns.filter(({ kind }) => kind !== "context").map(({ name }) => name);
  return [...columns, ...CONTEXT_FIELDS];
}

function relationshipFields(): string[] {
  const ends = ["from_id", "to_id", "rel_type"];
  return memoriesLayout.relationships.columns.map(({ name }) => name).filter((name) => !ends.includes(name));
}

function lacking(of: string, found: ReadonlySet<string>, known: readonly string[]): string[] {
  const missing = known.filter((name) => !found.has(name));
  return missing.length === 0 ? [] : [`fields of ${of}: ${missing.join(", ")}`];
}

function unnamed({ unnamed: count }: Survey): Finding[] {
  const what = "relationships without an id, which get one made of their ends and type";
  return count === 0 ? [] : [{ kind: "note", what, count, examples: [] }];
}

function miscounted(header: string, what: string, found: number, headers: ReadonlyMap<string, string>): Finding[] {
  const said = headers.get(header);
  if (said === undefined || said === String(found)) return [];
  return [
    {
      kind: "note",
      what: `the export declares ${said} ${what}, and holds ${found}`,
      count: 1,
      examples: [header],
    },
  ];
}
