/** A graph of a dump written anew: what stood there, what is changed in it, and what is added. */
import { RefusedError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import { GraphDraft } from "../../rdb/draft.ts";
import type { DumpNode, DumpRelationship, GraphCounts } from "../../rdb/dump.ts";
import { writeDump } from "../../rdb/write.ts";
import type { SchemaItem } from "../description.ts";
import { ChangedRecords } from "./changed-records.ts";
import { ConstraintCheck } from "./constraint-check.ts";
import { conflictOf, EMPTY_SCHEMA, schemaItems, withItem } from "./dump-schema.ts";
import type { OpenDump } from "./open-dump.ts";
import type { Named } from "./schema.ts";

const NONE: GraphCounts = { nodes: 0, relationships: 0, deletedNodes: 0, deletedRelationships: 0 };

interface Violation {
  readonly item: SchemaItem;
  readonly why: string;
}

/** An index over a property with an empty name is one that engines fall over when they load it. */
function nameless({ statement }: SchemaItem): string | null {
  const { properties } = JSON.parse(statement) as Named;
  return properties.includes("") ? "an empty name crashes FalkorDB" : null;
}

/** Gathers what is added and changed, and writes it as one new dump with what stays. Close it in the end. */
export class GraphRewrite {
  readonly #location: string;
  readonly #old: OpenDump | null;
  readonly #there: readonly SchemaItem[];
  readonly #wanted: readonly SchemaItem[];
  readonly #draft: GraphDraft;
  readonly #check: ConstraintCheck;
  readonly #changed = new ChangedRecords();
  #nextNode: number;
  #nextRelationship: number;
  #hasOldNodes = false;
  #isClosed = false;

  /** @param wanted what the graph is to have of indexes and constraints, beside those that it has */
  constructor(
    { location, graph, spool }: { readonly location: string; readonly graph: string; readonly spool: string },
    old: OpenDump | null,
    wanted: readonly SchemaItem[],
  ) {
    this.#location = location;
    this.#old = old;
    const schema = old?.graph?.schema ?? EMPTY_SCHEMA;
    this.#there = schemaItems(schema);
    const known = new Set(this.#there.map(({ what }) => what));
    this.#wanted = wanted.filter(({ what }) => !known.has(what));
    this.#check = new ConstraintCheck(this.#there, this.#wanted);
    this.#draft = new GraphDraft(spool, { name: graph, schema });
    // Numbers of deleted records stay free: nothing hangs on them, and the old ones keep theirs.
    const { nodes, deletedNodes, relationships, deletedRelationships } = old?.graph?.counts ?? NONE;
    this.#nextNode = nodes + deletedNodes;
    this.#nextRelationship = relationships + deletedRelationships;
  }

  /** What is made beside what was there, unless `write` leaves it out. */
  get wanted(): readonly SchemaItem[] {
    return this.#wanted;
  }

  /** @returns the number that the dump knows it by */
  addNode(labels: readonly string[], properties: Properties): number {
    const id = this.#nextNode++;
    this.#putNode({ id, labels, properties }, true);
    return id;
  }

  /** After nodesDone. */
  addRelationship(relationship: Omit<DumpRelationship, "id">): void {
    this.#putRelationship({ id: this.#nextRelationship++, ...relationship }, true);
  }

  /** Of a node that stood there; before nodesDone. */
  changeNode(node: DumpNode): void {
    this.#changed.putNode(node);
  }

  changeRelationship(relationship: DumpRelationship): void {
    this.#changed.putRelationship(relationship);
  }

  /** Every new node is there, and every changed one known: only now can those that stood there follow. */
  async nodesDone(signal: AbortSignal | undefined): Promise<void> {
    if (this.#hasOldNodes) return;
    this.#hasOldNodes = true;
    for await (const batch of this.#old?.store.raw.nodes() ?? []) {
      signal?.throwIfAborted();
      for (const node of batch) {
        const changed = this.#changed.node(node);
        this.#putNode(changed, changed !== node);
      }
    }
  }

  /**
   * Puts the dump together.
   * @returns what of the wanted schema the records or the engines do not allow, which it is left without
   * @throws RefusedError when they do not allow one that it has
   */
  async write(path: string, signal: AbortSignal | undefined): Promise<Violation[]> {
    await this.nodesDone(signal);
    for await (const batch of this.#old?.store.raw.relationships() ?? []) {
      signal?.throwIfAborted();
      for (const relationship of batch) {
        const changed = this.#changed.relationship(relationship);
        this.#putRelationship(changed, changed !== relationship);
      }
    }
    this.#assertKept();
    const violations: Violation[] = [];
    let schema = this.#old?.graph?.schema ?? EMPTY_SCHEMA;
    for (const item of this.#wanted) {
      const why = nameless(item) ?? this.#check.violation(item) ?? conflictOf(schema, item);
      if (why === null) schema = withItem(schema, item);
      else violations.push({ item, why });
    }
    this.#draft.setSchema(schema);
    await writeDump(path, this.#draft, { ...(this.#old !== null && { keep: this.#old.scan }), db: 0, signal });
    return violations;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#draft[Symbol.dispose]();
    this.#check.close();
    this.#changed.close();
  }

  #assertKept(): void {
    const broken = this.#there.flatMap((item) => {
      const why = this.#check.violation(item);
      return why === null ? [] : [`${item.what}: ${why}`];
    });
    if (broken.length === 0) return;
    throw new RefusedError(`${this.#location} has constraints that the new records violate`, {
      details: broken,
      next: "Drop the constraints in the target, or change the records. Nothing was written.",
    });
  }

  #putNode(node: DumpNode, isOurs: boolean): void {
    this.#check.node(node, isOurs);
    this.#draft.addNode(node);
  }

  #putRelationship(relationship: DumpRelationship, isOurs: boolean): void {
    this.#check.relationship(relationship, isOurs);
    this.#draft.addRelationship(relationship);
  }
}
