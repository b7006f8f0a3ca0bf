/** Writes into the journal of a run what the run does to a target, record by record. */
import type { Fingerprint, GraphRecord } from "../graph/record.ts";
import { FingerprintPacker } from "../memorygraph/fingerprint.ts";
import { Sieve } from "../support/sieve.ts";
import { beforeImageRow, createdRow, overwrittenRow } from "./entries.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Rest } from "./rest.ts";

/** For a target whose session keeps no journal of its own. Flush it before the state of the run is written. */
export class RunNotes {
  readonly #file: JournalFile;
  readonly #created: FingerprintPacker;
  readonly #overwritten: FingerprintPacker;
  readonly #identities = new Sieve();

  constructor(file: JournalFile) {
    this.#file = file;
    this.#created = new FingerprintPacker((packed) => this.createdPacked(packed));
    this.#overwritten = new FingerprintPacker((packed) => this.#file.append("process", [overwrittenRow(packed)]));
  }

  /** @param fingerprint of a record as the target will hold it */
  created(fingerprint: Fingerprint): void {
    this.#identities.add(fingerprint.identity);
    this.#created.add(fingerprint);
  }

  /** @param packed as FingerprintPacker gives them, on another thread for example */
  createdPacked(packed: Uint8Array): void {
    this.#file.append("process", [createdRow(packed)]);
  }

  /** @param fingerprint of a record that takes the place of one with the same identity */
  overwritten(fingerprint: Fingerprint): void {
    this.#identities.add(fingerprint.identity);
    this.#overwritten.add(fingerprint);
  }

  /** Records as they are before the run overwrites them. */
  beforeImages(records: readonly GraphRecord[]): void {
    if (records.length === 0) return;
    this.#file.append(
      "process",
      records.map((record) => beforeImageRow(record)),
    );
  }

  /** As the trace of the run will say it: false only for a record that it neither created nor overwrote. */
  mayKnow(identity: bigint): boolean {
    return this.#identities.mayHave(identity);
  }

  /** What the target holds beside what the run has written; once that can be seen. */
  rest(rest: Rest, signature: string): void {
    this.#file.append("process", [...rest.entries(signature)]);
  }

  /** After the last record; what is written next to outlive a power cut takes it along. */
  flush(): void {
    this.#created.flush();
    this.#overwritten.flush();
  }
}
