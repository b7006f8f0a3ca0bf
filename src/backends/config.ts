/** Which store: the configuration of one side of a migration. */
import { homedir } from "node:os";
import { resolve } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import { likeliestFile, type OpenedFile, openedBy, pathToOpen, type ReleaseEnvironment } from "../memorygraph/opens.ts";
import { DEFAULT_RELEASE } from "../memorygraph/releases.ts";
import type { Variable, Variables } from "./descriptor.ts";
import {
  BACKEND_TYPES,
  type BackendType,
  DEFAULT_TYPE,
  descriptorOf,
  FILE_BACKENDS,
  typeNamed,
} from "./descriptors.ts";

export { BACKEND_TYPES, type BackendType, FILE_BACKENDS } from "./descriptors.ts";

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
  /** The certificate by which we show a server who we are, and its private key (PEM); a key in the same file needs no name. */
  certFile: v.optional(v.string()),
  keyFile: v.optional(v.string()),
  /** Of an archive: whom it is encrypted for, keys (`age1…`) or files of them with commas between; and the file of secret keys. */
  recipient: v.optional(v.string()),
  identity: v.optional(v.string()),
  /** Left out: by queries, and by a snapshot where those cannot give one moment of the graph. */
  readBy: v.optional(v.picklist(READING_WAYS)),
});
export type BackendConfigFields = v.InferOutput<typeof BackendConfigSchema>;
type Environment = Readonly<Record<string, string | undefined>>;

/** An address as anybody may see it. Rather too much goes than too little: a password can hold `@` and `/` itself. */
export function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/.*@/s, "//");
}

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
  declare readonly certFile?: string;
  declare readonly keyFile?: string;
  declare readonly recipient?: string;
  declare readonly identity?: string;
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
        next: "docs/CLI.md lists the fields: type, path, uri, username, password, database, graph, caFile, certFile, keyFile, recipient, identity, readBy.",
      },
    );
  }

  /**
   * What MemoryGraph itself would open: MEMORY_BACKEND and the variables of that backend, first one set wins, else
   * its defaults. A file is the one of the working folder's project where there is one, else that of the home folder.
   * With `type`, the variables of that backend whatever MEMORY_BACKEND says.
   * @throws UsageError when MEMORY_BACKEND names no backend, or one that this program does not read
   */
  static fromEnv(env: Environment = Bun.env, type?: BackendType): BackendConfig {
    const environment = { env, home: env.HOME ?? env.USERPROFILE ?? homedir(), cwd: resolve(".") };
    const chosen = type ?? (env.MEMORY_BACKEND ? typeInEnvironment(env.MEMORY_BACKEND, environment) : DEFAULT_TYPE);
    const { server, variables } = descriptorOf(chosen);
    if (variables === null) return new BackendConfig({ type: chosen });
    const file = likeliestFile(chosen, environment);
    if (file !== null) {
      assertNoAddress(file, env);
      return new BackendConfig({ type: chosen, path: pathToOpen(file) });
    }
    const { path, host, port, uri, ...others } = valuesOf(variables, env);
    const address = host === undefined ? uri : `${server?.schemes[0]}://${host}:${port}`;
    return new BackendConfig({
      type: chosen,
      ...(path !== undefined && { path }),
      ...(address !== undefined && { uri: address }),
      ...others,
    });
  }

  /** The variables with which MemoryGraph opens this store; without user and password. Empty where it cannot. */
  toEnv(): Record<string, string> {
    const { variables, server } = descriptorOf(this.type);
    const isSocket = server?.socketScheme !== undefined && this.uri?.startsWith(`${server.socketScheme}:`) === true;
    if (variables === null || isSocket) return {};
    const named = Object.entries(addressParts(this, variables)).flatMap(([part, value]) => {
      const [name] = variables[part as keyof Variables]?.names ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    });
    return { MEMORY_BACKEND: this.type, ...Object.fromEntries(named) };
  }

  /** One message for each field that is missing; empty when the store can be opened. */
  validate(): string[] {
    const field = FILE_BACKENDS.has(this.type) ? "path" : "uri";
    return this[field] ? [] : [`the ${this.type} backend needs '${field}'`];
  }
}

/**
 * What the releases make of the word in MEMORY_BACKEND.
 * @throws UsageError for a word that names no backend, or one that this program does not read
 */
function typeInEnvironment(word: string, environment: ReleaseEnvironment): BackendType {
  const opened = openedBy(DEFAULT_RELEASE, environment);
  if (opened.kind === "unread") {
    const message = `MEMORY_BACKEND is "${word}": ${opened.about.title} is a backend of MemoryGraph that this program does not read`;
    throw new UsageError(message, { next: opened.about.next });
  }
  const type = typeNamed(opened.backend);
  if (type !== undefined && descriptorOf(type).variables !== null) return type;
  const known = BACKEND_TYPES.filter((candidate) => descriptorOf(candidate).variables !== null);
  throw new UsageError(`MEMORY_BACKEND is "${word}", which is not a backend`, {
    next: `Set it to one of ${known.join(", ")}, or name the store with --from.`,
  });
}

/**
 * An address in the place of a path is a file's name to MemoryGraph, and no path to us: its login would be shown as one.
 * @throws UsageError where the variable that names the file holds an address with a login
 */
export function assertNoAddress({ variable }: Pick<OpenedFile, "variable">, env: Environment): void {
  if (variable === null || !/^[a-z][a-z0-9+.-]*:\/\/.*@/i.test(env[variable] ?? "")) return;
  throw new UsageError(`no file (${variable} holds the address of a server)`, {
    next: `Name that server with its own variables, or a file with ${variable}.`,
  });
}

function valuesOf(variables: Variables, env: Environment): Partial<Record<keyof Variables, string>> {
  const value = ({ names, otherwise }: Variable) => names.map((name) => env[name]).find(Boolean) ?? otherwise;
  return Object.fromEntries(Object.entries(variables).map(([part, variable]) => [part, value(variable)]));
}

/** The parts of an address as the variables of its kind take them: some want the host, or the database, apart. */
function addressParts(
  { path, uri = "", database }: BackendConfigFields,
  variables: Variables,
): Partial<Record<keyof Variables, string>> {
  const address = withoutCredentials(uri);
  if (variables.path !== undefined) return { path: path ?? "" };
  if (variables.host !== undefined) {
    const [, host, port] = /^\w+:\/\/([^/:]+|\[[^\]]+\])(?::(\d+))?/.exec(address) ?? [];
    return { host: host ?? variables.host.otherwise ?? "", port: port ?? variables.port?.otherwise ?? "" };
  }
  if (variables.database === undefined) return { uri: address };
  const [, server = address, named] = /^([^/]*\/\/[^/]+)\/(.+)$/.exec(address) ?? [];
  const name = database ?? named;
  return { uri: server, ...(name && { database: name }) };
}
