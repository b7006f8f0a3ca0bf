/** From what was typed to the two stores. What was typed wins over the variables of the environment. */
import { existsSync } from "node:fs";
import { BackendConfig, type BackendType, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { BACKENDS, DEFAULT_TYPE, descriptorOf, typeOfName, typesOfScheme } from "../backends/descriptors.ts";
import { recognise } from "../backends/recognise.ts";
import { loadBackend } from "../backends/registry.ts";
import { machineOf } from "../doctor/machine.ts";
import { KeyWantedError, MigrateError, PasswordWantedError, UsageError } from "../errors.ts";
import { shellQuote } from "../support/shell.ts";
import type { CommandContext } from "./command.ts";
import type { Endpoint, PasswordSource, Side } from "./endpoint.ts";
import { givenPassword } from "./password.ts";
import { flagOf, READ_BY, TEXT_FIELDS } from "./store-options.ts";

type CliEnvironment = Pick<CommandContext, "env" | "log" | "ask" | "signal">;

/**
 * A path without a kind is what looking at it says, and an address is of the kind that its scheme says, or what answers
 * there; without either, it is the store that MemoryGraph itself would open.
 * @throws UsageError, AccessError
 */
export async function sourceConfig(endpoint: Endpoint, surroundings: CliEnvironment): Promise<BackendConfig> {
  const { env } = surroundings;
  const kinds = kindsOf(endpoint, env.MEMORY_BACKEND);
  // The application's variables belong together: its password is nothing for an address that it does not name.
  const named = endpoint.uri !== undefined || endpoint.path !== undefined;
  const found = named
    ? new BackendConfig({ type: kinds[0] ?? DEFAULT_TYPE })
    : await storeInUse(kinds[0], surroundings);
  const config = withAddress(found, endpoint, "from");
  return identified(await withPassword(config, endpoint, "from", surroundings), kinds);
}

/** What doctor says; it is asked only where the store is not named. @throws UsageError */
async function storeInUse(type: BackendType | undefined, { env, log, signal }: CliEnvironment): Promise<BackendConfig> {
  const { sourceInUse } = await import("../doctor/in-use.ts");
  const { config, reason } = await sourceInUse(machineOf(env, process.platform, process.cwd()), type, signal);
  log.debug(`source: ${config.path ?? withoutCredentials(config.uri ?? "")} (${reason})`);
  return config;
}

/** @throws UsageError, AccessError; a target is never taken from the environment, where the live store is */
export async function targetConfig(endpoint: Endpoint, surroundings: CliEnvironment): Promise<BackendConfig> {
  const kinds = kindsOf(endpoint, undefined);
  if (endpoint.type === undefined && endpoint.path !== undefined) assertMeantAsFile(endpoint.path);
  const config = withAddress(new BackendConfig({ type: kinds[0] ?? DEFAULT_TYPE }), endpoint, "to");
  return identified(await withPassword(config, endpoint, "to", surroundings), kinds);
}

/**
 * Before anything is looked at.
 * @param command the words that begin it, and what stands for the target in the command that is advised
 * @throws UsageError where no target is named
 */
export function assertTargetNamed(
  { type, path, uri }: Endpoint,
  from: Endpoint,
  command: { readonly words: readonly string[]; readonly example: string },
): void {
  if (path !== undefined || uri !== undefined) return;
  if (type !== undefined) {
    const isFile = FILE_BACKENDS.has(type);
    throw new UsageError(`no ${isFile ? "file" : "address"} is given for the ${type} target`, {
      next: isFile
        ? `Add --to-path FILE, as in --to-path ${command.example}.`
        : `Add --to-uri URI, as in --to-uri ${addressOf(type)}.`,
    });
  }
  const source = from.path === undefined && from.uri === undefined ? ["old.db"] : wordsOf(from);
  const words = [...command.words, ...source, command.example].map(shellQuote).join(" ");
  throw new UsageError("no target is given", { next: `Add its path or address after the source, as in: ${words}` });
}

function addressOf(type: BackendType): string {
  const { server } = descriptorOf(type);
  return `${server?.schemes[0]}://localhost:${server?.port}`;
}

/** The source as it was named; without the options that it does not need. */
function wordsOf({ type, password: _, ...fields }: Endpoint): string[] {
  const { path, uri, ...others } = fields;
  const store = path ?? withoutCredentials(uri ?? "");
  const given = TEXT_FIELDS.flatMap(([flag, field]) => {
    const value = (others as Readonly<Record<string, string | undefined>>)[field];
    return value === undefined ? [] : [`--from-${flag}`, value];
  });
  return [...(type === undefined ? [] : ["--from", type]), ...given, store];
}

/**
 * The kinds that a store can be of: the one that was said, else what looking at the path says, or the scheme of the
 * address, which several kinds can share. None where the environment decides.
 */
function kindsOf({ type, path, uri }: Endpoint, named: string | undefined): readonly BackendType[] {
  if (type !== undefined) return [type];
  if (path !== undefined) {
    const found = recognise(path);
    const type = found.type ?? (found.kind !== "store" ? typeOfName(path) : undefined);
    return type !== undefined ? [type] : named ? [] : [DEFAULT_TYPE];
  }
  const [scheme] = /^[a-z][a-z0-9+]*(?=:)/i.exec(uri ?? "") ?? [];
  const types = scheme === undefined ? [] : typesOfScheme(scheme);
  if (uri !== undefined && types.length === 0) throw unknownScheme(scheme);
  const chosen = types.find((candidate) => candidate === named?.toLowerCase());
  return chosen === undefined ? types : [chosen];
}

function unknownScheme(scheme: string | undefined): UsageError {
  const examples = BACKENDS.flatMap(({ title, server }) =>
    server === null ? [] : [`${server.schemes[0]}:// (${title})`],
  );
  const what = scheme === undefined ? "the address has no scheme" : `no kind of store has addresses with ${scheme}://`;
  return new UsageError(what, { next: `Addresses begin with ${[...new Set(examples)].join(", ")}.` });
}

/** Names that say something else than the SQLite file which a new target would be. */
const TELLING_NAMES: readonly { readonly matches: RegExp; readonly what: string; readonly next: string }[] = [
  {
    matches: /\.ndjson$/i,
    what: "is the name of a file of JSON lines, and a new target is a SQLite file",
    next: "Add --to mcp for a file of the MCP memory server, or --to sqlite for a SQLite file of that name.",
  },
  {
    matches: /\.md$/i,
    what: "is the name of a Markdown file, and a new target is a SQLite file",
    next: "Add --to markdown for a folder of notes, or --to sqlite for a SQLite file of that name.",
  },
  {
    matches: /\.rdb$/i,
    what: "is the name of a Redis dump, and a new target is a SQLite file",
    next: "Add --to falkordblite for a store of FalkorDBLite, or --to sqlite for a SQLite file of that name.",
  },
  {
    matches: /^[\w.-]+:\d{2,5}$/,
    what: "looks like the address of a server, which has to begin with its scheme",
    next: "Put it in front, such as bolt:// (Neo4j, Memgraph) or redis:// (FalkorDB); or add --to sqlite for a file of that name.",
  },
];

/** A new file is made where the person meant a file. @throws UsageError */
function assertMeantAsFile(path: string): void {
  if (existsSync(path)) return;
  const telling = TELLING_NAMES.find(({ matches }) => matches.test(path));
  if (telling !== undefined) throw new UsageError(`${path} ${telling.what}`, { next: telling.next });
}

/** Where several kinds share the address's scheme, what answers there decides. */
async function identified(config: BackendConfig, kinds: readonly BackendType[]): Promise<BackendConfig> {
  const { identify } = descriptorOf(config.type);
  if (kinds.length < 2 || identify === null) return config;
  const type = await identify(config);
  const kind = kinds.find((candidate) => candidate === type);
  return kind === undefined ? config : new BackendConfig({ ...config, type: kind });
}

function withAddress(config: BackendConfig, endpoint: Endpoint, side: Side): BackendConfig {
  const { path, uri } = endpoint;
  const file = FILE_BACKENDS.has(config.type);
  if (file && uri !== undefined) {
    throw new UsageError(`a ${config.type} store is a file, not an address`, {
      next: `Use --${side}-path instead of --${side}-uri, or leave out --${side} ${config.type}: ${uri} is an address.`,
    });
  }
  if (!file && path !== undefined) {
    throw new UsageError(`a ${config.type} store is a server, not a file`, {
      next: `Use --${side}-uri instead of --${side}-path, or leave out --${side} ${config.type}: ${path} is a path.`,
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
  identity?: string,
): Promise<BackendConfig> {
  const username = config.username;
  return withPassword(
    new BackendConfig({ ...config, ...(identity !== undefined && { identity }) }),
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
  if (FILE_BACKENDS.has(config.type)) return withPassphrase(config, side, surroundings);
  const { uri = "", username } = config;
  const inAddress = /\/\/[^/]*:[^/]*@/.test(uri);
  if (inAddress || config.password !== undefined || surroundings.ask === undefined) return config;
  // Who names a user has a password for it; else the server says whether it wants one.
  const isNamed = endpoint.username !== undefined || /\/\/[^/:]+@/.test(uri);
  if (!isNamed && !(await wantsPassword(config, surroundings.signal))) return config;
  const who = username ? ` of ${username}` : "";
  const password = await surroundings.ask(`Password${who} for ${withoutCredentials(uri)}: `);
  return new BackendConfig({ ...config, password });
}

/** Who makes a store types its passphrase twice, since nobody could open it after a slip of the finger. @throws UsageError */
async function withPassphrase(
  config: BackendConfig,
  side: Side,
  { ask, signal }: CliEnvironment,
): Promise<BackendConfig> {
  const { path = "", recipient } = config;
  if (ask === undefined || path === "") return config;
  const suffix = descriptorOf(config.type).encryptedSuffix;
  if (side === "to" && !existsSync(path)) {
    if (recipient !== undefined || suffix === undefined || !path.toLowerCase().endsWith(suffix)) return config;
    const password = await ask(`Passphrase for the new ${path}: `);
    if (password === (await ask("The same once more: "))) return new BackendConfig({ ...config, password });
    throw new UsageError("the two passphrases are not the same", { next: "Run the same command again." });
  }
  if ((await secretWanted(config, signal)) === null) return config;
  return new BackendConfig({ ...config, password: await ask(`Passphrase of ${path}: `) });
}

/** Whatever else is wrong with the store is told when it is opened in earnest. */
async function wantsPassword(config: BackendConfig, signal: AbortSignal): Promise<boolean> {
  try {
    const backend = await loadBackend(config);
    // A snapshot would bring the whole server here for a question that any statement answers.
    const asked = config.readBy === undefined ? config : new BackendConfig({ ...config, readBy: "query" });
    const store = await backend.openForReading(asked, { maybeMissing: true, signal });
    await store.close();
    return false;
  } catch (error) {
    if (error instanceof PasswordWantedError) return true;
    if (error instanceof MigrateError) return false;
    throw error;
  }
}

/** As wantsPassword, of a file. */
async function secretWanted(config: BackendConfig, signal: AbortSignal): Promise<"passphrase" | null> {
  try {
    const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true, signal });
    await store.close();
    return null;
  } catch (error) {
    if (error instanceof KeyWantedError) return error.secret;
    if (error instanceof MigrateError) return null;
    throw error;
  }
}
