#!/usr/bin/env bash
# MemoryGraph 0.12.4: its own multi-tenant migration, taken back, leaves other memories than before.
#
# Expected: rollback_from_multitenant() brings the store back to what it was.
# Found:    the migration replaces each visibility (private becomes team), also where its caller named none. The rollback makes every
#           visibility "project", and takes the tenant from memories that had one before, which the migration had not touched.
#           On Neo4j it also sets updated_at to timestamp(): an integer of milliseconds, where MemoryGraph writes text.
#           0.12.4 reads such a memory as before. Both calls say success; the counts (3 and 4) are the only trace.
# Version:  memorygraphMCP 0.12.4, Neo4j 5.26.0; 2026-11-27.
# Matters:  a private memory is visible to others afterwards; a store may hold one property as text in some nodes and as an
#           integer in others, and a tool that orders or filters by updated_at must read both.
source "$(dirname "$0")/lib.sh"
python_with memorygraphMCP==0.12.4 httpx==0.28.1 neo4j==6.4.1
neo4j_start

cat >"$work/run.py" <<'E2'
import asyncio, json, logging, os, sys
logging.disable(logging.CRITICAL)
os.environ["HOME"] = sys.argv[1]
from memorygraph.backends.neo4j_backend import Neo4jBackend
from memorygraph.backends.sqlite_fallback import SQLiteFallbackBackend
from memorygraph.database import MemoryDatabase
from memorygraph.migration.scripts.multitenancy_migration import migrate_to_multitenant, rollback_from_multitenant
from memorygraph.models import Memory, MemoryContext, MemoryType
from memorygraph.sqlite_database import SQLiteMemoryDatabase

async def fill(database):
    for visibility, tenant in (("private", None), ("team", None), ("public", "acme"), ("project", None)):
        context = MemoryContext(visibility=visibility, tenant_id=tenant)
        await database.store_memory(Memory(type=MemoryType.SOLUTION, title=visibility, content="c", context=context))

async def there_and_back(backend, show):
    await show("before     ")
    for step in (migrate_to_multitenant(backend, tenant_id="mycorp"), rollback_from_multitenant(backend)):
        result = await step
        print("  success", result["success"], "memories_updated", result["memories_updated"])
        await show("migrated   " if "tenant_id" in result else "rolled back")

async def sqlite():
    backend = SQLiteFallbackBackend(sys.argv[1] + "/memory.db")
    await backend.connect()
    await backend.initialize_schema()
    await fill(SQLiteMemoryDatabase(backend))
    async def show(when):
        rows = [json.loads(row[0]) for row in backend.conn.execute("SELECT properties FROM nodes ORDER BY rowid")]
        print(" ", when, [(r["title"], r["context_visibility"], r.get("context_tenant_id")) for r in rows])
    await there_and_back(backend, show)
    await backend.disconnect()

async def neo4j():
    backend = Neo4jBackend(f"bolt://127.0.0.1:{sys.argv[2]}", "neo4j", "none")
    await backend.connect()
    await backend.initialize_schema()
    await fill(MemoryDatabase(backend))
    async def show(when):
        rows = await backend.execute_query("MATCH (m:Memory) RETURN m.title AS title, m.context_visibility AS visibility, m.context_tenant_id AS tenant, valueType(m.updated_at) AS updated ORDER BY m.created_at", {})
        print(" ", when, [(r["title"], r["visibility"], r["tenant"], r["updated"].removesuffix(" NOT NULL")) for r in rows])
    await there_and_back(backend, show)
    await backend.disconnect()

print("SQLite: title, visibility, tenant")
asyncio.run(sqlite())
print("Neo4j: title, visibility, tenant, type of updated_at")
asyncio.run(neo4j())
E2
"$work/python/bin/python" "$work/run.py" "$work" "$port" >"$work/seen"
expect "$work/seen" <<'END'
SQLite: title, visibility, tenant
  before      [('private', 'private', None), ('team', 'team', None), ('public', 'public', 'acme'), ('project', 'project', None)]
  success True memories_updated 3
  migrated    [('private', 'team', 'mycorp'), ('team', 'team', 'mycorp'), ('public', 'public', 'acme'), ('project', 'team', 'mycorp')]
  success True memories_updated 4
  rolled back [('private', 'project', None), ('team', 'project', None), ('public', 'project', None), ('project', 'project', None)]
Neo4j: title, visibility, tenant, type of updated_at
  before      [('private', 'private', None, 'STRING'), ('team', 'team', None, 'STRING'), ('public', 'public', 'acme', 'STRING'), ('project', 'project', None, 'STRING')]
  success True memories_updated 3
  migrated    [('private', 'team', 'mycorp', 'INTEGER'), ('team', 'team', 'mycorp', 'INTEGER'), ('public', 'public', 'acme', 'STRING'), ('project', 'team', 'mycorp', 'INTEGER')]
  success True memories_updated 4
  rolled back [('private', 'project', None, 'INTEGER'), ('team', 'project', None, 'INTEGER'), ('public', 'project', None, 'INTEGER'), ('project', 'project', None, 'INTEGER')]
END
