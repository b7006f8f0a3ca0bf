/** The backend of a kind of file that is made by one run and never written to again; what is in one is its format's. */
import { existsSync } from "node:fs";
import { DamagedStoreError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { presentOf } from "../../journal/present.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import { failpoint } from "../../support/failpoint.ts";
import { remove } from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions, RollbackTarget, SourceStore, StagedBackend } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { Finding } from "../description.ts";
import { recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { assertOtherFile, assertReplaceable, freeBytesFor, pathOf } from "./place.ts";
import { beforeImageOf, commitPlanned, isEmptied, planned, toRecover } from "./staged-rollback.ts";
import { recoverStaged } from "./staging.ts";
import {
  assertFree,
  describeNew,
  releaseOf,
  type WrittenOnceFormat,
  WrittenOnceTarget,
} from "./written-once-target.ts";

export function writtenOnce<Source extends SourceStore>(format: WrittenOnceFormat<Source>): StagedBackend {
  return {
    type: format.type,
    target: "staged",
    locate: pathOf,
    freeBytes: freeBytesFor,
    async openForReading(config, options: OpenOptions = {}) {
      const path = pathOf(config);
      if (options.maybeMissing === true && recognise(path).kind === "nothing") return emptySource(path, format);
      return format.openSource(config, options);
    },
    async assertDistinct(source, target) {
      assertOtherFile(pathOf(source), pathOf(target), "file");
      return { sameServer: false };
    },
    async openForWriting(config, request) {
      const path = pathOf(config);
      assertFree(path, format);
      format.assertUsable?.(config);
      const journal = request.journal?.() ?? null;
      const state = format.isFolder === true ? null : stateOf(path);
      const writing = { purpose: "run", journal, state, former: null } as const;
      return WrittenOnceTarget.begin(format, config, request, writing);
    },
    async preview(config, request) {
      const path = pathOf(config);
      assertFree(path, format);
      format.assertUsable?.(config);
      const release = releaseOf(request);
      const report = emptyReport(release);
      return {
        ...{ before: describeNew(path, format), release, report, fitting: format.fitting(request, report) },
        assess() {},
        async *read() {},
        findings: () => [],
        close: async () => {},
      };
    },
    openForRollback: (config, journals) => openForRollback(format, config, journals),
    recover: async (config, journal) => recoverStaged(pathOf(config), journal) ?? "as before",
  };
}

function emptySource(path: string, format: WrittenOnceFormat): SourceStore {
  return {
    describe: async () => describeNew(path, format),
    async *read() {},
    summarise: () => null,
    findings: () => [],
    assertUnchanged: async () => {},
    close: async () => {},
  };
}

/** Null where the file is not there any more. */
async function openForRollback<Source extends SourceStore>(
  format: WrittenOnceFormat<Source>,
  config: BackendConfig,
  journals: readonly JournalFile[],
): Promise<RollbackTarget | null> {
  const path = pathOf(config);
  for (const journal of toRecover(existsSync(path), journals)) recoverStaged(path, journal);
  if (!existsSync(path)) return null;
  assertReplaceable(path);
  const source = await format.openSource(config, { side: "to" });
  let isOpen = true;
  // Before the file is replaced or removed: Windows replaces none that is open.
  const closeSource = async () => {
    if (isOpen) await source.close();
    isOpen = false;
  };
  return {
    location: path,
    present: () => presentOf(source.read()),
    async apply(plan) {
      assertWhole(path, source.findings());
      failpoint("before rollback");
      const isGone = isEmptied(plan, journals);
      if (isGone) {
        await closeSource();
        remove(path);
      } else {
        const session = await beginWithout(format, config, source, journals[0]!);
        await rewriteWithout(session, source, plan, closeSource);
      }
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    close: closeSource,
  };
}

/** Nobody's records go because they could not be read. @throws DamagedStoreError */
export function assertWhole(path: string, findings: readonly Finding[]): void {
  const bad = findings.find(({ kind }) => kind !== "note");
  if (bad === undefined) return;
  throw new DamagedStoreError(`${path} has entries that cannot be read: ${bad.what}`, {
    details: [...bad.examples],
    next: "Mend them in the file, or put a whole copy of it in its place, then run the same command again.",
  });
}

function beginWithout<Source extends SourceStore>(
  format: WrittenOnceFormat<Source>,
  config: BackendConfig,
  source: Source,
  journal: JournalFile,
): Promise<WrittenOnceTarget> {
  const request = { release: null, fallbackRelease: DEFAULT_RELEASE };
  const writing = { purpose: "rollback", journal, state: stateOf(pathOf(config)), former: source } as const;
  return WrittenOnceTarget.begin(format, config, request, writing);
}

/** What others have put into the file stays. */
async function rewriteWithout(
  session: WrittenOnceTarget,
  source: SourceStore,
  plan: RollbackPlan,
  closeSource: () => Promise<void>,
): Promise<void> {
  try {
    for await (const batch of planned(source.read(), plan)) {
      const kept = batch.map(({ record, action }) => (action === null ? record : beforeImageOf(plan, action)));
      await session.write(kept.filter((record) => record !== null));
    }
    failpoint("half rolled back");
    await closeSource();
    await commitPlanned(session, plan);
  } catch (error) {
    await session.rollback();
    throw error;
  }
}
