"""Has MemoryGraph itself import a JSON export into a new SQLite store, and prints what it returns then, as JSON.

usage: python import_export.py EXPORT FILE
"""
import asyncio, json, logging, os, sys

logging.disable(logging.CRITICAL)
os.environ.setdefault("MEMORY_ALLOW_CYCLES", "true")
from memorygraph.backends.sqlite_fallback import SQLiteFallbackBackend
from memorygraph.sqlite_database import SQLiteMemoryDatabase
from memorygraph.utils.export_import import import_from_json


async def main(export, path):
    backend = SQLiteFallbackBackend(path)
    await backend.connect()
    await backend.initialize_schema()
    database = SQLiteMemoryDatabase(backend)
    await database.initialize_schema()
    counts = await import_from_json(database, export)
    with open(export) as file:
        ids = [memory["id"] for memory in json.load(file)["memories"]]
    memories = [(await database.get_memory(id)).model_dump(mode="json") for id in ids]
    await backend.disconnect()
    print(json.dumps({"counts": counts, "memories": memories}))


asyncio.run(main(*sys.argv[1:]))
