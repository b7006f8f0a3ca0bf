#!/usr/bin/env bash
# redis-dump (npm) of a FalkorDB server: exit 0, no word of the graph, and other keys get the values of their neighbours.
#
# Expected: a key of a type that the tool does not know is an error (other such tools do raise one).
# Found:    the graph is missing from the dump, as commands and as JSON; exit 0, nothing on standard error. Worse, each key
#           that sorts after the graph's gets the value of the next one, and the last gets none: the skipped key shifts them.
#           Without a graph in the server every value is right.
# Version:  redis-dump 0.1.10 (some 75,000 downloads a month), FalkorDB 4.16.3; FalkorDB 4.22.1 the same; 2026-11-27.
# Matters:  a "Redis backup" made with it holds no memory at all, and the rest of it is wrong. PyPI's redis-dump-load,
#           rdbtools and rdb-py, and npm's node-redis-dump2 refuse such a server or file, so they mislead nobody.
source "$(dirname "$0")/lib.sh"
falkordb_start
python_with redis==5.3.0
node_with redis-dump@0.1.10

cat >"$work/run.py" <<'E2'
import json, redis, subprocess, sys
port, folder = sys.argv[1:]
server = redis.Redis(port=int(port), decode_responses=True)
server.mset({"agents": "two", "session": "open", "user": "ada"})

def dump(when):
    done = subprocess.run(["npx", "--no-install", "redis-dump", "-h", "127.0.0.1", "-p", port, "--json"], cwd=folder, capture_output=True, text=True)
    print(when, "| exit", done.returncode, "| standard error", repr(done.stderr))
    print(" ", {key: entry.get("value") for key, entry in json.loads(done.stdout).items()})

dump("without a graph")
server.execute_command("GRAPH.QUERY", "memorygraph", "UNWIND range(1, 10) AS i CREATE (:Memory {id: toString(i)})")
print("type of memorygraph:", server.type("memorygraph"))
dump("with a graph")
E2
"$work/python/bin/python" "$work/run.py" "$port" "$work/node" >"$work/seen"
expect "$work/seen" <<'END'
without a graph | exit 0 | standard error ''
  {'agents': 'two', 'session': 'open', 'user': 'ada'}
type of memorygraph: graphdata
with a graph | exit 0 | standard error ''
  {'agents': 'two', 'session': 'ada', 'user': None}
END
