/** A graph looked at for a dry run. */
import type { GraphRecord } from "../../graph/record.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { TargetPreview, WriteReport } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { emptyReport } from "../report.ts";
import { Fitter } from "./fitting.ts";
import { KnownRecords } from "./known-records.ts";
import type { Holder } from "./server.ts";
import type { TargetRule } from "./target-rules.ts";

interface Previewed {
  readonly before: StoreDescription;
  readonly release: Release;
  readonly holder: Holder;
  /** The labels on which it demands a unique id. */
  readonly uniqueIds: readonly string[];
  /** Ids that several of its nodes have. */
  readonly sharedIds: readonly string[];
  /** Likewise of its relationships. */
  readonly sharedRelationshipIds: readonly string[];
  /** What else would make it refuse a record. */
  readonly rules?: readonly TargetRule[];
  /** What a person should know of the indexes and constraints that it is to get. */
  readonly notes?: readonly Finding[];
  read(): AsyncIterable<readonly GraphRecord[]>;
  findings(): readonly Finding[];
  close(): void | Promise<void>;
}

/** A target for a dry run: it can be read, and records fitted to it. */
export function previewOf({
  before,
  release,
  holder,
  uniqueIds,
  sharedIds,
  sharedRelationshipIds,
  rules = [],
  notes = [],
  ...store
}: Previewed): TargetPreview {
  // It only knows which nodes there would be.
  const known = new KnownRecords();
  const report: WriteReport = { ...emptyReport(release, before.backend), notes };
  const fitting = new Fitter(holder, {
    release,
    report,
    uniqueIds,
    sharedIds,
    sharedRelationshipIds,
    known,
    rules,
  });
  return {
    before,
    release,
    report,
    fitting,
    assess() {},
    async *read() {
      for await (const batch of store.read()) {
        for (const record of batch) {
          if (record.kind === "node") known.expectNode(record.key);
          fitting.present(record);
        }
        yield batch;
      }
    },
    findings: () => store.findings(),
    async close() {
      known.close();
      await store.close();
    },
  };
}
