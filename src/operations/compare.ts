/** Two stores record by record: whether they hold the same, and if not, which fields of which records differ. */
import type { SummaryOptions } from "../backends/backend.ts";
import { type CanonicalField, showCanonical } from "../graph/canonical.ts";
import { bucketOf, type ContentHash, sameHash } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { canonicalizer, hashOf } from "../memorygraph/canonicalizer.ts";
import { FingerprintPacker, hashAndFingerprint } from "../memorygraph/fingerprint.ts";
import type { Release } from "../memorygraph/releases.ts";
import { Summary } from "../memorygraph/summary.ts";
import { openScratch } from "../support/scratch.ts";
import type { Difference } from "./models.ts";
import { nameOf, RecordKeys } from "./records.ts";

/** Whatever gives its records in batches: a source, or a target under change. */
export interface Readable {
  read(): AsyncIterable<readonly GraphRecord[]>;
  /** The same reading, summarised on several threads; null where that cannot be done or does not pay. */
  summarise?(options?: SummaryOptions): Promise<Summary> | null;
}

export interface Comparison {
  readonly source: Summary;
  readonly target: Summary;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  /** How often each field differs, among the changed records. */
  readonly fields: Record<string, number>;
  /** The first ten, or as many as were asked for. */
  readonly differences: readonly Difference[];
}

export const SHOWN_DIFFERENCES = 10;

export interface ShownDifferences {
  /** How many are in the result; SHOWN_DIFFERENCES where this is left out. */
  readonly limit?: number | undefined;
  /** Gets every one as it is found; then none is in the result. */
  readonly each?: ((difference: Difference) => void) | undefined;
}

/**
 * On several threads where the store can do that.
 * @param fingerprints gets those of all records, packed
 * @param release also counts what it will not show
 */
export async function summarise(
  store: Readable,
  each?: (records: number) => void,
  fingerprints?: (fingerprints: Uint8Array) => void,
  release?: Release,
): Promise<Summary> {
  const parallel = store.summarise?.({ each, fingerprints, release }) ?? null;
  if (parallel !== null) return parallel;
  const summary = new Summary(release);
  const packer = fingerprints === undefined ? null : new FingerprintPacker(fingerprints);
  for await (const batch of store.read()) {
    for (const record of batch) {
      if (packer === null) summary.add(record);
      else {
        const { hash, fingerprint } = hashAndFingerprint(record);
        packer.add(fingerprint);
        summary.addHashed(record, hash);
      }
    }
    each?.(batch.length);
  }
  packer?.flush();
  return summary;
}

/** Reads each store once when they hold the same, and twice where they differ. */
export async function compareStores(
  source: Readable,
  target: Readable,
  each?: (records: number) => void,
  shown: ShownDifferences = {},
): Promise<Comparison> {
  const a = await summarise(source, each);
  const b = await summarise(target, each);
  const buckets = a.digest.differingBuckets(b.digest);
  if (buckets.size === 0) {
    return { source: a, target: b, missing: 0, extra: 0, changed: 0, fields: {}, differences: [] };
  }
  const finder = new DifferenceFinder(buckets, shown);
  try {
    for await (const batch of source.read()) for (const record of batch) finder.remember(record);
    for await (const batch of target.read()) for (const record of batch) finder.compare(record);
    return { source: a, target: b, ...finder.finish() };
  } finally {
    finder.close();
  }
}

/** Holds one side's records of the differing buckets on disk, since in the worst case that is all of them. */
class DifferenceFinder {
  readonly #database = openScratch(
    "CREATE TEMP TABLE record (key TEXT PRIMARY KEY, kind TEXT, name TEXT, title TEXT, hash BLOB, fields TEXT) WITHOUT ROWID",
  );
  readonly #buckets: ReadonlySet<number>;
  readonly #sourceKeys = new RecordKeys();
  readonly #targetKeys = new RecordKeys();
  readonly #put;
  readonly #get;
  readonly #drop;
  #extra = 0;
  #changed = 0;
  readonly #fields: Record<string, number> = {};
  readonly #differences: Difference[] = [];
  readonly #shown: ShownDifferences;

  constructor(buckets: ReadonlySet<number>, shown: ShownDifferences) {
    this.#buckets = buckets;
    this.#shown = shown;
    this.#put = this.#database.prepare("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)");
    this.#get = this.#database.prepare("SELECT hash, fields FROM record WHERE key = ?");
    this.#drop = this.#database.prepare("DELETE FROM record WHERE key = ?");
  }

  remember(record: GraphRecord): void {
    const hash = hashOf(record);
    const key = this.#sourceKeys.keyOf(record, hash);
    if (!this.#buckets.has(bucketOf(record, hash))) return;
    const { title = null } = titleOf(record);
    const name = JSON.stringify(nameOf(record));
    const fields = JSON.stringify(canonicalizer.fields(record));
    this.#put.run(key, record.kind, name, title === null ? null : JSON.stringify(title), hash, fields);
  }

  compare(record: GraphRecord): void {
    const hash = hashOf(record);
    const key = this.#targetKeys.keyOf(record, hash);
    if (!this.#buckets.has(bucketOf(record, hash))) return;
    const [found] = this.#get.values(key) as [ContentHash, string][];
    if (found === undefined) {
      this.#extra++;
      this.#note({ kind: "extra", record: record.kind, id: nameOf(record), ...titleOf(record), fields: [] });
      return;
    }
    this.#drop.run(key);
    if (sameHash(found[0], hash)) return;
    this.#changed++;
    const fields = fieldDifferences(JSON.parse(found[1]) as CanonicalField[], canonicalizer.fields(record));
    for (const { name } of fields) {
      const field = `${record.kind}.${name}`;
      this.#fields[field] = (this.#fields[field] ?? 0) + 1;
    }
    this.#note({ kind: "changed", record: record.kind, id: nameOf(record), ...titleOf(record), fields });
  }

  finish(): Pick<Comparison, "missing" | "extra" | "changed" | "fields" | "differences"> {
    const [missing] = this.#database.query("SELECT count(*) FROM record").values()[0] as [number];
    const most = this.#shown.each === undefined ? ` LIMIT ${this.#limit}` : "";
    const left = this.#database.query(`SELECT kind, name, title FROM record ORDER BY kind, key${most}`);
    for (const row of left.iterate() as Iterable<{ kind: GraphRecord["kind"]; name: string; title: string | null }>) {
      const title = row.title === null ? {} : { title: JSON.parse(row.title) as string };
      this.#note({ kind: "missing", record: row.kind, id: JSON.parse(row.name) as string, ...title, fields: [] });
    }
    left.finalize();
    const [extra, changed] = [this.#extra, this.#changed];
    return { missing, extra, changed, fields: this.#fields, differences: this.#differences };
  }

  close(): void {
    for (const statement of [this.#put, this.#get, this.#drop]) statement.finalize();
    this.#database.close();
  }

  get #limit(): number {
    return this.#shown.limit ?? SHOWN_DIFFERENCES;
  }

  #note(difference: Difference): void {
    if (this.#shown.each !== undefined) this.#shown.each(difference);
    else if (this.#differences.length < this.#limit) this.#differences.push(difference);
  }
}

/** For people, beside the id. */
export function titleOf(record: GraphRecord): { title?: string } {
  const title = record.kind === "node" ? record.properties.get("title") : null;
  return typeof title === "string" ? { title } : {};
}

/** The fields in which two versions of a record differ, as a person reads them. */
export function fieldDifferences(
  source: readonly CanonicalField[],
  target: readonly CanonicalField[],
): Difference["fields"] {
  const a = new Map(source.map(({ name, text }) => [name, text]));
  const b = new Map(target.map(({ name, text }) => [name, text]));
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => {
      const [left, right] = apart(a.get(name), b.get(name));
      return { name, source: left, target: right };
    });
}

/** Shown with their types where the values alone would look the same (1 and 1.0 do not, "1" and 1 do not either). */
function apart(source: string | undefined, target: string | undefined): [string, string] {
  const shown: [string, string] = [showCanonical(source), showCanonical(target)];
  if (shown[0] !== shown[1] || source === undefined || target === undefined) return shown;
  let at = 0;
  while (source.charCodeAt(at) === target.charCodeAt(at)) at++;
  const from = Math.max(0, at - 20);
  return [`…${source.substring(from, at + 40)}…`, `…${target.substring(from, at + 40)}…`];
}
