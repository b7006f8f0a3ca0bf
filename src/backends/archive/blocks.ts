/** Blocks that are read, one after the other: each is checked, and what is missing is counted and named. */
import type { GraphRecord } from "../../graph/record.ts";
import type { FindingLog } from "../findings.ts";
import type { BlockInfo, Footer, Header, IndexEntry, RecordKind } from "./format.ts";
import { LineError, LineReader } from "./lines.ts";

const DAMAGED = "records in a block of the archive that is damaged";
const GONE = "records in blocks of the archive of which nothing is left";
const CUT = "records behind the place where the archive is cut off";
const BESIDE = "a block of the archive that is damaged beside its records, which are whole";
const KINDS = ["node", "relationship"] as const;

/** A block as far as it could be read. */
export interface FoundBlock {
  /** For people: its number and where it begins. */
  readonly where: string;
  /** What the line before the records says; null where it is damaged. */
  readonly info: BlockInfo | null;
  /** What the footer says; null where there is no footer. */
  readonly entry: IndexEntry | null;
  /** Null where they cannot be decompressed. */
  readonly body: Uint8Array | null;
  /** Whether every byte of the block is as the footer says; null where there is no footer. */
  readonly isIntact: boolean | null;
}

/** Gives the records of one block after the other, and keeps account of those that it cannot give. */
export class BlockReading {
  readonly #findings: FindingLog;
  readonly #lines: LineReader;
  /** Given or told as missing. */
  readonly #seen: Record<RecordKind, number> = { node: 0, relationship: 0 };

  /** @param withRows whether the rows of layouts are of use */
  constructor(findings: FindingLog, withRows: boolean) {
    this.#findings = findings;
    const what = "a member of a record that this release does not know; it is not read";
    this.#lines = new LineReader({ withRows, onUnknown: (member) => findings.add("note", what, member) });
  }

  records({ where, info, entry, body, isIntact }: FoundBlock): GraphRecord[] {
    if (info !== null) this.#expect(info);
    if (body === null || !(isIntact || isWhole(body, info))) {
      this.#lost(where, info, entry);
      return [];
    }
    if (info === null || isIntact === false) this.#findings.add("damage", BESIDE, where, "property");
    const kind = entry?.kind ?? info?.kind ?? kindOf(body);
    const records: GraphRecord[] = [];
    for (const read of this.#lines.block(kind, body)) {
      this.#seen[kind]++;
      if (!(read instanceof LineError)) records.push(read);
      else this.#findings.add("damage", `a line of the archive that is no record: ${read.message}`, where);
    }
    return records;
  }

  /** After the last block: what neither a block nor the reading of one has told of. */
  end({ header, footer, at }: { header: Header | null; footer: Footer | null; at: string }): void {
    const told = footer ?? header?.source ?? null;
    const missing = KINDS.map((kind) => [kind, (told?.[`${kind}s`] ?? 0) - this.#seen[kind]] as const).filter(
      ([, count]) => count > 0,
    );
    if (footer !== null) {
      for (const [kind, count] of missing) this.#missing(GONE, kind, count, "");
      return;
    }
    for (const [kind, count] of missing)
      this.#missing(CUT, kind, count, ` (as the source told; the file ends at ${at})`);
    if (missing.length > 0) return;
    // All that the source had is there; whether that is all there was, only the footer could prove.
    const what = "the end of the archive, by which it would be proven whole, is damaged or missing";
    this.#findings.add("damage", what, `the file ends at ${at}`, "property");
  }

  /** A block says how many come before it: more than have been met are in blocks that cannot be found. */
  #expect({ kind, before, block }: BlockInfo): void {
    const gap = before - this.#seen[kind];
    if (gap > 0) this.#missing(GONE, kind, gap, `, before block ${block}`);
    this.#seen[kind] = Math.max(this.#seen[kind], before);
  }

  #lost(where: string, info: BlockInfo | null, entry: IndexEntry | null): void {
    const told = entry ?? info;
    // What comes later tells how many these were.
    if (told === null) return;
    const ids = info?.ids.filter((id) => id !== null) ?? [];
    const examples = [`${where}: ${told.records} ${told.kind}s`, ...ids];
    this.#findings.merge({ kind: "damage", what: DAMAGED, count: told.records, examples, ids });
    this.#seen[told.kind] += told.records;
  }

  #missing(what: string, kind: RecordKind, count: number, where: string): void {
    this.#findings.merge({ kind: "damage", what, count, examples: [`${count} ${kind}s${where}`] });
    this.#seen[kind] += count;
  }
}

/** Where the line that describes them is damaged, only the checksum of their frame tells, and has told. */
function isWhole(body: Uint8Array, info: BlockInfo | null): boolean {
  return info === null || new Bun.CryptoHasher("sha256").update(body).digest("hex") === info.sha256;
}

function kindOf(body: Uint8Array): RecordKind {
  const line = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 16)).toString("latin1");
  return line.startsWith('{"relationship"') ? "relationship" : "node";
}

/** Without what is behind the last end of a line. */
export function linesOf(content: Uint8Array): string[] {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.length).toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Null for what is no JSON. */
export function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Whoever asks tells what it should have been.
    return null;
  }
}
