/** A database for what does not fit in memory: private, gone with the process, and as fast as a file can be. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { createPrivateFolder, remove, removeOpen } from "./files.ts";

export interface Scratch {
  readonly database: Database;
  close(): void;
}

/** @param schema one CREATE statement @throws the system's error when there is no place for temporary files */
export function openScratch(schema: string): Scratch {
  const folder = createPrivateFolder();
  const database = new Database(join(folder, "scratch"));
  for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"]) {
    database.run(`PRAGMA ${pragma}`);
  }
  database.run(schema);
  database.run("BEGIN");
  removeOpen(folder);
  return {
    database,
    close() {
      database.close();
      remove(folder);
    },
  };
}
