/**
 * The tables of a large file as the bytes that they are in it, summed page by page: equal sums are equal rows, and so equal records,
 * without a row having been decoded. A page that has not changed since it was summed is not summed again.
 */
import type { Database } from "bun:sqlite";
import { readRowid, type TreePage } from "../../sqlite-file/cells.ts";
import { PageFile } from "../../sqlite-file/page-file.ts";
import { RawTable, textAt } from "../../sqlite-file/raw-table.ts";
import { rows } from "./database.ts";
import type { FileLayout, FoundTable } from "./layout.ts";
import { SIDE_TABLE } from "./side-table.ts";

/** Where the columns are by which a row is found. */
const SIDE_KIND = 0;
const SIDE_ID = 1;
/** So many pages are read before others have their turn. */
const BREATH = 1_024;
const NOTHING = Buffer.alloc(0);

/** A row of the nodes, of the relationships, or of what stands beside either: as long as it is visited. */
export interface SummedRow {
  readonly kind: "node" | "relationship";
  readonly isBeside: boolean;
  /** Null where it is no text; then it has to be decoded to say anything of it. */
  readonly id: string | null;
  /** The ends of a relationship; null as above, and of other rows. */
  ends(): readonly [string | null, string | null];
  rowid(): bigint;
  /** Of table and content, in 64 bits; 0 where nothing is summed. */
  readonly hash: bigint;
}

interface Stored {
  readonly kind: "node" | "relationship" | "beside";
  readonly name: string;
  readonly table: RawTable;
  /** Makes equal bytes of two tables different rows, and names the table. */
  readonly seed: 1 | 2 | 3;
  readonly id: number;
  readonly ends: readonly [number, number];
}

/** A sum of rows by their hashes, in 64 bits. */
export class RowSum {
  #value = 0n;
  count = 0;

  get value(): bigint {
    return this.#value;
  }

  /** @param hash of one row, or the sum of several */
  add(hash: bigint, rows = 1): void {
    this.#value = BigInt.asUintN(64, this.#value + hash);
    this.count += rows;
  }

  /** Of a row that was added. */
  remove(hash: bigint): void {
    this.add(-hash, -1);
  }

  equals(other: RowSum): boolean {
    return this.count === other.count && this.value === other.value;
  }
}

/** Of each page with rows what it held: 17 bytes for a page of thousands. */
export class PageSums {
  readonly #pages: BigUint64Array;
  readonly #rows: BigUint64Array;
  /** The table; 0 for a page that was none of these, or is told by others too. */
  readonly #tables: Uint8Array;

  constructor(pages: number) {
    this.#pages = new BigUint64Array(pages + 1);
    this.#rows = new BigUint64Array(pages + 1);
    this.#tables = new Uint8Array(pages + 1);
  }

  /** @param page of which all is on the page itself */
  note(table: number, { number, bytes }: TreePage, rows: RowSum): void {
    if (number >= this.#tables.length) return;
    this.#tables[number] = table;
    this.#pages[number] = Bun.hash.wyhash(bytes);
    this.#rows[number] = rows.value;
  }

  /** The sum of the rows of a page, if it is what it was. */
  find(table: number, { number, bytes }: TreePage): bigint | null {
    if (this.#tables[number] !== table || this.#pages[number] !== Bun.hash.wyhash(bytes)) return null;
    return this.#rows[number]!;
  }
}

/** A file that nobody writes to meanwhile, and that holds everything itself. Close it in the end. */
export class RawFile {
  readonly #file: PageFile;
  readonly #stored: readonly Stored[];

  private constructor(file: PageFile, stored: readonly Stored[]) {
    this.#file = file;
    this.#stored = stored;
  }

  /** Null where it is no file of SQLite's, or its tables are not as they should be. @param database of it */
  static open(real: string, database: Database, layout: FileLayout): RawFile | null {
    const file = PageFile.open(real);
    if (file === null) return null;
    try {
      const stored = storedIn(file, database, layout);
      if (stored !== null) return new RawFile(file, stored);
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return null;
  }

  get pages(): number {
    return this.#file.pages;
  }

  /**
   * All rows, nodes first, what stands beside them last. Yields now and then, and after each table.
   * @param sums gets those of each page; null where no row is to be summed
   * @throws DamagedPageError
   */
  *each(visit: (row: SummedRow) => void, sums: PageSums | null): Generator<number> {
    for (const stored of this.#stored) {
      const row = new VisitedRow(stored);
      let [pages, seen] = [0, 0];
      for (const leaf of stored.table.leaves()) {
        const sum = new RowSum();
        for (const cell of leaf.cells) {
          const payload = stored.table.payload(leaf, cell);
          const hash = sums === null ? 0n : hashOfRow(stored, payload);
          sum.add(hash);
          visit(row.at(leaf, cell, payload, hash));
        }
        if (stored.table.isWhole(leaf)) sums?.note(stored.seed, leaf, sum);
        seen += sum.count;
        if (++pages % BREATH !== 0) continue;
        yield seen;
        seen = 0;
      }
      yield seen;
    }
  }

  /** The sum of all rows. @param known those of pages that may be what they were. Yields now and then. @throws DamagedPageError */
  *sum(known: PageSums, into: RowSum, counts: Record<string, number>): Generator<number> {
    let pages = 0;
    let seen = 0;
    for (const { name, table, ...stored } of this.#stored) {
      counts[name] = 0;
      for (const leaf of table.leaves()) {
        const found = known.find(stored.seed, leaf);
        if (found !== null) into.add(found, leaf.cells.length);
        else for (const cell of leaf.cells) into.add(hashOfRow(stored, table.payload(leaf, cell)));
        counts[name] += leaf.cells.length;
        seen += leaf.cells.length;
        if (++pages % BREATH !== 0) continue;
        yield seen;
        seen = 0;
      }
    }
    yield seen;
  }

  /** The hash of a row by its number, as `each` gives it; null where there is none. @throws DamagedPageError */
  hashAt(kind: Stored["kind"], rowid: bigint): bigint | null {
    const stored = this.#stored.find((one) => one.kind === kind);
    const payload = stored?.table.payloadAt(rowid) ?? null;
    return payload === null ? null : hashOfRow(stored!, payload);
  }

  close(): void {
    this.#file.close();
  }
}

function hashOfRow({ seed }: Pick<Stored, "seed">, payload: Buffer): bigint {
  return Bun.hash.wyhash(payload, BigInt(seed));
}

/** One object for all rows of a table, since there are millions of them. */
class VisitedRow implements SummedRow {
  kind: SummedRow["kind"];
  readonly isBeside: boolean;
  id: string | null = null;
  hash = 0n;
  readonly #stored: Stored;
  #leaf: TreePage | null = null;
  #cell = 0;
  #payload: Buffer = NOTHING;

  constructor(stored: Stored) {
    this.#stored = stored;
    this.isBeside = stored.kind === "beside";
    this.kind = stored.kind === "relationship" ? "relationship" : "node";
  }

  at(leaf: TreePage, cell: number, payload: Buffer, hash: bigint): this {
    [this.#leaf, this.#cell, this.#payload, this.hash] = [leaf, cell, payload, hash];
    this.id = textAt(payload, this.#stored.id);
    if (this.isBeside) this.kind = textAt(payload, SIDE_KIND) === "relationship" ? "relationship" : "node";
    return this;
  }

  ends(): readonly [string | null, string | null] {
    const [from, to] = this.#stored.ends;
    return [textAt(this.#payload, from), textAt(this.#payload, to)];
  }

  rowid(): bigint {
    return readRowid(this.#leaf!, this.#cell);
  }
}

/** Null where columns that are computed stand between the others, or an id is the number of the row. */
function storedIn(file: PageFile, database: Database, layout: FileLayout): Stored[] | null {
  const { nodeTables, relationships, hasSideTable, generated, encoding } = layout;
  const [nodes] = nodeTables;
  if (nodes === undefined || generated.length > 0 || encoding !== "UTF-8") return null;
  const rootOf = (name: string) => rows(database, `SELECT rootpage FROM sqlite_schema WHERE name = ?`, name)[0]?.[0];
  const tableOf = ({ name }: Pick<FoundTable, "name">) => ({
    name,
    table: new RawTable(file, Number(rootOf(name) ?? 0)),
  });
  const place = ({ columns }: FoundTable, name: string) => columns.indexOf(name);
  const none = [-1, -1] as const;
  const stored: Stored[] = [{ kind: "node", seed: 1, id: place(nodes, "id"), ends: none, ...tableOf(nodes) }];
  if (relationships !== null) {
    const ends = [place(relationships, "from_id"), place(relationships, "to_id")] as const;
    stored.push({ kind: "relationship", seed: 2, id: place(relationships, "id"), ends, ...tableOf(relationships) });
  }
  if (hasSideTable) stored.push({ kind: "beside", seed: 3, id: SIDE_ID, ends: none, ...tableOf({ name: SIDE_TABLE }) });
  return stored;
}
