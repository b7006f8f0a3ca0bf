#!/usr/bin/env bash
# LightRAG's file store: a relationship from b to a overwrites the one from a to b.
#
# Expected: upsert_edge(source, target) keeps the direction; two edges between two nodes can stand side by side.
# Found:    the GraphML file says edgedefault="undirected" and holds one edge for each pair: the later one replaces the
#           description and the weight of the earlier, and keeps its ends, so that "b depends on a" is filed from a to b.
# Version:  lightrag-hku 1.5.7, NetworkXStorage (its default graph store); 2026-11-27.
# Matters:  the directed relationships of MemoryGraph, parallel ones above all, cannot be kept in it; and what is read from
#           such a file has no direction to trust.
source "$(dirname "$0")/lib.sh"
python_with lightrag-hku==1.5.7

cat >"$work/run.py" <<'E2'
import asyncio, logging, re, sys
logging.disable(logging.CRITICAL)
from lightrag.kg.networkx_impl import NetworkXStorage
from lightrag.kg.shared_storage import initialize_share_data

async def main():
    initialize_share_data(1)
    store = NetworkXStorage(namespace="memories", workspace="", global_config={"working_dir": sys.argv[1]}, embedding_func=None)
    await store.initialize()
    for name in "ab":
        await store.upsert_node(name, {"entity_id": name, "entity_type": "Memory"})
    await store.upsert_edge("a", "b", {"description": "a solves b", "weight": 1.0})
    await store.upsert_edge("b", "a", {"description": "b depends on a", "weight": 0.5})
    await store.index_done_callback()
    print("a to b:", await store.get_edge("a", "b"))
    print("b to a:", await store.get_edge("b", "a"))
    text = open(sys.argv[1] + "/graph_memories.graphml").read()
    print("in the file:", re.findall(r'edgedefault="\w+"|<edge [^>]*>', text))

asyncio.run(main())
E2
mkdir "$work/store"
(cd "$work" && "$work/python/bin/python" "$work/run.py" "$work/store" 2>"$work/errors" | grep -v '^INFO') >"$work/seen"
expect "$work/seen" <<'END'
a to b: {'description': 'b depends on a', 'weight': 0.5}
b to a: {'description': 'b depends on a', 'weight': 0.5}
in the file: ['edgedefault="undirected"', '<edge source="a" target="b">']
END
