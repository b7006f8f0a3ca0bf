/** The proof: the target, read anew and whole, is what it should be. */
import { ContentDigest, sameHash } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import type { Rest } from "../journal/rest.ts";
import { canonicalizer, hashOf } from "../memorygraph/canonicalizer.ts";
import { emptyTally, type Summary, type Tally, tally } from "../memorygraph/summary.ts";
import { compareStores, fieldDifferences, type Readable, SHOWN_DIFFERENCES, summarise } from "./compare.ts";
import type { Difference, VerificationResult } from "./models.ts";
import { nameOf, RecordKeys } from "./records.ts";
import type { Ledger } from "./transfer/ledger.ts";

type Each = (records: number) => void;

/** A target that held nothing before must hold what the source holds, and nothing else. */
export async function verifyWhole(
  source: Readable,
  expected: Summary,
  target: Readable,
  each: Each,
): Promise<VerificationResult> {
  const found = await summarise(target, each);
  const total = expected.digest.nodes + expected.digest.relationships;
  const base = {
    sourceCount: expected.counts,
    targetCount: found.counts,
    recordsChecked: total,
    sourceDigest: expected.digest.toString(),
    targetDigest: found.digest.toString(),
    wholeTargetDigest: found.digest.toString(),
    untouched: null,
  };
  if (found.digest.equals(expected.digest)) {
    return { valid: true, errors: [], ...base, recordsPassed: total, differenceCount: 0, differences: [] };
  }
  const { missing, extra, changed, differences } = await compareStores(source, target);
  return {
    valid: false,
    errors: [`${missing} records missing, ${changed} changed, ${extra} more than expected`],
    ...base,
    recordsPassed: Math.max(0, total - missing - changed),
    differenceCount: missing + changed + extra,
    differences: [...differences],
  };
}

/** A target of the same layout, compared row by row and byte by byte: equal rows have equal content, so one digest says both. */
export function provenEqual({ digest, counts }: Summary): VerificationResult {
  const total = digest.nodes + digest.relationships;
  return {
    valid: true,
    errors: [],
    sourceCount: { ...counts },
    targetCount: { ...counts },
    recordsChecked: total,
    recordsPassed: total,
    sourceDigest: digest.toString(),
    targetDigest: digest.toString(),
    wholeTargetDigest: digest.toString(),
    untouched: null,
    differenceCount: 0,
    differences: [],
  };
}

interface Expectation {
  readonly ledger: Ledger;
  /** Gets every record, where it is asked for. */
  readonly rest: Rest | null;
  readonly selected: ContentDigest;
  readonly selectedCounts: Tally;
  readonly untouched: ContentDigest;
}

/** In a filled target the selected records must be as planned, and everything else as it was. */
export async function verifyMerged(
  source: Readable,
  { ledger, rest, selected, selectedCounts, untouched }: Expectation,
  target: Readable,
  each: Each,
): Promise<VerificationResult> {
  const check = new MergeCheck(ledger, rest);
  for await (const batch of target.read()) {
    for (const record of batch) check.see(record);
    each(batch.length);
  }
  const { count: missing, keys } = ledger.unseen();
  const total = selected.nodes + selected.relationships;
  const failures = check.failed + missing;
  const untouchedSame = check.untouched.equals(untouched);
  const errors: string[] = [];
  if (failures > 0) errors.push(`${missing} records missing, ${check.failed} changed or more than expected`);
  if (!untouchedSame) errors.push("records of the target that were to stay unchanged have changed");
  return {
    valid: errors.length === 0,
    errors,
    sourceCount: selectedCounts,
    targetCount: check.counts,
    recordsChecked: total,
    recordsPassed: Math.min(total, check.passed),
    sourceDigest: selected.toString(),
    targetDigest: check.selected.toString(),
    wholeTargetDigest: check.whole().toString(),
    untouched: {
      records: untouched.nodes + untouched.relationships,
      before: untouched.toString(),
      after: check.untouched.toString(),
    },
    differenceCount: failures,
    differences:
      failures === 0
        ? []
        : [...missingOnes(keys), ...(await explain(source, check.failures))].slice(0, SHOWN_DIFFERENCES),
  };
}

class MergeCheck {
  readonly selected = new ContentDigest();
  readonly untouched = new ContentDigest();
  readonly counts = emptyTally();
  passed = 0;
  failed = 0;
  /** The first failing records of the target. */
  readonly failures: { record: GraphRecord; kind: "changed" | "extra" }[] = [];
  readonly #keys = new RecordKeys();
  readonly #ledger: Ledger;
  readonly #rest: Rest | null;

  constructor(ledger: Ledger, rest: Rest | null) {
    [this.#ledger, this.#rest] = [ledger, rest];
  }

  /** Of all that has been seen. */
  whole(): ContentDigest {
    const digest = ContentDigest.fromTransfer(this.selected.toTransfer());
    digest.merge(this.untouched);
    return digest;
  }

  see(record: GraphRecord): void {
    const hash = hashOf(record);
    this.#rest?.add(record, hash);
    const key = this.#keys.keyOf(record, hash);
    const entry = this.#ledger.get(key);
    if (entry === null || !entry.selected) this.untouched.addHash(record, hash);
    else {
      this.selected.addHash(record, hash);
      tally(this.counts, record);
    }
    if (entry !== null) this.#ledger.see(key);
    if (entry !== null && sameHash(entry.expected, hash)) {
      if (entry.selected) this.passed++;
      return;
    }
    this.failed++;
    if (this.failures.length < SHOWN_DIFFERENCES)
      this.failures.push({ record, kind: entry === null ? "extra" : "changed" });
  }
}

function missingOnes(keys: readonly string[]): Difference[] {
  return keys.map((key) => ({
    kind: "missing",
    record: key.startsWith("node") ? "node" : "relationship",
    id: key.replace(/^(node|relationship) =?/, ""),
    fields: [],
  }));
}

/** Looks the few failing records up in the source, to say which fields differ. */
async function explain(source: Readable, failures: MergeCheck["failures"]): Promise<Difference[]> {
  const wanted = new Map(
    failures.map(({ record }) => [`${record.kind} ${nameOf(record)}`, null as GraphRecord | null]),
  );
  if (wanted.size > 0) {
    for await (const batch of source.read()) {
      for (const record of batch) {
        const name = `${record.kind} ${nameOf(record)}`;
        if (wanted.has(name)) wanted.set(name, record);
      }
    }
  }
  return failures.map(({ record, kind }) => {
    const original = wanted.get(`${record.kind} ${nameOf(record)}`) ?? null;
    const fields =
      original === null ? [] : fieldDifferences(canonicalizer.fields(original), canonicalizer.fields(record));
    return { kind, record: record.kind, id: nameOf(record), fields };
  });
}
