/** A store on which an application works between a run and its undoing, on every kind: by SQL, by Cypher, or by an engine's next save. */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { relationshipId } from "../../src/graph/record.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { withDriver } from "../conformance/bolt.ts";
import { endOf } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";
import { faultServers, type TestServer } from "./servers.ts";
import { at, settle } from "./stores.ts";

type FolderOptions = NonNullable<Parameters<typeof temporaryFolder>[0]>;

/** What an application does to single records. */
export interface Work {
  join(id: string, from: string, to: string): Promise<void>;
  unjoin(id: string): Promise<void>;
  edit(id: string, title: string): Promise<void>;
  /** Counts the use of a memory, and evidence for a relationship: what the application keeps by itself. */
  use(memory: string, relationship: string): Promise<void>;
  remove(id: string): Promise<void>;
  add(id: string): Promise<void>;
  /** What came of a memory, as a node attached to it, and its use counted. */
  outcome(id: string, memory: string): Promise<void>;
  /** A new memory in the place of one, which it leads to. */
  version(id: string, memory: string): Promise<void>;
  /** Something that a memory mentions, as a node attached to it. */
  mention(id: string, memory: string): Promise<void>;
}

export interface LivingStore extends Work {
  readonly name: string;
  readonly folder: TemporaryFolder;
  readonly config: BackendConfig;
  /** What follows `migrate --from-path SOURCE`. */
  readonly to: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Puts a store there without a journal, as if it had always been there. */
  fill(source: string): Promise<void>;
  /** Takes the whole store away, and leaves the journals. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export interface Content {
  readonly nodes: readonly string[];
  readonly titles: Readonly<Record<string, unknown>>;
  readonly relationships: readonly string[];
  /** Relationships with an end that is not there. */
  readonly dangling: readonly string[];
}

export async function contentOf(config: BackendConfig): Promise<Content> {
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  const keys = new Set<string>();
  const titles: Record<string, unknown> = {};
  const [relationships, dangling]: [string[], string[]] = [[], []];
  try {
    for await (const batch of store.read()) {
      for (const record of batch) {
        if (record.kind === "node") {
          keys.add(record.key);
          titles[record.key.slice(1)] = record.properties.get("title");
          continue;
        }
        const name = relationshipId(record) ?? record.type;
        relationships.push(name);
        if (!keys.has(record.from) || !keys.has(record.to)) dangling.push(name);
      }
    }
  } finally {
    await store.close();
  }
  return { nodes: [...keys].map((key) => key.slice(1)).sort(), titles, relationships: relationships.sort(), dangling };
}

/**
 * One opener for each kind that is there.
 * @param options where its folder is
 */
export async function livingStores(
  options: FolderOptions = {},
): Promise<[name: string, open: () => Promise<LivingStore>][]> {
  const servers = await faultServers();
  return [
    ["sqlite", async () => sqliteStore(options)],
    ["falkordblite", async () => liteStore(options)],
    ...servers.map((server): [string, () => Promise<LivingStore>] => [server.kind, () => serverStore(server, options)]),
  ];
}

function sqlWork(path: () => string): Work {
  const run = async (sql: string, ...values: (string | number)[]) => {
    const database = new Database(path(), { readwrite: true, create: false });
    database.query(sql).run(...values);
    database.close();
    settle(path());
  };
  const add = (id: string, label: string, properties: Record<string, unknown>) =>
    run(
      "INSERT INTO nodes (id, label, properties) VALUES (?, ?, ?)",
      ...[id, label, JSON.stringify({ id, ...properties })],
    );
  const join = (id: string, from: string, to: string, type: string) =>
    run(
      "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES (?, ?, ?, ?, ?, '2026-01-01', '2026-01-01')",
      ...[id, from, to, type, JSON.stringify({ id, strength: 0.5 })],
    );
  return {
    join: (id, from, to) => join(id, from, to, "RELATED_TO"),
    unjoin: (id) => run("DELETE FROM relationships WHERE id = ?", id),
    edit: (id, title) =>
      run("UPDATE nodes SET properties = json_set(properties, '$.title', ?) WHERE id = ?", title, id),
    async use(memory, relationship) {
      await run("UPDATE nodes SET properties = json_set(properties, '$.usage_count', 77) WHERE id = ?", memory);
      await run(
        "UPDATE relationships SET properties = json_set(properties, '$.evidence_count', 77) WHERE id = ?",
        relationship,
      );
    },
    async remove(id) {
      await run("DELETE FROM relationships WHERE from_id = ?1 OR to_id = ?1", id);
      await run("DELETE FROM nodes WHERE id = ?", id);
    },
    add: (id) => add(id, "Memory", { type: "general", title: "made since", content: "by the application" }),
    async outcome(id, memory) {
      await add(id, "Outcome", { memory_id: memory, success: true, impact: 1.0 });
      await join(`${id}-of`, memory, id, "RESULTED_IN");
      await run(
        "UPDATE nodes SET properties = json_set(properties, '$.effectiveness', 0.75, '$.usage_count', 78) WHERE id = ?",
        memory,
      );
    },
    async version(id, memory) {
      await add(id, "Memory", { type: "general", title: "a new version", content: "by the application" });
      await run("UPDATE nodes SET properties = json_set(properties, '$.superseded_by', ?) WHERE id = ?", id, memory);
      await join(`${id}-after`, id, memory, "PREVIOUS");
    },
    async mention(id, memory) {
      await add(id, "Entity", { text: id, type: "technology" });
      await join(`${id}-in`, memory, id, "MENTIONS");
    },
  };
}

function sqliteStore(options: FolderOptions): LivingStore {
  const folder = temporaryFolder(options);
  const path = folder.file("target.db");
  return {
    name: "sqlite",
    folder,
    config: at(path),
    to: ["--to", "sqlite", "--to-path", path, "--for", "0.12"],
    env: {},
    ...sqlWork(() => path),
    fill: (source) => migrated(at(source), at(path)),
    empty: async () => rmSync(path, { force: true }),
    async close() {
      folder[Symbol.dispose]();
    },
  };
}

/** The application's engine saves the whole store anew: so does this, by way of a SQLite file. */
function liteStore(options: FolderOptions): LivingStore {
  const folder = temporaryFolder(options);
  const path = folder.file("target.rdb");
  const config = new BackendConfig({ type: "falkordblite", path });
  const between = folder.file("between.db");
  const work = sqlWork(() => between);
  const saved = async (change: () => Promise<void>) => {
    rmSync(between, { force: true });
    await migrated(config, at(between));
    await change();
    rmSync(path);
    await migrated(at(between), config);
  };
  return {
    name: "falkordblite",
    folder,
    config,
    to: ["--to", "falkordblite", "--to-path", path, "--for", "0.12"],
    env: {},
    join: (id, from, to) => saved(() => work.join(id, from, to)),
    unjoin: (id) => saved(() => work.unjoin(id)),
    edit: (id, title) => saved(() => work.edit(id, title)),
    use: (memory, relationship) => saved(() => work.use(memory, relationship)),
    remove: (id) => saved(() => work.remove(id)),
    add: (id) => saved(() => work.add(id)),
    outcome: (id, memory) => saved(() => work.outcome(id, memory)),
    version: (id, memory) => saved(() => work.version(id, memory)),
    mention: (id, memory) => saved(() => work.mention(id, memory)),
    fill: (source) => migrated(at(source), config),
    empty: async () => rmSync(path, { force: true }),
    async close() {
      folder[Symbol.dispose]();
    },
  };
}

async function serverStore(server: TestServer, options: FolderOptions): Promise<LivingStore> {
  const folder = temporaryFolder(options);
  const end = endOf(server, "life");
  const { uri, username, password, graph } = end.config;
  await end.empty();
  const run = (statement: string) =>
    graph === undefined
      ? withDriver(server, async (query) => void (await query(statement)))
      : withFalkor(server, async (command) => void (await command("GRAPH.QUERY", graph, statement)));
  return {
    name: server.kind,
    folder,
    config: end.config,
    to: [
      ...["--to", server.kind, "--to-uri", uri!],
      ...(username === undefined ? [] : ["--to-user", username]),
      ...(graph === undefined ? [] : ["--to-graph", graph]),
    ],
    env: password === undefined ? {} : { MEMORYGRAPH_TO_PASSWORD: password },
    join: (id, from, to) =>
      run(
        `MATCH (a {id: '${from}'}), (b {id: '${to}'}) CREATE (a)-[r:RELATED_TO]->(b) SET r.id = '${id}', r.strength = 0.5`,
      ),
    unjoin: (id) => run(`MATCH ()-[r {id: '${id}'}]->() DELETE r`),
    edit: (id, title) => run(`MATCH (n {id: '${id}'}) SET n.title = '${title}'`),
    async use(memory, relationship) {
      await run(`MATCH (n {id: '${memory}'}) SET n.usage_count = 77`);
      await run(`MATCH ()-[r {id: '${relationship}'}]->() SET r.evidence_count = 77`);
    },
    remove: (id) => run(`MATCH (n {id: '${id}'}) DETACH DELETE n`),
    add: (id) => run(`CREATE (n:Memory {id: '${id}', title: 'made since'})`),
    outcome: (id, memory) =>
      run(
        `MATCH (m {id: '${memory}'}) CREATE (o:Outcome {id: '${id}', memory_id: '${memory}', success: true, impact: 1.0})
          CREATE (m)-[:RESULTED_IN]->(o) SET m.effectiveness = 0.75, m.usage_count = 78`,
      ),
    version: (id, memory) =>
      run(
        `MATCH (m {id: '${memory}'}) CREATE (n:Memory {id: '${id}', title: 'a new version'})
          SET m.superseded_by = '${id}' CREATE (n)-[:PREVIOUS]->(m)`,
      ),
    mention: (id, memory) =>
      run(
        `MATCH (m {id: '${memory}'}) CREATE (m)-[:MENTIONS]->(e:Entity {id: '${id}', text: '${id}', type: 'technology'})`,
      ),
    fill: (source) => migrated(at(source), end.config),
    empty: () => end.empty(),
    async close() {
      await end.empty();
      folder[Symbol.dispose]();
    },
  };
}

async function migrated(from: BackendConfig, to: BackendConfig): Promise<void> {
  const { error } = await runMigration(from, to, { for: "0.12", allowEmpty: true }, {});
  if (error !== null) throw error;
}
