/** From what was typed to the two stores. What was typed wins over the variables of the environment. */
import { BackendConfig, FILE_BACKENDS } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import type { CommandContext } from "./command.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * A path without a kind is a SQLite file, unless MEMORY_BACKEND says otherwise; without either, the store that
 * MemoryGraph itself would open.
 * @throws UsageError
 */
export function sourceConfig(endpoint: Endpoint, env: CommandContext["env"]): BackendConfig {
  const typed = endpoint.type ?? (endpoint.path !== undefined && !env.MEMORY_BACKEND ? "sqlite" : undefined);
  return withAddress(BackendConfig.fromEnv(env, typed), endpoint, "from");
}

/** @throws UsageError; a target is never taken from the environment, where the live store is */
export function targetConfig(endpoint: Endpoint & { type: BackendConfig["type"] }): BackendConfig {
  const { type, path, uri } = endpoint;
  if (FILE_BACKENDS.has(type) && path === undefined && uri === undefined) {
    throw new UsageError(`no file given for the ${type} target`, {
      next: "Add --to-path FILE. The store that MemoryGraph uses is never the target unless you name it.",
    });
  }
  if (!FILE_BACKENDS.has(type) && uri === undefined && path === undefined) {
    throw new UsageError(`no address given for the ${type} target`, { next: "Add --to-uri URI." });
  }
  return withAddress(new BackendConfig({ type }), endpoint, "to");
}

function withAddress(config: BackendConfig, { path, uri }: Endpoint, side: "from" | "to"): BackendConfig {
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
  return new BackendConfig({ ...config, ...(path !== undefined && { path }), ...(uri !== undefined && { uri }) });
}
