/**
 * What a run notes of the records of a large file that it has nothing to do with, and what of it holds later. Only rows whose id tells
 * what they are, and that stand for themselves, are in it: what has something beside it in the side table may be another record.
 */
import type { Database } from "bun:sqlite";
import { keyOfId } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Concerns } from "../../journal/present.ts";
import { Rest } from "../../journal/rest.ts";
import type { RunNotes } from "../../journal/run-notes.ts";
import { identityOfNode, identityOfRelationship } from "../../memorygraph/fingerprint.ts";
import { hasBytes } from "../../support/files.ts";
import { Sieve } from "../../support/sieve.ts";
import { breathe } from "../../support/time.ts";
import { COMMIT, VERSION } from "../../version.ts";
import { count, type ExactStatement, prepare, rows } from "./database.ts";
import { type FileLayout, readLayout } from "./layout.ts";
import { PageSums, RawFile, type SummedRow } from "./raw-file.ts";
import { SIDE_TABLE } from "./side-table.ts";
import { isToldByRows } from "./stored-rows.ts";

/** What identifies the records of rows. Close it before the database. */
export class RowIdentities {
  readonly #besides: Sieve | null = null;
  readonly #isBeside: ExactStatement | null = null;

  constructor(database: Database, { hasSideTable }: FileLayout) {
    if (!hasSideTable) return;
    this.#besides = new Sieve();
    this.#isBeside = prepare(database, `SELECT 1 FROM ${SIDE_TABLE} WHERE kind = ? AND id = ?`);
    const ids = database.query(`SELECT kind, id FROM ${SIDE_TABLE} WHERE id IS NOT NULL`);
    for (const { kind, id } of ids.iterate() as Iterable<{ kind: string; id: string }>) {
      this.#besides.add(Bun.hash.wyhash(`${kind} ${id}`));
    }
    ids.finalize();
  }

  /** As in the fingerprint of the record; null for a row that has to be read as a record first. */
  of({ kind, id }: SummedRow): bigint | null {
    if (id === null || this.#hasBeside(kind, id)) return null;
    return kind === "node" ? identityOfNode(keyOfId(id)) : identityOfRelationship(id);
  }

  #hasBeside(kind: string, id: string): boolean {
    if (this.#besides?.mayHave(Bun.hash.wyhash(`${kind} ${id}`)) !== true) return false;
    return this.#isBeside!.values(kind, id).length > 0;
  }

  close(): void {
    this.#isBeside?.finalize();
  }
}

/** Under which sums of rows mean the same: the same program reads the same tables. */
export function signatureOf(database: Database, { nodeTables, relationships }: FileLayout): string {
  const names = [...nodeTables, ...(relationships === null ? [] : [relationships])].map(({ name }) => name);
  const schema = names.map((name) => rows(database, "SELECT sql FROM sqlite_schema WHERE name = ?", name)[0]?.[0]);
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([VERSION, COMMIT, names, schema])).digest("hex");
}

/** Is raised when another connection commits; those of its own do not count. */
export function dataVersion(database: Database): number {
  return count(database, "SELECT data_version FROM pragma_data_version");
}

/**
 * Notes the rest, of which the records were added, with its rows. What keeps that from being done does no harm: the rest is then read
 * again when the run is undone.
 * @param database after the commit
 * @param committed its data version before that
 */
export async function noteRest(
  { rest, notes }: { readonly rest: Rest; readonly notes: RunNotes },
  real: string,
  database: Database,
  committed: number,
): Promise<void> {
  let [raw, identities]: [RawFile | null, RowIdentities | null] = [null, null];
  try {
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    database.run("BEGIN IMMEDIATE");
    // Nobody has written since the records were read, nobody can now, and all is in the file itself.
    if (dataVersion(database) !== committed || hasBytes(`${real}-wal`)) return;
    const layout = readLayout(database);
    [raw, identities] = [RawFile.open(real, database, layout), new RowIdentities(database, layout)];
    if (raw !== null && isToldByRows(database, layout) && (await addRows(rest, raw, identities))) {
      notes.rest(rest, signatureOf(database, layout));
    }
  } catch {
    // The run is complete, and nothing that happens now may make a failure of it.
  } finally {
    raw?.close();
    identities?.close();
    if (database.inTransaction) database.run("ROLLBACK");
  }
}

/**
 * Adds the rows of a file at rest.
 * @returns false where some have no id of their own, so that nothing can be said of the rest
 * @throws DamagedPageError
 */
async function addRows(rest: Rest, raw: RawFile, identities: RowIdentities): Promise<boolean> {
  let isWhole = rest.isWhole;
  const visit = (row: SummedRow) => {
    if (row.isBeside) return;
    isWhole &&= row.id !== null;
    const identity = identities.of(row);
    if (identity !== null && !rest.isOfRun(identity)) rest.addRow(row.id!, row.hash);
  };
  for (const _ of raw.each(visit, new PageSums(0))) {
    if (!isWhole) return false;
    await breathe();
  }
  return isWhole;
}

/** Of the runs, the latest first, what the first noted that did so in the way that is understood now. */
export function notedRest(
  journals: readonly JournalFile[],
  signature: string,
  plan: Concerns,
): { readonly rest: Rest; readonly run: number } | null {
  for (const [run, journal] of journals.entries()) {
    const rest = Rest.noted(journal, signature, (identity) => plan.mayKnow(run, identity));
    if (rest !== null) return { rest, run };
  }
  return null;
}
