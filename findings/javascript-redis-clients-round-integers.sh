#!/usr/bin/env bash
# JavaScript clients of FalkorDB read integers beyond 2^53 as other numbers, and not all as the same other number.
#
# Expected: whole (as BigInt or text), or an error; FalkorDB itself keeps 64 bits.
# Found:    npm's falkordb, redis and ioredis all round without a sign; for the greatest integer ioredis gives yet another
#           number (...778000 where the others give ...776000), since it adds up the digits as a double. RESP3 and Bun's own
#           client change nothing. ioredis with stringNumbers is exact. Under Node and under Bun alike.
# Version:  falkordb 6.6.2, redis 5.12.1, ioredis 5.11.1, Bun 1.4.5; FalkorDB 4.16.3 and 4.22.1; 2026-11-27.
# Matters:  usage_count and integers of metadata change on the way through any of them; ask for toString(n.x) where the
#           digits count, and never compare what two clients read.
source "$(dirname "$0")/lib.sh"
falkordb_start
node_with falkordb@6.6.2 redis@5.12.1 ioredis@5.11.1 bun@1.4.5

cat >"$work/node/run.mjs" <<'E2'
import { FalkorDB } from "falkordb";
import Redis from "ioredis";
import { createClient } from "redis";
const port = Number(process.argv[2]);
const query = ["memorygraph", "MATCH (n) RETURN n.small, n.great, toString(n.small), toString(n.great)"];
const show = (name, row) => console.log(name.padEnd(24), row.map((cell) => `${typeof cell} ${cell}`).join(", "));

const db = await FalkorDB.connect({ socket: { host: "127.0.0.1", port } });
const graph = db.selectGraph("memorygraph");
await graph.query("MATCH (n) DELETE n");
await graph.query("CREATE ({small: 9007199254740993, great: 9223372036854775807})");
show("falkordb", Object.values((await graph.roQuery(query[1])).data[0]));
await db.close();
for (const RESP of [2, 3]) {
  const client = await createClient({ RESP, url: `redis://127.0.0.1:${port}` }).connect();
  show(`redis, RESP${RESP}`, (await client.sendCommand(["GRAPH.RO_QUERY", ...query]))[1][0]);
  client.destroy();
}
for (const stringNumbers of [false, true]) {
  const client = new Redis({ port, host: "127.0.0.1", stringNumbers });
  show(`ioredis${stringNumbers ? ", stringNumbers" : ""}`, (await client.call("GRAPH.RO_QUERY", ...query))[1][0]);
  client.disconnect();
}
if (typeof Bun !== "undefined") {
  const client = new Bun.RedisClient(`redis://127.0.0.1:${port}`);
  show("Bun.RedisClient", (await client.send("GRAPH.RO_QUERY", query))[1][0]);
  client.close();
}
process.exit(0);
E2
{
  echo "under Node"
  node "$work/node/run.mjs" "$port"
  echo "under Bun"
  "$work/node/node_modules/.bin/bun" "$work/node/run.mjs" "$port"
} >"$work/seen"
expect "$work/seen" <<'END'
under Node
falkordb                 number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
redis, RESP2             number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
redis, RESP3             number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
ioredis                  number 9007199254740992, number 9223372036854778000, string 9007199254740993, string 9223372036854775807
ioredis, stringNumbers   string 9007199254740993, string 9223372036854775807, string 9007199254740993, string 9223372036854775807
under Bun
falkordb                 number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
redis, RESP2             number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
redis, RESP3             number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
ioredis                  number 9007199254740992, number 9223372036854778000, string 9007199254740993, string 9223372036854775807
ioredis, stringNumbers   string 9007199254740993, string 9223372036854775807, string 9007199254740993, string 9223372036854775807
Bun.RedisClient          number 9007199254740992, number 9223372036854776000, string 9007199254740993, string 9223372036854775807
END
