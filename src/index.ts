/**
 * The library: the same migrations as the command line's, for programs.
 *
 * ```ts
 * const result = await migrate(
 *   new BackendConfig({ type: "sqlite", path: "old.db" }),
 *   new BackendConfig({ type: "sqlite", path: "new.db" }),
 *   { for: "0.13" },
 * );
 * ```
 */
import type { BackendConfig } from "./backends/config.ts";
import { runMigration } from "./operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult, OnProgress } from "./operations/models.ts";

export { BACKEND_TYPES, BackendConfig, type BackendType } from "./backends/config.ts";
export { MigrateError } from "./errors.ts";
export { type Compatibility, compatibility } from "./operations/compatibility.ts";
export type {
  ConflictPolicy,
  MigrationOptions,
  MigrationOptionsInput,
  MigrationResult,
  OnProgress,
  Progress,
  ValidationResult,
  VerificationResult,
} from "./operations/models.ts";

/**
 * Copies everything from one store to another and proves it.
 *
 * Never throws for what can go wrong with stores: `success` is false then, and `errors` says what, why and what next.
 * The target is as it was before in that case, unless `rollbackOnFailure` is false.
 *
 * @param options what MigrationOptions documents; all are optional
 * @param onProgress called often; must not throw
 * @param signal aborts between two batches and rolls back
 * @throws UsageError for options that are not valid
 */
export async function migrate(
  source: BackendConfig,
  target: BackendConfig,
  options: MigrationOptionsInput = {},
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<MigrationResult> {
  return (await runMigration(source, target, options, { onProgress, signal })).result;
}
