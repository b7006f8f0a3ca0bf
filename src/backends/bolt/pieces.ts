/**
 * Reading a graph whose server ends every transaction that takes longer than its own limit, whatever it is asked for: which
 * records there are is asked first, in one statement; then for so few of them at a time that none is open while whoever reads
 * does something else.
 */
import { openScratch } from "../../support/scratch.ts";
import { packIds, unpackIds } from "../graph-store/content.ts";
import type { InternalId } from "../graph-store/server.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./rows.ts";

const PIECE = 250;

interface Pieces {
  /** Gives the server's number of each record in its first column. */
  readonly list: string;
  /** Gives the rows of the records whose numbers are `$ids`. */
  readonly find: string;
}

/** The rows of all records, in any order. What is deleted meanwhile is left out. */
export async function* inPieces(
  connection: Connection,
  { list, find }: Pieces,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  // On disk: there is one number for each record of the store.
  const scratch = openScratch("CREATE TEMP TABLE piece (number INTEGER PRIMARY KEY, ids BLOB NOT NULL)", 2_000);
  const put = scratch.prepare<unknown, [Uint8Array]>("INSERT INTO piece (ids) VALUES (?)");
  const get = scratch.prepare<{ ids: Uint8Array }, [number]>("SELECT ids FROM piece WHERE number = ?");
  try {
    let ids: InternalId[] = [];
    for await (const [id] of connection.stream(list, signal)) {
      ids.push(id as InternalId);
      if (ids.length < PIECE) continue;
      put.run(packIds(ids));
      ids = [];
    }
    if (ids.length > 0) put.run(packIds(ids));
    for (let number = 1; ; number++) {
      const piece = get.get(number);
      if (piece === null) return;
      signal?.throwIfAborted();
      yield* await connection.rows(find, { ids: unpackIds(piece.ids) });
    }
  } finally {
    put.finalize();
    get.finalize();
    scratch.close();
  }
}
