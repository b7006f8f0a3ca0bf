#!/usr/bin/env bash
# mcp-memory-keeper: its export has no relationships and no journal, and its import says "links restored".
#
# Expected: context_export and context_import bring a session back whole, or the answer names what is left out.
# Found:    items, their channels and checkpoints come back; every relationship (context_link) and every journal entry is missing from
#           the file. The import answers "Import successful!" and "links restored: 2": these are rows that join the checkpoint to its
#           items, while both relationships between items are gone.
# Version:  mcp-memory-keeper 0.14.1; 2026-11-28.
# Matters:  such a file is no backup of a memory whose worth is in its relationships; the sentence that counts links speaks of others.
source "$(dirname "$0")/lib.sh"
node_with mcp-memory-keeper@0.14.1
mcp_client

cat >"$work/node/run.mjs" <<'E2'
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { serve } from "./mcp.mjs";
const [from, to] = process.argv.slice(2);
const start = (home) => serve("mcp-memory-keeper/dist/index.js", { HOME: home, DATA_DIR: home });
const ids = (text) => text.replace(/Session: \w+/, "Session: ID");
const first = await start(from);
await first.call("context_session_start", { name: "work" });
await first.call("context_save", { key: "decision", value: "one file", category: "decision", channel: "storage" });
await first.call("context_save", { key: "task", value: "write the tests", category: "task" });
await first.call("context_link", { sourceKey: "task", targetKey: "decision", relationship: "depends_on" });
await first.call("context_link", { sourceKey: "task", targetKey: "decision", relationship: "references" });
await first.call("context_journal_entry", { entry: "a good day" });
await first.call("context_checkpoint", { name: "evening" });
const related = async (server) => JSON.parse(await server.call("context_get_related", { key: "task" })).totalRelated;
console.log("relationships of the task:", await related(first));
await first.call("context_export", {});
await first.stop();
const [file] = readdirSync(`${from}/exports`);
console.log("in the export:", Object.keys(JSON.parse(readFileSync(`${from}/exports/${file}`, "utf8"))).join(", "));
mkdirSync(`${to}/exports`, { recursive: true });
copyFileSync(`${from}/exports/${file}`, `${to}/exports/${file}`);
const second = await start(to);
console.log(ids(await second.call("context_import", { filePath: file })));
console.log("relationships of the task:", await related(second));
await second.stop();
E2
mkdir "$work/from" "$work/to"
(cd "$work/node" && node run.mjs "$work/from" "$work/to") >"$work/seen"
python3 - "$work/from/context.db" "$work/to/context.db" >>"$work/seen" <<'E3'
import sqlite3, sys
for file in sys.argv[1:]:
    count = lambda table: sqlite3.connect(file).execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    print(*(f"{table}: {count(table)}" for table in ("context_items", "context_relationships", "journal_entries", "checkpoints")), sep=", ")
E3
expect "$work/seen" <<'END'
relationships of the task: 2
in the export: version, exported, session, contextItems, fileCache, checkpoints, checkpointItems, checkpointFiles, metadata
Import successful!
Session: ID
Context items: 2
Files: 0
Mode: New session
Checkpoints: 1, links restored: 2
relationships of the task: 0
context_items: 2, context_relationships: 2, journal_entries: 1, checkpoints: 1
context_items: 2, context_relationships: 0, journal_entries: 0, checkpoints: 1
END
