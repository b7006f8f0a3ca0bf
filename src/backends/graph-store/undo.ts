/** Undoes a run by its journal, after its process has ended. */
import type { GraphRecord } from "../../graph/record.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import type { DurableFile } from "../../support/durable.ts";
import type { Undone } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { OddityLog } from "../findings.ts";
import { notedBeginning } from "./baseline.ts";
import { resolveInDoubt } from "./in-doubt.ts";
import { readRecords } from "./reader.ts";
import { Rollback } from "./rollback.ts";
import type { OpenServer, RecordStore } from "./server.ts";
import { UndoJournal } from "./undo-journal.ts";
import { viewBefore } from "./view-without-run.ts";

export async function undo(open: OpenServer, config: BackendConfig, file: DurableFile): Promise<Undone> {
  const noted = notedBeginning(file);
  const journal = new UndoJournal(file);
  const server = await open(config, { access: "write" }).catch((error) => {
    journal.close();
    throw error;
  });
  try {
    // It was stopped before it had looked at the target.
    if (noted === null) return { left: [], expected: await digestOf(contentOf(server)) };
    journal.recall();
    await resolveInDoubt(server, journal);
    const expected = await digestOf(contentOf(viewBefore(server, journal, "as it is")));
    const { before } = noted;
    const connect = () => open(config, { access: "write" });
    const rollback = new Rollback(journal, { before, ownership: "content", connect, patience: 0 });
    return { left: await rollback.run(), expected };
  } finally {
    journal.close();
    await server.close();
  }
}

function contentOf(store: RecordStore): AsyncIterable<readonly GraphRecord[]> {
  return readRecords(store, new OddityLog(), undefined);
}
