/** Does to a graph on a server what the plan of a rollback says, page by page: each record only as long as it is what the plan saw. */
import { BusyError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import type { GraphRelationship } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { ImagePlace } from "../../journal/layers.ts";
import type { Action } from "../../journal/planned-actions.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { failpoint } from "../../support/failpoint.ts";
import { sizeOfProperties } from "./batches.ts";
import { nodeHash, relationshipHash, sameShortHash } from "./content.ts";
import { schemaItemsOf } from "./noted-schema.ts";
import type { GraphServer, RelationshipChange, RelationshipRef } from "./server.ts";

/**
 * @param journals of the runs, whose indexes and constraints go
 * @param wasEmpty whether the graph was empty before one of them
 * @throws BusyError where somebody has changed a record since the plan was made
 */
export async function applyPlan(
  server: GraphServer,
  journals: readonly JournalFile[],
  plan: RollbackPlan,
  wasEmpty: boolean,
): Promise<void> {
  const { actions } = plan;
  const there = new Set((await server.schema()).map(({ what }) => what));
  for (const journal of journals) {
    for (const item of schemaItemsOf(journal).reverse()) if (there.has(item.what)) await server.dropSchema(item);
  }
  for (const page of actions.pages("relationship", "remove")) await removeRelationships(server, page);
  for (const page of actions.pages("relationship", "restore")) await restoreRelationships(server, plan, page);
  for (const place of actions.creations()) await createAgain(server, plan, [relationshipAt(plan, place)]);
  failpoint("half rolled back");
  for (const page of actions.pages("node", "remove")) await removeNodes(server, page);
  for (const page of actions.pages("node", "restore")) await restoreNodes(server, plan, page);
  // An empty graph that stays behind does no harm.
  const { nodes, relationships } = plan.expected;
  if (wasEmpty && nodes + relationships === 0) await server.removeEmpty().catch(() => {});
  failpoint("rolled back");
}

async function removeRelationships(server: GraphServer, page: readonly Action[]): Promise<void> {
  const refs = page.map(({ internal, source }) => ({ id: internal, from: source }));
  const found = new Map((await server.relationshipsById(refs)).map((record) => [record.id, record]));
  // What is gone meanwhile is gone; a number can also belong to another one by now.
  const ours = page.filter(({ internal, mark, name }) => {
    const record = found.get(internal);
    if (record !== undefined && !sameShortHash(relationshipHash(record), mark!)) throw changed(server, name);
    return record !== undefined;
  });
  await server.writer.deleteRelationships(ours.map(({ internal, source }) => ({ id: internal, from: source })));
}

async function restoreRelationships(server: GraphServer, plan: RollbackPlan, page: readonly Action[]): Promise<void> {
  const refs = page.map(({ internal, source }) => ({ id: internal, from: source }));
  const found = new Map((await server.relationshipsById(refs)).map((record) => [record.id, record]));
  const inPlace: RelationshipChange[] = [];
  const moved: { readonly ref: RelationshipRef; readonly before: GraphRelationship }[] = [];
  for (const { internal, source, image, mark, name } of page) {
    const now = found.get(internal);
    if (now === undefined || !sameShortHash(relationshipHash(now), mark!)) throw changed(server, name);
    const before = relationshipAt(plan, image!);
    const [from, to] = [before.from, before.to].map((key) => plan.actions.endOf(key));
    const ref = { id: internal, from: source };
    // Neither the type nor the ends of a relationship can be changed in place.
    if (from !== now.from || to !== now.to || before.type !== now.type) moved.push({ ref, before });
    else inPlace.push({ ...ref, properties: before.properties });
  }
  for (const some of portions(server, inPlace)) await server.writer.changeRelationships(some);
  await server.writer.deleteRelationships(moved.map(({ ref }) => ref));
  await createAgain(
    server,
    plan,
    moved.map(({ before }) => before),
  );
}

/** Relationships that are nowhere now; the server gives them other numbers. */
async function createAgain(
  server: GraphServer,
  { actions }: RollbackPlan,
  records: readonly GraphRelationship[],
): Promise<void> {
  for (const [type, ofType] of Map.groupBy(records, (record) => record.type)) {
    const rows = ofType.map(({ from, to, properties }) => {
      const [start, end] = [actions.endOf(from), actions.endOf(to)];
      // The plan restores nothing whose ends are gone.
      if (start === null || end === null) throw new TypeError("a relationship without its ends");
      return { from: start, to: end, properties };
    });
    for (const some of portions(server, rows)) await server.writer.createRelationships({ type, rows: some });
  }
}

function relationshipAt(plan: RollbackPlan, { run, entry }: ImagePlace): GraphRelationship {
  const before = plan.traces[run]!.imageAt(entry);
  if (before.kind === "relationship") return before;
  throw new TypeError("a node in the place of a relationship");
}

/** As much as one call may carry. */
function* portions<T extends { readonly properties: Properties }>(
  { limits }: GraphServer,
  rows: readonly T[],
): Generator<T[]> {
  let [some, bytes]: [T[], number] = [[], 0];
  for (const row of rows) {
    some.push(row);
    bytes += sizeOfProperties(row.properties);
    if (some.length < limits.rows && bytes < limits.bytes) continue;
    yield some;
    [some, bytes] = [[], 0];
  }
  if (some.length > 0) yield some;
}

async function removeNodes(server: GraphServer, page: readonly Action[]): Promise<void> {
  const found = new Map((await server.nodesById(page.map(({ internal }) => internal))).map((node) => [node.id, node]));
  // The server gives the number of a deleted node to another one.
  const ours = page.filter(({ internal, mark, name }) => {
    const node = found.get(internal);
    if (node !== undefined && !sameShortHash(nodeHash(node), mark!)) throw changed(server, name);
    return node !== undefined;
  });
  const gone = new Set(await server.writer.deleteNodes(ours.map(({ internal }) => internal)));
  const stays = ours.find(({ internal }) => !gone.has(internal));
  if (stays !== undefined) throw changed(server, stays.name);
}

async function restoreNodes(server: GraphServer, plan: RollbackPlan, page: readonly Action[]): Promise<void> {
  const found = new Map((await server.nodesById(page.map(({ internal }) => internal))).map((node) => [node.id, node]));
  const changes = page.map(({ internal, image, mark, name }) => {
    const now = found.get(internal);
    if (now === undefined || !sameShortHash(nodeHash(now), mark!)) throw changed(server, name);
    const before = plan.traces[image!.run]!.imageAt(image!.entry);
    if (before.kind !== "node") throw new TypeError("a relationship in the place of a node");
    return { id: internal, labelsBefore: now.labels, labels: before.labels, properties: before.properties };
  });
  for (const some of portions(server, changes)) await server.writer.changeNodes(some);
}

/** Somebody has changed between the plan and what it says: the next plan takes that into account. */
function changed({ location }: GraphServer, name: string): BusyError {
  return new BusyError(`${location} changed while the run was rolled back: ${name} is no longer the same`, {
    next: "Stop the applications that use it, then run the same command again: it goes on.",
  });
}
