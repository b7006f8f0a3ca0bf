/**
 * The local file of the Python line's Turso backend (backends/turso.py of 0.12): its default path is that of the SQLite
 * backend, and its tables have the names of the `nodes` layout with other columns. It is read, and never written. No
 * release says what its tags and context are spelled as.
 */
import { column, type SqliteLayout } from "./layout.ts";

export const tursoLayout: SqliteLayout = {
  name: "turso",
  style: "columns",
  nodes: {
    name: "nodes",
    columns: [
      ...["id", "type", "title", "content", "summary"].map((name) => column(name, "text")),
      { ...column("context", "context"), orText: true },
      column("importance", "real"),
      column("created_at", "text"),
      column("updated_at", "text"),
      { ...column("tags", "tags"), orText: true },
    ],
    recognisedBy: ["id", "type", "title", "content"],
  },
  relationships: {
    name: "relationships",
    columns: [
      ...["id", "from_id", "to_id", "type", "context"].map((name) => column(name, "text")),
      column("strength", "real"),
      column("confidence", "real"),
      column("created_at", "text"),
    ],
    recognisedBy: ["id", "from_id", "to_id", "type"],
  },
  addedLater: null,
  enforcesEnds: true,
  tables: [],
  indexes: [],
  search: {
    tables: ["nodes_fts"],
    triggers: ["nodes_fts_insert", "nodes_fts_update", "nodes_fts_delete"],
    statements: [],
  },
  writeAheadLog: false,
  writable: false,
};
