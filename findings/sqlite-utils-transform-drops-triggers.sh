#!/usr/bin/env bash
# sqlite-utils transform: a column is renamed, and the triggers that kept full-text search in step are gone.
#
# Expected: "transform" rebuilds the table with its indexes and its triggers.
# Found:    indexes and foreign keys survive, every trigger of the table is dropped; exit 0, no message, integrity_check "ok".
#           What is written afterwards is not found by full-text search, what is deleted is still found.
# Version:  sqlite-utils 4.2.1; 2026-11-27.
# Matters:  MemoryGraph 0.14 keeps memories_fts in step by three triggers. A store that somebody edited with this tool looks
#           whole; whoever moves it must take the search index for a claim, and build it anew.
source "$(dirname "$0")/lib.sh"
python_with sqlite-utils==4.2.1

cat >"$work/run.py" <<'E2'
import sqlite3, subprocess, sys
work = sys.argv[1]
file = work + "/memory.db"
connection = sqlite3.connect(file)
connection.executescript("""
CREATE TABLE memories(id TEXT PRIMARY KEY, title TEXT, content TEXT, confidence REAL);
CREATE INDEX idx_memories_title ON memories(title);
CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, content='memories', content_rowid='rowid');
CREATE TRIGGER memories_added AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(rowid, title, content) VALUES (new.rowid, new.title, new.content); END;
CREATE TRIGGER memories_deleted AFTER DELETE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts, rowid, title, content) VALUES ('delete', old.rowid, old.title, old.content); END;
INSERT INTO memories VALUES ('m1', 'first', 'apple', 0.5), ('m2', 'second', 'pear', 0.5);
""")
connection.close()

def show(when):
    connection = sqlite3.connect(file)
    names = lambda kind: [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type=? AND sql IS NOT NULL ORDER BY name", (kind,))]
    found = lambda word: connection.execute("SELECT count(*) FROM memories_fts WHERE memories_fts MATCH ?", (word,)).fetchone()[0]
    print(when, "| triggers", names("trigger"), "| indexes", names("index"), "| apple", found("apple"), "pear", found("pear"), "plum", found("plum"), "|", connection.execute("PRAGMA integrity_check(memories)").fetchone()[0])

show("before")
done = subprocess.run([work + "/python/bin/sqlite-utils", "transform", file, "memories", "--rename", "confidence", "certainty"], capture_output=True, text=True)
print("transform: exit", done.returncode, "output", repr(done.stdout + done.stderr))
show("after")
connection = sqlite3.connect(file)
connection.execute("INSERT INTO memories VALUES ('m3', 'third', 'plum', 0.5)")
connection.execute("DELETE FROM memories WHERE id = 'm1'")
connection.commit()
show("one more, one less")
E2
python3 "$work/run.py" "$work" >"$work/seen"
expect "$work/seen" <<'END'
before | triggers ['memories_added', 'memories_deleted'] | indexes ['idx_memories_title'] | apple 1 pear 1 plum 0 | ok
transform: exit 0 output ''
after | triggers [] | indexes ['idx_memories_title'] | apple 1 pear 1 plum 0 | ok
one more, one less | triggers [] | indexes ['idx_memories_title'] | apple 1 pear 1 plum 0 | ok
END
