/** A backend as small as one can be: a file with a record a line. A target is written beside it and renamed. */
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SourceChangedError } from "../../errors.ts";
import { parseJson, writeJson } from "../../graph/json.ts";
import { type GraphRecord, idOfKey, relationshipId } from "../../graph/record.ts";
import { recordFromMap, recordToMap } from "../../graph/record-map.ts";
import type { ValueMap } from "../../graph/value.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { presentOf } from "../../journal/present.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { ownProperties, respell } from "../../memorygraph/spelling.ts";
import { remove } from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import type {
  OpenOptions,
  RollbackTarget,
  SourceStore,
  StagedBackend,
  StagedTarget,
  TargetPreview,
  WriteRequest,
} from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { StoreDescription } from "../description.ts";
import { assertNewName, assertOtherFile, freeBytesFor, pathOf } from "../file/place.ts";
import { beforeImageOf, commitPlanned, isEmptied, planned, toRecover } from "../file/staged-rollback.ts";
import { type Purpose, recoverStaged, StagedFile } from "../file/staging.ts";
import { notThatKind, recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { HEADER } from "./header.ts";

const BATCH = 500;

export const toy: StagedBackend = {
  type: "toy",
  target: "staged",
  locate: pathOf,
  freeBytes: freeBytesFor,
  openForReading,
  async assertDistinct(source, target) {
    assertOtherFile(pathOf(source), pathOf(target), "store");
    return { sameServer: false };
  },
  openForWriting: async (config, request) => new ToyTarget(pathOf(config), request),
  preview,
  openForRollback,
  recover: async (config, journal) => recoverStaged(pathOf(config), journal) ?? "as before",
};

/** Every record, nodes first. @throws StoreKindError */
function load(path: string, isMaybeMissing: boolean): GraphRecord[] {
  const found = recognise(path);
  if (found.kind === "nothing" && isMaybeMissing) return [];
  if (found.type !== toy.type) throw notThatKind(path, found, toy.type);
  const lines = readFileSync(path, "utf8")
    .slice(HEADER.length)
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const map = parseJson(line) as ValueMap;
    const record = recordFromMap(map.has("labels") ? "node" : "relationship", map);
    return { ...record, properties: ownProperties(record.properties) };
  });
}

function save(path: string, records: readonly GraphRecord[]): void {
  const lines = records.map((record) => `${writeJson(recordToMap(record), "javascript")}\n`);
  writeFileSync(path, HEADER + lines.join(""), { mode: 0o600 });
}

function* batches(records: readonly GraphRecord[]): Generator<readonly GraphRecord[]> {
  for (const kind of ["node", "relationship"]) {
    const own = records.filter((record) => record.kind === kind);
    for (let at = 0; at < own.length; at += BATCH) yield own.slice(at, at + BATCH);
  }
}

function describe(path: string, records: readonly GraphRecord[], layout = "toy"): StoreDescription {
  const nodes = records.filter(({ kind }) => kind === "node").length;
  return {
    ...{ backend: toy.type, location: path, engine: "Toy 1", layout, release: null, readableBy: [], indexes: [] },
    ...{ bytes: existsSync(path) ? statSync(path).size : null, nodes, relationships: records.length - nodes },
    findings: [],
  };
}

async function openForReading(config: BackendConfig, options: OpenOptions = {}): Promise<SourceStore> {
  const path = pathOf(config);
  const state = stateOf(path);
  const records = load(path, options.maybeMissing === true);
  return {
    describe: async () => describe(path, records),
    async *read() {
      for (const batch of batches(records)) {
        options.signal?.throwIfAborted();
        yield batch;
      }
    },
    summarise: () => null,
    findings: () => [],
    async assertUnchanged() {
      if (stateOf(path) !== state) throw new SourceChangedError(`${path} changed`, { next: "Run it again." });
    },
    close: async () => {},
  };
}

function identityOf(record: GraphRecord): string {
  const id = record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
  return `${record.kind} ${id ?? hashOf(record).toHex()}`;
}

class ToyTarget implements StagedTarget {
  readonly kind = "staged";
  readonly fitting = null;
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report;
  #records: GraphRecord[];
  #isWritten = false;
  readonly #path: string;
  readonly #staged: StagedFile;
  readonly #signal: AbortSignal | undefined;

  constructor(path: string, { release, fallbackRelease, signal, journal }: WriteRequest, purpose: Purpose = "run") {
    const state = stateOf(path);
    if (state === null) assertNewName(path);
    this.#path = path;
    this.identity = join(realpathSync(dirname(resolve(path))), basename(path));
    this.#records = load(path, true);
    this.#signal = signal;
    this.release = release ?? fallbackRelease;
    this.report = emptyReport(this.release);
    this.before = describe(path, this.#records, state === null ? "new" : "toy");
    const options = { purpose, journal: journal?.() ?? null, state, suffixes: [] } as const;
    this.#staged = new StagedFile({ path, file: this.identity }, options);
  }

  bulkCopyFrom(): null {
    return null;
  }

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#records.push(...batch.map((record) => this.#spelled(record)));
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    const coming = new Map(batch.map((record) => [identityOf(record), this.#spelled(record)]));
    this.#records = this.#records.map((record) => coming.get(identityOf(record)) ?? record);
  }

  async finish(): Promise<void> {
    save(this.#staged.file, this.#records);
    this.#isWritten = true;
  }

  async *read() {
    const records = this.#isWritten ? load(this.#staged.file, false) : this.#records;
    for (const batch of batches(records)) {
      this.#signal?.throwIfAborted();
      yield batch;
    }
  }

  findings(): [] {
    return [];
  }

  summarise(): null {
    return null;
  }

  async describe(): Promise<StoreDescription> {
    return describe(this.#path, this.#records);
  }

  async commit(): Promise<void> {
    this.#staged.publish();
  }

  async rollback(): Promise<void> {
    this.#staged.discard();
  }

  async preserve(): Promise<string> {
    await this.finish();
    return this.#staged.preserve();
  }

  /** Timestamps as the release reads them. */
  #spelled(record: GraphRecord): GraphRecord {
    const spelled = respell(record, this.release);
    this.report.respelled += spelled.respelled;
    return spelled.record;
  }

  /** Carries out a plan that was made of this store. */
  async carryOut(plan: RollbackPlan): Promise<void> {
    const kept: GraphRecord[] = [];
    for await (const batch of planned(this.read(), plan)) {
      for (const { record, action } of batch) {
        const former = action === null ? record : beforeImageOf(plan, action);
        if (former !== null) kept.push(former);
      }
    }
    this.#records = kept;
    await commitPlanned(this, plan);
  }
}

async function preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  const path = pathOf(config);
  if (!existsSync(path)) assertNewName(path);
  const records = load(path, true);
  const release = request.release ?? request.fallbackRelease;
  return {
    ...{ before: describe(path, records, existsSync(path) ? "toy" : "new"), release, report: emptyReport(release) },
    fitting: null,
    assess() {},
    async *read() {
      yield* batches(records);
    },
    findings: () => [],
    close: async () => {},
  };
}

async function openForRollback(
  config: BackendConfig,
  journals: readonly JournalFile[],
): Promise<RollbackTarget | null> {
  const path = pathOf(config);
  for (const journal of toRecover(existsSync(path), journals)) recoverStaged(path, journal);
  if (!existsSync(path)) return null;
  const target = new ToyTarget(path, { release: null, fallbackRelease: "0.12" }, "rollback");
  return {
    location: path,
    present: () => presentOf(target.read()),
    async apply(plan) {
      await target.carryOut(plan);
      if (!isEmptied(plan, journals)) return "changed";
      remove(path);
      return "removed";
    },
    close: () => target.rollback(),
  };
}
