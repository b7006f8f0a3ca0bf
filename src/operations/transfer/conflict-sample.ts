/** The first records that are in source and target with other content: which fields differ, for a person to decide. */
import type { GraphRecord } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { fieldDifferences, type Readable, SHOWN_DIFFERENCES, titleOf } from "../compare.ts";
import type { Difference } from "../models.ts";
import { nameOf } from "../records.ts";

type Decision = "conflict" | "overwrite";

/** By what the plan decided. */
export type SampledDifferences = Record<Decision, Difference[]>;

/** The first ten of each decision. */
export class ConflictSample {
  readonly #records: Record<Decision, GraphRecord[]> = { conflict: [], overwrite: [] };

  add(record: GraphRecord, decision: Decision): void {
    const records = this.#records[decision];
    if (records.length < SHOWN_DIFFERENCES) records.push(record);
  }

  /** Reads the target until the few records have been found in it. */
  async compareWith(target: Readable): Promise<SampledDifferences> {
    const wanted = new Map<string, Decision>();
    for (const decision of ["conflict", "overwrite"] as const) {
      for (const record of this.#records[decision]) wanted.set(keyOf(record), decision);
    }
    const found = new Map<string, GraphRecord>();
    if (wanted.size > 0) {
      for await (const batch of target.read()) {
        for (const record of batch) if (wanted.has(keyOf(record))) found.set(keyOf(record), record);
        if (found.size === wanted.size) break;
      }
    }
    const compared = (decision: Decision) => this.#records[decision].map((record) => difference(record, found));
    return { conflict: compared("conflict"), overwrite: compared("overwrite") };
  }
}

function difference(record: GraphRecord, found: ReadonlyMap<string, GraphRecord>): Difference {
  const there = found.get(keyOf(record));
  const fields = there === undefined ? [] : fieldDifferences(canonicalizer.fields(record), canonicalizer.fields(there));
  return { kind: "changed", record: record.kind, id: nameOf(record), ...titleOf(record), fields };
}

function keyOf(record: GraphRecord): string {
  return `${record.kind} ${nameOf(record)}`;
}
