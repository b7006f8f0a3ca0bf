/** Which store: the configuration of one side of a migration. */
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";

export const BACKEND_TYPES = ["sqlite", "falkordblite", "neo4j", "memgraph", "falkordb"] as const;
export type BackendType = (typeof BACKEND_TYPES)[number];

/** How a FalkorDB server is read: by the snapshot that it sends to a replica, or by queries. */
export const READING_WAYS = ["snapshot", "query"] as const;
export type ReadingWay = (typeof READING_WAYS)[number];

export const BackendConfigSchema = v.strictObject({
  type: v.picklist(BACKEND_TYPES),
  path: v.optional(v.string()),
  uri: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  database: v.optional(v.string()),
  graph: v.optional(v.string()),
  /** A file of certificates (PEM) to trust beside the system's, for a server with a private authority. */
  caFile: v.optional(v.string()),
  /** Left out: by queries, and by a snapshot where those cannot give one moment of the graph. */
  readBy: v.optional(v.picklist(READING_WAYS)),
});
export type BackendConfigFields = v.InferOutput<typeof BackendConfigSchema>;
type Environment = Readonly<Record<string, string | undefined>>;

/** An address as anybody may see it. Rather too much goes than too little: a password can hold `@` and `/` itself. */
export function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/\S*@/, "//");
}

/** The backends whose store is named by a path; the others have an address. */
export const FILE_BACKENDS: ReadonlySet<BackendType> = new Set<BackendType>(["sqlite", "falkordblite"]);

/**
 * One store's address. `path` is for the file backends, `uri` for the servers; credentials are optional.
 * Plain data: JSON.stringify and BackendConfig.from give an equal one back.
 */
export class BackendConfig implements BackendConfigFields {
  readonly type: BackendType;
  declare readonly path?: string;
  declare readonly uri?: string;
  declare readonly username?: string;
  declare readonly password?: string;
  declare readonly database?: string;
  declare readonly graph?: string;
  declare readonly caFile?: string;
  declare readonly readBy?: ReadingWay;

  constructor(fields: BackendConfigFields) {
    this.type = fields.type;
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) Object.assign(this, { [name]: value });
    }
  }

  /** @throws UsageError when the data is no configuration. */
  static from(data: unknown): BackendConfig {
    const parsed = v.safeParse(BackendConfigSchema, data);
    if (parsed.success) return new BackendConfig(parsed.output);
    throw new UsageError(
      `the configuration of a store is not valid: ${parsed.issues.map((i) => i.message).join("; ")}`,
      {
        next: "docs/CLI.md lists the fields: type, path, uri, username, password, database, graph, caFile, readBy.",
      },
    );
  }

  /**
   * What MemoryGraph itself would open: MEMORY_BACKEND and the variables of that backend, first one set wins, else
   * its defaults. With `type`, the variables of that backend whatever MEMORY_BACKEND says.
   * @throws UsageError when MEMORY_BACKEND names no backend.
   */
  static fromEnv(env: Environment = Bun.env, type?: BackendType): BackendConfig {
    const first = (...names: string[]) => names.map((name) => env[name]).find((value) => value);
    const named = type ?? first("MEMORY_BACKEND") ?? "sqlite";
    const known = BACKEND_TYPES.find((candidate) => candidate === named.toLowerCase());
    if (known === undefined) {
      throw new UsageError(`MEMORY_BACKEND is "${named}", which is not a backend`, {
        next: `Set it to one of ${BACKEND_TYPES.join(", ")}, or name the store with --from.`,
      });
    }
    const home = env.HOME ?? env.USERPROFILE ?? homedir();
    const inHome = (path: string) => (path.startsWith("~/") ? join(home, path.slice(2)) : path);
    switch (known) {
      case "sqlite":
        return new BackendConfig({
          type: known,
          path: inHome(first("MEMORY_SQLITE_PATH") ?? "~/.memorygraph/memory.db"),
        });
      case "falkordblite": {
        const path = first("MEMORY_FALKORDBLITE_PATH", "FALKORDBLITE_PATH") ?? "~/.memorygraph/falkordblite.db";
        return new BackendConfig({ type: known, path: inHome(path) });
      }
      case "neo4j":
        return new BackendConfig({
          type: known,
          uri: first("MEMORY_NEO4J_URI", "NEO4J_URI") ?? "bolt://localhost:7687",
          username: first("MEMORY_NEO4J_USER", "NEO4J_USER") ?? "neo4j",
          password: first("MEMORY_NEO4J_PASSWORD", "NEO4J_PASSWORD"),
          database: first("MEMORY_NEO4J_DATABASE") ?? "neo4j",
        });
      case "memgraph":
        return new BackendConfig({
          type: known,
          uri: first("MEMORY_MEMGRAPH_URI") ?? "bolt://localhost:7687",
          username: env.MEMORY_MEMGRAPH_USER ?? "",
          password: env.MEMORY_MEMGRAPH_PASSWORD ?? "",
        });
      case "falkordb": {
        const host = first("MEMORY_FALKORDB_HOST", "FALKORDB_HOST") ?? "localhost";
        const port = first("MEMORY_FALKORDB_PORT", "FALKORDB_PORT") ?? "6379";
        const password = first("MEMORY_FALKORDB_PASSWORD", "FALKORDB_PASSWORD");
        return new BackendConfig({ type: known, uri: `redis://${host}:${port}`, password });
      }
    }
  }

  /** The variables with which MemoryGraph opens this store; without user and password. */
  toEnv(): Record<string, string> {
    const { type, path = "", uri = "", database } = this;
    const address = withoutCredentials(uri);
    switch (type) {
      case "sqlite":
        return { MEMORY_BACKEND: type, MEMORY_SQLITE_PATH: path };
      case "falkordblite":
        return { MEMORY_BACKEND: type, MEMORY_FALKORDBLITE_PATH: path };
      case "neo4j": {
        const [, server = address, named] = /^([^/]*\/\/[^/]+)\/(.+)$/.exec(address) ?? [];
        const name = database ?? named;
        return { MEMORY_BACKEND: type, MEMORY_NEO4J_URI: server, ...(name && { MEMORY_NEO4J_DATABASE: name }) };
      }
      case "memgraph":
        return { MEMORY_BACKEND: type, MEMORY_MEMGRAPH_URI: address };
      case "falkordb": {
        const [, host = "localhost", port = "6379"] = /^\w+:\/\/([^/:]+|\[[^\]]+\])(?::(\d+))?/.exec(address) ?? [];
        return { MEMORY_BACKEND: type, MEMORY_FALKORDB_HOST: host, MEMORY_FALKORDB_PORT: port };
      }
    }
  }

  /** One message for each field that is missing; empty when the store can be opened. */
  validate(): string[] {
    if (FILE_BACKENDS.has(this.type)) return this.path ? [] : [`the ${this.type} backend needs 'path'`];
    return this.uri ? [] : [`the ${this.type} backend needs 'uri'`];
  }
}
