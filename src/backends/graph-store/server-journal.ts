/**
 * What a run does to a graph on a server, written into its journal before it is done, so that it can be undone and continued
 * whenever and however the run ends: each batch with what it creates, the server's numbers once it has answered, what was where
 * something is overwritten, and which numbers were taken before.
 */
import * as v from "valibot";
import { WriteError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import {
  beforeImageRow,
  createdRow,
  DROPPED,
  droppedRow,
  overwrittenRow,
  readBeforeImage,
} from "../../journal/entries.ts";
import { JournalFile, type LogRow, type NumberedRow } from "../../journal/journal-file.ts";
import { setUndoing } from "../../journal/run-state.ts";
import {
  FINGERPRINT_BYTES,
  type Fingerprint,
  fingerprintOf,
  putFingerprint,
  SHORT_HASH_BYTES,
  type ShortHash,
} from "../../memorygraph/fingerprint.ts";
import { failpoint } from "../../support/failpoint.ts";
import type { SchemaItem } from "../description.ts";
import { HashMultiset, packIds, unpackIds } from "./content.ts";
import { KnownRecords } from "./known-records.ts";
import { schemaItemRow, schemaItemsOf } from "./noted-schema.ts";
import type { InternalId, ServerNode, ServerRelationship } from "./server.ts";

type Kind = "node" | "relationship";

/** One record that a batch creates. */
interface Creation {
  /** Of a node; the type of a relationship. */
  readonly name: string;
  /** Where a relationship begins; of nodes 0. */
  readonly from: InternalId;
  readonly hash: ShortHash;
}

export interface FingerprintedCreation extends Creation {
  readonly fingerprint: Fingerprint;
}

export interface NotedBatch {
  readonly number: number;
  readonly kind: Kind;
  readonly creations: readonly Creation[];
  /** In the same order; null where the server has not answered. */
  readonly ids: readonly InternalId[] | null;
}

/** What was where the run overwrites, as the server had it. */
type ServerImage =
  | (ServerNode & { readonly kind: "node" })
  | (ServerRelationship & {
      readonly kind: "relationship";
      /** It was deleted, since type or ends were to change: putting it back makes a new one. */
      readonly moved: boolean;
    });

interface NotedImage {
  readonly image: ServerImage;
  /** Of what the run puts in its place. */
  readonly after: ShortHash;
}

export interface NewImage extends NotedImage {
  /** The record before the run, and the one that takes its place. */
  readonly before: GraphRecord;
  readonly next: GraphRecord;
}

const BATCH = "batch";
const ANSWER = "answer";
const TAKEN = "taken";
const SERVER_IMAGE = { node: "server node", relationship: "server relationship" } as const;

const BatchSchema = v.object({ kind: v.picklist(["node", "relationship"]), names: v.array(v.string()) });
const ImageSchema = v.object({
  /** The entry that holds the record. */
  entry: v.number(),
  /** Of a relationship: the server's numbers of its ends. */
  ends: v.nullable(v.tuple([v.string(), v.string()])),
  moved: v.boolean(),
});
/** The entries that only runs on servers have; each is on disk before what it tells of is sent. */
export class ServerJournal {
  readonly known = new KnownRecords();
  readonly file: JournalFile;
  readonly #isTemporary: boolean;

  /** @param file where it outlives the process; without one it goes with it */
  constructor(file: JournalFile | null) {
    this.#isTemporary = file === null;
    this.file = file ?? JournalFile.temporary();
  }

  /** What an earlier process has written: its records are known again. */
  recall(): void {
    for (const { text: kind, bytes } of this.file.rowsOf(TAKEN)) {
      for (const id of this.file.reading(() => unpackIds(bytes!))) this.#recallOne(kind as Kind, id);
    }
    // What the run has deleted itself has left its number to what it created next.
    for (const { image } of this.images("relationship")) {
      if (image.kind === "relationship" && image.moved) this.known.forgetRelationship(image.id);
    }
    for (const batch of this.batches()) if (batch.ids !== null) this.#recallBatch(batch, batch.ids);
  }

  #recallOne(kind: Kind, id: InternalId): void {
    // Its key is not known, and nobody asks for it by this name.
    if (kind === "node") this.known.noteNode(`taken ${id}`, id, "before");
    else this.known.noteRelationship(null, { id, from: 0n }, "before");
  }

  #recallBatch({ kind, creations }: Pick<NotedBatch, "kind" | "creations">, ids: readonly InternalId[]): void {
    for (const [at, { name, from }] of creations.entries()) {
      if (kind === "node") this.known.noteNode(name, ids[at]!, "created");
      else this.known.noteRelationship(null, { id: ids[at]!, from }, "created");
    }
  }

  /** Durable when it returns: only then may the batch be sent. Gives its number. */
  async beginBatch(kind: Kind, creations: readonly FingerprintedCreation[]): Promise<number> {
    const names = kind === "node" ? creations.map(({ name }) => name) : [creations[0]!.name];
    const sources = kind === "node" ? new Uint8Array(0) : packIds(creations.map(({ from }) => from));
    const bytes = new Uint8Array(sources.length + creations.length * SHORT_HASH_BYTES);
    bytes.set(sources);
    const packed = new Uint8Array(creations.length * FINGERPRINT_BYTES);
    const lanes = new DataView(packed.buffer);
    for (const [at, { hash, fingerprint }] of creations.entries()) {
      bytes.set(hash, sources.length + at * SHORT_HASH_BYTES);
      putFingerprint(lanes, at * FINGERPRINT_BYTES, fingerprint);
    }
    // What was to be created comes right after its batch.
    const batch = { kind: BATCH, ref: null, text: JSON.stringify({ kind, names }), bytes };
    const number = this.file.append("process", [batch, createdRow(packed)]);
    await this.file.flush();
    failpoint("batch noted");
    return number;
  }

  answerBatch(number: number, kind: Kind, creations: readonly Creation[], ids: readonly InternalId[]): void {
    failpoint("batch taken");
    this.file.append("process", [{ kind: ANSWER, ref: BigInt(number), text: "", bytes: packIds(ids) }]);
    this.#recallBatch({ kind, creations }, ids);
    failpoint("batch answered");
  }

  /** It is certain that the server has not taken it. */
  dropBatch(number: number): void {
    this.file.append("process", [droppedRow(number + 1)]);
  }

  *batches(): Generator<NotedBatch> {
    for (const row of this.file.rowsOf(BATCH)) {
      if (this.file.find(DROPPED, BigInt(row.number + 1)) !== null) continue;
      const answer = this.file.find(ANSWER, BigInt(row.number));
      yield this.file.reading(() => decodeBatch(row, answer));
    }
  }

  /** Batches that the server has not answered, as far as this is known. */
  inDoubt(): NotedBatch[] {
    return [...this.batches().filter(({ ids }) => ids === null)];
  }

  /** The relationships that the server has answered. */
  createdRelationships(): HashMultiset {
    const created = new HashMultiset();
    for (const { kind, creations, ids } of this.batches()) {
      if (kind === "relationship" && ids !== null) for (const { hash } of creations) created.add(hash);
    }
    return created;
  }

  /** Durable when it returns: only then may the records be overwritten. */
  noteImages(images: readonly NewImage[]): void {
    if (images.length === 0) return;
    const packed = new Uint8Array(images.length * FINGERPRINT_BYTES);
    const lanes = new DataView(packed.buffer);
    for (const [at, { next }] of images.entries()) {
      putFingerprint(lanes, at * FINGERPRINT_BYTES, fingerprintOf(next));
    }
    const records = images.map(({ image, before }) =>
      beforeImageRow(before, image.kind === "relationship" && image.moved),
    );
    const first = this.file.nextNumber + 1;
    const places = images.map(({ image, after }, at): LogRow => {
      const ends = image.kind === "relationship" ? [String(image.from), String(image.to)] : null;
      const moved = image.kind === "relationship" && image.moved;
      const text = JSON.stringify({ entry: first + at, ends, moved });
      return { kind: SERVER_IMAGE[image.kind], ref: image.id, text, bytes: after };
    });
    this.file.append("power", [overwrittenRow(packed), ...records, ...places]);
    failpoint("before-image noted");
  }

  imageOf(kind: Kind, internal: InternalId): NotedImage | null {
    const row = this.file.find(SERVER_IMAGE[kind], internal);
    return row === null ? null : this.#image(row);
  }

  *images(kind: Kind): Generator<NotedImage> {
    for (const row of this.file.rowsOf(SERVER_IMAGE[kind])) yield this.#image(row);
  }

  #image(row: NumberedRow): NotedImage {
    return this.file.reading(() => {
      const { entry, ends, moved } = v.parse(v.pipe(v.string(), v.parseJson(), ImageSchema), row.text);
      const { record } = readBeforeImage(this.file.row(entry));
      const [id, after] = [row.ref!, row.bytes!];
      if (record.kind === "node") return { image: { ...record, id }, after };
      const [from, to] = ends!.map(BigInt) as [bigint, bigint];
      const { type, properties } = record;
      const [fromId, toId] = [idIn(record.from), idIn(record.to)];
      return { image: { kind: "relationship", id, from, to, fromId, toId, type, properties, moved }, after };
    });
  }

  /** Numbers that stood for something before the run. */
  noteTaken(kind: Kind, ids: readonly InternalId[]): void {
    if (ids.length > 0) this.file.append("process", [{ kind: TAKEN, ref: null, text: kind, bytes: packIds(ids) }]);
  }

  /** From here on the graph is on its way back: going on with the run is no longer possible. */
  noteUndoing(): void {
    try {
      setUndoing(this.file);
    } catch (error) {
      // Where a disk is full, what is gone tells a resumption so.
      if (!(error instanceof WriteError)) throw error;
    }
  }

  /** Durable when it returns: only then may they be created. */
  noteSchema(items: readonly SchemaItem[]): void {
    if (items.length > 0) this.file.append("power", items.map(schemaItemRow));
  }

  schema(): SchemaItem[] {
    return schemaItemsOf(this.file);
  }

  count(): { nodes: number; relationships: number; images: number; inDoubt: number } {
    const counts = { nodes: 0, relationships: 0, images: 0, inDoubt: 0 };
    for (const { kind, creations, ids } of this.batches()) {
      if (ids === null) counts.inDoubt += creations.length;
      else counts[`${kind}s`] += creations.length;
    }
    for (const kind of ["node", "relationship"] as const) for (const _ of this.images(kind)) counts.images++;
    return counts;
  }

  /** The file stays open: it belongs to the run. */
  close(): void {
    this.known.close();
    if (this.#isTemporary) this.file.close();
  }
}

function decodeBatch({ number, text, bytes }: NumberedRow, answer: NumberedRow | null): NotedBatch {
  const { kind, names } = v.parse(v.pipe(v.string(), v.parseJson(), BatchSchema), text);
  const stride = SHORT_HASH_BYTES + (kind === "node" ? 0 : 8);
  const count = bytes!.length / stride;
  const from = kind === "node" ? [] : unpackIds(bytes!.subarray(0, count * 8));
  const hashes = bytes!.subarray(from.length * 8);
  const creations = Array.from({ length: count }, (_, at) => ({
    name: names[kind === "node" ? at : 0]!,
    from: from[at] ?? 0n,
    hash: hashes.subarray(at * SHORT_HASH_BYTES, (at + 1) * SHORT_HASH_BYTES),
  }));
  const ids = answer === null ? null : unpackIds(answer.bytes!);
  if (!Number.isInteger(count) || (ids !== null && ids.length !== count)) {
    throw new RangeError(`batch ${number} is not whole`);
  }
  return { number, kind, creations, ids };
}

function idIn(key: string): string | null {
  return key.startsWith("=") ? key.slice(1) : null;
}
