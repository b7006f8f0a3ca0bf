/**
 * Records that are looked for by what they hold: of a batch without an answer everything or nothing is there, and they
 * are found among those that neither stood there before nor are known to be ours.
 */

import type { ShortHash } from "../../memorygraph/fingerprint.ts";
import { sleep } from "../../support/time.ts";
import { HashMultiset, nodeHash, relationshipHash } from "./content.ts";
import type { KnownRecords } from "./known-records.ts";
import type { GraphServer, InternalId } from "./server.ts";
import type { NotedBatch, ServerJournal } from "./server-journal.ts";

type Kind = "node" | "relationship";

interface Found {
  readonly id: InternalId;
  /** Where a relationship begins. */
  readonly from: InternalId;
  readonly hash: ShortHash;
}

function wantedOf(batches: readonly NotedBatch[]): { nodes: HashMultiset; relationships: HashMultiset } {
  const wanted = { nodes: new HashMultiset(), relationships: new HashMultiset() };
  for (const { kind, creations } of batches) {
    const into = kind === "node" ? wanted.nodes : wanted.relationships;
    for (const { hash } of creations) into.add(hash);
  }
  return wanted;
}

/** A server can still be busy with what the dead connection has sent last. */
export const SETTLE_MS = 2_000;

/**
 * Finds out what became of the batches that an earlier process has sent without learning of the answer. Those that are
 * not there stay in doubt: undoing the run looks for what they create once more.
 */
export async function resolveInDoubt(server: GraphServer, journal: ServerJournal): Promise<void> {
  const inDoubt = journal.inDoubt();
  if (inDoubt.length === 0) return;
  await sleep(SETTLE_MS);
  for (const kind of ["node", "relationship"] as const) {
    const batches = inDoubt.filter((batch) => batch.kind === kind);
    const { nodes, relationships } = wantedOf(batches);
    const found = await find(server, journal.known, kind, kind === "node" ? nodes : relationships);
    const left = Map.groupBy(found, ({ hash }) => hash.toHex());
    for (const { number, creations } of batches) {
      const taken = creations.map(({ hash }) => left.get(hash.toHex())?.pop());
      const ids = taken.filter((record) => record !== undefined).map(({ id }) => id);
      if (ids.length === creations.length) journal.answerBatch(number, kind, creations, ids);
      else for (const record of taken) if (record !== undefined) left.get(record.hash.toHex())!.push(record);
    }
  }
}

async function find(server: GraphServer, known: KnownRecords, kind: Kind, wanted: HashMultiset): Promise<Found[]> {
  const found: Found[] = [];
  if (wanted.size === 0) return found;
  const take = (record: Found) => {
    if (!known.isKnown(kind, record.id) && wanted.take(record.hash)) found.push(record);
  };
  if (kind === "node") {
    for await (const batch of server.nodes()) {
      for (const node of batch) take({ id: node.id, from: 0n, hash: nodeHash(node) });
    }
  } else {
    for await (const batch of server.relationships()) {
      for (const record of batch) take({ id: record.id, from: record.from, hash: relationshipHash(record) });
    }
  }
  return found;
}
