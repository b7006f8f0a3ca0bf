/** What a graph was when a run began, kept in the run's journal, so that going on finds it as if nothing had been written. */
import type { JournalFile } from "../../journal/journal-file.ts";
import type { StoreDescription } from "../description.ts";
import { describe } from "./describe.ts";
import type { GraphServer } from "./server.ts";

/** The name in the journal. */
export const BASELINE = "graph before";

export interface Baseline {
  readonly before: StoreDescription;
  readonly uniqueIds: readonly string[];
  /** Ids that several of its nodes have. */
  readonly sharedIds: readonly string[];
  /** Likewise of its relationships. */
  readonly sharedRelationshipIds: readonly string[];
  readonly identity: string;
}

/** As an earlier process has noted it; null where it had not come so far. @throws DamagedJournalError */
export function notedBaseline(file: JournalFile): Baseline | null {
  const noted = file.getMeta(BASELINE);
  return noted === null ? null : file.reading(() => JSON.parse(noted) as Baseline);
}

/** Reads it from the server. @throws ConnectionError, AccessError */
export async function baselineOf(server: GraphServer): Promise<Baseline> {
  const before = await describe(server);
  const uniqueIds = await server.uniqueIdLabels();
  const sharedIds = before.nodes === 0 ? [] : await server.sharedIds();
  const sharedRelationshipIds = before.relationships === 0 ? [] : await server.sharedRelationshipIds();
  return {
    before,
    uniqueIds,
    sharedIds,
    sharedRelationshipIds,
    identity: (await server.identity()) ?? server.location,
  };
}
