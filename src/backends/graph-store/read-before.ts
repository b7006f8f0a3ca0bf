/** Reads a graph as it was before the run, and notes what writing has to know of it. */
import { type GraphRecord, relationshipId } from "../../graph/record.ts";
import type { FindingLog } from "../findings.ts";
import type { Fitter } from "./fitting.ts";
import type { KnownRecords } from "./known-records.ts";
import { readRecords } from "./reader.ts";
import type { InternalId } from "./server.ts";

interface ReadBefore {
  readonly store: Parameters<typeof readRecords>[0];
  readonly known: KnownRecords;
  readonly fitting: Fitter;
  readonly findings: FindingLog;
  readonly signal: AbortSignal | undefined;
  /** Gets the numbers of each batch that is read, before the batch is given. */
  readonly taken?: (kind: GraphRecord["kind"], ids: readonly InternalId[]) => void;
}

/** Batches of records, nodes first. */
export async function* readBefore(request: ReadBefore): AsyncGenerator<readonly GraphRecord[]> {
  const { store, known, fitting, findings, signal, taken } = request;
  const ids: Record<GraphRecord["kind"], InternalId[]> = { node: [], relationship: [] };
  const batches = readRecords(store, findings, signal, {
    node: ({ key }, id) => {
      ids.node.push(id);
      known.noteNode(key, id, "before");
    },
    relationship: (record, ref) => {
      ids.relationship.push(ref.id);
      known.noteRelationship(relationshipId(record), ref, "before");
    },
  });
  for await (const batch of batches) {
    for (const kind of ["node", "relationship"] as const) taken?.(kind, ids[kind].splice(0));
    for (const record of batch) fitting.present(record);
    yield batch;
  }
}
