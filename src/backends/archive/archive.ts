/** The archive backend: everything that a store holds in one file, in an open format (docs/ARCHIVE.md). */
import { writtenOnce } from "../file/written-once.ts";
import { lockOf } from "./keys.ts";
import { openSource } from "./source.ts";
import { ArchiveContents } from "./target.ts";

export const archive = writtenOnce({
  type: "archive",
  called: "an archive",
  engine: "archive",
  assertUsable: (config) => void lockOf(config),
  fitting: () => null,
  begin: (making) => ArchiveContents.begin(making),
  openSource,
});
