/** From what was typed to the two stores. What was typed wins over the variables of the environment. */
import { BackendConfig, type BackendType, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import type { CommandContext } from "./command.ts";
import type { Endpoint, PasswordSource, Side } from "./endpoint.ts";
import { givenPassword } from "./password.ts";

type CliEnvironment = Pick<CommandContext, "env" | "log" | "ask" | "signal">;

/**
 * A path without a kind is a SQLite file, and an address is of the kind that its scheme tells, unless MEMORY_BACKEND
 * says otherwise; without either, the store that MemoryGraph itself would open.
 * @throws UsageError, AccessError
 */
export async function sourceConfig(endpoint: Endpoint, surroundings: CliEnvironment): Promise<BackendConfig> {
  const { env } = surroundings;
  const typed = endpoint.type ?? (env.MEMORY_BACKEND ? undefined : kindOf(endpoint));
  const found = BackendConfig.fromEnv(env, typed);
  // The application's variables belong together: its password is nothing for an address that it does not name.
  const named = endpoint.uri !== undefined || endpoint.path !== undefined;
  const config = withAddress(named ? new BackendConfig({ type: found.type }) : found, endpoint, "from");
  return withPassword(config, endpoint, "from", surroundings);
}

/** @throws UsageError, AccessError; a target is never taken from the environment, where the live store is */
export async function targetConfig(
  endpoint: Endpoint & { type: BackendType },
  surroundings: CliEnvironment,
): Promise<BackendConfig> {
  const { type, path, uri } = endpoint;
  if (FILE_BACKENDS.has(type) && path === undefined && uri === undefined) {
    throw new UsageError(`no file given for the ${type} target`, {
      next: "Add --to-path FILE. The store that MemoryGraph uses is never the target unless you name it.",
    });
  }
  if (!FILE_BACKENDS.has(type) && uri === undefined && path === undefined) {
    throw new UsageError(`no address given for the ${type} target`, { next: "Add --to-uri URI." });
  }
  const config = withAddress(new BackendConfig({ type }), endpoint, "to");
  return withPassword(config, endpoint, "to", surroundings);
}

function kindOf({ path, uri }: Endpoint): BackendType | undefined {
  if (path !== undefined) return "sqlite";
  const scheme = /^[a-z]+/i.exec(uri ?? "")?.[0].toLowerCase();
  if (scheme === "bolt" || scheme === "neo") return "neo4j";
  return scheme !== undefined && /^(redis|falkor)s?$/.test(scheme) ? "falkordb" : undefined;
}

function withAddress(config: BackendConfig, endpoint: Endpoint, side: Side): BackendConfig {
  const { path, uri, username, database, graph, caFile, readBy } = endpoint;
  const file = FILE_BACKENDS.has(config.type);
  if (file && uri !== undefined) {
    throw new UsageError(`a ${config.type} store is a file, not an address`, {
      next: `Use --${side}-path instead of --${side}-uri.`,
    });
  }
  if (!file && path !== undefined) {
    throw new UsageError(`a ${config.type} store is a server, not a file`, {
      next: `Use --${side}-uri instead of --${side}-path.`,
    });
  }
  assertMeaningful(config.type, endpoint, side);
  return new BackendConfig({
    ...config,
    ...(path !== undefined && { path }),
    ...(uri !== undefined && { uri }),
    ...(username !== undefined && { username }),
    ...(database !== undefined && { database }),
    ...(graph !== undefined && { graph }),
    ...(caFile !== undefined && { caFile }),
    ...(readBy !== undefined && { readBy }),
  });
}

/** Which options beside the address a kind of store understands. */
const OPTIONS: Record<BackendType, readonly (keyof Endpoint)[]> = {
  sqlite: [],
  falkordblite: ["graph"],
  neo4j: ["username", "password", "database", "caFile"],
  memgraph: ["username", "password", "database", "caFile"],
  falkordb: ["username", "password", "graph", "caFile", "readBy"],
};
const FLAGS = {
  username: "user",
  password: "password-file",
  database: "database",
  graph: "graph",
  caFile: "ca-file",
  readBy: "read-by",
};

function assertMeaningful(type: BackendType, endpoint: Endpoint, side: Side): void {
  for (const [field, flag] of Object.entries(FLAGS) as [keyof typeof FLAGS, string][]) {
    if (endpoint[field] === undefined || OPTIONS[type].includes(field)) continue;
    const own = field === "password" ? `password-${endpoint.password?.by}` : flag;
    // Only a source is read in one way or the other.
    const name = field === "readBy" ? own : `${side}-${own}`;
    throw new UsageError(`--${name} means nothing for a ${type} store`, { next: "Leave the option out." });
  }
}

/** A store that the journal of a run names, with the password that it never holds. @throws UsageError, AccessError */
export function notedConfig(
  config: BackendConfig,
  password: PasswordSource | undefined,
  side: Side,
  surroundings: CliEnvironment,
): Promise<BackendConfig> {
  const username = config.username;
  return withPassword(
    config,
    { ...(password !== undefined && { password }), ...(username ? { username } : {}) },
    side,
    surroundings,
  );
}

/** The first that there is: the options, our own variable, the address, the application's variables, the person. */
async function withPassword(
  config: BackendConfig,
  endpoint: Endpoint,
  side: Side,
  surroundings: CliEnvironment,
): Promise<BackendConfig> {
  if (!OPTIONS[config.type].includes("password")) return config;
  const given = await givenPassword(side, endpoint.password, surroundings);
  if (given !== undefined) return new BackendConfig({ ...config, password: given });
  const { uri = "", username } = config;
  const inAddress = /\/\/[^/]*:[^/]*@/.test(uri);
  // Who names a user has a password for it.
  const wanted = (endpoint.username ?? (/\/\/[^/:]+@/.test(uri) ? "" : undefined)) !== undefined;
  if (inAddress || config.password !== undefined || !wanted || surroundings.ask === undefined) return config;
  const who = username ? ` of ${username}` : "";
  const password = await surroundings.ask(`Password${who} for ${withoutCredentials(uri)}: `);
  return new BackendConfig({ ...config, password });
}
