"""Opens a graph server with MemoryGraph itself and prints what it returns, as JSON.

Takes one request a line, as JSON: {"kind", "uri", "user", "password", "graph", "quoted"}, and answers each with one line.

Reads every memory and what it is joined to directly, then has MemoryGraph write: a new memory, a new title of an old
one, and a relationship between the two.
"""
import asyncio, json, logging, os, re, sys
from types import SimpleNamespace
from urllib.parse import urlparse

logging.disable(logging.CRITICAL)
os.environ.setdefault("MEMORY_ALLOW_CYCLES", "true")
from memorygraph.backends._falkordb_shared import BaseFalkorDBBackend
from memorygraph.database import MemoryDatabase
from memorygraph.models import Memory, MemoryType, RelationshipProperties, RelationshipType
from memorygraph.proactive.predictive import suggest_related_context
from memorygraph.utils.memory_parser import parse_memory_from_properties


def backend_of(kind, uri, user, password, graph, quoted):
    if kind == "neo4j":
        from memorygraph.backends.neo4j_backend import Neo4jBackend
        return Neo4jBackend(uri, user, password)
    if kind == "memgraph":
        from memorygraph.backends.memgraph_backend import MemgraphBackend
        backend = MemgraphBackend(uri, user, password)
        if quoted:
            # Old servers reserve the word, and MemoryGraph quotes nothing: all else of its statements stays as it is.
            backend._adapt_cypher = lambda query: re.sub(r":Memory\b", ":`Memory`", MemgraphBackend._adapt_cypher(backend, query))
        return backend
    from memorygraph.backends.falkordb_backend import FalkorDBBackend
    address = urlparse(uri)
    return FalkorDBBackend(address.hostname, address.port, password, graph)


def plain(memory):
    return {
        "type": memory.type.value,
        "title": memory.title,
        "content": memory.content,
        "tags": memory.tags,
        "importance": memory.importance,
        "created_at": memory.created_at.isoformat(),
        "project": memory.context.project_path if memory.context else None,
    }


# What MemoryGraph makes of these types where it suggests memories.
REASONS = {
    "Builds on this concept": "BUILDS_ON",
    "Confirms this approach": "CONFIRMS",
    "Similar approach": "SIMILAR_TO",
    "Related information": "RELATED_TO",
    "Alternative approach": "ALTERNATIVE_TO",
    "Improved version": "IMPROVES",
}


async def related_memories(backend, id):
    """What is joined to a memory: the other one, the type, the strength.

    MemoryDatabase's own question fails on every server ("Variable `rel` not defined"). That of its FalkorDB backend is
    right, but only Bolt servers understand it; FalkorDB is asked for what MemoryGraph would suggest instead.
    """
    if backend.backend_name() == "falkordb":
        suggested = await suggest_related_context(backend, id, max_suggestions=1000)
        return [[one.memory_id, REASONS[one.reason], one.relevance_score] for one in suggested]
    asking = SimpleNamespace(execute_query=backend.execute_query, _node_to_memory=parse_memory_from_properties)
    joined = await BaseFalkorDBBackend.get_related_memories(asking, id, max_depth=1)
    return [[other.id, relationship.type.value, relationship.properties.strength] for other, relationship in joined]


async def read(database, ids):
    memories, related = {}, {}
    for id in ids:
        memory = await database.get_memory(id)
        if memory is None:
            continue
        memories[id] = plain(memory)
        related[id] = await related_memories(database.connection, id)
    statistics = await database.get_memory_statistics()
    counts = [statistics[name]["count"] for name in ("total_memories", "total_relationships")]
    return {"memories": memories, "related": related, "counts": counts}


async def write(database, old):
    new = Memory(id="written-later", type=MemoryType.SOLUTION, title="written later", content="by MemoryGraph", tags=["new"])
    await database.store_memory(new)
    changed = await database.get_memory(old)
    changed.title = "renamed by MemoryGraph"
    await database.update_memory(changed)
    try:
        strength = RelationshipProperties(strength=0.625)
        await database.create_relationship(new.id, old, RelationshipType.SOLVES, strength)
        refusal = None
    except Exception as error:
        refusal = str(error)
    after = await read(database, [new.id, old])
    return {**after, "refusal": refusal}


async def answer(request):
    backend = backend_of(**request)
    await backend.connect()
    await backend.initialize_schema()
    database = MemoryDatabase(backend)
    await database.initialize_schema()
    ids = [row["id"] for row in await backend.execute_query("MATCH (m:Memory) RETURN m.id AS id ORDER BY id")]
    told = await read(database, ids)
    told["written"] = await write(database, ids[0])
    await backend.disconnect()
    return told


for line in sys.stdin:
    print(json.dumps(asyncio.run(answer(json.loads(line)))), flush=True)
