/** Every kind of target that a run can be broken on: empty or new, and filled with what is to be overwritten and what is not. */
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../bench/generate.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { BACKENDS, descriptorOf } from "../../src/backends/descriptors.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { summarise } from "../../src/operations/compare.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { FAILPOINTS, type Failpoint } from "../../src/support/failpoint.ts";
import { endOf } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { faultServers, type TestServer } from "../support/servers.ts";
import { at, settle } from "../support/stores.ts";

const MEMORIES = 400;

export interface Target {
  readonly name: string;
  readonly folder: TemporaryFolder;
  readonly source: string;
  readonly config: BackendConfig;
  readonly moments: readonly Failpoint[];
  /** What stands behind `migrate --from-path SOURCE`. */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Everything by which a change would show: digest, counts, indexes; of a file that is not there, that. */
  state(): Promise<string>;
  /** Names beside the target and in the state folder that no run has to leave. */
  leftovers(): string[];
  close(): Promise<void>;
}

/** What a file target is beside, and where the runs of a target are remembered. */
export const stateOf = (folder: TemporaryFolder) => folder.file("state");

const writtenOnce = BACKENDS.flatMap(({ type, capabilities }) => ("isWrittenOnce" in capabilities ? [type] : []));

export async function allTargets(): Promise<(() => Promise<Target>)[]> {
  const servers = await faultServers();
  return [
    () => fileTarget("a new SQLite file", "sqlite", false),
    () => fileTarget("a filled SQLite file", "sqlite", true),
    () => fileTarget("a new FalkorDBLite file", "falkordblite", false),
    () => fileTarget("a filled FalkorDBLite file", "falkordblite", true),
    // One that holds something is no target.
    ...writtenOnce.map((type) => () => fileTarget(`a new ${descriptorOf(type).noun}`, type, false)),
    ...servers.flatMap((server) => [
      () => serverTarget(`an empty ${server.kind} graph`, server, false),
      () => serverTarget(`a filled ${server.kind} graph`, server, true),
    ]),
  ];
}

/** The source, and a store that holds half of it in other words and something of its own. */
function sources(folder: TemporaryFolder): { source: string; filled: string } {
  const source = folder.file("source.db");
  generate(source, MEMORIES);
  settle(source);
  const filled = folder.file("filled.db");
  copyFileSync(source, filled);
  const database = new Database(filled);
  database.run("DELETE FROM relationships WHERE rowid % 3 = 0");
  database.run(
    "DELETE FROM relationships WHERE from_id IN (SELECT id FROM nodes WHERE rowid % 5 = 0) OR to_id IN (SELECT id FROM nodes WHERE rowid % 5 = 0)",
  );
  database.run("DELETE FROM nodes WHERE rowid % 5 = 0");
  database.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'as it was') WHERE rowid % 2 = 0");
  database.run("UPDATE relationships SET properties = json_set(properties, '$.strength', 0.125) WHERE rowid % 7 = 0");
  // Type and ends of a relationship of a graph cannot be changed in place.
  database.run("UPDATE relationships SET rel_type = 'WAS_ANOTHER' WHERE rowid % 11 = 0");
  database.run(
    `INSERT INTO nodes SELECT 'own-' || id, label, json_set(properties, '$.id', 'own-' || id), created_at, updated_at FROM nodes WHERE rowid % 9 = 0`,
  );
  database.close();
  settle(filled);
  return { source, filled };
}

async function fileTarget(name: string, type: BackendConfig["type"], isFilled: boolean): Promise<Target> {
  const folder = temporaryFolder();
  const { source, filled } = sources(folder);
  mkdirSync(folder.file("target"));
  const path = folder.file("target", "store.db");
  const config = new BackendConfig({ type, path });
  if (isFilled && type === "sqlite") copyFileSync(filled, path);
  else if (isFilled) {
    const { error } = await runMigration(at(filled), config, {}, {});
    if (error !== null) throw error;
  }
  const beside = () => readdirSync(folder.file("target")).filter((entry) => entry !== "store.db");
  return {
    name,
    folder,
    source,
    config,
    moments: FAILPOINTS.filter((moment) => !/^(batch|before-image|before writing)/.test(moment)),
    options: ["--to", type, "--to-path", path],
    env: {},
    state: async () => (existsSync(path) ? stateAt(config) : "no file"),
    leftovers: () => [...beside(), ...stateLeftovers(folder)],
    close: async () => folder[Symbol.dispose](),
  };
}

async function serverTarget(name: string, server: TestServer, isFilled: boolean): Promise<Target> {
  const folder = temporaryFolder();
  const { source, filled } = sources(folder);
  const end = endOf(server, "faults");
  const { uri, username, password, graph } = end.config;
  await end.empty();
  if (isFilled) {
    const { error } = await runMigration(at(filled), end.config, {}, {});
    if (error !== null) throw error;
  }
  return {
    name,
    folder,
    source,
    config: end.config,
    moments: isFilled ? FAILPOINTS : FAILPOINTS.filter((moment) => !moment.startsWith("before-image")),
    options: [
      ...["--to", server.kind, "--to-uri", uri!],
      ...(username === undefined ? [] : ["--to-user", username]),
      ...(graph === undefined ? [] : ["--to-graph", graph]),
    ],
    env: password === undefined ? {} : { MEMORYGRAPH_TO_PASSWORD: password },
    state: () => stateAt(end.config),
    leftovers: () => stateLeftovers(folder),
    async close() {
      await end.empty();
      folder[Symbol.dispose]();
    },
  };
}

function stateLeftovers(folder: TemporaryFolder): string[] {
  const [state, temporary] = [stateOf(folder), folder.file("tmp")];
  return [
    ...(existsSync(state) ? readdirSync(state).filter((entry) => !entry.startsWith("runs.db")) : []),
    ...(existsSync(temporary) ? readdirSync(temporary).filter((entry) => entry.startsWith("memorygraph")) : []),
  ].map((entry) => join("state", entry));
}

export async function stateAt(config: BackendConfig): Promise<string> {
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  try {
    const { indexes } = await store.describe("counts");
    return [(await summarise(store)).digest.toString(), ...[...indexes].sort()].join("\n");
  } finally {
    await store.close();
  }
}
