/** Reading a large file in place with several threads: the digest of a store is most of a migration's work. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Summary } from "../../memorygraph/summary.ts";
import type { SummaryOptions } from "../backend.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import type { RowsRead } from "./reader.ts";
import type { Share, ShareFingerprints, ShareProgress, ShareSummary } from "./summary-worker.ts";

/** Below this a thread takes longer to start than to save. */
const WORTH_BYTES = 16 << 20;
/** Each takes some 40 MB of memory, which is to stay bounded. */
const MOST_THREADS = 2;

export interface ParallelSummary {
  readonly summary: Summary;
  readonly findings: readonly Finding[];
  readonly rows: RowsRead;
}

/** The file is large enough, the machine has more than one processor, and one is left beside `busy` threads. */
export function worthParallel(real: string, busy = 0): boolean {
  return availableParallelism() > Math.max(1, busy) && statSync(real).size >= WORTH_BYTES;
}

/**
 * Summarises the file at the real path, which must not change meanwhile. Each busy thread is left a processor.
 * @throws whatever a thread met, without its class: read the file again on this thread for the error to show.
 */
export async function summariseInParallel(
  real: string,
  { each = () => {}, busy = 0, fingerprints, release }: SummaryOptions,
  signal?: AbortSignal,
): Promise<ParallelSummary> {
  // What this thread has left over since its last work is better gone before others ask for memory.
  Bun.gc(true);
  const of = Math.min(availableParallelism() - busy, MOST_THREADS);
  const threads = Array.from({ length: of }, (_, at) =>
    startThread({ path: real, at, of, fingerprints: fingerprints !== undefined, release }, each, fingerprints),
  );
  try {
    const aborted = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const shares = await Promise.race([Promise.all(threads.map(({ answer }) => answer)), aborted]);
    const summary = new Summary(release);
    const findings = new FindingLog();
    const rows: RowsRead = {};
    for (const share of shares) {
      for (const finding of share.findings) findings.merge(finding);
      summary.merge(share.summary);
      for (const [table, count] of Object.entries(share.rows)) rows[table] = (rows[table] ?? 0) + count;
    }
    return { summary, findings: findings.list(), rows };
  } finally {
    for (const { worker } of threads) worker.terminate();
    // A thread that is still ending has the file open.
    await Promise.all(threads.map(({ ended }) => ended));
  }
}

interface Thread {
  readonly worker: Worker;
  readonly answer: Promise<ShareSummary>;
  readonly ended: Promise<void>;
}

function startThread(
  share: Share,
  each: (records: number) => void,
  fingerprints: (fingerprints: Uint8Array) => void = () => {},
): Thread {
  const worker = new Worker(new URL("./summary-worker.ts", import.meta.url).href, { smol: true });
  const answer = new Promise<ShareSummary>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ShareProgress | ShareFingerprints | ShareSummary>) => {
      if ("summary" in data) resolve(data);
      else if ("fingerprints" in data) fingerprints(data.fingerprints);
      else each(data.records);
    };
    worker.onerror = (event) => reject(new Error(event.message));
  });
  const ended = new Promise<void>((resolve) => worker.addEventListener("close", () => resolve()));
  worker.postMessage(share);
  return { worker, answer, ended };
}
