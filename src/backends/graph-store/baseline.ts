/** What a graph was when a run began, kept in the run's journal, so that going on finds it as if nothing had been written. */
import { RollbackError } from "../../errors.ts";
import type { DurableFile } from "../../support/durable.ts";
import type { StoreDescription } from "../backend.ts";
import { describe } from "./describe.ts";
import type { GraphServer } from "./server.ts";

/** The fact's name in the journal. */
export const BASELINE = "graph before";

export interface Baseline {
  readonly before: StoreDescription;
  readonly uniqueIds: readonly string[];
  /** Ids that several of its nodes have; absent in journals of earlier releases. */
  readonly sharedIds?: readonly string[];
  readonly identity: string;
}

/** As an earlier process has noted it; null where it had not come so far. @throws StoreKindError for a damaged journal */
export function notedBeginning(file: DurableFile): Baseline | null {
  const noted = file.fact(BASELINE);
  return noted === null ? null : file.guard(() => JSON.parse(noted) as Baseline);
}

export async function baselineOf(server: GraphServer): Promise<Baseline> {
  const before = await describe(server);
  const uniqueIds = await server.uniqueIdLabels();
  const sharedIds = before.nodes === 0 ? [] : await server.sharedIds();
  return { before, uniqueIds, sharedIds, identity: (await server.identity()) ?? server.location };
}

/** @throws RollbackError where records of the run stay, since somebody else has had a hand in them */
export function assertNothingLeft(location: string, left: readonly string[]): void {
  if (left.length === 0) return;
  throw new RollbackError(
    `${left.length} records of this run stay in ${location}, since somebody changed them or joined them to others`,
    {
      details: left.slice(0, 10),
      next: "Look at what was made of them, and delete them by hand.",
    },
  );
}
