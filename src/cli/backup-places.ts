/** From what was typed to where backups are, and the keys that buckets take. */
import { existsSync, statSync } from "node:fs";
import { extname } from "node:path";
import { BackendConfig, withoutCredentials } from "../backends/config.ts";
import { recognise } from "../backends/recognise.ts";
import { machineOf } from "../doctor/machine.ts";
import { MigrateError, UsageError } from "../errors.ts";
import { type BucketAccess, bucketAccess } from "../operations/backup/aws.ts";
import { BucketPlace, bucketName, isBucketAddress } from "../operations/backup/bucket.ts";
import { defaultFolder } from "../operations/backup/default-folder.ts";
import { FolderPlace } from "../operations/backup/folder.ts";
import { KnownBackups } from "../operations/backup/known.ts";
import { ARCHIVE, hasArchiveName } from "../operations/backup/names.ts";
import type { Place } from "../operations/backup/place.ts";
import type { Surroundings } from "../operations/backup/reference.ts";
import type { CommandContext } from "./command.ts";
import type { Endpoint } from "./endpoint.ts";
import { isAddress } from "./operands.ts";
import { registryOf } from "./state.ts";
import { notedConfig, sourceConfig } from "./stores.ts";

/** Where an archive goes: a file or standard input is the person's own; in a place there are several, by date. */
export type Destination =
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "place"; readonly place: Place };

type Environment = CommandContext["env"];

/** Whether a word can only mean where backups go, and not the store. */
export function meansPlace(word: string): boolean {
  if (word === "-" || isBucketAddress(word)) return true;
  if (isAddress(word)) return false;
  const found = recognise(word);
  if (found.kind !== "nothing") return hasArchiveName(word) || (isFolder(word) && found.type === null);
  return hasArchiveName(word) || /[\\/]$/.test(word) || extname(word) === "";
}

/** @throws UsageError for an address that is none of a bucket, and for a file of another kind */
export function destinationOf(word: string | undefined, env: Environment): Destination {
  if (word === "-") return { kind: "stdout" };
  if (word !== undefined && !isBucketAddress(word) && isAddress(word)) {
    throw new UsageError(`backups go into a folder, a file or a bucket, not to ${word}`, {
      next: "To copy the store to a server, leave the word backup out: memorygraph-migrate SOURCE TARGET.",
    });
  }
  if (word !== undefined && !isBucketAddress(word) && hasArchiveName(word) && !isFolder(word)) {
    return { kind: "file", path: word };
  }
  return { kind: "place", place: placeOf(word, env) };
}

/** The default folder where nothing is named. @throws UsageError */
export function placeOf(word: string | undefined, env: Environment): Place {
  if (word !== undefined && isBucketAddress(word)) {
    if (hasArchiveName(word)) {
      throw new UsageError(`${word} is the address of one archive`, {
        next: "Name the bucket and the prefix; archives in it get dated names.",
      });
    }
    return new BucketPlace(bucketName(word), keysOf(env)());
  }
  const folder = word ?? defaultFolder(env, process.platform);
  if (existsSync(folder) && statSync(folder).isFile()) {
    throw new UsageError(`${folder} is a file, and no archive by its name`, {
      next: "Name a folder, or a new file that ends with .jsonl.zst.",
    });
  }
  return new FolderPlace(folder);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Read when they are needed. */
function keysOf(env: Environment): () => BucketAccess {
  return () => bucketAccess(env, machineOf(env, process.platform, process.cwd()).home);
}

export function archiveSurroundings({ env, signal }: Pick<CommandContext, "env" | "signal">): Surroundings {
  return {
    access: keysOf(env),
    signal,
    stdin: () => {
      if (!process.stdin.isTTY) return Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>;
      throw new UsageError("- wants an archive from standard input, and that is a terminal", {
        next: "Name the archive instead: memorygraph-migrate restore ARCHIVE NEW.db",
      });
    },
  };
}

/** Archives of one place are opened by one passphrase: it is read, or asked for, once. */
export function archiveOpening(from: Endpoint, context: CommandContext): (path: string) => Promise<BackendConfig> {
  let password: string | undefined;
  return async (path) => {
    if (password !== undefined) return new BackendConfig({ type: ARCHIVE, path, password });
    const config = await sourceConfig({ ...from, type: ARCHIVE, path }, context);
    password = config.password;
    return config;
  };
}

/**
 * The server that an archive was taken from, with the login that is given for the target of `verify`, or that the application has
 * for this address. Nobody is asked: the drill needs no login for its proof.
 * @throws UsageError, AccessError; PasswordWantedError naming the options
 */
export async function sourceLogin(store: BackendConfig, to: Endpoint, context: CommandContext): Promise<BackendConfig> {
  const { path: _, uri: __, type: ___, password, ...fields } = to;
  const quiet = { ...context, ask: undefined };
  const given = await notedConfig(new BackendConfig({ ...store, ...fields }), password, "to", quiet);
  if (given.password !== undefined || fields.username !== undefined) return given;
  return (await loginInUse(store, context)) ?? given;
}

/** Null where the application has another store, or none that can be found. */
async function loginInUse(
  store: BackendConfig,
  { env, signal }: Pick<CommandContext, "env" | "signal">,
): Promise<BackendConfig | null> {
  const { sourceInUse } = await import("../doctor/in-use.ts");
  try {
    const machine = machineOf(env, process.platform, process.cwd());
    const { config } = await sourceInUse(machine, store.type, signal);
    if (withoutCredentials(config.uri ?? "") !== store.uri) return null;
    return new BackendConfig({ ...config, ...store });
  } catch (error) {
    if (!(error instanceof MigrateError) || signal.aborted) throw error;
    return null;
  }
}

export function knownBackups(stateDir: string | undefined, env: Environment): KnownBackups {
  return new KnownBackups(registryOf(stateDir, env).folder);
}
