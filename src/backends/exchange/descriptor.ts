import type { HardValue } from "../../graph/hard-values.ts";
import type { BackendDescriptor } from "../descriptor.ts";

/** The members of an export's top level; releases write one of the first four before the lists. */
const EXPORT =
  /^\uFEFF?\s*\{\s*"(?:format_version|export_version|export_date|backend_type|memory_count|relationship_count|memories|relationships)"\s*:/;
const MCP_LINE = /^\uFEFF?\s*\{(?=[^\n]*"type"\s*:\s*"(?:entity|relation)")/;

const NOT_IN_JSON: readonly HardValue[] = [
  "bytes",
  "time with offset",
  "zoned date-time",
  "fraction",
  "nanoseconds",
  "calendar duration",
  "point",
  "vector",
];

export const jsonDescriptor: BackendDescriptor<"json"> = {
  type: "json",
  title: "JSON",
  family: "exchange",
  server: null,
  noun: "JSON export of MemoryGraph",
  takes: [],
  capabilities: {
    target: "staged",
    isWrittenOnce: true,
    idIsKey: false,
    // JSON has no such values.
    cannotHold: NOT_IN_JSON,
  },
  variables: null,
  signatures: [{ what: "JSON export of MemoryGraph", matches: ({ head }) => EXPORT.test(head.toString("utf8")) }],
  suffixes: [".json"],
  mistakenFor: [],
  load: async () => (await import("./json.ts")).json,
  identify: null,
};

export const mcpDescriptor: BackendDescriptor<"mcp"> = {
  type: "mcp",
  title: "MCP memory server",
  family: "exchange",
  server: null,
  noun: "file of the MCP memory server",
  takes: [],
  capabilities: { target: "staged", isWrittenOnce: true, idIsKey: false, cannotHold: [] },
  variables: null,
  signatures: [{ what: "file of the MCP memory server", matches: ({ head }) => MCP_LINE.test(head.toString("utf8")) }],
  suffixes: [".jsonl"],
  // Both were one kind at first.
  mistakenFor: ["json"],
  load: async () => (await import("./mcp.ts")).mcp,
  identify: null,
};

/** Only what this program has written is read: other programs leave out or change too much. */
export const graphmlDescriptor: BackendDescriptor<"graphml"> = {
  type: "graphml",
  title: "GraphML",
  family: "exchange",
  server: null,
  noun: "GraphML file of memorygraph-migrate",
  takes: [],
  capabilities: { target: "staged", isWrittenOnce: true, idIsKey: false, cannotHold: [] },
  variables: null,
  signatures: [
    {
      what: "GraphML file of memorygraph-migrate",
      matches: ({ head }) => /^<\?xml [^>]*>\r?\n<!-- GraphML by memorygraph-migrate -->/.test(head.toString("utf8")),
    },
  ],
  suffixes: [".graphml"],
  mistakenFor: [],
  load: async () => (await import("./graphml.ts")).graphml,
  identify: null,
};

const NOT_IN_CYPHER: readonly HardValue[] = [
  "map",
  "list of lists",
  "list with null",
  "list of several types",
  "large integer",
  "NUL",
  "lone surrogate",
  "nameless property",
  "backtick",
  ...NOT_IN_JSON,
  "dangling relationship",
];

/** Only what this program has written is read. */
export const cypherDescriptor: BackendDescriptor<"cypher"> = {
  type: "cypher",
  title: "Cypher",
  family: "exchange",
  server: null,
  noun: "Cypher script of memorygraph-migrate",
  takes: [],
  // What Neo4j, Memgraph and FalkorDB all hold, and all read in a statement.
  capabilities: { target: "staged", isWrittenOnce: true, idIsKey: false, cannotHold: NOT_IN_CYPHER },
  variables: null,
  signatures: [
    {
      what: "Cypher script of memorygraph-migrate",
      matches: ({ head }) => head.toString("utf8").startsWith("// Cypher by memorygraph-migrate"),
    },
  ],
  suffixes: [".cypher"],
  mistakenFor: [],
  load: async () => (await import("./cypher.ts")).cypher,
  identify: null,
};

/** The note by which a folder of notes is known. */
const NOTES_INDEX = "memorygraph-migrate.md";

/** Only a folder that this program has made is read; what people have changed in it since, and added to it, is. */
export const markdownDescriptor: BackendDescriptor<"markdown"> = {
  type: "markdown",
  title: "Markdown notes",
  family: "exchange",
  server: null,
  noun: "folder of notes of memorygraph-migrate",
  takes: [],
  capabilities: { target: "staged", isWrittenOnce: true, idIsKey: false, cannotHold: [] },
  variables: null,
  signatures: [{ what: "folder of notes of memorygraph-migrate", matches: ({ has }) => has(NOTES_INDEX) }],
  mistakenFor: [],
  load: async () => (await import("./markdown/markdown.ts")).markdown,
  identify: null,
};
