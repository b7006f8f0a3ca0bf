/** The JSON backend: exports of MemoryGraph, read and written, and the MCP memory server's file, which is only read. */
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
import { jsonDescriptor } from "./descriptor.ts";
import { ExportFitting } from "./fitting.ts";
import { openSource } from "./source.ts";
import { assertFree, describeNew, ExportTarget } from "./target.ts";

export const json: StagedBackend = {
  type: jsonDescriptor.type,
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
  openForRollback,
  recover: async (config, journal) => recoverStaged(pathOf(config), journal) ?? "as before",
};

async function openForReading(config: BackendConfig, options: OpenOptions = {}): Promise<SourceStore> {
  const path = pathOf(config);
  if (options.maybeMissing === true && recognise(path).kind === "nothing") return emptySource(path);
  return openSource(path, options);
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

async function openForWriting(config: BackendConfig, request: WriteRequest): Promise<ExportTarget> {
  const path = pathOf(config);
  assertFree(path);
  const journal = request.journal?.() ?? null;
  return ExportTarget.begin(path, request, { purpose: "run", journal, state: stateOf(path) });
}

async function preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  const path = pathOf(config);
  assertFree(path);
  const release = request.release ?? request.fallbackRelease;
  const report = emptyReport(release);
  return {
    ...{ before: describeNew(path), release, report, fitting: new ExportFitting(request, report) },
    assess() {},
    async *read() {},
    findings: () => [],
    close: async () => {},
  };
}

/** Null where the file is not there any more. */
async function openForRollback(
  config: BackendConfig,
  journals: readonly JournalFile[],
): Promise<RollbackTarget | null> {
  const path = pathOf(config);
  for (const journal of toRecover(existsSync(path), journals)) recoverStaged(path, journal);
  if (!existsSync(path)) return null;
  assertReplaceable(path);
  const source = await openSource(path);
  return {
    location: path,
    present: () => presentOf(source.read()),
    async apply(plan) {
      assertWhole(path, source);
      failpoint("before rollback");
      const isGone = isEmptied(plan, journals);
      if (isGone) remove(path);
      else await rewriteWithout(path, source, plan, journals[0]!);
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    close: () => source.close(),
  };
}

/** Nobody's records go because they could not be read. @throws DamagedStoreError */
function assertWhole(path: string, source: SourceStore): void {
  const bad = source.findings().find(({ kind }) => kind !== "note");
  if (bad === undefined) return;
  throw new DamagedStoreError(`${path} has entries that cannot be read: ${bad.what}`, {
    details: [...bad.examples],
    next: "Mend them in the file, then run the same command again.",
  });
}

/** What others have put into the file stays. */
async function rewriteWithout(
  path: string,
  source: SourceStore,
  plan: RollbackPlan,
  journal: JournalFile,
): Promise<void> {
  const request = { release: null, fallbackRelease: DEFAULT_RELEASE };
  const session = await ExportTarget.begin(path, request, { purpose: "rollback", journal, state: stateOf(path) });
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
