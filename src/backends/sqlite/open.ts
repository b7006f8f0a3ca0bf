/**
 * A SQLite file opened for reading, whatever wrote it: as it is where that will do, else from a private copy without the
 * statements that this SQLite cannot parse, else from one that is rebuilt off the pages.
 */
import type { Database } from "bun:sqlite";
import { realpathSync, statSync } from "node:fs";
import { DamagedStoreError, RefusedError } from "../../errors.ts";
import { codeOf, hasBytes } from "../../support/files.ts";
import { copyCommand } from "../../support/shell.ts";
import type { OpenOptions } from "../backend.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { accessError } from "../recognise.ts";
import { type Claims, checkClaims } from "./claims.ts";
import { quoted, rows } from "./database.ts";
import { isUnreadableSchema, onDatabase, translate } from "./errors.ts";
import { areRowsWhole, checkIntegrity, cureOf, type Integrity, staleIndex, tableNames } from "./integrity.ts";
import { assertMemoryGraph, assertNotHalf, headerOf } from "./kind.ts";
import { type FileLayout, readLayout } from "./layout.ts";
import { lostRows } from "./lost-rows.ts";
import { rebuild } from "./rebuild.ts";
import { describeStatement, setUnparsedAside } from "./set-aside.ts";
import { isOlderThanFile } from "./side-files.ts";
import { FILES, openCopy, openSnapshot, type Snapshot } from "./snapshot.ts";

export interface OpenedFile {
  readonly snapshot: Snapshot;
  readonly layout: FileLayout;
  /** What was done to read it, and what could not be read. */
  readonly findings: readonly Finding[];
  /** Whether `snapshot` is a copy under plain declarations: nothing of what it claims is left to be doubted. */
  readonly isRebuilt: boolean;
  /** Whether its indexes do not match its tables. */
  readonly isStale: boolean;
  /** Whether statements were taken out of it. */
  readonly isEdited: boolean;
}

/** @throws StoreKindError, DamagedStoreError, RefusedError, AccessError or BusyError */
export async function openFile(path: string, options: OpenOptions): Promise<OpenedFile> {
  const real = realpathSync(path);
  const truncated = truncation(path, real);
  assertLogIsNewer(path, real);
  let opened = await openAsItIs(path, real, options);
  try {
    if (truncated !== null || needsRebuild(opened))
      opened = rebuilt(path, opened, truncated === null ? [] : [truncated]);
    assertMemoryGraph(path, opened.layout);
    assertNotHalf(path, real, opened.layout);
    return options.isolate ? await examine(path, opened, true, true) : opened;
  } catch (error) {
    opened.snapshot.close();
    throw translate(path, error);
  }
}

/**
 * The same file after a look at what it claims; another one where rows have to be read in another way.
 * @param thorough every row and every page, not only what shows at once
 * @param careful by the pages where SQLite cannot follow all of the file, although every row can be read
 */
export async function examine(
  path: string,
  opened: OpenedFile,
  thorough: boolean,
  careful = false,
): Promise<OpenedFile> {
  if (opened.isRebuilt) return opened;
  const { snapshot, layout } = opened;
  const claims = claimsOf(snapshot.database, layout, thorough);
  const isDoubled = claims === null || claims.doubled.length > 0;
  const cure = cureOf(path, isDoubled);
  const integrity = thorough ? checkIntegrity(snapshot.database, cure, opened.isEdited) : NOT_CHECKED;
  const isSuspect = integrity.suspect || integrity.hasStrayBytes || claims === null;
  const isHarmed = isSuspect && !areRowsWhole(snapshot.pages(), layout);
  if (isHarmed) await assertSideFilesBelong(path);
  if (isHarmed || (isSuspect && (careful || !isReadable(snapshot.database, layout)))) {
    return rebuilt(path, opened, integrity.findings);
  }
  const stale = staleTables(claims, integrity, cure);
  const findings = [...integrity.findings, ...stale];
  if (isDoubled) return rebuilt(path, opened, findings);
  // What cannot be checked is not relied on either.
  const isStale = integrity.suspect || findings.some(({ what }) => what === staleIndex(cure));
  return { ...opened, findings: [...opened.findings, ...findings], isStale };
}

/** Whether SQLite itself reads every row: it gives up at a damaged one whose parts can still be told. */
function isReadable(database: Database, layout: FileLayout): boolean {
  try {
    for (const table of tableNames(layout)) {
      const columns = rows(database, "SELECT name FROM pragma_table_info(?)", table).map(([name]) =>
        quoted(String(name)),
      );
      // The length of a text takes all of it, as that of bytes does not.
      const lengths = columns.map((column) => `sum(length(CAST(${column} AS TEXT)))`);
      rows(database, `SELECT ${lengths.join(", ")} FROM ${quoted(table)} NOT INDEXED`);
    }
    return true;
  } catch (error) {
    if (translate("", error) instanceof DamagedStoreError) return false;
    throw error;
  }
}

const NOT_CHECKED: Integrity = { findings: [], suspect: false, hasStrayBytes: false };

/** What SQLite's own check has not told already. */
function staleTables(claims: Claims | null, { findings }: Integrity, cure: string): Finding[] {
  const what = staleIndex(cure);
  if (claims === null || claims.stale.length === 0 || findings.some((finding) => finding.what === what)) return [];
  return [{ kind: "note", what, count: claims.stale.length, examples: claims.stale.map((table) => `ids of ${table}`) }];
}

/** Null where the tables cannot even be counted. */
export function claimsOf(database: Database, layout: FileLayout, thorough: boolean): Claims | null {
  try {
    return checkClaims(database, layout, thorough);
  } catch (error) {
    if (translate("", error) instanceof DamagedStoreError) return null;
    throw error;
  }
}

async function openAsItIs(path: string, real: string, { isolate = false, signal }: OpenOptions): Promise<OpenedFile> {
  const snapshot = await catching(path, () => openSnapshot(path, isolate, signal));
  try {
    const layout = readLayout(snapshot.database);
    return { snapshot, layout, findings: [], isRebuilt: false, isStale: false, isEdited: false };
  } catch (error) {
    snapshot.close();
    if (!isUnreadableSchema(error)) throw translate(path, error);
  }
  if (hasBytes(`${real}-wal`) || hasBytes(`${real}-journal`)) await assertSideFilesBelong(path);
  return openWithoutUnparsed(path, signal);
}

/** With the statements set aside that this SQLite cannot parse; rebuilt where one of them is of a table of ours. */
async function openWithoutUnparsed(path: string, signal: AbortSignal | undefined): Promise<OpenedFile> {
  const log = new FindingLog();
  const snapshot = await catching(path, () =>
    openCopy(
      path,
      FILES,
      (copy) => {
        for (const entry of setUnparsedAside(copy)) {
          log.add(
            "note",
            "a statement that this SQLite cannot parse; the rest of the file is read without it",
            describeStatement(entry),
          );
        }
      },
      signal,
    ),
  );
  const opened = { snapshot, findings: log.list(), isRebuilt: false, isStale: false, isEdited: true };
  try {
    return withLayout(path, opened);
  } catch (error) {
    snapshot.close();
    throw translate(path, error);
  }
}

function withLayout(path: string, opened: Omit<OpenedFile, "layout">): OpenedFile {
  try {
    return { ...opened, layout: readLayout(opened.snapshot.database) };
  } catch (error) {
    if (!isUnreadableSchema(error)) throw error;
    return rebuilt(path, { ...opened, layout: null }, []);
  }
}

function rebuilt(
  path: string,
  opened: Omit<OpenedFile, "layout"> & { layout: FileLayout | null },
  more: readonly Finding[],
): OpenedFile {
  const { snapshot: original } = opened;
  const file = original.pages();
  const copy = onDatabase(path, () => rebuild(path, file));
  try {
    // What was read off the pages is one moment only if nobody wrote meanwhile.
    original.assertUnchanged();
    const lost = lostRows(original.database, copy);
    if (copy.layout.nodeTables.length === 0 && (copy.lost.length > 0 || more.some(({ kind }) => kind === "damage"))) {
      throw new DamagedStoreError(`${path} is damaged: none of MemoryGraph's tables can be found in it`, {
        details: [...more, ...lost].flatMap(({ what, examples }) => [
          what,
          ...examples.map((example) => `  ${example}`),
        ]),
        next: "Keep the file as it is, and restore a backup.",
      });
    }
    const layout = opened.layout === null ? copy.layout : { ...opened.layout, ...ownPartsOf(copy.layout) };
    return {
      snapshot: copy.snapshot,
      layout,
      findings: [...opened.findings, ...more, ...copy.findings, ...lost],
      isRebuilt: true,
      isStale: false,
      isEdited: true,
    };
  } catch (error) {
    copy.snapshot.close();
    throw error;
  } finally {
    original.close();
  }
}

/** What is said of the rows themselves follows the copy; all else the original, as SQLite reads it. */
function ownPartsOf({ nodeTables, relationships, hasSideTable, encoding, unnumbered, doubled }: FileLayout) {
  return { nodeTables, relationships, hasSideTable, encoding, unnumbered, doubled };
}

/** Rows without numbers cannot be read in parts, and keys under a foreign collation cannot be looked up. */
function needsRebuild({ snapshot: { database }, layout, isRebuilt }: OpenedFile): boolean {
  return !isRebuilt && (layout.unnumbered.length > 0 || !isComparable(database, layout));
}

function isComparable(database: Database, { nodeTables, relationships }: FileLayout): boolean {
  const columns: [string, string][] = [
    ...nodeTables.map(({ name }): [string, string] => [name, "id"]),
    ...(relationships === null
      ? []
      : ["id", "from_id", "to_id"].map((column): [string, string] => [relationships.name, column])),
  ];
  try {
    for (const [table, column] of columns) {
      rows(database, `SELECT 1 FROM ${quoted(table)} WHERE ${column} = '' LIMIT 1`);
    }
    return true;
  } catch (error) {
    // Pages that are no part of a tree, such as those that a sync tool has not filled yet, are looked at one by one.
    const isOdd = error instanceof Error && /collation/.test(error.message);
    if (isOdd || /^SQLITE_CORRUPT/.test(codeOf(error))) return false;
    throw error;
  }
}

/** A log or journal of another generation makes a whole file look damaged. @throws RefusedError */
async function assertSideFilesBelong(path: string): Promise<void> {
  const real = realpathSync(path);
  const beside = ["-wal", "-journal"].filter((suffix) => hasBytes(real + suffix)).map((suffix) => path + suffix);
  if (beside.length === 0) return;
  const alone = await openCopy(path, [""], () => {});
  try {
    const layout = readLayout(alone.database);
    if (layout.nodeTables.length === 0 || !areRowsWhole(alone.pages(), layout)) return;
  } catch (error) {
    if (isUnreadableSchema(error)) return;
    throw error;
  } finally {
    alone.close();
  }
  throw notItsOwn(path, beside, "with it the store can only be read in part, without it completely");
}

/** @throws RefusedError for a log that was written before the file */
function assertLogIsNewer(path: string, real: string): void {
  if (isOlderThanFile(real)) throw notItsOwn(path, [`${path}-wal`], "it was written before the file");
}

function notItsOwn(path: string, beside: readonly string[], why: string): RefusedError {
  const files = beside.join(" and ");
  return new RefusedError(`${files} does not belong to ${path}: ${why}`, {
    next: `If ${files} is the newer one, look for the file that it belongs to. Else copy the file without it, and name the copy: ${copyCommand(path, "alone.db")}`,
  });
}

/** A file that is truncated still opens, and fails only where a missing page is asked for. Null for a whole one. */
function truncation(path: string, real: string): Finding | null {
  const header = headerOf(real);
  const { size } = statSync(real);
  if (header === null) {
    throw new DamagedStoreError(`${path} is truncated or overwritten: it has no header of a SQLite file`, {
      next: "Keep the file as it is, and restore a backup.",
    });
  }
  const hasSideFile = ["-wal", "-journal"].some((suffix) => hasBytes(real + suffix));
  const expected = header.pages * header.pageSize;
  if (!header.pagesAreValid || hasSideFile || expected <= size) return null;
  const [said, found] = [expected, size].map((bytes) => bytes.toLocaleString("en-US"));
  const what = `the file is truncated: its header says ${said} bytes, it has ${found}`;
  return { kind: "damage", what, count: 1, examples: [path] };
}

async function catching(path: string, work: () => Promise<Snapshot>): Promise<Snapshot> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? accessError(path, error) : translate(path, error);
  }
}
