/** Backups for programs: places by their addresses, keys of buckets as AWS's tools find them in this process's variables. */
import { homedir } from "node:os";
import type { BackendConfig, BackendConfigFields } from "../../backends/config.ts";
import { UsageError } from "../../errors.ts";
import type { Hooks } from "../run.ts";
import { bucketAccess } from "./aws.ts";
import { backUp, planBackup } from "./backup.ts";
import type { KnownBackups } from "./known.ts";
import { listBackups } from "./list.ts";
import type { BackupList, BackupResult } from "./models.ts";
import { ARCHIVE } from "./names.ts";
import type { Place } from "./place.ts";
import { type OpenedArchive, openArchive, placeAndName } from "./reference.ts";
import type { KeepPolicy } from "./retention.ts";

/** What a backup may be told. */
export interface BackupOptions {
  /** How many stay; all where this is left out. */
  readonly keep?: KeepPolicy;
  /** Says what would be made and removed, and writes nothing. */
  readonly dryRun?: boolean;
  readonly allowEmpty?: boolean;
  readonly allowLoss?: boolean;
  /** Encrypts the archive; not together with `recipients`. */
  readonly passphrase?: string;
  /** Keys that begin with `age1`: encrypts the archive for them. */
  readonly recipients?: readonly string[];
}

/** What opens an encrypted archive. */
export interface ArchiveKeys {
  readonly passphrase?: string | undefined;
  /** The file with the secret key of a recipient. */
  readonly identityFile?: string | undefined;
}

/** @throws MigrateError; what counted before still does then */
export function backUpInto(
  source: BackendConfig,
  address: string,
  options: BackupOptions,
  { known, program }: { readonly known: KnownBackups; readonly program: string },
  hooks: Hooks,
): Promise<BackupResult> {
  const { keep = {}, dryRun = false, allowEmpty = false, allowLoss = false, passphrase, recipients } = options;
  const target = {
    type: ARCHIVE,
    ...(passphrase !== undefined && { password: passphrase }),
    ...(recipients !== undefined && { recipient: recipients.join(",") }),
  };
  const encrypted = passphrase !== undefined || recipients !== undefined;
  const request = { source, target, encrypted, policy: keep, allowEmpty, allowLoss, known, program };
  return (dryRun ? planBackup : backUp)(request, placeAt(address), hooks);
}

/** @throws MigrateError where the place cannot be listed */
export function backupsIn(
  address: string,
  keys: ArchiveKeys,
  known: KnownBackups,
  signal?: AbortSignal,
): Promise<BackupList> {
  return listBackups(placeAt(address), openingOf(keys), known, signal);
}

/** The archive as a file of this machine, until it is disposed of. @throws UsageError, DamagedStoreError, AccessError */
export function archiveAt(address: string, signal?: AbortSignal): Promise<OpenedArchive> {
  const stdin = () => {
    throw new UsageError("- is no archive to a program", { next: "Name a file, a folder or a bucket." });
  };
  return openArchive(address, { access, stdin, signal });
}

/** Of the archive that it opens, all but the path. */
export function openingOf({ passphrase, identityFile }: ArchiveKeys): Omit<BackendConfigFields, "path"> {
  return {
    type: ARCHIVE,
    ...(passphrase !== undefined && { password: passphrase }),
    ...(identityFile !== undefined && { identity: identityFile }),
  };
}

const access = () => bucketAccess(Bun.env, homedir());

function placeAt(address: string): Place {
  const { place, name } = placeAndName(address, access);
  if (name === null) return place;
  throw new UsageError(`${address} is one archive, and backups go into a folder or bucket`, {
    next: 'Name the folder or bucket; one file is made by migrate(store, { type: "archive", path }).',
  });
}
