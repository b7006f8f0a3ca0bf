/**
 * What a target holds beside the records of a run, noted in parts when the run ends: of each part the sum of its rows as they were
 * stored, and the digest of the records that they told. When the run is undone, the rows of a part that has the same sum tell the same
 * records: what they are need not be read again to know their digest.
 */
import * as v from "valibot";
import { BUCKETS, type ContentHash, type DigestTransfer } from "../graph/digest.ts";
import { type GraphRecord, idOfKey, relationshipId } from "../graph/record.ts";
import { identityOfNode, identityOfRelationship } from "../memorygraph/fingerprint.ts";
import type { JournalFile, LogRow } from "./journal-file.ts";

/** The kind of entry in the journal. */
export const REST = "rest";

const LANES = 8;
/** Of a part: the lanes of its digest, its nodes and relationships, the two halves of the sum of its rows. */
const WIDTH = LANES + 4;
const [NODES, RELATIONSHIPS, ROWS] = [LANES, LANES + 1, LANES + 2];
/** So many records are told anew for one that has changed. */
const RECORDS = 16;
const MOST_PARTS = 1 << 16;
const PARTS_OF_AN_ENTRY = 1 << 12;

const halves = new BigUint64Array(1);
const half = new Uint32Array(halves.buffer);
const hashBytes = new Uint8Array(4 * LANES);
const hashLanes = new Uint32Array(hashBytes.buffer);

/** By id: the parts of a bucket of the content digest lie in no other one. */
export class Rest {
  readonly parts: number;
  /** Whether everything that was added was told by rows with an id. */
  isWhole = true;
  readonly #numbers: Uint32Array<ArrayBuffer>;
  readonly #passed = new Set<GraphRecord>();
  readonly #isOfRun: (identity: bigint) => boolean;

  /** @param isOfRun may say so of other records as well, as long as it always says the same */
  constructor(parts: number, isOfRun: (identity: bigint) => boolean, numbers = new Uint32Array(parts * WIDTH)) {
    [this.parts, this.#isOfRun, this.#numbers] = [parts, isOfRun, numbers];
  }

  /** For a target with so many records. */
  static for(records: number, isOfRun: (identity: bigint) => boolean): Rest {
    const parts = 2 ** Math.ceil(Math.log2(Math.max(1, records / RECORDS)));
    return new Rest(Math.min(MOST_PARTS, Math.max(BUCKETS, parts)), isOfRun);
  }

  /** The same parts, with nothing in them. */
  emptied(): Rest {
    return new Rest(this.parts, this.#isOfRun);
  }

  isOfRun(identity: bigint): boolean {
    return this.#isOfRun(identity);
  }

  partOf(id: string): number {
    return Bun.hash.crc32(id) & (this.parts - 1);
  }

  /** The record, which is added next or soon, is not to count: its row alone does not tell it. */
  passOver(record: GraphRecord): void {
    this.#passed.add(record);
  }

  /** A record that is not of the run; one that is, is passed over. */
  add(record: GraphRecord, hash: ContentHash): void {
    if (this.#passed.delete(record)) return;
    const isNode = record.kind === "node";
    const id = isNode ? idOfKey(record.key) : relationshipId(record);
    if (id === null) {
      this.isWhole = false;
      return;
    }
    if (this.#isOfRun(isNode ? identityOfNode(record.key) : identityOfRelationship(id))) return;
    const at = this.partOf(id) * WIDTH;
    hashBytes.set(hash);
    for (let lane = 0; lane < LANES; lane++) this.#numbers[at + lane]! += hashLanes[lane]!;
    this.#numbers[at + (isNode ? NODES : RELATIONSHIPS)]!++;
  }

  /** A row of the record of that id, which is not of the run. */
  addRow(id: string, hash: bigint): void {
    halves[0] = hash;
    const at = this.partOf(id) * WIDTH + ROWS;
    this.#numbers[at]! += half[0]!;
    this.#numbers[at + 1]! += half[1]!;
  }

  /** The parts whose rows are not those of the other. */
  changedSince(noted: Rest): Set<number> {
    const changed = new Set<number>();
    for (let part = 0; part < this.parts; part++) {
      const at = part * WIDTH + ROWS;
      const isSame = [at, at + 1].every((place) => this.#numbers[place] === noted.#numbers[place]);
      if (!isSame) changed.add(part);
    }
    return changed;
  }

  /** Of the records of all parts but these. */
  digestWithout(parts: ReadonlySet<number>): DigestTransfer {
    const digest = { sums: new Uint32Array(BUCKETS * LANES), nodes: 0, relationships: 0 };
    for (let part = 0; part < this.parts; part++) {
      if (parts.has(part)) continue;
      const [at, into] = [part * WIDTH, (part & (BUCKETS - 1)) * LANES];
      for (let lane = 0; lane < LANES; lane++) digest.sums[into + lane]! += this.#numbers[at + lane]!;
      digest.nodes += this.#numbers[at + NODES]!;
      digest.relationships += this.#numbers[at + RELATIONSHIPS]!;
    }
    return digest;
  }

  /** @param signature of what the sums mean: equal ones are equal rows only under the same one */
  *entries(signature: string): Generator<LogRow> {
    for (let first = 0; first < this.parts; first += PARTS_OF_AN_ENTRY) {
      const numbers = this.#numbers.subarray(first * WIDTH, (first + PARTS_OF_AN_ENTRY) * WIDTH);
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      const text = JSON.stringify({ signature, parts: this.parts, first } satisfies EntryText);
      yield { kind: REST, ref: null, text, bytes };
    }
  }

  /** Null where the journal has none under that signature, or not all of it. @throws DamagedJournalError */
  static noted(file: JournalFile, signature: string, isOfRun: (identity: bigint) => boolean): Rest | null {
    let numbers: Uint32Array<ArrayBuffer> | null = null;
    let missing = 0;
    for (const { text, bytes } of file.rowsOf(REST)) {
      const entry = v.safeParse(EntrySchema, text);
      if (!entry.success || entry.output.signature !== signature || bytes === null) return null;
      const { parts, first } = entry.output;
      numbers ??= new Uint32Array(parts * WIDTH);
      if (missing === 0) missing = numbers.byteLength;
      const part = new Uint8Array(numbers.buffer).subarray(4 * first * WIDTH);
      if (numbers.length !== parts * WIDTH || bytes.length > part.length) return null;
      part.set(bytes);
      missing -= bytes.length;
    }
    return numbers === null || missing !== 0 ? null : new Rest(numbers.length / WIDTH, isOfRun, numbers);
  }
}

const Whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_PARTS));
const EntrySchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ signature: v.string(), parts: v.pipe(Whole, v.minValue(BUCKETS)), first: Whole }),
);
type EntryText = v.InferOutput<typeof EntrySchema>;
