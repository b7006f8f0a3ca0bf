/** The `nodes` layout of the Python line: read off sqlite_master of a store that 0.12.4 wrote. */
import { column, type SqliteLayout } from "./layout.ts";

export const nodesLayout: SqliteLayout = {
  name: "nodes",
  style: "properties",
  nodes: {
    name: "nodes",
    columns: ["id", "label", "properties", "created_at", "updated_at"].map((name) => column(name, "text")),
    recognisedBy: ["id", "label", "properties"],
    // The time of insertion is not the application's to change.
    hashed: 3,
  },
  relationships: {
    name: "relationships",
    columns: [
      ...["id", "from_id", "to_id", "rel_type", "properties", "created_at"],
      ...["valid_from", "valid_until", "recorded_at", "invalidated_by"],
    ].map((name) => column(name, "text")),
    recognisedBy: ["id", "from_id", "to_id", "rel_type", "properties"],
  },
  addedLater: { since: "0.10", columns: ["valid_from", "valid_until", "recorded_at", "invalidated_by"] },
  enforcesEnds: false,
  tables: [
    `CREATE TABLE nodes (
                    id TEXT PRIMARY KEY,
                    label TEXT NOT NULL,
                    properties TEXT NOT NULL,
                    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
                )`,
    `CREATE TABLE relationships (
                    id TEXT PRIMARY KEY,
                    from_id TEXT NOT NULL,
                    to_id TEXT NOT NULL,
                    rel_type TEXT NOT NULL,
                    properties TEXT NOT NULL,
                    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,

                    -- Bi-temporal tracking fields (Phase 2.2)
                    valid_from TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
                    valid_until TIMESTAMP,
                    recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
                    invalidated_by TEXT,

                    FOREIGN KEY (from_id) REFERENCES nodes(id) ON DELETE CASCADE,
                    FOREIGN KEY (to_id) REFERENCES nodes(id) ON DELETE CASCADE,
                    FOREIGN KEY (invalidated_by) REFERENCES relationships(id) ON DELETE SET NULL
                )`,
    `CREATE VIRTUAL TABLE nodes_fts USING fts5(
                        id,
                        title,
                        content,
                        summary,
                        content='nodes',
                        content_rowid='rowid'
                    )`,
  ],
  indexes: [
    `CREATE INDEX idx_nodes_label ON nodes(label)`,
    `CREATE INDEX idx_nodes_created ON nodes(created_at)`,
    `CREATE INDEX idx_rel_from ON relationships(from_id)`,
    `CREATE INDEX idx_rel_to ON relationships(to_id)`,
    `CREATE INDEX idx_rel_type ON relationships(rel_type)`,
    `CREATE INDEX idx_relationships_temporal
                ON relationships(valid_from, valid_until)
            `,
    `CREATE INDEX idx_relationships_current
                ON relationships(valid_until)
                WHERE valid_until IS NULL
            `,
    `CREATE INDEX idx_relationships_recorded
                ON relationships(recorded_at)
            `,
    `CREATE INDEX idx_nodes_memory ON nodes(label) WHERE label = 'Memory'`,
  ],
  // Its columns are none of the table's: it stays empty, and must never be rebuilt.
  search: { tables: ["nodes_fts"], triggers: [], statements: [] },
  writeAheadLog: false,
  writable: true,
};
