#!/usr/bin/env bash
# LangChain and LlamaIndex on Neo4j: a chat history gives its last seven messages, and long lists are left out.
#
# Expected: .messages of a history gives all its messages; a query gives each property that it returns. (Of a limit for lists we
#           had a half memory, without knowing that the key goes as well, and by default.)
# Found:    Neo4jChatMessageHistory.messages gives 7 of 40 messages, beginning with an answer (window=3), and the
#           other 33 stay in the database. LlamaIndex's store removes every list of 128 items or more from what it returns, key and
#           all, by default and also from collect(); LangChain's does so with sanitize=True.
# Version:  langchain-neo4j 0.11.0, llama-index-graph-stores-neo4j 0.8.0 with llama-index-core 0.14.25, Neo4j 5.26.0; 2026-11-27.
# Matters:  an export or a comparison made through these loses data that are in the database, and looks complete. Read with the
#           plain driver. A memory with 128 tags has none to LlamaIndex.
source "$(dirname "$0")/lib.sh"
python_with langchain-neo4j==0.11.0 llama-index-graph-stores-neo4j==0.8.0 llama-index-core==0.14.25 neo4j==5.28.8
neo4j_start

cat >"$work/run.py" <<'E2'
import logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from langchain_neo4j import Neo4jChatMessageHistory, Neo4jGraph
from llama_index.graph_stores.neo4j import Neo4jPropertyGraphStore
login = dict(url=f"bolt://127.0.0.1:{sys.argv[1]}", username="neo4j", password="none", refresh_schema=False)
plain = Neo4jGraph(**login)
history = Neo4jChatMessageHistory(session_id="s", graph=plain)
for i in range(20):
    history.add_user_message(f"question {i}")
    history.add_ai_message(f"answer {i}")
print("history.messages:", [message.content for message in history.messages])
print("in the database:", plain.query("MATCH (m:Message) RETURN count(m) AS messages"))

plain.query("CREATE (:Memory {id: 'm127', tags: [i IN range(1, 127) | toString(i)]}), (:Memory {id: 'm128', tags: [i IN range(1, 128) | toString(i)]})")
stores = {
    "LangChain": plain.query,
    "LangChain, sanitize=True": Neo4jGraph(**login, sanitize=True).query,
    "LlamaIndex": Neo4jPropertyGraphStore(**login, create_indexes=False).structured_query,
}
for name, query in stores.items():
    rows = [row["held"] for row in query("MATCH (m:Memory) RETURN properties(m) AS held ORDER BY m.id")]
    print(name, "|", [{key: len(value) if isinstance(value, list) else value for key, value in sorted(row.items())} for row in rows],
          "|", sorted(query("UNWIND range(1, 200) AS i RETURN collect(i) AS ids, count(i) AS number")[0]))
E2
"$work/python/bin/python" "$work/run.py" "$port" >"$work/seen" 2>"$work/errors" || { tail -n 5 "$work/errors" >&2; exit 1; }
expect "$work/seen" <<'END'
history.messages: ['answer 16', 'question 17', 'answer 17', 'question 18', 'answer 18', 'question 19', 'answer 19']
in the database: [{'messages': 40}]
LangChain | [{'id': 'm127', 'tags': 127}, {'id': 'm128', 'tags': 128}] | ['ids', 'number']
LangChain, sanitize=True | [{'id': 'm127', 'tags': 127}, {'id': 'm128'}] | ['number']
LlamaIndex | [{'id': 'm127', 'tags': 127}, {'id': 'm128'}] | ['number']
END
