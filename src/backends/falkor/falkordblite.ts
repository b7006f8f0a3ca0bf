/** The FalkorDBLite backend: FalkorDB's graphs in a dump, as its embedded engines keep it, read and written without one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SourceChangedError, UsageError } from "../../errors.ts";
import { GRAPH_NAME } from "../../memorygraph/fields.ts";
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import { remove } from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions, SourceStore, StagedBackend, TargetPreview, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { Finding } from "../description.ts";
import { assertOtherFile, freeBytesFor, pathOf } from "../file/place.ts";
import { recoverStaged } from "../file/staging.ts";
import { FindingLog } from "../findings.ts";
import { previewOf } from "../graph-store/preview.ts";
import { readRecords } from "../graph-store/reader.ts";
import { assertNoLogOver, assertNoNewerLog, LogRefusal } from "./append-log.ts";
import type { DumpOrigin } from "./describe-dump.ts";
import type { Packing } from "./descriptor.ts";
import { DumpSource } from "./dump-source.ts";
import { holderOf, uniqueIdLabelsOf } from "./lite-holder.ts";
import { type LitePlace, placeToRead, placeToWrite } from "./lite-place.ts";
import { type LiteAccess, openLiteForRollback } from "./lite-rollback.ts";
import { describeTarget, LiteSession, openTarget } from "./lite-session.ts";
import { openLog } from "./log-source.ts";
import { unpack } from "./packed-dump.ts";
import { assertNoEngine, runningEngine } from "./running-engine.ts";

export const falkordblite: StagedBackend = {
  type: "falkordblite",
  target: "staged",
  locate: (config) => pathOf(config),
  freeBytes: freeBytesFor,
  openForReading,
  async assertDistinct(source, target) {
    assertOtherFile(pathOf(source), pathOf(target), "store", dumpAt);
    return { sameServer: false };
  },
  async openForWriting(config, request) {
    assertFirstDatabase(config);
    const place = placeToWrite(pathOf(config), request.release, request.fallbackRelease);
    assertNoLogOver(place.path, place.dump);
    return LiteSession.begin(place, originOf(config, place), request);
  },
  preview,
  openForRollback: (config, journals) => openLiteForRollback(accessTo(config), journals),
  recover: async (config, journal) => recoverStaged(accessTo(config).place.dump, journal) ?? "as before",
};

function accessTo(config: BackendConfig): LiteAccess {
  const place = placeToWrite(pathOf(config), null, DEFAULT_RELEASE);
  return {
    place,
    // What the run has written is what is undone, whatever stands beside it.
    read: () => open(config, { maybeMissing: true }, null),
    rewrite: (journal) =>
      LiteSession.begin(place, originOf(config, place), { release: null, fallbackRelease: DEFAULT_RELEASE }, journal),
  };
}

function originOf(
  config: BackendConfig,
  { path, form }: Pick<LitePlace, "path" | "form">,
  notes: readonly Finding[] = [],
): DumpOrigin {
  const { graph = GRAPH_NAME } = config;
  return { backend: "falkordblite", location: path, graph, database: databaseOf(config), form, engine: null, notes };
}

/** Redis numbers its databases. */
function databaseOf({ database = "0" }: BackendConfig): number {
  const number = Number(database);
  if (/^\d{1,6}$/.test(database)) return number;
  throw new UsageError(`a database of a FalkorDBLite store is a number, and not ${JSON.stringify(database)}`, {
    next: "Leave the option out for database 0, where MemoryGraph has its graph.",
  });
}

/** @throws UsageError for a database into which no MemoryGraph would look */
function assertFirstDatabase(config: BackendConfig): void {
  if (databaseOf(config) === 0) return;
  throw new UsageError("a FalkorDBLite target is always in database 0, where MemoryGraph looks", {
    next: "Leave out --to-database.",
  });
}

/** Where the log beside a dump holds more than the dump, the log is read in its place. */
async function openForReading(config: BackendConfig, options: OpenOptions = {}): Promise<SourceStore> {
  try {
    return await open(config, options, assertNoNewerLog);
  } catch (error) {
    if (!(error instanceof LogRefusal)) throw error;
    return openLog(originOf(config, { path: pathOf(config), form: "directory" }), error, options);
  }
}

/** @param checkLog asked before and after reading whether a log beside the dump holds more; null not to ask */
async function open(
  config: BackendConfig,
  options: OpenOptions,
  checkLog: typeof assertNoNewerLog | null,
): Promise<SourceStore> {
  const place = placeToRead(pathOf(config));
  if (place.packing !== null) return openPacked(config, place, place.packing, options);
  const check = () => checkLog?.(place.path, place.dump) ?? null;
  const log = check();
  const sign = await runningEngine(place.dump);
  const what =
    "an engine has this store open: what it has written since its last save is not in the file, and is not read";
  const notes: Finding[] = [
    ...(sign === null ? [] : [{ kind: "note", what, count: 1, examples: [sign] } as const]),
    ...(log === null ? [] : [log]),
  ];
  return DumpSource.open({ ...originOf(config, place, notes), side: options.side }, place.dump, options, check);
}

/** What is packed is read from a private folder, and proven unchanged in the end. */
async function openPacked(
  config: BackendConfig,
  place: LitePlace,
  packing: Packing,
  { signal, side }: OpenOptions,
): Promise<SourceStore> {
  const { path, dump } = place;
  const state = stateOf(dump);
  const { graph } = originOf(config, place);
  const { folder, file } = await unpack({ path: dump, location: path, graph }, packing, signal);
  try {
    const log = packing === "payload" ? null : assertNoNewerLog(path, file, dump);
    const origin = { ...originOf(config, place, log === null ? [] : [log]), side };
    return await DumpSource.ofOwn(origin, folder, file, signal, () => {
      if (stateOf(dump) === state) return;
      throw new SourceChangedError(`${path} changed while it was read`, { next: "Run the same command again." });
    });
  } catch (error) {
    remove(folder);
    throw error;
  }
}

/** The dump itself, of a store that is a directory and of one that is a file. */
function dumpAt(path: string): string {
  const dump = join(path, "dump.rdb");
  return existsSync(dump) ? dump : path;
}

async function preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  assertFirstDatabase(config);
  const place = placeToWrite(pathOf(config), request.release, request.fallbackRelease);
  assertNoLogOver(place.path, place.dump);
  await assertNoEngine(place);
  const origin = originOf(config, place);
  const dump = await openTarget(place, origin, request);
  const before = await describeTarget(place, origin, dump);
  let findings = new FindingLog();
  return previewOf({
    before,
    release: place.release,
    holder: holderOf(origin.location),
    uniqueIds: uniqueIdLabelsOf(before.schema ?? []),
    sharedIds: (await dump?.store.sharedIds()) ?? [],
    sharedRelationshipIds: (await dump?.store.sharedRelationshipIds()) ?? [],
    async *read() {
      findings = new FindingLog();
      if (dump !== null) yield* readRecords(dump.store, findings, request.signal);
    },
    findings: () => [...findings.list(), ...(dump?.store.findings() ?? [])],
    close: () => dump?.[Symbol.dispose](),
  });
}
