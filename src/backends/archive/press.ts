/** Makes a block of lines into its two frames, and proves them: what the frames hold is read back and digested. */
import { type GraphRecord, idOfKey } from "../../graph/record.ts";
import { Summary, type SummaryTransfer } from "../../memorygraph/summary.ts";
import { inMemory } from "./bytes.ts";
import type { IndexEntry, RecordKind } from "./format.ts";
import { compress, contentOf, frameAt } from "./frames.ts";
import { LineError, LineReader } from "./lines.ts";

/** Lines of records that are to become a block. */
export interface PlainBlock {
  /** From 0. */
  readonly block: number;
  readonly kind: RecordKind;
  /** How many of its kind come before it. */
  readonly before: number;
  /** UTF-8; every line with its end. */
  readonly lines: Uint8Array;
}

export interface PressedBlock {
  /** The frame with the line that describes the records, and the frame with the records. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly entry: IndexEntry;
  /** Of the records as whoever reads the frames gets them. */
  readonly summary: SummaryTransfer;
}

/** One for all blocks of a thread: what it has learnt of their shapes makes the later ones faster. */
export class Press {
  readonly #lines = new LineReader({ withRows: false, onUnknown() {} });

  /** @throws FrameError, LineError where what was written cannot be read again, which is a defect */
  press({ block, kind, before, lines }: PlainBlock): PressedBlock {
    const body = compress(lines);
    const summary = new Summary();
    const ids: (string | null)[] = [];
    const content = contentOf(inMemory(body), frameAt(inMemory(body), 0)!);
    for (const record of this.#lines.block(kind, content)) {
      if (record instanceof LineError) throw record;
      summary.add(record);
      ids.push(idOf(record));
    }
    const sha256 = new Bun.CryptoHasher("sha256").update(lines).digest("hex");
    const info = { block, kind, records: ids.length, before, bytes: lines.length, sha256, ids };
    const head = compress(Buffer.from(`${JSON.stringify(info)}\n`, "utf8"));
    const frames = new Bun.CryptoHasher("sha256").update(head).update(body).digest("hex");
    const entry = { kind, records: ids.length, head: head.length, body: body.length, sha256: frames };
    return { head, body, entry, summary: summary.toTransfer() };
  }
}

function idOf(record: GraphRecord): string | null {
  const id = record.properties.get("id");
  if (typeof id === "string") return id;
  return record.kind === "node" ? idOfKey(record.key) : null;
}
