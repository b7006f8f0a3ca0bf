#!/usr/bin/env bash
# sqlite-vec: ALTER TABLE ... RENAME TO succeeds, and the vectors can be neither read nor dropped.
#
# Expected: the rename takes the shadow tables along (as FTS5 does), or is refused.
# Found:    it succeeds and lasts, the shadow tables keep the old name. Every SELECT, INSERT and DROP TABLE fails; renaming
#           the table back brings all vectors back. Stock SQLite, without the extension, dumps and restores such a
#           file whole (as expected), but cannot drop the table.
# Version:  sqlite-vec 0.1.9 with apsw 3.54.1.0; 2026-11-27.
# Matters:  scripts that upgrade a schema often build a new table and rename. Memories whose vectors "are gone" after that
#           are still in the shadow tables of the former name.
source "$(dirname "$0")/lib.sh"
python_with sqlite-vec==0.1.9 apsw==3.54.1.0

cat >"$work/run.py" <<'E2'
import struct, sys
import apsw, sqlite_vec
connection = apsw.Connection(sys.argv[1] + "/vectors.db")
connection.enable_load_extension(True)
connection.load_extension(sqlite_vec.loadable_path())

def run(statement, *bound):
    try:
        print(statement, "->", list(connection.execute(statement, bound)))
    except Exception as error:
        print(statement, "-> refused:", error)

connection.execute("CREATE VIRTUAL TABLE memories USING vec0(id TEXT PRIMARY KEY, embedding FLOAT[2])")
connection.execute("INSERT INTO memories VALUES ('m1', ?)", (struct.pack("2f", 1, 2),))
run("ALTER TABLE memories RENAME TO memories_old")
run("SELECT count(*) FROM memories_old")
run("INSERT INTO memories_old VALUES ('m2', zeroblob(8))")
run("DROP TABLE memories_old")
run("PRAGMA integrity_check")
run("ALTER TABLE memories_old RENAME TO memories")
run("SELECT id, vec_to_json(embedding) FROM memories")
E2
"$work/python/bin/python" "$work/run.py" "$work" >"$work/seen"
expect "$work/seen" <<'END'
ALTER TABLE memories RENAME TO memories_old -> []
SELECT count(*) FROM memories_old -> refused: Error preparing rowid scan: no such table: main.memories_old_rowids
INSERT INTO memories_old VALUES ('m2', zeroblob(8)) -> refused: Internal sqlite-vec error: could not initialize 'insert rowids id' statement
DROP TABLE memories_old -> refused: SQL logic error
PRAGMA integrity_check -> [('ok',)]
ALTER TABLE memories_old RENAME TO memories -> []
SELECT id, vec_to_json(embedding) FROM memories -> [('m1', '[1.000000,2.000000]')]
END
