/** Runs in a thread of its own: summarises one share of a SQLite file. Answers a Share with a ShareSummary. */
import type { GraphRecord } from "../../graph/record.ts";
import { FingerprintPacker, hashAndFingerprint } from "../../memorygraph/fingerprint.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { Summary, type SummaryTransfer } from "../../memorygraph/summary.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { readLayout } from "./layout.ts";
import { type RowsRead, SqliteReader } from "./reader.ts";
import { openImmutable } from "./snapshot.ts";

declare const self: Worker;

export interface Share {
  readonly path: string;
  readonly at: number;
  readonly of: number;
  /** Whether the fingerprint of each record is wanted as well. */
  readonly fingerprints: boolean;
  /** The release of which to count what it will not show. */
  readonly release: Release | undefined;
}

export interface ShareSummary {
  readonly summary: SummaryTransfer;
  readonly findings: Finding[];
  readonly rows: RowsRead;
}

/** Sent now and then before the answer: how many records were read since the last time. */
export interface ShareProgress {
  readonly records: number;
}

/** As FingerprintPacker packs them. */
export interface ShareFingerprints {
  readonly fingerprints: Uint8Array;
}

self.onmessage = ({ data }: MessageEvent<Share>) => {
  const database = openImmutable(data.path, data.path);
  const findings = new FindingLog();
  const reader = new SqliteReader(database, readLayout(database), findings, data);
  const summary = new Summary(data.release);
  const packer = new FingerprintPacker((fingerprints) =>
    self.postMessage({ fingerprints } satisfies ShareFingerprints),
  );
  const add = (record: GraphRecord) => {
    if (!data.fingerprints) {
      summary.add(record);
      return;
    }
    const { hash, fingerprint } = hashAndFingerprint(record);
    packer.add(fingerprint);
    summary.addHashed(record, hash);
  };
  let unreported = 0;
  const tell = (records: number) => {
    unreported += records;
    if (unreported < 2_500) return;
    self.postMessage({ records: unreported } satisfies ShareProgress);
    unreported = 0;
    // This loop never waits, and the heap of a thread grows to hundreds of MB before it is collected; in use are a few.
    Bun.gc(true);
  };
  for (const batch of reader.read()) {
    for (const record of batch) add(record);
    tell(batch.length);
  }
  packer.flush();
  database.close();
  self.postMessage({ records: unreported } satisfies ShareProgress);
  self.postMessage({
    summary: summary.toTransfer(),
    findings: findings.list(),
    rows: reader.rows,
  } satisfies ShareSummary);
};
