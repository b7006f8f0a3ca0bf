"""Opens a SQLite store with MemoryGraph itself and prints what it returns, as JSON.

usage: python open_store.py FILE      read every memory and its relationships
       python open_store.py --write FILE COUNT   have MemoryGraph write a store
"""
import asyncio, json, logging, os, sqlite3, sys

logging.disable(logging.CRITICAL)
os.environ.setdefault("MEMORY_ALLOW_CYCLES", "true")
from memorygraph.backends.sqlite_fallback import SQLiteFallbackBackend
from memorygraph.models import Memory, MemoryContext, MemoryType, RelationshipProperties, RelationshipType
from memorygraph.sqlite_database import SQLiteMemoryDatabase


async def opened(path):
    backend = SQLiteFallbackBackend(path)
    await backend.connect()
    await backend.initialize_schema()
    database = SQLiteMemoryDatabase(backend)
    await database.initialize_schema()
    return backend, database


async def read(path):
    backend, database = await opened(path)
    ids = [row[0] for row in sqlite3.connect(path).execute("SELECT id FROM nodes WHERE label = 'Memory'")]
    memories, related = {}, 0
    for id in ids:
        memory = await database.get_memory(id)
        if memory is not None:
            memories[id] = {"title": memory.title, "content": memory.content, "created_at": memory.created_at.isoformat()}
        related += len(await database.get_related_memories(id))
    statistics = await database.get_memory_statistics()
    await backend.disconnect()
    print(json.dumps({"memories": memories, "related": related, "total": statistics["total_memories"]["count"]}))


async def write(path, count):
    backend, database = await opened(path)
    types, kinds = list(MemoryType), list(RelationshipType)
    for i in range(count):
        context = MemoryContext(project_path=f"/p/{i}", files_involved=["a.py"][: i % 2], additional_metadata={"k": [1, 2.5, None]})
        await database.store_memory(
            Memory(id=f"w-{i}", type=types[i % len(types)], title=f"T{i} é🚀", content="line\nO'Brien \"q\" " * (i + 1), tags=["x"] * (i % 3),
                   importance=i / count, usage_count=2**53 + 1 if i == 1 else i, context=context if i % 2 else None))
    for i in range(count):
        await database.create_relationship(f"w-{i}", f"w-{(i * 7 + 1) % count}", kinds[i % len(kinds)], RelationshipProperties(strength=0.1 + i / (2 * count)))
    await backend.disconnect()


if sys.argv[1] == "--write":
    asyncio.run(write(sys.argv[2], int(sys.argv[3])))
else:
    asyncio.run(read(sys.argv[1]))
