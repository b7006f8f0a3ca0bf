#!/usr/bin/env bash
# Chroma: add() of an id that exists does nothing, upsert() keeps metadata that was left out, NaN drops a key.
#
# Expected: add() raises for a second id of the same name; update() and upsert() put the new metadata in place of the old;
#           NaN is stored or refused.
# Found:    add() returns normally and the old document stays. update() and upsert() merge: a key that the new metadata do not
#           have keeps its old value, beside the new document. A NaN or an infinity leaves its key out, without an error; an integer of
#           2^63 comes back as a double, -0.0 as 0.0. A deleted document's text and metadata still stand in the files.
# Version:  chromadb 1.5.9; 2026-11-27.
# Matters:  a second run of an import into Chroma changes nothing by add(), and leaves a mixture by upsert(): delete first,
#           or compare what was read back. Deleted memories can be read in a copy of the folder.
source "$(dirname "$0")/lib.sh"
python_with chromadb==1.5.9

cat >"$work/run.py" <<'E2'
import os, sys
os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb
folder = sys.argv[1] + "/store"
memories = chromadb.PersistentClient(folder).create_collection("memories", embedding_function=None)
point = [[1.0, 2.0]]

def show(what):
    got = memories.get(ids=["m1"])
    print(what, got["documents"], [dict(sorted(m.items())) for m in got["metadatas"]])

memories.add(ids=["m1"], documents=["old text"], metadatas=[{"type": "error", "fixed_by": "m7"}], embeddings=point)
memories.add(ids=["m1"], documents=["new text"], metadatas=[{"type": "solution"}], embeddings=point)
show("add again   ")
memories.update(ids=["m1"], metadatas=[{"type": "solution"}])
show("update      ")
memories.upsert(ids=["m1"], documents=["new text"], metadatas=[{"title": "t"}], embeddings=point)
show("upsert      ")
memories.update(ids=["nowhere"], metadatas=[{"type": "x"}])
print("update of an id that is not there: no error,", memories.count(), "memory")
for value in (float("nan"), float("inf"), 2**63 - 1, 2**63, -0.0):
    memories.delete(ids=["m1"])
    memories.add(ids=["m1"], documents=["d"], metadatas=[{"value": value, "kept": 1}], embeddings=point)
    show(f"{value!r:20}")
memories.add(ids=["m2"], documents=["a text to forget"], metadatas=[{"why": "a reason to forget"}], embeddings=point)
memories.delete(ids=["m2"])
held = b"".join(open(os.path.join(place, name), "rb").read() for place, _, names in os.walk(folder) for name in names)
print("deleted text in the files:", b"a text to forget" in held, "| deleted metadata:", b"a reason to forget" in held)
E2
"$work/python/bin/python" "$work/run.py" "$work" >"$work/seen"
expect "$work/seen" <<'END'
add again    ['old text'] [{'fixed_by': 'm7', 'type': 'error'}]
update       ['old text'] [{'fixed_by': 'm7', 'type': 'solution'}]
upsert       ['new text'] [{'fixed_by': 'm7', 'title': 't', 'type': 'solution'}]
update of an id that is not there: no error, 1 memory
nan                  ['d'] [{'kept': 1}]
inf                  ['d'] [{'kept': 1}]
9223372036854775807  ['d'] [{'kept': 1, 'value': 9223372036854775807}]
9223372036854775808  ['d'] [{'kept': 1, 'value': 9.223372036854776e+18}]
-0.0                 ['d'] [{'kept': 1, 'value': 0.0}]
deleted text in the files: True | deleted metadata: True
END
