/** The fields that MemoryGraph's releases write, and how their values are read (stores.md, "The model"). */
import type { FieldMeaning } from "../graph/canonical.ts";

export const MEMORY_LABEL = "Memory";
/** The graph that MemoryGraph opens where an engine has several; no release lets a person name another. */
export const GRAPH_NAME = "memorygraph";
export const CONTEXT_PREFIX = "context_";

const TIMESTAMP_FIELDS: ReadonlySet<string> = new Set([
  "created_at",
  "updated_at",
  "last_accessed",
  "context_timestamp",
  "last_validated",
  "valid_from",
  "valid_until",
  "recorded_at",
  // Of the nodes and relationships beside memories: Entity, Outcome, sessions, versions.
  "timestamp",
  "start_time",
  "last_activity",
  "last_seen",
  "last_decayed",
  "superseded_at",
]);

/** The context fields that hold lists or an object; the other known ones are text, whatever they look like. */
const CONTEXT_STRUCTURES: ReadonlySet<string> = new Set([
  "context_files_involved",
  "context_languages",
  "context_frameworks",
  "context_technologies",
  "context_additional_metadata",
]);

const CONTEXT_TEXTS: ReadonlySet<string> = new Set([
  "context_project_path",
  "context_git_commit",
  "context_git_branch",
  "context_working_directory",
  "context_session_id",
  "context_user_id",
  "context_tenant_id",
  "context_team_id",
  "context_visibility",
  "context_created_by",
]);

/** Every field of a context that releases write. */
export const CONTEXT_FIELDS: readonly string[] = [...CONTEXT_STRUCTURES, ...CONTEXT_TEXTS, "context_timestamp"];

/** By its name: MemoryGraph has times in these fields of nodes and relationships. */
export function isTimestampField(key: string): boolean {
  return TIMESTAMP_FIELDS.has(key);
}

/** Whether a text in this field that looks like a JSON list or object should become one where the store has such. */
export function holdsStructure(key: string): boolean {
  return CONTEXT_STRUCTURES.has(key) || (key.startsWith(CONTEXT_PREFIX) && !CONTEXT_TEXTS.has(key));
}

/** For the canonical form: the app reads every context text that starts with [ or { as JSON. */
export function meaningOf(key: string): FieldMeaning {
  if (TIMESTAMP_FIELDS.has(key)) return "instant";
  return key.startsWith(CONTEXT_PREFIX) ? "json" : "plain";
}
