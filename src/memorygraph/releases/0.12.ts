/** The Python line, up to 0.12: read in the sources of 0.12.4, and compared with its own parser (test/oracle). */
import { nodesLayout } from "../layouts/nodes.ts";
import type { Backends, FieldRule, ReleaseLine } from "./release.ts";

export const MEMORY_TYPES: readonly string[] = [
  ...["task", "code_pattern", "problem", "solution", "project", "technology", "error", "fix", "command"],
  ...["file_context", "workflow", "general", "conversation"],
];

export const RELATIONSHIP_TYPES: readonly string[] = [
  ...["CAUSES", "TRIGGERS", "LEADS_TO", "PREVENTS", "BREAKS"],
  ...["SOLVES", "ADDRESSES", "ALTERNATIVE_TO", "IMPROVES", "REPLACES"],
  ...["OCCURS_IN", "APPLIES_TO", "WORKS_WITH", "REQUIRES", "USED_IN"],
  ...["BUILDS_ON", "CONTRADICTS", "CONFIRMS", "GENERALIZES", "SPECIALIZES"],
  ...["SIMILAR_TO", "VARIANT_OF", "RELATED_TO", "ANALOGY_TO", "OPPOSITE_OF"],
  ...["FOLLOWS", "DEPENDS_ON", "ENABLES", "BLOCKS", "PARALLEL_TO"],
  ...["EFFECTIVE_FOR", "INEFFECTIVE_FOR", "PREFERRED_OVER", "DEPRECATED_BY", "VALIDATED_BY"],
];

export const VISIBILITIES: readonly string[] = ["private", "project", "team", "public"];

/** Its model is pydantic's, which makes numbers out of texts; `version` and `updated_by` it does not read back. */
const SHOWS: readonly FieldRule[] = [
  { field: "type", kind: "word", words: MEMORY_TYPES, required: true },
  { field: "title", kind: "text", min: 1, max: 200, unit: "code point", required: true },
  { field: "content", kind: "text", min: 1, unit: "code point", required: true },
  { field: "summary", kind: "text", max: 500, unit: "code point" },
  { field: "tags", kind: "texts", notNull: true },
  { field: "importance", kind: "number", min: 0, max: 1, lax: true, notNull: true },
  { field: "confidence", kind: "number", min: 0, max: 1, lax: true, notNull: true },
  { field: "effectiveness", kind: "number", min: 0, max: 1, lax: true },
  { field: "usage_count", kind: "number", min: 0, whole: true, lax: true, notNull: true },
  { field: "created_at", kind: "time", lax: true, required: true },
  { field: "updated_at", kind: "time", lax: true, required: true },
  { field: "last_accessed", kind: "time", lax: true, emptyIsNone: true },
  { field: "context_timestamp", kind: "time", lax: true },
  { field: "context_visibility", kind: "word", words: VISIBILITIES },
  ...["files_involved", "languages", "frameworks", "technologies"].map(
    (name): FieldRule => ({ field: `context_${name}`, kind: "texts" }),
  ),
  { field: "context_additional_metadata", kind: "map" },
  ...["project_path", "git_commit", "git_branch", "working_directory", "session_id", "user_id"].map(contextText),
  ...["tenant_id", "team_id", "created_by"].map(contextText),
];

function contextText(name: string): FieldRule {
  return { field: `context_${name}`, kind: "text", unit: "code point" };
}

/** What names a server is the same in every release. */
const SERVERS: Backends["servers"] = {
  neo4j: {
    uri: { names: ["MEMORY_NEO4J_URI", "NEO4J_URI"], otherwise: "bolt://localhost:7687" },
    username: { names: ["MEMORY_NEO4J_USER", "NEO4J_USER"], otherwise: "neo4j" },
    password: { names: ["MEMORY_NEO4J_PASSWORD", "NEO4J_PASSWORD"] },
    database: { names: ["MEMORY_NEO4J_DATABASE"], otherwise: "neo4j" },
  },
  memgraph: {
    uri: { names: ["MEMORY_MEMGRAPH_URI"], otherwise: "bolt://localhost:7687" },
    username: { names: ["MEMORY_MEMGRAPH_USER"], otherwise: "" },
    password: { names: ["MEMORY_MEMGRAPH_PASSWORD"], otherwise: "" },
  },
  falkordb: {
    host: { names: ["MEMORY_FALKORDB_HOST", "FALKORDB_HOST"], otherwise: "localhost" },
    port: { names: ["MEMORY_FALKORDB_PORT", "FALKORDB_PORT"], otherwise: "6379" },
    password: { names: ["MEMORY_FALKORDB_PASSWORD", "FALKORDB_PASSWORD"] },
  },
};

/** Backends of MemoryGraph that this program does not read. */
const UNREAD: Backends["unread"] = {
  turso: {
    title: "Turso",
    variables: ["MEMORY_TURSO_PATH", "TURSO_DATABASE_URL"],
    paths: ["~/.memorygraph/memory.db"],
    next: "A local file of it can be read: --from sqlite --from-path FILE. Export what is on a Turso server with the MemoryGraph that uses it.",
  },
  cloud: {
    title: "MemoryGraph Cloud",
    variables: ["MEMORYGRAPH_API_URL", "MEMORYGRAPH_API_KEY"],
    paths: [],
    next: "Export it with the MemoryGraph that uses it.",
  },
  ladybugdb: {
    title: "LadybugDB",
    variables: ["MEMORY_LADYBUGDB_PATH", "LADYBUGDB_PATH"],
    paths: ["~/.memorygraph/ladybugdb.db", "~/.memorygraph/memory.lbdb"],
    next: "Export it with the MemoryGraph that uses it, or with LadybugDB's own tools.",
  },
};

export const release: ReleaseLine = {
  name: "0.12",
  times: {
    // Python 3.10's fromisoformat, except that a fraction may have other lengths, as 3.11 allows.
    accepts: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[+-]\d\d:\d\d)?$/,
    // Python 3.11's, which takes any character before the time; whether there is such a day is another question.
    reads:
      /^(?!0000)(?:\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d(?:-[1-7])?|\d{4}W\d\d[1-7]?)(?:.(?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d)?|[0-5]\d(?:[0-5]\d)?)?(?:[.,]\d+)? ?(?:Z|[+-](?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d)?|[0-5]\d(?:[0-5]\d)?)?(?:[.,]\d+)?)?)?$/su,
    zone: "+00:00",
    digits: 6,
    whenWhole: false,
  },
  nativeTimes: {
    // Between memories, where created_at is text.
    ofRelationships: new Set(["valid_from", "valid_until", "recorded_at", "superseded_at"]),
    // What leads from a memory to a file, session or project. Compared with a date-time, text would be no match.
    types: new Set("MENTIONS IN_SESSION INVOLVES PART_OF MODIFIES CREATES EXECUTED_IN FOUND_IN EXHIBITS".split(" ")),
    labels: new Set(["Entity", "Outcome"]),
  },
  renamed: {},
  memoryTypes: MEMORY_TYPES,
  relationshipTypes: RELATIONSHIP_TYPES,
  shows: SHOWS,
  sqlite: { layout: nodesLayout, search: nodesLayout.search },
  liteForm: "file",
  demandsUniqueIds: [],
  backends: {
    byDefault: "sqlite",
    auto: {
      candidates: [
        { backend: "neo4j", ifSet: ["MEMORY_NEO4J_PASSWORD", "NEO4J_PASSWORD"] },
        { backend: "memgraph", ifSet: ["MEMORY_MEMGRAPH_URI"] },
      ],
      otherwise: "sqlite",
    },
    files: {
      sqlite: {
        variables: ["MEMORY_SQLITE_PATH"],
        name: "memory.db",
        path: "~/.memorygraph/memory.db",
        // Before the rename of 2025-11-28.
        former: ["~/.claude-memory/memory.db"],
      },
      falkordblite: {
        variables: ["MEMORY_FALKORDBLITE_PATH", "FALKORDBLITE_PATH"],
        name: "falkordblite.db",
        path: "~/.memorygraph/falkordblite.db",
        former: [],
      },
    },
    servers: SERVERS,
    unread: UNREAD,
  },
};
