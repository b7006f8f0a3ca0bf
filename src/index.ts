/**
 * The library: what the command line does, for programs, with the same journals, locks and results.
 *
 * ```ts
 * const { run } = await migrate({ type: "sqlite", path: "old.db" }, { type: "sqlite", path: "new.db" }, { for: "0.13" });
 * const plan = await rollback(run!, { dryRun: true });
 * await rollback(run!);
 * ```
 */
import { platform } from "node:os";
import { resolve } from "node:path";
import type { BackendConfig, BackendConfigFields } from "./backends/config.ts";
import { examine } from "./doctor/diagnose.ts";
import { machineOf } from "./doctor/machine.ts";
import type { Diagnosis } from "./doctor/models.ts";
import { RunRegistry } from "./journal/registry.ts";
import { KnownBackups } from "./operations/backup/known.ts";
import {
  type ArchiveKeys,
  archiveAt,
  type BackupOptions,
  backUpInto,
  backupsIn,
  openingOf,
} from "./operations/backup/library.ts";
import type { BackupList, BackupResult } from "./operations/backup/models.ts";
import { compareConfigured } from "./operations/compare-stores.ts";
import { forgetRuns, runToForget } from "./operations/forget.ts";
import { inspectStore } from "./operations/inspect.ts";
import { findRun, type NewPlace } from "./operations/journal/find-run.ts";
import { RunJournal } from "./operations/journal/run-journal.ts";
import {
  configOf,
  type ReadingOptions,
  type RunOptions,
  type StateOptions,
  withPassword,
} from "./operations/library.ts";
import { runMigration } from "./operations/migrate.ts";
import type {
  ComparisonResult,
  InspectionResult,
  MigrationOptionsInput,
  MigrationResult,
  OnProgress,
} from "./operations/models.ts";
import { resumeRun } from "./operations/resume.ts";
import { type RollbackOptions, rollbackRun } from "./operations/rollback.ts";
import type { ForgetResult, ListedRun, RollbackResult } from "./operations/run-models.ts";
import { listRuns } from "./operations/runs.ts";
import { stateFolder } from "./support/state-folder.ts";
import { VERSION } from "./version.ts";

export { BACKEND_TYPES, BackendConfig, type BackendConfigFields, type BackendType } from "./backends/config.ts";
export { TARGET_TYPES } from "./backends/descriptors.ts";
export type { Diagnosis } from "./doctor/models.ts";
export { MigrateError } from "./errors.ts";
export type { ArchiveKeys, BackupOptions } from "./operations/backup/library.ts";
export type { BackupList, BackupResult } from "./operations/backup/models.ts";
export { type Compatibility, compatibility } from "./operations/compatibility.ts";
export type { ReadingOptions, RunOptions, StateOptions } from "./operations/library.ts";
export type {
  ComparisonResult,
  ConflictPolicy,
  InspectionResult,
  MigrationOptions,
  MigrationOptionsInput,
  MigrationResult,
  OnProgress,
  Progress,
  ValidationResult,
  VerificationResult,
} from "./operations/models.ts";
export type { ForgetResult, ListedRun, RollbackResult } from "./operations/run-models.ts";

/**
 * Copies everything from one store to another and proves it. The run gets a journal, by which it can be undone later, and a lock
 * on its target.
 *
 * Never throws for what can go wrong with stores: `success` is false then, and `errors` says what, why and what next.
 * The target is as it was before in that case, unless `rollbackOnFailure` is false.
 *
 * @param source, target a BackendConfig, or a plain object with its fields
 * @param options what MigrationOptions documents; all are optional
 * @param onProgress called often; must not throw
 * @param signal aborts between two batches and rolls back
 * @throws UsageError for a configuration or options that are not valid
 */
export async function migrate(
  source: BackendConfigFields,
  target: BackendConfigFields,
  options: MigrationOptionsInput = {},
  onProgress?: OnProgress,
  signal?: AbortSignal,
  { stateDir }: StateOptions = {},
): Promise<MigrationResult> {
  const [from, to] = [source, target].map(configOf) as [BackendConfig, BackendConfig];
  const runJournal = options.dryRun === true ? undefined : RunJournal.fresh(registryOf(stateDir));
  return (await runMigration(from, to, options, { onProgress, signal, runJournal })).result;
}

/**
 * Compares two stores, record by record and field by field.
 *
 * ```ts
 * const { identical, differences } = await verify({ type: "sqlite", path: "old.db" }, { type: "sqlite", path: "new.db" });
 * ```
 * @throws UsageError for a configuration that is not valid; MigrateError where one of the two cannot be read whole
 */
export function verify(
  source: BackendConfigFields,
  target: BackendConfigFields,
  { onProgress = () => {}, signal }: ReadingOptions = {},
): Promise<ComparisonResult> {
  return compareConfigured(configOf(source), configOf(target), onProgress, signal);
}

/**
 * What one store is and holds.
 *
 * ```ts
 * const { count, digest, readableBy } = await inspect({ type: "sqlite", path: "old.db" });
 * ```
 * @throws UsageError for a configuration that is not valid; MigrateError where the store cannot be opened
 */
export function inspect(
  store: BackendConfigFields,
  { onProgress = () => {}, signal }: ReadingOptions = {},
): Promise<InspectionResult> {
  return inspectStore(configOf(store), onProgress, signal);
}

/**
 * Puts an archive of a store into a folder or bucket, reads it back and proves it. If nothing has changed since the last one, none is
 * made. Then what no rule keeps is removed.
 *
 * ```ts
 * const { outcome, name } = await backup({ type: "sqlite", path: "old.db" }, "kept/", { keep: { daily: 7, monthly: 12 } });
 * ```
 * @param place a folder, or `s3://BUCKET/PREFIX`; keys are found as AWS's tools find them
 * @throws UsageError for a configuration that is not valid; MigrateError where it was not made: earlier ones are as they were then
 */
export async function backup(
  store: BackendConfigFields,
  place: string,
  { stateDir, onProgress, signal, ...options }: BackupOptions & ReadingOptions & StateOptions = {},
): Promise<BackupResult> {
  const known = new KnownBackups(registryOf(stateDir).folder);
  return backUpInto(configOf(store), place, options, { known, program: VERSION }, { onProgress, signal });
}

/**
 * The archives of a place, the newest first, with what they hold and whether they were proven.
 *
 * ```ts
 * for (const { name, state, memories, proven } of (await backups("kept/")).backups) console.log(name, state, memories, proven);
 * ```
 * @throws MigrateError where the place cannot be listed
 */
export async function backups(
  place: string,
  { stateDir, signal, ...keys }: ArchiveKeys & StateOptions & Pick<ReadingOptions, "signal"> = {},
): Promise<BackupList> {
  return backupsIn(place, keys, new KnownBackups(registryOf(stateDir).folder), signal);
}

/**
 * Brings everything of an archive into a store and proves it: a migration whose source is the archive, with its results.
 *
 * ```ts
 * const { success, run } = await restore("kept/", { type: "sqlite", path: "back.db" });
 * ```
 * @param backup a file, or a folder or `s3://BUCKET/PREFIX`, of which the newest whole archive is meant
 * @param options as of `migrate`, with what opens an encrypted archive
 * @throws UsageError where there is no such archive; DamagedStoreError where a bucket gives back another file than was stored
 */
export async function restore(
  backup: string,
  target: BackendConfigFields,
  options: MigrationOptionsInput = {},
  { onProgress, signal, passphrase, identityFile, ...state }: ArchiveKeys & ReadingOptions & StateOptions = {},
): Promise<MigrationResult> {
  using opened = await archiveAt(backup, signal);
  const source = { ...openingOf({ passphrase, identityFile }), path: opened.path };
  return await migrate(source, target, options, onProgress, signal, state);
}

/**
 * Finds the stores of this machine's user, and says which one MemoryGraph opens and what brings all memories into it.
 *
 * ```ts
 * const { well, stores } = await doctor();
 * ```
 */
export async function doctor({
  stateDir,
  signal,
}: StateOptions & Pick<ReadingOptions, "signal"> = {}): Promise<Diagnosis> {
  const machine = machineOf(Bun.env, platform(), resolve("."));
  const registry = registryOf(stateDir);
  const backups = new KnownBackups(registry.folder);
  return (await examine(machine, { runs: registry.list(), backups, signal })).diagnosis;
}

/**
 * All runs that are known, the latest first, with what can be done with each.
 *
 * ```ts
 * for (const { id, status, target } of await runs()) console.log(id, status, target);
 * ```
 * @param options.toPath only the runs on this file, found beside it as well
 * @throws AccessError, StoreKindError where the list cannot be read
 */
export function runs({ stateDir, toPath }: StateOptions & { readonly toPath?: string } = {}): Promise<ListedRun[]> {
  return listRuns(registryOf(stateDir), toPath);
}

/**
 * Deletes the journal of a run that has ended and takes it off the list: it can no longer be undone.
 *
 * ```ts
 * const { bytesFreed } = await forget("0tw6etyz4k");
 * ```
 * @param options.dryRun says what would be freed, and deletes nothing
 * @throws UsageError for an unknown run; BusyError while it is under way; RefusedError for one that was interrupted
 */
export async function forget(
  run: string,
  { stateDir, toPath, dryRun }: StateOptions & { readonly toPath?: string; readonly dryRun?: boolean } = {},
): Promise<ForgetResult> {
  const registry = registryOf(stateDir);
  return forgetRuns(registry, [await runToForget(registry, run, { toPath })], dryRun);
}

/**
 * Goes on with a run that was stopped, writes nothing twice, and proves the result.
 *
 * ```ts
 * const { success, errors } = await resume("0tw6etyz4k", { toPassword: "…" });
 * ```
 * @param run its id, as `runs` gives it
 * @throws UsageError for an unknown run; RefusedError for one that has ended, or whose stores have changed; BusyError
 */
export async function resume(run: string, options: RunOptions = {}): Promise<MigrationResult> {
  const { stateDir, fromPassword, toPassword, toPath, onProgress, signal } = options;
  const registry = registryOf(stateDir);
  const found = findRun(registry, run, { path: toPath });
  try {
    const [from, to] = [withPassword(found.from, fromPassword), withPassword(found.to, toPassword)];
    return (await resumeRun(registry, found, from, to, { onProgress, signal })).result;
  } finally {
    found.file.close();
  }
}

/**
 * Undoes exactly what a run did, whenever, and proves it. What others changed or attached since stays, and is in `kept`: the run
 * is open for it then, and can be undone again.
 *
 * ```ts
 * const { exact, kept } = await rollback("0tw6etyz4k");
 * ```
 * @param run its id, as `runs` gives it
 * @param options.dryRun shows what would be done, and writes nothing
 * @throws UsageError for an unknown run; RefusedError where later runs wrote the same records, without `withLater`; RollbackError
 *   where the target is not what it should be, or the journal is damaged; BusyError
 */
export async function rollback(
  run: string,
  options: RunOptions & RollbackOptions & { readonly toUri?: string } = {},
): Promise<RollbackResult> {
  const { stateDir, toPassword, toPath, toUri, onProgress, signal, ...wishes } = options;
  const registry = registryOf(stateDir);
  const place: NewPlace = { path: toPath, uri: toUri };
  const found = findRun(registry, run, place);
  try {
    return await rollbackRun(registry, found, withPassword(found.to, toPassword), wishes, { onProgress, signal });
  } finally {
    found.file.close();
  }
}

function registryOf(stateDir: string | undefined): RunRegistry {
  const folder = stateDir === undefined ? stateFolder("memorygraph-migrate", Bun.env, platform()) : resolve(stateDir);
  return new RunRegistry(folder, VERSION);
}
