/**
 * `memory.jsonl` of the MCP memory server (@modelcontextprotocol/server-memory, 2025.4 to 2026.8): one entity or relation
 * a line. An entity becomes a memory that MemoryGraph shows; what it was exactly is in its context.
 */
import { JsonSyntaxError, parseJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import { CONTEXT_PREFIX } from "../../memorygraph/fields.ts";
import { releaseLines } from "../../memorygraph/releases.ts";
import type { Finding } from "../description.ts";
import type { Aside, Format, Item } from "./format.ts";
import { type Piece, piecesOfLines } from "./pieces.ts";

/** MemoryGraph refuses longer ones. */
const TITLE_LENGTH = 200;
const OTHER_TYPE = "RELATED_TO";

/** @param written when the file was last written, ISO 8601: the only time that there is */
export function mcpFormat(written: string): Format {
  const known = new Set(releaseLines().flatMap(({ relationshipTypes }) => relationshipTypes));
  return {
    engine: () => "MCP memory server",
    layout: "entities and relations",
    renamesDuplicates: true,
    pieces: piecesOfLines,
    item: (piece) => itemOf(piece, written, known),
    findings: () => statement(written),
  };
}

function itemOf({ text, where }: Piece, written: string, known: ReadonlySet<string>): Item | Aside {
  if (text === null) return { kind: "damage", what: "text that is not valid UTF-8", value: where };
  const object = parseJson(text);
  if (!isMap(object)) throw new JsonSyntaxError("an object expected");
  switch (object.get("type")) {
    case "entity":
      return { kind: "node", properties: entity(object, written) };
    case "relation":
      return relation(object, written, known);
    default:
      return { kind: "loss", what: "a line that is neither an entity nor a relation", value: where };
  }
}

function entity(object: ValueMap, written: string): Properties {
  const name = textOf(object, "name");
  const entityType = object.get("entityType") ?? null;
  const observations = object.get("observations") ?? [];
  const lines = Array.isArray(observations) ? observations.filter((line) => typeof line === "string") : [];
  const exact = new Map([...object].filter(([key]) => key !== "type" && key !== "name"));
  const entries: [string, Value][] = [
    ["id", name],
    ["type", "general"],
    ["title", shortened(name)],
    ["content", lines.join("\n") || name],
    ["tags", typeof entityType === "string" && entityType !== "" ? [entityType] : []],
    ["created_at", written],
    ["updated_at", written],
    [`${CONTEXT_PREFIX}additional_metadata`, exact],
  ];
  return Properties.from(entries);
}

function relation(object: ValueMap, written: string, known: ReadonlySet<string>): Item {
  const relationType = textOf(object, "relationType");
  const type = relationType.toUpperCase().replace(/[\s-]+/g, "_");
  const beside = [...object].filter(([key]) => !["type", "from", "to", "relationType"].includes(key));
  return {
    kind: "relationship",
    from: textOf(object, "from"),
    to: textOf(object, "to"),
    type: known.has(type) ? type : OTHER_TYPE,
    properties: Properties.from([["context", relationType], ["created_at", written], ...beside]),
  };
}

function textOf(object: ValueMap, name: string): string {
  const value = object.get(name);
  if (typeof value === "string") return value;
  throw new JsonSyntaxError(`${name} is not a text`);
}

/** Never in the middle of a character. */
function shortened(name: string): string {
  return name.length <= TITLE_LENGTH ? name : name.slice(0, TITLE_LENGTH).replace(/[\ud800-\udbff]$/, "");
}

function statement(written: string): Finding[] {
  const said = [
    `times: created_at and updated_at are those of the file's last change, ${written}`,
    "importance, confidence, strength and every other figure",
    "ids: a memory has the entity's name as its id, a relationship one made of its ends and type",
    `MemoryGraph's types: a memory is general, with the entity's type as a tag; a relation of another type is ${OTHER_TYPE}, with its own as the context`,
  ];
  const what =
    "a file of the MCP memory server has only names, types, observations and relations; it cannot have held:";
  return [{ kind: "note", what, count: said.length, examples: said }];
}
