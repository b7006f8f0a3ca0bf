/** Does what a plan says, one step after the other, and stops at the first failure. Every step can be undone. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { BackendConfig } from "../backends/config.ts";
import { loadTarget } from "../backends/registry.ts";
import { AccessError, BusyError, MigrateError, RefusedError } from "../errors.ts";
import type { RunRegistry } from "../journal/registry.ts";
import { DEFAULT_RELEASE } from "../memorygraph/releases.ts";
import { RunJournal } from "../operations/journal/run-journal.ts";
import { runMigration } from "../operations/migrate.ts";
import type { MigrationResult } from "../operations/models.ts";
import type { Hooks } from "../operations/run.ts";
import { codeOf, flushFolder, isHeldOpen, whenFree } from "../support/files.ts";
import type { Bring, SetAside, Step } from "./plan.ts";

/** What a step did; `result` is that of a migration, verified. */
export type Done =
  | { readonly step: SetAside; readonly result: null }
  | { readonly step: Bring; readonly result: MigrationResult };

/**
 * Nobody is asked: who calls it has shown the plan.
 * @param each told of every step that is done
 * @throws MigrateError of the step that failed; what was done before it stays, verified
 */
export async function carryOut(
  steps: readonly Step[],
  registry: RunRegistry,
  hooks: Pick<Hooks, "onProgress" | "signal">,
  each: (done: Done) => void,
): Promise<void> {
  for (const step of steps) {
    hooks.signal?.throwIfAborted();
    if (step.kind === "set aside") {
      await assertFree(step.store);
      renameAll(step.files);
      each({ step, result: null });
      continue;
    }
    const { from, to, release, newest, folder } = step;
    if (folder !== null) mkdirSync(folder, { recursive: true });
    const options = {
      ...(release === null ? {} : { for: release }),
      ...(newest ? { onConflict: "newest" as const } : {}),
    };
    const { result, error } = await runMigration(from, to, options, {
      ...hooks,
      runJournal: RunJournal.fresh(registry),
    });
    if (error !== null) throw error;
    each({ step, result });
  }
}

/** A program that holds a store would write to it under its new name, or put it back under the old one. @throws BusyError */
async function assertFree(store: BackendConfig | null): Promise<void> {
  if (store === null) return;
  try {
    const backend = await loadTarget(store);
    const preview = await backend.preview(store, { release: null, fallbackRelease: DEFAULT_RELEASE });
    await preview.close();
  } catch (error) {
    // That it is no target for another reason is why it is set aside.
    if (error instanceof BusyError || !(error instanceof MigrateError)) throw error;
  }
}

/** All of them or none. The store itself goes last: what belongs to it is never left beside another one's name. */
function renameAll(files: SetAside["files"]): void {
  const taken = files.find(([, to]) => existsSync(to));
  if (taken !== undefined) {
    throw new RefusedError(`${taken[1]} already exists`, { next: "Run doctor again; it looks for another name." });
  }
  const renamed: (readonly [string, string])[] = [];
  try {
    for (const [from, to] of files.toReversed()) {
      whenFree(() => renameSync(from, to));
      renamed.push([from, to]);
    }
    for (const folder of new Set(files.map(([from]) => dirname(from)))) flushFolder(folder);
  } catch (cause) {
    for (const [from, to] of renamed.toReversed()) renameSync(to, from);
    const held = files.find(([from]) => isHeldOpen(from, codeOf(cause)));
    if (held !== undefined) {
      throw new BusyError(`${held[0]} is in use by another program`, {
        next: "Quit the programs that use it, and run doctor again.",
        cause,
      });
    }
    throw new AccessError(`${files[0]?.[0]} cannot be renamed`, {
      next: "Quit the programs that use it, check that you may write in its folder, and run doctor again.",
      cause,
    });
  }
}
