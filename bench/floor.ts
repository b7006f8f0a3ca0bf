/**
 * The least that writing a store anew can take: the same rows into the same tables and indexes, by SQLite itself and durable
 * on disk; nothing is read back. Into the layout that the store has (`same`), or into that of 0.13 (`translated`), as one
 * statement a table that gives the values that our translation gives.
 *
 *   bun bench/floor.ts same|translated SOURCE TARGET
 */
import { Database } from "bun:sqlite";
import { memoriesLayout } from "../src/memorygraph/layouts/memories.ts";

const value = (name: string) => `json_extract(properties, '$.${name}')`;
/** As 0.13 writes UTC, which takes any number of digits. */
const time = (name: string) => `replace(${value(name)}, '+00:00', 'Z')`;
const CONTEXT = `(SELECT json_group_object(substr(key, 9), CASE WHEN type = 'array' OR (type = 'text'
    AND substr(atom, 1, 1) IN ('[', '{')) THEN json(value) WHEN key = 'context_timestamp' THEN replace(value, '+00:00', 'Z')
    ELSE value END) FROM json_each(properties) WHERE key LIKE 'context\\_%' ESCAPE '\\')`;

const TRANSLATION = [
  `INSERT INTO memories SELECT id, ${value("type")}, ${value("title")}, ${value("content")}, ${value("summary")},
    ${value("tags")}, ${value("importance")}, ${value("confidence")}, ${value("effectiveness")}, ${value("usage_count")},
    ${time("created_at")}, ${time("updated_at")}, ${time("last_accessed")}, ifnull(${value("version")}, 1),
    ${value("updated_by")}, nullif(${CONTEXT}, '{}') FROM source.nodes`,
  `INSERT INTO relationships SELECT id, from_id, to_id, rel_type, ${value("strength")}, ${value("confidence")},
    ${value("context")}, ${value("evidence_count")}, ${value("success_rate")}, ${time("created_at")}, ${time("last_validated")},
    ${value("validation_count")}, ${value("counter_evidence_count")}, ${time("valid_from")}, ${time("valid_until")},
    ${time("recorded_at")}, ${value("invalidated_by")} FROM source.relationships`,
];

function run(store: Database, statements: readonly string[]): void {
  for (const sql of statements) store.run(sql);
}

const [how, source, target] = process.argv.slice(2);
const store = new Database(target!);
store.run(`ATTACH '${source!.replaceAll("'", "''")}' AS source`);
if (how === "translated") {
  // Indexes after the rows, as we make them: it is faster.
  run(store, memoriesLayout.tables);
  run(store, ["BEGIN", ...TRANSLATION, ...memoriesLayout.indexes, "COMMIT"]);
} else {
  const schema = store
    .query(
      "SELECT sql FROM source.sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'nodes_fts_*' AND name NOT GLOB 'sqlite_*'",
    )
    .values();
  run(
    store,
    schema.map(([sql]) => String(sql)),
  );
  const copies = ["nodes", "relationships"].map((table) => `INSERT INTO ${table} SELECT * FROM source.${table}`);
  run(store, ["BEGIN", ...copies, "COMMIT"]);
}
store.close();
