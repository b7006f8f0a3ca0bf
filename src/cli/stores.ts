/** From what was typed to the two stores. What was typed wins over the variables of the environment. */
import { BackendConfig, type BackendType, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { DEFAULT_TYPE, descriptorOf, typesOfScheme } from "../backends/descriptors.ts";
import { recognise } from "../backends/recognise.ts";
import { UsageError } from "../errors.ts";
import type { CommandContext } from "./command.ts";
import type { Endpoint, PasswordSource, Side } from "./endpoint.ts";
import { givenPassword } from "./password.ts";
import { flagOf, READ_BY } from "./store-options.ts";

type CliEnvironment = Pick<CommandContext, "env" | "log" | "ask" | "signal">;

/**
 * A path without a kind is what looking at it says, and an address is of the kind that its scheme says; without either,
 * it is the store that MemoryGraph itself would open.
 * @throws UsageError, AccessError
 */
export async function sourceConfig(endpoint: Endpoint, surroundings: CliEnvironment): Promise<BackendConfig> {
  const { env } = surroundings;
  const typed = endpoint.type ?? kindOf(endpoint, env.MEMORY_BACKEND);
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

/**
 * What looking at the path says, or the scheme of the address. Where that leaves it open, MEMORY_BACKEND does, which
 * undefined stands for, or else the default.
 */
function kindOf({ path, uri }: Endpoint, named: string | undefined): BackendType | undefined {
  if (path !== undefined) return recognise(path).type ?? (named ? undefined : DEFAULT_TYPE);
  const [scheme] = /^[a-z][a-z0-9+]*(?=:)/i.exec(uri ?? "") ?? [];
  const types = scheme === undefined ? [] : typesOfScheme(scheme);
  return types.find((type) => type === named?.toLowerCase()) ?? types[0];
}

function withAddress(config: BackendConfig, endpoint: Endpoint, side: Side): BackendConfig {
  const { path, uri } = endpoint;
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
  const { type: _, password: __, ...fields } = endpoint;
  return new BackendConfig({ ...config, ...fields });
}

/** @throws UsageError for an option that the kind of store does not understand */
function assertMeaningful(type: BackendType, endpoint: Endpoint, side: Side): void {
  const { takes } = descriptorOf(type);
  const { type: _, path: __, uri: ___, ...options } = endpoint;
  for (const field of Object.keys(options) as (keyof typeof options)[]) {
    if (options[field] === undefined || takes.includes(field)) continue;
    const name = field === "readBy" ? READ_BY : `${side}-${flagOf(field, endpoint.password?.by)}`;
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
  if (!descriptorOf(config.type).takes.includes("password")) return config;
  const given = await givenPassword(side, endpoint.password, config, surroundings);
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
