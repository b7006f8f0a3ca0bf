#!/usr/bin/env bash
# FalkorDB at its memory limit: reading and deleting by GRAPH.QUERY fail, and an eviction policy removes the whole graph.
#
# Expected: writes are refused with OOM, reads go on; deleting makes room again.
# Found:    GRAPH.QUERY counts as a write for Redis, so a MATCH ... RETURN and a MATCH ... DELETE are refused as well; only
#           GRAPH.RO_QUERY still reads, and GRAPH.DELETE (of everything) still works. With maxmemory-policy allkeys-lru, one SET
#           of a small key evicts the graph with all that it holds, since it is one key; MEMORY USAGE calls that key some 40 bytes.
#           The next GRAPH.QUERY, even one that only reads, makes an empty graph of the same name.
# Version:  FalkorDB 4.16.3 on Redis 8.2.3; FalkorDB 4.22.1 on Redis 8.10.2 the same; 2026-11-27.
# Matters:  whoever rescues memories from a full server must read by GRAPH.RO_QUERY, and look at the eviction policy of a
#           target before writing. An empty graph may be what an eviction left.
source "$(dirname "$0")/lib.sh"
falkordb_start
python_with redis==5.3.0

cat >"$work/run.py" <<'E2'
import redis, sys
server = redis.Redis(port=int(sys.argv[1]), decode_responses=True)

def run(*words):
    try:
        answer = server.execute_command(*words)
        if isinstance(answer, list):
            answer = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in answer[1]] if len(answer) > 1 else [x for x in answer[0] if "deleted" in x or "created" in x]
    except redis.RedisError as error:
        answer = f"refused: {str(error)[:40]}"
    print(" ".join(words)[:64], "->", answer)

count = "MATCH (n) RETURN count(n)"
server.execute_command("GRAPH.QUERY", "memorygraph", "UNWIND range(1, 20000) AS i CREATE (:Memory {id: toString(i), content: 'some words ' + toString(i)})")
print("memory usage of 20,000 memories under 100 bytes:", server.memory_usage("memorygraph") < 100)
server.config_set("maxmemory", server.info("memory")["used_memory"] - 200000)
print("policy noeviction")
run("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'new'})")
run("GRAPH.QUERY", "memorygraph", count)
run("GRAPH.QUERY", "memorygraph", "MATCH (n:Memory) WITH n LIMIT 10 DELETE n")
run("GRAPH.RO_QUERY", "memorygraph", count)
print("policy allkeys-lru")
server.config_set("maxmemory-policy", "allkeys-lru")
try:
    server.set("small", "1")
except redis.RedisError:
    pass  # The graph goes, and the key may be refused all the same.
print("after SET of a small key")
print("memorygraph exists:", server.exists("memorygraph"))
server.config_set("maxmemory", 0)  # The memory of the evicted graph is given back in the background.
run("GRAPH.QUERY", "memorygraph", count)
print("memorygraph exists:", server.exists("memorygraph"))
E2
"$work/python/bin/python" "$work/run.py" "$port" >"$work/seen"
expect "$work/seen" <<'END'
memory usage of 20,000 memories under 100 bytes: True
policy noeviction
GRAPH.QUERY memorygraph CREATE (:Memory {id: 'new'}) -> refused: command not allowed when used memory > '
GRAPH.QUERY memorygraph MATCH (n) RETURN count(n) -> refused: command not allowed when used memory > '
GRAPH.QUERY memorygraph MATCH (n:Memory) WITH n LIMIT 10 DELETE  -> refused: command not allowed when used memory > '
GRAPH.RO_QUERY memorygraph MATCH (n) RETURN count(n) -> [20000]
policy allkeys-lru
after SET of a small key
memorygraph exists: 0
GRAPH.QUERY memorygraph MATCH (n) RETURN count(n) -> [0]
memorygraph exists: 1
END
