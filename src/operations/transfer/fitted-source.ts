/** A source as the target will hold it: each record fitted, and with the hashes that an earlier reading has computed. */
import type { SourceStore, SummaryOptions } from "../../backends/backend.ts";
import type { Fitted, Fitting } from "../../backends/fitting.ts";
import type { ContentHash } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { hashesOf } from "../../memorygraph/fingerprint.ts";
import type { Summary } from "../../memorygraph/summary.ts";
import type { Readable } from "../compare.ts";
import { HashSpool } from "./hash-spool.ts";

/** Read it first by rehearse or admitAll, then by read as often as needed. Close it in the end. */
export class FittedSource implements Readable {
  readonly #source: SourceStore;
  readonly #fitting: Fitting | null;
  readonly #hashes = new HashSpool();
  #hasHashes = false;

  /** @param fitting null for a target that takes records as they are */
  constructor(source: SourceStore, fitting: Fitting | null) {
    this.#source = source;
    this.#fitting = fitting;
  }

  /** The first reading, in which what fitting finds is gathered. */
  async *rehearse(): AsyncGenerator<readonly Fitted[]> {
    for await (const batch of this.#source.read()) {
      yield batch.map((record) => {
        if (this.#fitting === null) return { record, losses: [], respelled: 0, clash: null };
        const fitted = this.#fitting.fit(record);
        this.#fitting.rehearsal.note(fitted);
        return fitted;
      });
    }
  }

  /** As rehearse, for a run that writes every record that the target can hold: gives those. */
  async *admitAll(): AsyncGenerator<readonly GraphRecord[]> {
    if (this.#fitting === null) {
      yield* this.#source.read();
      return;
    }
    for await (const batch of this.rehearse()) {
      for (const fitted of batch) this.#fitting.rehearsal.admit(fitted);
      yield batch.map(({ record }) => record).filter((record) => record !== null);
    }
  }

  /** The hash of a record of the first reading; a later one gives the record with its hashes. For all of them, in their order. */
  keepHashes(record: GraphRecord): ContentHash {
    const hashes = hashesOf(record);
    this.#hashes.add(hashes);
    this.#hasHashes = true;
    return hashes.hash;
  }

  /** Every later reading. */
  async *read(): AsyncGenerator<readonly GraphRecord[]> {
    const fitting = this.#fitting;
    if (fitting === null) {
      yield* this.#source.read();
      return;
    }
    const kept = this.#hashes.read();
    for await (const batch of this.#source.read()) {
      const records = batch.map((record) => fitting.fit(record).record).filter((record) => record !== null);
      yield this.#hasHashes ? records.map((record) => withKept(record, kept)) : records;
    }
  }

  summarise(options?: SummaryOptions): Promise<Summary> | null {
    return this.#fitting === null ? this.#source.summarise(options) : null;
  }

  close(): void {
    this.#hashes.close();
  }
}

/** A source that has more records than before has changed, and its run fails: the hashes of those are nobody's concern. */
function withKept(record: GraphRecord, kept: ReturnType<HashSpool["read"]>): GraphRecord {
  const hashes = kept.next().value;
  return hashes === undefined ? record : { ...record, hashes };
}
