/** The records of an archive: by its index where that is whole, else as far as it goes. */
import type { GraphRecord } from "../../graph/record.ts";
import { breathe } from "../../support/time.ts";
import type { SchemaItem } from "../description.ts";
import type { FindingLog } from "../findings.ts";
import { BlockReading, linesOf, parsedLine } from "./blocks.ts";
import { type ByteSource, inMemory } from "./bytes.ts";
import { blockOf, type Footer, type Header, type IndexEntry } from "./format.ts";
import { contentAt } from "./frames.ts";
import { type Part, partsOfFrames, type Repacked } from "./unindexed.ts";

/** What an archive says of itself. */
export interface ArchiveFacts {
  /** Null where it is damaged. */
  readonly header: Header | null;
  readonly schema: readonly SchemaItem[];
  /** Null where the end is missing. */
  readonly footer: Footer | null;
}

/** How the records are reached: by the index; frame by frame, where there is none; or as one stream, which others have compressed. */
type Way =
  | { readonly by: "index"; readonly start: number; readonly isSealed: boolean }
  | { readonly by: "frames"; readonly start: number }
  | { readonly by: "stream"; readonly repacked: Repacked };

/** Bytes of records between two moments in which others have their turn. */
const STRETCH = 1 << 20;

/** One archive, opened. The caller closes its bytes. */
export class ArchiveReader {
  readonly facts: ArchiveFacts;
  readonly #bytes: ByteSource;
  readonly #way: Way;

  constructor(bytes: ByteSource, facts: ArchiveFacts, way: Way) {
    this.#bytes = bytes;
    this.facts = facts;
    this.#way = way;
  }

  /**
   * Records, nodes first.
   * @param findings gets what cannot be read
   * @param withRows left out, each record has the row of its layout; false, where only its contents are compared
   */
  async *read(
    findings: FindingLog,
    signal?: AbortSignal,
    { withRows = true } = {},
  ): AsyncGenerator<readonly GraphRecord[]> {
    const { header } = this.facts;
    let { footer } = this.facts;
    const reading = new BlockReading(findings, withRows);
    let read = 0;
    if (header === null && this.#way.by === "frames") {
      findings.add("damage", "the header of the archive, which is damaged", "at byte 0", "property");
    }
    for await (const part of this.#parts(signal)) {
      signal?.throwIfAborted();
      if (part.kind === "footer") footer = part.footer;
      else {
        const records = reading.records({ entry: null, isIntact: null, ...part });
        if (records.length > 0) yield records;
        read += part.body?.length ?? 0;
      }
      if (read < STRETCH) continue;
      read = 0;
      await breathe();
    }
    this.#unauthentic(findings);
    reading.end({ header, footer, at: `byte ${this.#bytes.placeOf(this.#bytes.size)}` });
    this.#endings(findings, footer);
  }

  async *#parts(
    signal?: AbortSignal,
  ): AsyncGenerator<Part & { readonly entry?: IndexEntry; readonly isIntact?: boolean }> {
    const way = this.#way;
    if (way.by === "frames") yield* partsOfFrames(this.#bytes, way.start);
    else if (way.by === "stream") yield* way.repacked.parts(() => {}, signal);
    else yield* this.#indexed(this.facts.footer!, way.start);
  }

  *#indexed(
    footer: Footer,
    start: number,
  ): Generator<Part & { readonly entry: IndexEntry; readonly isIntact: boolean }> {
    let offset = start;
    for (const [number, entry] of footer.blocks.entries()) {
      const frames = this.#bytes.read(offset, entry.head + entry.body);
      const isIntact = new Bun.CryptoHasher("sha256").update(frames).digest("hex") === entry.sha256;
      const head = contentAt(inMemory(frames), 0, entry.head);
      const info = head === null ? null : blockOf(parsedLine(linesOf(head)[0] ?? ""));
      const body = contentAt(inMemory(frames), entry.head, entry.body);
      yield {
        kind: "block",
        where: `block ${number}, at byte ${this.#bytes.placeOf(offset)}`,
        info,
        body,
        entry,
        isIntact,
      };
      offset += entry.head + entry.body;
    }
  }

  /** Of an encrypted archive, the chunks that cannot be decrypted: the blocks in them are told beside that. */
  #unauthentic(findings: FindingLog): void {
    for (const place of this.#bytes.damaged ?? []) {
      findings.add(
        "damage",
        "a part of the encrypted file that is not what was written",
        `at byte ${place}`,
        "property",
      );
    }
  }

  /** What belongs to no block, and is damaged or missing all the same. */
  #endings(findings: FindingLog, footer: Footer | null): void {
    if (this.#way.by === "index" && !this.#way.isSealed) {
      const where = this.facts.header === null ? "at byte 0" : "at its beginning or end";
      findings.add("damage", "the header or footer of the archive, which is damaged", where, "property");
    }
    if (this.#way.by === "frames" && footer !== null) {
      const what = "the last bytes of the archive, which are damaged or missing; all of its records are there";
      findings.add("damage", what, `before byte ${this.#bytes.placeOf(this.#bytes.size)}`, "property");
    }
    if (this.#way.by === "stream" && this.#way.repacked.isCut && footer !== null) {
      findings.add("damage", "the last bytes of the archive, which are no whole frame", "at its end", "property");
    }
  }
}
