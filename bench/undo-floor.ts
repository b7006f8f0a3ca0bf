/**
 * What an application does to a store after a run, and the least that taking the run's records out can take: deletion by their ids
 * with the driver alone, durable, and nothing is read back.
 *
 *   bun bench/undo-floor.ts live|delete ADDED sqlite FILE
 *   MEMORYGRAPH_TO_PASSWORD=... bun bench/undo-floor.ts live|delete ADDED KIND URI [USER]
 */
import { Database } from "bun:sqlite";
import { FalkorDB } from "falkordb";
import neo4j from "neo4j-driver";

const BATCH = 2_000;
const [what = "", added = "", kind = "", place = "", user = ""] = process.argv.slice(2);
const source = new Database(added, { readonly: true });
const idsOf = (table: string) => source.query(`SELECT id FROM ${table}`).values().flat() as string[];
const [memories, relationships] = [idsOf("nodes"), idsOf("relationships")];
/** Counts the use of every third of the run's memories, and stores a thousand more. */
const used = memories.filter((_, at) => at % 3 === 0);
const more = Array.from({ length: 1_000 }, (_, at) => `made-since-${at}`);

if (kind === "sqlite") {
  const store = new Database(place, { create: false, readwrite: true });
  store.run("BEGIN IMMEDIATE");
  if (what === "delete") {
    const relationship = store.prepare("DELETE FROM relationships WHERE id = ?");
    for (const id of relationships) relationship.run(id);
    const node = store.prepare("DELETE FROM nodes WHERE id = ?");
    for (const id of memories) node.run(id);
  } else {
    const use = store.prepare("UPDATE nodes SET properties = json_set(properties, '$.usage_count', 77) WHERE id = ?");
    for (const id of used) use.run(id);
    const make = store.prepare(
      "INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', json_object('id', ?, 'title', 'made since'))",
    );
    for (const id of more) make.run(id, id);
  }
  store.run("COMMIT");
  store.close();
} else {
  const { run, close } = kind === "falkordb" ? await falkor() : bolt();
  const all = async (statement: string, ids: readonly string[]) => {
    for (let at = 0; at < ids.length; at += BATCH) await run(statement, ids.slice(at, at + BATCH));
  };
  if (what === "delete") await all("UNWIND $ids AS id MATCH (n:Memory {id: id}) DETACH DELETE n", memories);
  else {
    await all("UNWIND $ids AS id MATCH (n:Memory {id: id}) SET n.usage_count = 77", used);
    await all("UNWIND $ids AS id CREATE (:Memory {id: id, title: 'made since'})", more);
  }
  await close();
}
source.close();

interface Connection {
  run(statement: string, ids: readonly string[]): Promise<unknown>;
  close(): Promise<unknown>;
}

function bolt(): Connection {
  const driver = neo4j.driver(
    place,
    user === "" ? undefined : neo4j.auth.basic(user, Bun.env.MEMORYGRAPH_TO_PASSWORD ?? ""),
  );
  return { run: (statement, ids) => driver.executeQuery(statement, { ids }), close: () => driver.close() };
}

async function falkor(): Promise<Connection> {
  const password = Bun.env.MEMORYGRAPH_TO_PASSWORD;
  const client = await FalkorDB.connect({ url: place.replace("redis:", "falkor:"), ...(password && { password }) });
  const graph = client.selectGraph("memorygraph");
  return {
    run: (statement, ids) => graph.query(statement, { params: { ids: [...ids] } }),
    close: () => client.close(),
  };
}
