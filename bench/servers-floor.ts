/**
 * The least that filling a graph server can take: the same driver, the same batches and the same values (Bolt servers
 * have the times of relationships as date-times of their own), load and read back, and nothing else: no indexes, no comparison.
 * Or what reading it alone takes; then SOURCE is not looked at.
 *
 *   MEMORYGRAPH_TO_PASSWORD=... bun bench/servers-floor.ts fill|read SOURCE KIND URI [USER]
 */
import { Database } from "bun:sqlite";

const ROWS = 2_000;
const TIMES = ["valid_from", "valid_until", "recorded_at"];

interface Row {
  readonly properties: Record<string, unknown>;
  /** Internal ids, of a relationship. */
  readonly ends?: readonly unknown[];
}

/** Runs a statement over rows and gives the rows of its answer. */
type Run = (statement: string, rows: readonly object[]) => Promise<readonly (readonly unknown[])[]>;

/** What the target has of a relationship's time. */
type Time = (text: string) => unknown;

async function fill(source: string, run: Run, inFlight: number, time: Time = String): Promise<void> {
  const store = new Database(source, { readonly: true });
  const ids = new Map<unknown, unknown>();
  const nodes: Row[] = [];
  for (const [text] of store.query("SELECT properties FROM nodes").values()) {
    nodes.push({ properties: withoutNulls(JSON.parse(String(text))) });
  }
  await inParallel(batches(nodes), inFlight, async (batch) => {
    const rows = batch.map(({ properties }, at) => ({ at, properties }));
    const found = await run("CREATE (n:Memory) SET n = row.properties RETURN row.at, id(n)", rows);
    for (const [at, id] of found) ids.set(batch[Number(at)]!.properties.id, id);
  });
  const types = new Map<string, Row[]>();
  for (const [from, to, type, text] of store
    .query("SELECT from_id, to_id, rel_type, properties FROM relationships")
    .values()) {
    const group = types.get(String(type)) ?? [];
    types.set(String(type), group);
    const properties = withoutNulls(JSON.parse(String(text)));
    for (const name of TIMES) if (name in properties) properties[name] = time(String(properties[name]));
    group.push({ properties, ends: [ids.get(from), ids.get(to)] });
  }
  const all = [...types].flatMap(([type, group]) => batches(group).map((batch) => ({ type, batch })));
  await inParallel(all, inFlight, async ({ type, batch }) => {
    await run(
      "MATCH (a) WHERE id(a) = row.a MATCH (b) WHERE id(b) = row.b " +
        `CREATE (a)-[r:\`${type}\`]->(b) SET r = row.properties RETURN row.at, id(r)`,
      batch.map(({ properties, ends }, at) => ({ at, a: ends![0], b: ends![1], properties })),
    );
  });
  store.close();
}

function withoutNulls(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
}

function batches<T>(items: readonly T[]): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / ROWS) }, (_, at) => items.slice(at * ROWS, (at + 1) * ROWS));
}

async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

const NODES = "MATCH (n) RETURN id(n), labels(n), properties(n)";
const RELATIONSHIPS = "MATCH (a)-[r]->(b) RETURN id(r), id(a), id(b), type(r), properties(r)";

async function bolt(source: string | null, uri: string, user: string | undefined, inFlight: number): Promise<number> {
  const { default: neo4j } = await import("neo4j-driver");
  const auth = user === undefined ? undefined : neo4j.auth.basic(user, Bun.env.MEMORYGRAPH_TO_PASSWORD ?? "");
  const driver = neo4j.driver(uri, auth);
  const run = async (statement: string, parameters = {}) => {
    const session = driver.session();
    try {
      return (await session.run(statement, parameters)).records.map((record) => [...record.values()]);
    } finally {
      await session.close();
    }
  };
  const time = (text: string) => {
    const [y, mo, d, h, mi, s, fraction = ""] = text.replace("+00:00", "").split(/[-T:.]/);
    const parts = [y, mo, d, h, mi, s].map((part) => Number(part)) as [number, number, number, number, number, number];
    return new neo4j.types.DateTime(...parts, Number(fraction.padEnd(9, "0")), 0);
  };
  const send: Run = (statement, rows) => run(`UNWIND $rows AS row ${statement}`, { rows });
  if (source !== null) await fill(source, send, inFlight, time);
  const read = (await run(NODES)).length + (await run(RELATIONSHIPS)).length;
  await driver.close();
  return read;
}

async function falkor(source: string | null, uri: string, user: string | undefined): Promise<number> {
  const { FalkorDB } = await import("falkordb");
  const { hostname, port } = new URL(uri);
  const password = Bun.env.MEMORYGRAPH_TO_PASSWORD;
  const client = await FalkorDB.connect({
    socket: { host: hostname, port: Number(port) },
    ...(user !== undefined && { username: user }),
    ...(password && { password }),
  });
  const graph = client.selectGraph("memorygraph");
  const run = async (statement: string, rows: readonly object[]) => {
    const { data } = await graph.query<Record<string, unknown>>(`UNWIND $rows AS row ${statement}`, {
      params: { rows: rows as never },
    });
    return (data ?? []).map((row) => Object.values(row));
  };
  if (source !== null) await fill(source, run, 2);
  const [last] = (await graph.roQuery<{ last: number }>("MATCH (n) RETURN max(id(n)) AS last")).data ?? [];
  // As pages, since the server has no cursor and sends an answer whole.
  let read = 0;
  for (const [statement, columns] of [
    ["MATCH (n)", "id(n), labels(n), properties(n)"],
    ["MATCH (a)-[r]->(b) WITH a AS n, r, b", "id(r), id(n), id(b), type(r), properties(r)"],
  ]) {
    for (let from = 0; from <= (last?.last ?? 0); from += ROWS / 2) {
      const where = `WHERE id(n) >= ${from} AND id(n) < ${from + ROWS / 2}`;
      read += ((await graph.roQuery(`${statement} ${where} RETURN ${columns}`)).data ?? []).length;
    }
  }
  await client.close();
  return read;
}

const [what, path, kind, uri, user] = process.argv.slice(2);
if (path === undefined || uri === undefined) {
  console.error("usage: bun bench/servers-floor.ts fill|read SOURCE KIND URI [USER]");
  process.exitCode = 2;
} else {
  const source = what === "read" ? null : path;
  const read =
    kind === "falkordb" ? await falkor(source, uri, user) : await bolt(source, uri, user, kind === "neo4j" ? 2 : 1);
  console.log(`${read} records`);
}
