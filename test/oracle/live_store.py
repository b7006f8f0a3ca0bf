"""MemoryGraph 0.12.4 at work on a store, through its own tools: one request a line, as JSON, and one line of JSON for each answer.

A request has "store" ({"path"} or {"uri", "user", "password"}), "do" and what that takes. An answer has "text", what the tool said, or
"found", the ids of the memories that it finds.
"""
import asyncio, json, logging, os, sys

logging.disable(logging.CRITICAL)
os.environ.setdefault("MEMORY_ALLOW_CYCLES", "true")
from memorygraph.intelligence import TemporalMemory, extract_entities, link_entities
from memorygraph.proactive.outcome_learning import record_outcome
from memorygraph.tools.memory_tools import handle_delete_memory, handle_get_memory, handle_store_memory, handle_update_memory
from memorygraph.tools.relationship_tools import handle_create_relationship

servers = {}


async def opened(store):
    if "path" in store:
        from memorygraph.backends.sqlite_fallback import SQLiteFallbackBackend
        from memorygraph.sqlite_database import SQLiteMemoryDatabase
        backend = SQLiteFallbackBackend(store["path"])
        await backend.connect()
        await backend.initialize_schema()
        database = SQLiteMemoryDatabase(backend)
        await database.initialize_schema()
        return backend, database
    if store["uri"] not in servers:
        from memorygraph.backends.neo4j_backend import Neo4jBackend
        from memorygraph.database import MemoryDatabase
        backend = Neo4jBackend(store["uri"], store["user"], store["password"])
        await backend.connect()
        servers[store["uri"]] = backend, MemoryDatabase(backend)
    return servers[store["uri"]]


class Writing:
    """Runs every statement where it may write: what makes outcomes, versions and entities asks to read only, which Neo4j refuses."""

    def __init__(self, backend):
        self.backend = backend

    async def execute_query(self, query, parameters=None, write=True):
        return await self.backend.execute_query(query, parameters, write=True)


def said(result):
    return result.content[0].text


async def act(backend, database, request):
    what, id, made = request["do"], request.get("id"), request.get("made")
    if what == "store":
        memory = {"type": "solution", "title": "made since", "content": f"by the application: {made}", "tags": ["x"]}
        return said(await handle_store_memory(database, memory))
    if what == "update":
        return said(await handle_update_memory(database, {"memory_id": id, "title": made}))
    if what == "delete":
        return said(await handle_delete_memory(database, {"memory_id": id}))
    if what == "relate":
        joined = {"from_memory_id": id, "to_memory_id": request["other"], "relationship_type": "RELATED_TO", "strength": 0.7}
        return said(await handle_create_relationship(database, joined))
    if what == "outcome":
        return str(await record_outcome(Writing(backend), id, made, True))
    if what == "version":
        return await TemporalMemory(Writing(backend)).create_version(id, {"title": made, "content": "a new version", "type": "solution"})
    if what == "mention":
        return " ".join(await link_entities(Writing(backend), id, extract_entities("Fixed React hooks in app.ts with Python")))
    raise ValueError(what)


async def answer(request):
    backend, database = await opened(request["store"])
    try:
        if request["do"] != "find":
            return {"text": await act(backend, database, request)}
        await backend.initialize_schema()
        found = []
        for id in request["ids"]:
            if not said(await handle_get_memory(database, {"memory_id": id})).startswith("Memory not found"):
                found.append(id)
        return {"found": found}
    finally:
        if "path" in request["store"]:
            await backend.disconnect()


async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await answer(json.loads(line))), flush=True)
    for backend, _ in servers.values():
        await backend.disconnect()


asyncio.run(main())
