/** Undoes a run by its journal, after its process has ended. */
import { ContentDigest } from "../../graph/digest.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import type { DurableFile } from "../../support/durable.ts";
import type { Undone } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { OddityLog } from "../oddities.ts";
import { BEGINNING, type Beginning } from "./beginning.ts";
import { viewBefore } from "./former-view.ts";
import { readRecords } from "./reader.ts";
import { Rollback } from "./rollback.ts";
import type { OpenServer, RecordStore } from "./server.ts";
import { settleUnanswered } from "./unanswered.ts";
import { UndoJournal } from "./undo-journal.ts";

export async function undo(open: OpenServer, config: BackendConfig, file: DurableFile): Promise<Undone> {
  const noted = file.fact(BEGINNING);
  const journal = new UndoJournal(file);
  const server = await open(config, { access: "write" }).catch((error) => {
    journal.close();
    throw error;
  });
  try {
    // It was stopped before it had looked at the target.
    if (noted === null) return { left: [], expected: await digestOf(server) };
    journal.recall();
    await settleUnanswered(server, journal);
    const expected = await digestOf(viewBefore(server, journal, "as it is"));
    const { before } = file.guard(() => JSON.parse(noted) as Beginning);
    const connect = () => open(config, { access: "write" });
    const rollback = new Rollback(journal, { before, ownership: "content", connect, patience: 0 });
    return { left: await rollback.run(), expected };
  } finally {
    journal.close();
    await server.close();
  }
}

async function digestOf(store: RecordStore): Promise<ContentDigest> {
  const digest = new ContentDigest();
  for await (const batch of readRecords(store, new OddityLog(), undefined)) {
    for (const record of batch) digest.add(record, canonicalizer.text(record));
  }
  return digest;
}
