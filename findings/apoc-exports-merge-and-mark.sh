#!/usr/bin/env bash
# APOC's exports of Neo4j, loaded into an empty database: what each of its formats brings back.
#
# Expected: the four Cypher formats bring the same graph back, as on an empty database there is nothing to update; GraphML written
#           with useTypes keeps the types.
# Found:    "create" is exact. "updateAll" makes one relationship of two of a type between the same nodes, with the last one's properties.
#           "addStructure" leaves the label UNIQUE IMPORT LABEL and the property UNIQUE IMPORT ID on every node. "updateStructure"
#           brings nothing. No statement fails. Through GraphML times come back as texts, always; and a property that has several types
#           over the nodes as text on each of them, numbers and lists too, while one of a single type keeps it.
# Version:  APOC core 5.26.0, Neo4j 5.26.0, neo4j 6.0.3 (Python); 2026-11-28.
# Matters:  parallel relationships and times with a type are what MemoryGraph writes; nodes with that label and property came
#           through such a file, and are not damaged.
source "$(dirname "$0")/lib.sh"
mkdir -p "$work/neo4j/plugins" "$work/neo4j/lib" "$work/neo4j/conf"
mvn -q -B dependency:copy -Dartifact=org.neo4j.procedure:apoc-core:5.26.0:jar:core "-DoutputDirectory=$work/neo4j/plugins" </dev/null
# Without the scripts that start Neo4j, its extensions are found on the class path alone.
cp "$work"/neo4j/plugins/*.jar "$work/neo4j/lib"
printf '%s\n' apoc.export.file.enabled=true apoc.import.file.enabled=true apoc.import.file.use_neo4j_config=false \
  >"$work/neo4j/conf/apoc.conf"
python_with neo4j==6.0.3
neo4j_start

cat >"$work/run.py" <<'E2'
import neo4j, sys
driver = neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{sys.argv[1]}")
path = sys.argv[2] + "/exported"
VALUES = {"a": "datetime('2024-01-31T23:59:59.123456+02:00')", "b": "1.0", "c": "9007199254740993", "d": "'12'", "e": "[1, 2]"}

def query(statement, **given):
    return driver.execute_query(statement, given).records

def make():
    query("MATCH (n) DETACH DELETE n")
    for name, value in VALUES.items():
        query(f"CREATE (:Memory {{id: '{name}', several: {value}, `of {name}`: {value}}})")
    query("MATCH (a {id: 'a'}), (b {id: 'b'}) CREATE (a)-[:SOLVES {id: 'r1'}]->(b), (a)-[:SOLVES {id: 'r2'}]->(b)")

def seen():
    nodes = query("MATCH (n) UNWIND keys(n) AS k RETURN n.id AS id, labels(n) AS l, k, valueType(n[k]) AS t")
    kinds = {(r["id"], k): r["t"].removesuffix(" NOT NULL") for r in nodes for k in [r["k"]]}
    labels = sorted({label for r in nodes for label in r["l"]})
    return kinds, labels, sorted(r["i"] for r in query("MATCH ()-[r]->() RETURN r.id AS i"))

def compare(name, export, load):
    make()
    kinds, labels, links = seen()
    query(export, path=path)
    query("MATCH (n) DETACH DELETE n")
    load()
    kinds_now, labels_now, links_now = seen()
    if not kinds_now:
        return print(name, "nothing")
    print(name, "labels", labels_now, "relationships", links_now)
    for key in sorted(kinds_now, key=str):
        if kinds.get(key) != kinds_now[key] and (key[0] == "a" or key in kinds):
            print(" ", *key, ":", kinds.get(key), "->", kinds_now[key])

def statements():
    for statement in open(path).read().split(";\n"):
        if statement.strip():
            query(statement)
    for row in query("SHOW CONSTRAINTS"):
        query(f"DROP CONSTRAINT `{row['name']}`")

for form in ["create", "updateAll", "addStructure", "updateStructure"]:
    config = "{format: 'plain', cypherFormat: '" + form + "', useOptimizations: {type: 'NONE'}}"
    compare(form, f"CALL apoc.export.cypher.all($path, {config})", statements)
compare("GraphML", "CALL apoc.export.graphml.all($path, {useTypes: true})",
        lambda: query("CALL apoc.import.graphml($path, {readLabels: true})", path=path))
E2
"$work/python/bin/python" "$work/run.py" "$port" "$work" >"$work/seen"
expect "$work/seen" <<'END'
create labels ['Memory'] relationships ['r1', 'r2']
updateAll labels ['Memory'] relationships ['r2']
addStructure labels ['Memory', 'UNIQUE IMPORT LABEL'] relationships ['r1', 'r2']
  a UNIQUE IMPORT ID : None -> INTEGER
updateStructure nothing
GraphML labels ['Memory'] relationships ['r1', 'r2']
  a of a : ZONED DATETIME -> STRING
  a several : ZONED DATETIME -> STRING
  b several : FLOAT -> STRING
  c several : INTEGER -> STRING
  e several : LIST<INTEGER NOT NULL> -> STRING
END
