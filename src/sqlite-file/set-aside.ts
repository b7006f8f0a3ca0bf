/**
 * Takes statements out of sqlite_schema in a private copy of a file, by its bytes: an engine that cannot parse one of
 * them reads nothing of the file at all, and the pragma that would let it pass is ignored in some builds.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { LEAF_TABLE, readTableCell, readTreePage } from "./cells.ts";
import { PageFile } from "./page-file.ts";

/**
 * The pages of what is taken out stay as they are, and belong to nobody.
 * @param path a copy that nobody else reads; no journal may be beside it
 * @param rowids numbers of rows of sqlite_schema
 */
export function setStatementsAside(path: string, rowids: ReadonlySet<bigint>): void {
  const file = PageFile.open(path);
  if (file === null) return;
  const output = openSync(path, "r+");
  try {
    for (const number of leavesOf(file, 1)) {
      const page = readTreePage(file, number);
      const kept = page.cells.filter((at) => !rowids.has(readTableCell(file, page, at).rowid));
      if (kept.length === page.cells.length) continue;
      const start = (number - 1) * file.header.pageSize;
      const count = Buffer.alloc(2);
      count.writeUInt16BE(kept.length);
      const pointers = Buffer.alloc(2 * kept.length);
      kept.forEach((at, index) => {
        pointers.writeUInt16BE(at, 2 * index);
      });
      writeSync(output, count, 0, 2, start + (number === 1 ? 103 : 3));
      writeSync(output, pointers, 0, pointers.length, start + page.pointers);
    }
  } finally {
    closeSync(output);
    file.close();
  }
}

function leavesOf(file: PageFile, number: number, depth = 0): number[] {
  const page = readTreePage(file, number);
  if (page.type === LEAF_TABLE || depth > 30) return [number];
  return [...page.cells.map((at) => page.bytes.readUInt32BE(at)), page.rightmost].flatMap((child) =>
    leavesOf(file, child, depth + 1),
  );
}
