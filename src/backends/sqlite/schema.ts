/**
 * What the newest release of each layout creates, to the letter (read off sqlite_master of stores that 0.12.4 and
 * 0.13.0 wrote), so that the application opens our files as its own.
 */
import type { Release } from "../../memorygraph/releases.ts";

export interface LayoutSchema {
  /** Before any row. */
  readonly tables: readonly string[];
  /** After the rows, which is faster; the application does not mind the order. */
  readonly indexes: readonly string[];
  readonly writeAheadLog: boolean;
}

export const NODES_SCHEMA: LayoutSchema = {
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
  writeAheadLog: false,
};

export const MEMORIES_SCHEMA: LayoutSchema = {
  tables: [
    `CREATE TABLE memories (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        title TEXT NOT NULL,
        content TEXT NOT NULL,
        summary TEXT,
        tags TEXT NOT NULL DEFAULT '[]',
        importance REAL NOT NULL DEFAULT 0.5,
        confidence REAL NOT NULL DEFAULT 0.8,
        effectiveness REAL,
        usage_count INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        last_accessed TEXT,
        version INTEGER NOT NULL DEFAULT 1,
        updated_by TEXT,
        context TEXT
      )`,
    `CREATE TABLE relationships (
        id TEXT PRIMARY KEY,
        from_id TEXT NOT NULL,
        to_id TEXT NOT NULL,
        rel_type TEXT NOT NULL,
        strength REAL NOT NULL DEFAULT 0.5,
        confidence REAL NOT NULL DEFAULT 0.8,
        context TEXT,
        evidence_count INTEGER NOT NULL DEFAULT 1,
        success_rate REAL,
        created_at TEXT NOT NULL,
        last_validated TEXT NOT NULL,
        validation_count INTEGER NOT NULL DEFAULT 0,
        counter_evidence_count INTEGER NOT NULL DEFAULT 0,
        valid_from TEXT NOT NULL,
        valid_until TEXT,
        recorded_at TEXT NOT NULL,
        invalidated_by TEXT,
        FOREIGN KEY (from_id) REFERENCES memories(id) ON DELETE CASCADE,
        FOREIGN KEY (to_id) REFERENCES memories(id) ON DELETE CASCADE
      )`,
  ],
  indexes: [
    `CREATE INDEX idx_memories_type ON memories(type)`,
    `CREATE INDEX idx_memories_importance ON memories(importance)`,
    `CREATE INDEX idx_memories_created_at ON memories(created_at)`,
    `CREATE INDEX idx_relationships_from ON relationships(from_id)`,
    `CREATE INDEX idx_relationships_to ON relationships(to_id)`,
    `CREATE INDEX idx_relationships_type ON relationships(rel_type)`,
  ],
  writeAheadLog: true,
};

export function schemaOf(release: Release): LayoutSchema {
  return release === "0.13" ? MEMORIES_SCHEMA : NODES_SCHEMA;
}
