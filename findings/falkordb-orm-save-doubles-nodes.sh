#!/usr/bin/env bash
# falkordb-orm: to load an entity, change a field and save it makes a second node; to delete it deletes the first one.
#
# Expected: save() of an entity that was loaded changes its node, and delete() removes it: one node, then none.
# Found:    with an id that the engine gives (generated_id(), as the package's own examples have it), save() merges by a property `id` that
#           no node has: the loaded node stays as it was, and a second one holds the change and the first one's internal number as
#           its `id`. delete() takes the old one; the changed copy stays. No error anywhere.
# Version:  falkordb-orm 1.2.2, falkordb 1.8.1, FalkorDB 4.16.3; 2026-11-28.
# Matters:  a graph that was used this way has doubles, and whole numbers as `id` that are the engine's numbers of other nodes. Neither
#           is damage by a migration; whoever joins or compares nodes by `id` over such a graph joins the wrong ones.
source "$(dirname "$0")/lib.sh"
python_with falkordb-orm==1.2.2 falkordb==1.8.1
falkordb_start

cat >"$work/run.py" <<'E2'
import sys
from typing import Optional
from falkordb import FalkorDB
from falkordb_orm import Repository, generated_id, node

graph = FalkorDB(port=int(sys.argv[1])).select_graph("notes")

@node("Note")
class Note:
    id: Optional[int] = generated_id()
    title: str

def show(when):
    rows = graph.query("MATCH (n:Note) RETURN id(n), n.id, n.title ORDER BY id(n)").result_set
    print(f"{when}:", *(f"node {number} (id {own}, {title})" for number, own, title in rows))

notes = Repository(graph, Note)
notes.save(Note(title="draft"))
show("saved")
note = notes.find_all()[0]
note.title = "final"
notes.save(note)
show("changed and saved")
notes.delete(note)
show("deleted")
E2
"$work/python/bin/python" "$work/run.py" "$port" >"$work/seen"
expect "$work/seen" <<'END'
saved: node 0 (id None, draft)
changed and saved: node 0 (id None, draft) node 1 (id 0, final)
deleted: node 1 (id 0, final)
END
