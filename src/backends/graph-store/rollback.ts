/**
 * Undoes runs in a graph on a server: as planned, record by record, on a connection of its own, since the first one may be what
 * failed. It can be ended at any moment and begun again: what is undone already is gone from the next plan.
 */
import { BusyError, ConnectionError, InterruptedError, MigrateError, RollbackError, WriteError } from "../../errors.ts";
import { type GraphRecord, idOfKey } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Present } from "../../journal/present.ts";
import { RollbackPlan } from "../../journal/rollback-plan.ts";
import { setUndoing } from "../../journal/run-state.ts";
import { RunTrace } from "../../journal/run-trace.ts";
import { failpoint } from "../../support/failpoint.ts";
import { patience, tellingRepeatedly } from "../../support/patience.ts";
import { sleep } from "../../support/time.ts";
import type { CopyElsewhere, RollbackTarget } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { applyPlan } from "./apply-plan.ts";
import { notedBaseline } from "./baseline.ts";
import { nodeHash, relationshipHash } from "./content.ts";
import { SETTLE_MS } from "./in-doubt.ts";
import type { KnownRecords } from "./known-records.ts";
import { readRecords } from "./reader.ts";
import type { GraphServer, OpenServer } from "./server.ts";
import type { ServerJournal } from "./server-journal.ts";

const PAUSE_MS = 500;

/** The graph as a target of rollbacks. What is in doubt is resolved first. */
export async function openForRollback(
  open: OpenServer,
  config: BackendConfig,
  journals: readonly JournalFile[],
  signal?: AbortSignal,
): Promise<RollbackTarget> {
  const server = await open(config, { access: "write", signal });
  return {
    location: server.location,
    present: () => presentOf(server, signal),
    async apply(plan) {
      const wasEmpty = journals.some((journal) => isEmpty(notedBaseline(journal)?.before));
      try {
        for (const journal of journals) noteUndoing(journal);
        failpoint("before rollback");
        await applyPlan(server, journals, plan, wasEmpty);
      } catch (cause) {
        if (cause instanceof RollbackError || cause instanceof BusyError) throw cause;
        throw failed(server.location, planned(plan), cause);
      }
      return "changed";
    },
    copies: async () => (await server.copies?.()) ?? [],
    removeOwn: async () => server.removeOwn?.(),
    close: () => server.close(),
  };
}

interface OwnRollback {
  readonly before: StoreDescription;
  /** The run is this process's own: what it knows by number is the run's, whatever a trigger has made of it. */
  readonly isOwn: boolean;
  readonly connect: () => Promise<GraphServer>;
}

/**
 * After a failure, by the process whose run failed. Gives what the server keeps of the run's data elsewhere.
 * @throws RollbackError naming what is still there
 */
export async function rollBackNow(
  journal: ServerJournal,
  { before, isOwn, connect }: OwnRollback,
): Promise<readonly CopyElsewhere[]> {
  let server: GraphServer | null = null;
  let plan: RollbackPlan | null = null;
  let trace: RunTrace | null = null;
  try {
    server = await reconnect(connect, before.location);
    journal.noteUndoing();
    failpoint("before rollback");
    if (journal.inDoubt().length > 0) await sleep(SETTLE_MS);
    trace = new RunTrace(journal.file, true);
    const present = presentOf(server, undefined, isOwn ? journal.known : undefined);
    plan = await RollbackPlan.of(present, [trace], { changed: isOwn });
    try {
      await applyPlan(server, [journal.file], plan, isEmpty(before));
    } catch (cause) {
      if (cause instanceof RollbackError || !(await discarded(server, plan, before))) throw cause;
    }
    assertNothingLeft(before.location, plan);
    // It is undone: what cannot be asked any more changes nothing about that.
    return (await server.copies?.().catch(() => [])) ?? [];
  } catch (cause) {
    if (cause instanceof RollbackError) throw cause;
    throw failed(before.location, noted(journal), cause);
  } finally {
    plan?.close();
    trace?.close();
    await server?.close();
  }
}

async function reconnect(connect: () => Promise<GraphServer>, location: string): Promise<GraphServer> {
  const { comeBack } = patience();
  const start = performance.now();
  const tell = tellingRepeatedly(() => `waiting for ${location} to come back, to undo what was written`, true);
  while (true) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof ConnectionError) || performance.now() - start > comeBack) throw error;
      tell();
      await sleep(PAUSE_MS);
    }
  }
}

async function* presentOf(
  server: GraphServer,
  signal: AbortSignal | undefined,
  known?: KnownRecords,
): AsyncGenerator<readonly Present[]> {
  const found: Omit<Present, "record">[] = [];
  const ours = (kind: GraphRecord["kind"], internal: bigint) => known?.hasCreated(kind, internal) === true;
  const records = readRecords(server, new FindingLog(), signal, {
    node: (node, internal) => found.push({ internal, mark: () => nodeHash(node), ours: ours("node", internal) }),
    relationship: (_, { id, ...relationship }) =>
      found.push({
        internal: id,
        source: relationship.from,
        mark: () => relationshipHash(relationship),
        ours: ours("relationship", id),
      }),
  });
  for await (const batch of records) {
    const these = found.splice(0);
    yield batch.map((record, at) => ({ record, ...these[at]! }));
  }
}

function noteUndoing(journal: JournalFile): void {
  try {
    setUndoing(journal);
  } catch (error) {
    // Where a disk is full, what is gone tells a resumption so.
    if (!(error instanceof WriteError)) throw error;
  }
}

function isEmpty(before: StoreDescription | undefined): boolean {
  return before !== undefined && before.nodes + before.relationships === 0;
}

/** A graph that was empty and holds nothing but what this run made can go as a whole, also where there is no memory left. */
async function discarded(server: GraphServer, plan: RollbackPlan, before: StoreDescription): Promise<boolean> {
  if (server.discard === undefined || !isEmpty(before) || before.indexes.length > 0) return false;
  if (plan.expected.nodes + plan.expected.relationships > 0) return false;
  await server.discard();
  return true;
}

function assertNothingLeft(location: string, plan: RollbackPlan): void {
  if (plan.left === 0) return;
  throw new RollbackError(
    `${plan.left} records of this run stay in ${location}, since somebody changed them or joined them`,
    {
      details: plan.kept(10).map(({ name, heldBy }) => (heldBy === null ? name : `${name}, held by ${heldBy}`)),
      next: "memorygraph-migrate runs shows the run; undo it again once nothing holds them.",
    },
  );
}

/** What was to be done when it failed. */
function planned({ counts: { removed, restored } }: RollbackPlan): string[] {
  return [
    `to be deleted: ${removed.nodes} nodes and ${removed.relationships} relationships`,
    `to be restored: ${restored.nodes} nodes and ${restored.relationships} relationships`,
  ];
}

/** What is known without having read the graph. */
function noted(journal: ServerJournal): string[] {
  const { nodes, relationships, images, inDoubt } = journal.count();
  const [first] = journal.batches();
  const names = first?.kind === "node" ? first.creations.slice(0, 10).map(({ name }) => name) : [];
  return [
    `created and to be deleted: ${nodes} nodes and ${relationships} relationships`,
    `overwritten and to be restored: ${images} records`,
    `in doubt: ${inDoubt} records`,
    ...names.map((key) => `  ${idOfKey(key) ?? "a node without id"}`),
  ];
}

function failed(location: string, details: readonly string[], cause: unknown): RollbackError {
  return new RollbackError(`what this run did to ${location} could not be undone: ${reasonOf(cause)}`, {
    details,
    next: cause instanceof ConnectionError ? "Start the server again." : wayOut(cause),
    withoutJournal:
      "The same command then completes what is there; to undo it instead, delete what the source and the target have in common, or restore a backup of the target.",
    cause,
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof MigrateError || cause instanceof Error ? cause.message : String(cause);
}

/** What the failure itself asks for, without its running the command again. */
export function wayOut(cause: unknown): string {
  // Stopped by the person: there is nothing in the way.
  if (cause instanceof InterruptedError) return "Make sure that the server answers.";
  const next = cause instanceof MigrateError ? cause.next : "Look into the server's log.";
  return next.replace(/, then run the same command again\.$/, ".");
}
