/** 0.14 (August 2026): the tables of 0.13 with a full-text search, and one store a project. Read in its sources. */
import type { SearchIndex } from "../layouts/layout.ts";
import { memoriesLayout } from "../layouts/memories.ts";
import { release as before } from "./0.13.ts";
import type { Backends, FilePlace, ReleaseLine } from "./release.ts";

const INSERT = `INSERT INTO memories_fts(id, title, content, summary, tags) VALUES (new.id, new.title, new.content, coalesce(new.summary, ''), new.tags);`;

/** It holds the text itself, and triggers keep it in step. */
const SEARCH: SearchIndex = {
  tables: ["memories_fts"],
  triggers: ["trg_memories_ai", "trg_memories_au", "trg_memories_ad"],
  statements: [
    `CREATE VIRTUAL TABLE memories_fts USING fts5(id UNINDEXED, title, content, summary, tags, tokenize='porter unicode61')`,
    `INSERT INTO memories_fts(id, title, content, summary, tags) SELECT id, title, content, coalesce(summary, ''), tags FROM memories ORDER BY rowid`,
    `CREATE TRIGGER trg_memories_ai AFTER INSERT ON memories BEGIN ${INSERT} END`,
    `CREATE TRIGGER trg_memories_au AFTER UPDATE ON memories WHEN old.title IS NOT new.title OR old.content IS NOT new.content OR old.summary IS NOT new.summary OR old.tags IS NOT new.tags BEGIN DELETE FROM memories_fts WHERE id = old.id; ${INSERT} END`,
    `CREATE TRIGGER trg_memories_ad AFTER DELETE ON memories BEGIN DELETE FROM memories_fts WHERE id = old.id; END`,
  ],
};

/** The working folder of the application, or what MEMORY_STORE_PATH names: no longer the home folder. */
function ofProject(file: FilePlace): FilePlace {
  return { ...file, folderVariable: "MEMORY_STORE_PATH", path: `./.memorygraph/${file.name}`, former: [file.path] };
}

const FILES: Backends["files"] = Object.fromEntries(
  Object.entries(before.backends.files).map(([kind, file]) => [kind, ofProject(file)]),
);

export const release: ReleaseLine = {
  ...before,
  name: "0.14",
  sqlite: { layout: memoriesLayout, search: SEARCH },
  demandsUniqueIds: ["falkordb", "falkordblite"],
  backends: { ...before.backends, files: FILES },
};
