/** The backend of the MCP memory server's file. */
import type { Properties } from "../../graph/properties.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { SourceStore, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding } from "../description.ts";
import { pathOf } from "../file/place.ts";
import { writtenOnce } from "../file/written-once.ts";
import type { Loss } from "../fitting.ts";
import { isTooDeep, MemoryFitting, TOO_DEEP, writeText } from "./fitting.ts";
import type { Format } from "./format.ts";
import { itemOf, lineOf, OTHER_TYPE, OWN } from "./mcp-lines.ts";
import { piecesOfLines } from "./pieces.ts";
import { openSource, sourceOfOwn } from "./source.ts";
import { TextWriter } from "./text-writer.ts";

const CALLED = "a file of the MCP memory server";

export const mcp = writtenOnce({
  type: "mcp",
  called: CALLED,
  engine: "MCP memory server",
  fitting: (request, report) => new McpFitting(request, report),
  begin: (making) => new McpWriter(making),
  openSource: (config, options) => openSource(pathOf(config), "mcp", mcpFormat, options),
});

/** @param written when the file was last written, ISO 8601: the only time that lines of the server have */
function mcpFormat(written: string): Format {
  let hasOthers = false;
  const edited = new Set<string>();
  return {
    type: "mcp",
    engine: () => "MCP memory server",
    layout: "entities and relations",
    renamesDuplicates: true,
    pieces: piecesOfLines,
    item(piece) {
      hasOthers ||= piece.text?.includes(`"${OWN}":{`) === false;
      return itemOf(piece, written, (where) => edited.add(where));
    },
    findings: () => [...(hasOthers ? statement(written) : []), ...editsIn(edited)],
  };
}

function editsIn(edited: ReadonlySet<string>): Finding[] {
  if (edited.size === 0) return [];
  const what =
    "a line whose names, type or observations were changed after this program wrote it: they count, not what is noted beside them";
  return [{ kind: "note", what, count: edited.size, examples: [...edited].slice(0, 3) }];
}

function statement(written: string): Finding[] {
  const said = [
    `times: created_at and updated_at are those of the file's last change, ${written}`,
    "importance, confidence, strength and every other figure",
    "ids: a memory has the entity's name as its id, a relationship one made of its ends and type",
    `MemoryGraph's types: a memory is general, with the entity's type as a tag; a relation of another type is ${OTHER_TYPE}, with its own as the context`,
  ];
  const what =
    "a file of the MCP memory server has only names, types, observations and relations; a line without our own member cannot have held:";
  return [{ kind: "note", what, count: said.length, examples: said }];
}

class McpFitting extends MemoryFitting {
  constructor(request: WriteRequest, report: WriteReport) {
    super(CALLED, request, report);
    Object.assign(report, { notes: [...(report.notes ?? []), KEPT_BY_US] });
  }

  protected properties(_: GraphRecord["kind"], properties: Properties, name: string, losses: Loss[]): Properties {
    let fitted = properties;
    for (const [key, value] of properties.entries()) {
      if (!isTooDeep(value)) continue;
      losses.push({
        what: `a property with ${TOO_DEEP}, which becomes text`,
        example: `${name}.${key}`,
        unit: "property",
      });
      fitted = fitted.with(key, writeText(value));
    }
    return fitted;
  }
}

const KEPT_BY_US: Finding = {
  kind: "note",
  what: "the MCP memory server itself keeps names, types, observations and relations. Everything else is in a member of each line that only this program reads, and that the server leaves out when it first writes the file",
  count: 1,
  examples: ["Keep the source, or an archive of it."],
};

class McpWriter extends TextWriter {
  add(record: GraphRecord): void {
    this.text.put(`${lineOf(record)}\n`);
  }

  open(): SourceStore {
    const { path, file, request } = this.making;
    return sourceOfOwn(path, file, mcpFormat(""), request.signal);
  }
}
