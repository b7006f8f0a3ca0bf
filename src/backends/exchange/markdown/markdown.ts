/** A folder of one note a memory, which Obsidian opens as a vault or as part of one. */
import { writtenOnce } from "../../file/written-once.ts";
import { openForRollback } from "./rollback.ts";
import { ENGINE, openNotes } from "./source.ts";
import { NotesWriter } from "./writer.ts";

const written = writtenOnce({
  type: "markdown",
  called: "a folder of notes of memorygraph-migrate",
  engine: ENGINE,
  isFolder: true,
  fitting: () => null,
  begin: (making) => new NotesWriter(making),
  openSource: openNotes,
});

export const markdown = { ...written, openForRollback };
