#!/usr/bin/env bash
# LanceDB: what the first row does not have is dropped from all others; later values are converted without a word.
#
# Expected: create_table() takes the columns of all rows; a value that does not fit a column is refused.
# Found:    create_table() takes the top-level columns of the first row alone: a key that only a later row has is dropped, no error
#           (the same key is an error in add(), and keys of a nested map are taken from all rows). add() turns 2.5 into
#           2 in a column of integers, text "7" into the integer 7, one text into a list of one, 2^53+1 into 2^53 in a column of doubles.
#           A vector search gives ten rows where no limit is set; search() without a vector gives all.
# Version:  lancedb 0.40.0 with pyarrow 26.0.1; 2026-11-27.
# Matters:  memories are records with optional fields. Whoever writes them to LanceDB needs a schema; whoever reads such a
#           table cannot tell that fields were lost, and must count what a query gave.
source "$(dirname "$0")/lib.sh"
python_with lancedb==0.40.0 pyarrow==26.0.1

cat >"$work/run.py" <<'E2'
import lancedb, sys
database = lancedb.connect(sys.argv[1] + "/store")

def create(name, rows):
    print(name, database.create_table(name, rows).to_arrow().to_pylist())

def add(name, first, second):
    table = database.create_table(name, [first])
    try:
        table.add([second])
        print(name, table.to_arrow().to_pylist())
    except Exception as error:
        print(name, "refused:", str(error)[:70])

create("key_in_second_row", [{"id": "a"}, {"id": "b", "summary": "lost"}])
create("key_in_first_row", [{"id": "b", "summary": "kept"}, {"id": "a"}])
create("nested", [{"id": "a", "context": {"x": 1}}, {"id": "b", "context": {"x": 1, "y": 2}}])
add("add_key", {"id": "a"}, {"id": "b", "summary": "refused"})
add("double_to_integer", {"id": "a", "n": 1}, {"id": "b", "n": 2.5})
add("text_to_integer", {"id": "a", "n": 1}, {"id": "b", "n": "7"})
add("text_to_list", {"id": "a", "tags": ["x"]}, {"id": "b", "tags": "one"})
add("integer_to_double", {"id": "a", "n": 0.5}, {"id": "b", "n": 2**53 + 1})
table = database.create_table("many", [{"id": str(i), "vector": [float(i), 1.0]} for i in range(50)])
print("of 50 rows:", len(table.search().to_list()), "by search(),", len(table.search([1.0, 1.0]).to_list()), "by search(vector)")
E2
"$work/python/bin/python" "$work/run.py" "$work" >"$work/seen"
expect "$work/seen" <<'END'
key_in_second_row [{'id': 'a'}, {'id': 'b'}]
key_in_first_row [{'id': 'b', 'summary': 'kept'}, {'id': 'a', 'summary': None}]
nested [{'id': 'a', 'context': {'x': 1, 'y': None}}, {'id': 'b', 'context': {'x': 1, 'y': 2}}]
add_key refused: Invalid input, field 'summary' does not exist in table schema
double_to_integer [{'id': 'a', 'n': 1}, {'id': 'b', 'n': 2}]
text_to_integer [{'id': 'a', 'n': 1}, {'id': 'b', 'n': 7}]
text_to_list [{'id': 'a', 'tags': ['x']}, {'id': 'b', 'tags': ['one']}]
integer_to_double [{'id': 'a', 'n': 0.5}, {'id': 'b', 'n': 9007199254740992.0}]
of 50 rows: 50 by search(), 10 by search(vector)
END
