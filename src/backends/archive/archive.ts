/** The archive backend: everything that a store holds in one file, in an open format (docs/ARCHIVE.md). */
import { existsSync } from "node:fs";
import { DamagedStoreError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { presentOf, type RollbackPlan } from "../../journal/rollback-plan.ts";
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import { failpoint } from "../../support/failpoint.ts";
import { remove } from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import type {
  OpenOptions,
  RollbackTarget,
  SourceStore,
  StagedBackend,
  TargetPreview,
  WriteRequest,
} from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { assertOtherFile, assertReplaceable, freeBytesFor, pathOf } from "../file/place.ts";
import { beforeImageOf, commitPlanned, isEmptied, planned, toRecover } from "../file/staged-rollback.ts";
import { recoverStaged } from "../file/staging.ts";
import { recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { lockOf } from "./keys.ts";
import { type ArchiveSource, openSource } from "./source.ts";
import { ArchiveTarget, assertFree, describeNew, headerFor } from "./target.ts";

export const archive: StagedBackend = {
  type: "archive",
  target: "staged",
  locate: pathOf,
  freeBytes: freeBytesFor,
  openForReading,
  async assertDistinct(source, target) {
    assertOtherFile(pathOf(source), pathOf(target), "file");
    return { sameServer: false };
  },
  openForWriting,
  preview,
  openForRollback: (config, journals) => openForRollback(config, journals),
  recover: async (config, journal) => recoverStaged(pathOf(config), journal) ?? "as before",
};

async function openForReading(config: BackendConfig, options: OpenOptions = {}): Promise<SourceStore> {
  const path = pathOf(config);
  if (options.maybeMissing === true && recognise(path).kind === "nothing") return emptySource(path);
  return openSource(config, options);
}

function emptySource(path: string): SourceStore {
  return {
    describe: async () => describeNew(path),
    async *read() {},
    summarise: () => null,
    findings: () => [],
    assertUnchanged: async () => {},
    close: async () => {},
  };
}

async function openForWriting(config: BackendConfig, request: WriteRequest): Promise<ArchiveTarget> {
  const path = pathOf(config);
  assertFree(path);
  const lock = lockOf(config);
  return ArchiveTarget.begin(path, request, {
    lock,
    purpose: "run",
    journal: request.journal?.() ?? null,
    state: stateOf(path),
    header: headerFor(request),
    schema: request.schema,
  });
}

async function preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  const path = pathOf(config);
  assertFree(path);
  lockOf(config);
  const release = request.release ?? request.fallbackRelease;
  return {
    ...{ before: describeNew(path), release, report: emptyReport(release), fitting: null },
    assess() {},
    async *read() {},
    findings: () => [],
    close: async () => {},
  };
}

/** Null where the archive is not there any more. */
async function openForRollback(
  config: BackendConfig,
  journals: readonly JournalFile[],
): Promise<RollbackTarget | null> {
  const path = pathOf(config);
  for (const journal of toRecover(existsSync(path), journals)) recoverStaged(path, journal);
  if (!existsSync(path)) return null;
  assertReplaceable(path);
  const source = await openSource(config, { side: "to" });
  return {
    location: path,
    present: () => presentOf(source.read()),
    async apply(plan) {
      failpoint("before rollback");
      const isGone = isEmptied(plan, journals);
      if (isGone) remove(path);
      else await rewriteWithout(config, source, plan, journals[0]!);
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    close: () => source.close(),
  };
}

/** What others have put into the archive stays. */
async function rewriteWithout(
  config: BackendConfig,
  source: ArchiveSource,
  plan: RollbackPlan,
  journal: JournalFile,
): Promise<void> {
  const path = pathOf(config);
  const { header, schema } = source.facts;
  if (header === null)
    throw new DamagedStoreError(`the header of ${path} is damaged`, { next: "Restore another archive." });
  const request = { release: null, fallbackRelease: DEFAULT_RELEASE };
  const session = await ArchiveTarget.begin(path, request, {
    ...{ purpose: "rollback", journal, state: stateOf(path), header, lock: lockOf(config) },
    schema: header.schema === null ? undefined : schema,
  });
  try {
    for await (const batch of planned(source.read(), plan)) {
      const kept = batch.map(({ record, action }) => (action === null ? record : beforeImageOf(plan, action)));
      await session.write(kept.filter((record) => record !== null));
    }
    failpoint("half rolled back");
    await commitPlanned(session, plan);
  } catch (error) {
    await session.rollback();
    throw error;
  }
}
