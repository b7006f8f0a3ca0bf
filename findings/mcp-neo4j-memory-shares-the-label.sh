#!/usr/bin/env bash
# mcp-neo4j-memory and MemoryGraph in one Neo4j database: both call their nodes :Memory.
#
# Expected: labels of its own, so that the two can share a database (the community edition has only one).
# Found:    it writes (:Memory {name, type, observations}) with the entity's type as a second label, and no id. As soon as two
#           of MemoryGraph's memories are related, its read_graph fails for all (a relation without names), since its
#           full-text index over :Memory(type) finds them too. create_entities for a known name replaces the observations, and
#           adds the new type as one more label beside the old.
# Version:  mcp-neo4j-memory 0.4.5, Neo4j 5.26.0; 2026-11-27.
# Matters:  nodes with the label Memory and no id, title or content are another program's, healthy and not to be dropped. A copy
#           of the label alone mixes two products' memories; a migration into a shared database breaks the other server's reading.
source "$(dirname "$0")/lib.sh"
python_with mcp-neo4j-memory==0.4.5 neo4j==5.28.8
neo4j_start

cat >"$work/run.py" <<'E2'
import asyncio, logging, sys
logging.disable(logging.CRITICAL)
from mcp_neo4j_memory.neo4j_memory import Entity, Neo4jMemory, Relation
from neo4j import AsyncGraphDatabase

async def main():
    async with AsyncGraphDatabase.driver(f"bolt://127.0.0.1:{sys.argv[1]}", auth=None) as driver:
        memory = Neo4jMemory(driver)

        async def read(when):
            await driver.execute_query("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
            try:
                graph = await memory.read_graph()
                print(when, "read_graph:", len(graph.entities), "entities,", len(graph.relations), "relations")
            except Exception as error:
                print(when, "read_graph:", type(error).__name__)

        await memory.create_fulltext_index()
        await driver.execute_query("CALL db.awaitIndexes()")
        await memory.create_entities([Entity(name="Ada", type="person", observations=["first"]), Entity(name="Bob", type="person", observations=[])])
        await memory.create_relations([Relation(source="Ada", target="Bob", relationType="KNOWS")])
        await read("alone:           ")
        await driver.execute_query("CREATE (:Memory {id: 'm1', type: 'solution', title: 'T', content: 'C'}), (:Memory {id: 'm2', type: 'problem', title: 'P', content: 'D'})")
        await read("two memories:    ")
        await driver.execute_query("MATCH (a:Memory {id: 'm1'}), (b:Memory {id: 'm2'}) CREATE (a)-[:SOLVES {id: 'r1'}]->(b)")
        await read("and related:     ")
        await memory.create_entities([Entity(name="Ada", type="robot", observations=["second"])])
        for record in (await driver.execute_query("MATCH (n:Memory) RETURN labels(n) AS labels, properties(n) AS held ORDER BY n.name, n.id")).records:
            print(record["labels"], dict(sorted(record["held"].items())))

asyncio.run(main())
E2
"$work/python/bin/python" "$work/run.py" "$port" >"$work/seen"
expect "$work/seen" <<'END'
alone:            read_graph: 2 entities, 1 relations
two memories:     read_graph: 2 entities, 1 relations
and related:      read_graph: ValidationError
['Memory', 'person', 'robot'] {'name': 'Ada', 'observations': ['second'], 'type': 'robot'}
['Memory', 'person'] {'name': 'Bob', 'observations': [], 'type': 'person'}
['Memory'] {'content': 'C', 'id': 'm1', 'title': 'T', 'type': 'solution'}
['Memory'] {'content': 'D', 'id': 'm2', 'title': 'P', 'type': 'problem'}
END
