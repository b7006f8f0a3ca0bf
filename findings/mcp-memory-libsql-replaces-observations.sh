#!/usr/bin/env bash
# mcp-memory-libsql: to create an entity of a known name deletes what was observed of it, and read_graph shows ten entities.
#
# Expected: create_entities for a name that exists adds the new observations, or leaves the entity as it is (as the reference memory
#           server of the protocol does); read_graph, which takes no argument, gives the whole graph.
# Found:    the observations of before are deleted, and the answer is "Successfully processed 1 entities"; read_graph gives ten
#           entities of 41, in no documented choice, without a sign that more are there.
# Version:  mcp-memory-libsql 0.0.17; 2026-11-28.
# Matters:  a store that is filled through the tools a second time loses what it had; an export made by read_graph holds ten
#           entities. Read the tables of the file instead.
source "$(dirname "$0")/lib.sh"
node_with mcp-memory-libsql@0.0.17
mcp_client

cat >"$work/node/run.mjs" <<'E2'
import { serve } from "./mcp.mjs";
const server = await serve("mcp-memory-libsql/dist/index.js", { LIBSQL_URL: `file:${process.argv[2]}` });
const entity = (name, ...observations) => ({ name, entityType: "note", observations });
const observed = async () => JSON.parse(await server.call("search_nodes", { query: "Parser" })).entities[0].observations;
console.log("create:", await server.call("create_entities", { entities: [entity("Parser", "reads JSON", "written in May")] }));
console.log("observations:", await observed());
console.log("create again:", await server.call("create_entities", { entities: [entity("Parser", "reads TOML too")] }));
console.log("observations:", await observed());
for (let n = 1; n <= 40; n++) await server.call("create_entities", { entities: [entity(`Note ${n}`, "short")] });
const { entities, ...others } = JSON.parse(await server.call("read_graph", {}));
console.log("read_graph:", entities.length, "entities, beside them", Object.keys(others));
await server.stop();
E2
(cd "$work/node" && node run.mjs "$work/memory.db") >"$work/seen"
python3 - "$work/memory.db" >>"$work/seen" <<'E3'
import sqlite3, sys
print("in the file:", sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM entities").fetchone()[0], "entities")
E3
expect "$work/seen" <<'END'
create: Successfully processed 1 entities (created new or updated existing)
observations: [ 'reads JSON', 'written in May' ]
create again: Successfully processed 1 entities (created new or updated existing)
observations: [ 'reads TOML too' ]
read_graph: 10 entities, beside them [ 'relations' ]
in the file: 41 entities
END
