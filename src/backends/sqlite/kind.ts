/** What a path holds where a SQLite store of MemoryGraph was expected. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { RefusedError, StoreKindError } from "../../errors.ts";
import { type FileHeader, HEADER_BYTES, parseHeader, WRITE_AHEAD_LOG } from "../../sqlite-file/header.ts";
import { readWalIndex, type WalIndex } from "../../sqlite-file/wal-index.ts";
import { hasBytes, whenFree } from "../../support/files.ts";
import { copyCommand } from "../../support/shell.ts";
import { type Found, notThatKind } from "../recognise.ts";
import { sqliteDescriptor } from "./descriptor.ts";
import type { FileLayout } from "./layout.ts";

/** @throws StoreKindError that says what was found instead */
export function assertSqlite(path: string, found: Found): void {
  if (found.type !== sqliteDescriptor.type) throw notThatKind(path, found, sqliteDescriptor.type);
}

/** Refuses SQLite files of other applications, by the tables they have. */
export function assertMemoryGraph(path: string, layout: FileLayout): void {
  if (layout.name === "foreign") {
    throw new StoreKindError(`${path} is a SQLite file of another application (tables: ${shorten(layout)})`, {
      next: "Check the path; `memorygraph-migrate doctor` looks where MemoryGraph keeps its stores.",
    });
  }
}

function shorten({ otherTables }: FileLayout): string {
  const shown = otherTables.slice(0, 5).join(", ");
  return otherTables.length > 5 ? `${shown}, …` : shown || "none of MemoryGraph's";
}

/**
 * The index of the log, which stays when programs are killed and travels with copies, tells what the log must hold.
 * @throws RefusedError where that is more than is there
 */
function assertLogIsWhole(path: string, real: string): void {
  const look = () => readWalIndex(`${real}-shm`);
  for (let index = look(), tries = 0; index !== null && index.waiting > 0 && tries < 3; tries++) {
    const size = statSync(`${real}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= index.logBytes) return;
    // An application that closes the store takes both files away.
    const again = look();
    if (again?.waiting === index.waiting && again.logBytes === index.logBytes) throw logMissing(path, size, again);
    index = again;
  }
}

function logMissing(path: string, size: number, { waiting, logBytes }: WalIndex): RefusedError {
  const [found, wanted] = [size, logBytes].map((bytes) => bytes.toLocaleString("en-US"));
  const state = size === 0 ? "is not there" : `has ${found} of ${wanted} bytes`;
  return new RefusedError(
    `${path} is not the whole store: ${path}-shm says that ${waiting} changed pages are in ${path}-wal alone, which ${state}`,
    {
      next: `Look for ${path}-wal where this file came from, and put it beside the file. To take the file without it: ${copyCommand(path, "alone.db")}, and name the copy.`,
    },
  );
}

/**
 * Refuses the half of a store: in WAL mode what was written last is in another file, and all of it is until that is
 * moved over for the first time.
 * @param real the file with links followed
 */
export function assertNotHalf(path: string, real: string, layout: FileLayout): void {
  if (headerOf(real)?.writeVersion !== WRITE_AHEAD_LOG) return;
  assertLogIsWhole(path, real);
  if (layout.name !== "empty" || hasBytes(`${real}-wal`)) return;
  throw new StoreKindError(
    `${path} is only a part of a store: it is in WAL mode and holds no table; its data are in ${path}-wal, which is missing`,
    {
      next: `Look for ${path}-wal in the folder that this file came from, and put both into one folder. Nothing was changed.`,
    },
  );
}

/** Null for what is too short, or does not begin like a SQLite file. */
export function headerOf(path: string): FileHeader | null {
  const bytes = firstBytes(path);
  return bytes.length === HEADER_BYTES ? parseHeader(bytes) : null;
}

/** Bytes 18 to 27, in hex: versions and the counter of changes, by which a writer shows that keeps to the rules. */
export function headerBytes(path: string): string {
  return firstBytes(path).subarray(18, 28).toString("hex");
}

function firstBytes(path: string): Buffer {
  const file = whenFree(() => openSync(path, "r"));
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
