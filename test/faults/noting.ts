/**
 * Notes in a journal what a run notes before it writes to a server: `bun test/faults/noting.ts FOLDER`. Folders that are made
 * meanwhile tell, among the system's calls, when each note was begun and when it had been made.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ServerJournal } from "../../src/backends/graph-store/server-journal.ts";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphNode } from "../../src/graph/record.ts";
import { JournalFile } from "../../src/journal/journal-file.ts";
import { setState } from "../../src/journal/run-state.ts";
import { fingerprintOf, SHORT_HASH_BYTES } from "../../src/memorygraph/fingerprint.ts";

const folder = process.argv[2]!;
const journal = new ServerJournal(JournalFile.create(join(folder, "run.db"), (work) => work()));
const node: GraphNode = { kind: "node", key: "=a", labels: ["Memory"], properties: Properties.from([["id", "a"]]) };
const hash = new Uint8Array(SHORT_HASH_BYTES);
const creation = { name: "=a", from: 0n, hash, fingerprint: fingerprintOf(node) };
const image = { image: { ...node, id: 1n }, before: node, after: hash, next: node };
const index = {
  backend: "falkordb",
  kind: "index",
  what: "index on :Memory(id)",
  statement: "CREATE",
  own: true,
} as const;

/** The first is noted in a journal to which nothing has been written: it has to be as durable as the others. */
const notes: Readonly<Record<string, () => unknown>> = {
  schema: () => journal.noteSchema([index]),
  batch: () => journal.beginBatch("node", [creation]),
  images: () => journal.noteImages([image]),
  state: () => setState(journal.file, "committing"),
};
for (const [name, note] of Object.entries(notes)) {
  mkdirSync(join(folder, `${name}-begun`));
  await note();
  mkdirSync(join(folder, `${name}-noted`));
}
