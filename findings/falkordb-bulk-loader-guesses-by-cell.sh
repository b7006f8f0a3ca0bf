#!/usr/bin/env bash
# falkordb-bulk-loader: each cell of a CSV gets a type of its own, so that ids, hashes and titles change in some rows.
#
# Expected: quoted text stays text, and a column has one type.
# Found:    the type is guessed cell by cell, quoted or not. In one property a git hash becomes a double (8274e12), another
#           an integer, the others stay text; the title 007 becomes 7, 1.10 becomes 1.1, twenty digits become a double; a text
#           that begins with [ becomes a list; an empty text becomes an absent property. Two nodes of one id are both created
#           and counted as success, where no relationships are loaded. -d (--enforce-schema) with id:ID and name:STRING keeps
#           the texts, but for the empty one.
# Version:  falkordb-bulk-loader 1.2.0, FalkorDB 4.16.3; FalkorDB 4.22.1 the same; 2026-11-27.
# Matters:  a graph that came in by this tool has properties of several types under one name, and ids that are numbers;
#           whoever moves memories by it, without -d, changes them.
source "$(dirname "$0")/lib.sh"
falkordb_start
python_with falkordb-bulk-loader==1.2.0 falkordb==1.8.1

cat >"$work/Memory.csv" <<'CSV'
"id","git_commit","title","content"
"m1","8274e12","1.10","true"
"m2","abcdef1","007","[1, 2]"
"m3","1234567","12345678901234567890",""
CSV
sed '1s/.*/"id:ID","git_commit:STRING","title:STRING","content:STRING"/' "$work/Memory.csv" >"$work/Typed.csv"
printf 'id,title\nm1,a\nm1,b\n' >"$work/Twice.csv"
cat >"$work/show.py" <<'E2'
import falkordb, sys
for name in ("guessed", "typed"):
    graph = falkordb.FalkorDB(port=int(sys.argv[1])).select_graph(name)
    print(name)
    for row in graph.ro_query("MATCH (n) RETURN n.git_commit, n.title, n.content ORDER BY id(n)").result_set:
        print(" ", row)
print("twice", falkordb.FalkorDB(port=int(sys.argv[1])).select_graph("twice").ro_query("MATCH (n) RETURN n.id, n.title ORDER BY id(n)").result_set)
E2
load() {
  "$work/python/bin/falkordb-bulk-insert" "$@" -u "redis://127.0.0.1:$port" >"$work/load.log" 2>&1
  grep -oE "Construction of graph .* created in" "$work/load.log" | sed 's/ in$//'
}
{
  load guessed -n "$work/Memory.csv"
  load typed -d -N Memory "$work/Typed.csv"
  load twice -n "$work/Twice.csv"
  "$work/python/bin/python" "$work/show.py" "$port"
} >"$work/seen"
expect "$work/seen" <<'END'
Construction of graph 'guessed' complete: 3 nodes created, 0 relations created
Construction of graph 'typed' complete: 3 nodes created, 0 relations created
Construction of graph 'twice' complete: 2 nodes created, 0 relations created
guessed
  [8274000000000000.0, 1.1, True]
  ['abcdef1', 7, [1, 2]]
  [1234567, 1.23456789012346e+19, None]
typed
  ['8274e12', '1.10', 'true']
  ['abcdef1', '007', '[1, 2]']
  ['1234567', '12345678901234567890', None]
twice [['m1', 'a'], ['m1', 'b']]
END
