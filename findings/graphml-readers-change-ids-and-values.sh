#!/usr/bin/env bash
# GraphML that networkx wrote, read by igraph and rustworkx: edges with the ids of nodes, other integers, absent and empty mixed up.
#
# Expected: nodes and edges keep their id, `long` stays an integer, an attribute that a node does not have is None, "" is "".
# Found:    igraph 1.0.0 gives each edge the id of the node that has the edge's place in the list (0.11.9 gives the edge's own);
#           2^53+1 becomes 2^53 and is written again as 9007199254740990, with 15 digits; a missing text is "", a missing flag
#           False, a missing number nan, and the first two are written out as if they had been there.
#           rustworkx does it the other way round: "" becomes None, since networkx writes it as an element without an end tag; and a
#           flag, which networkx writes as True with a capital, makes it refuse the file.
# Version:  python-igraph 1.0.0 and 0.11.9, rustworkx 0.18.1, networkx 3.6.1; 2026-11-28.
# Matters:  GraphML is the format that graph tools share. After a way through them relationships cannot be found by id, times in
#           microseconds are others, and "empty" cannot be told from "absent": compare with the store before anything is imported.
source "$(dirname "$0")/lib.sh"
python_with python-igraph==1.0.0 rustworkx==0.18.1 networkx==3.6.1
python3 -m venv "$work/before"
"$work/before/bin/pip" install -q --no-compile --disable-pip-version-check python-igraph==0.11.9

cat >"$work/write.py" <<'E2'
import networkx as nx, sys
graph = nx.MultiDiGraph()
graph.add_node("m1", title="a", used=2**53 + 1, pinned=True)
graph.add_node("m2", used=1)
graph.add_node("m3", title="", used=0, pinned=False)
graph.add_edge("m1", "m2", key="r1", kind="SOLVES", strength=0.5)
graph.add_edge("m1", "m2", key="r2", kind="CAUSES")
nx.write_graphml(graph, sys.argv[1])
E2
cat >"$work/read.py" <<'E2'
import igraph, sys
graph = igraph.Graph.Read_GraphML(sys.argv[1])
print("igraph", igraph.__version__)
for node in graph.vs: print("node", dict(sorted(node.attributes().items())))
for edge in graph.es: print("edge", dict(sorted(edge.attributes().items())))
if len(sys.argv) > 2: graph.write_graphml(sys.argv[2])
E2
cat >"$work/back.py" <<'E2'
import networkx as nx, sys
for name, data in nx.read_graphml(sys.argv[1], force_multigraph=True).nodes(data=True): print("back", dict(sorted(data.items())))
E2
cat >"$work/rust.py" <<'E2'
import rustworkx, sys
text = open(sys.argv[1]).read()
for name, given in [("as written", text), ("true and false", text.replace(">True<", ">true<").replace(">False<", ">false<"))]:
    open(sys.argv[1], "w").write(given)
    try:
        [graph] = rustworkx.read_graphml(sys.argv[1])
        for node in graph.nodes(): print("rustworkx", name, dict(sorted(node.items())))
    except Exception as error:
        print("rustworkx", name, "refused:", error)
E2
"$work/python/bin/python" "$work/write.py" "$work/a.graphml"
{
  "$work/before/bin/python" "$work/read.py" "$work/a.graphml" | grep -v "^node"
  "$work/python/bin/python" "$work/read.py" "$work/a.graphml" "$work/b.graphml"
  "$work/python/bin/python" "$work/back.py" "$work/b.graphml"
  "$work/python/bin/python" "$work/rust.py" "$work/a.graphml"
} >"$work/seen"
expect "$work/seen" <<'END'
igraph 0.11.9
edge {'id': 'r1', 'kind': 'SOLVES', 'strength': 0.5}
edge {'id': 'r2', 'kind': 'CAUSES', 'strength': nan}
igraph 1.0.0
node {'id': 'm1', 'pinned': True, 'title': 'a', 'used': 9007199254740992.0}
node {'id': 'm2', 'pinned': False, 'title': '', 'used': 1.0}
node {'id': 'm3', 'pinned': False, 'title': '', 'used': 0.0}
edge {'id': 'm1', 'kind': 'SOLVES', 'strength': 0.5}
edge {'id': 'm2', 'kind': 'CAUSES', 'strength': nan}
back {'id': 'm1', 'pinned': True, 'title': 'a', 'used': 9007199254740990.0}
back {'id': 'm2', 'pinned': False, 'title': '', 'used': 1.0}
back {'id': 'm3', 'pinned': False, 'title': '', 'used': 0.0}
rustworkx as written refused: Failed conversion to 'bool': provided string was not `true` or `false`
rustworkx true and false {'id': 'm1', 'pinned': True, 'title': 'a', 'used': 9007199254740993}
rustworkx true and false {'id': 'm2', 'pinned': None, 'title': None, 'used': 1}
rustworkx true and false {'id': 'm3', 'pinned': False, 'title': None, 'used': 0}
END
