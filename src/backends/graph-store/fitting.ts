/** Records as a graph server will hold them: spelled for its release, and whatever it cannot hold found beforehand. */
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  hasDuplicateId,
  idOfKey,
  keyOfId,
  nameWithoutId,
  relationshipId,
} from "../../graph/record.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { WriteReport } from "../backend.ts";
import type { Fitted, Fitting, Loss } from "../fitting.ts";
import { FittedKeys } from "./fitted-keys.ts";
import { PropertyFitter } from "./fitted-properties.ts";
import type { KnownRecords } from "./known-records.ts";
import { GraphRehearsal } from "./rehearsal.ts";
import type { Holder, NameKind } from "./server.ts";
import type { TargetRule } from "./target-rules.ts";

/** What a name becomes that the server cannot have, where that was allowed. */
const NAMELESS = "unnamed";

export interface FittingOptions {
  readonly release: Release;
  readonly report: WriteReport;
  /** The labels on which the target demands a unique id. */
  readonly uniqueIds: readonly string[];
  /** Ids that several nodes of the target have. */
  readonly sharedIds: readonly string[];
  /** Ids that several of its relationships have. */
  readonly sharedRelationshipIds: readonly string[];
  /** The nodes that the target has, or the source has shown. */
  readonly known: KnownRecords;
  /** What else would make the target refuse a record. */
  readonly rules: readonly TargetRule[];
}

/** What is gathered while one record is fitted. */
export interface FittingNotes {
  readonly losses: Loss[];
  respelled: number;
  clash: Fitted["clash"];
}

/** Fits records to one server and one release. */
export class Fitter implements Fitting {
  readonly rehearsal: GraphRehearsal;
  readonly #server: Holder;
  readonly #options: FittingOptions;
  /**
   * A node without id is numbered among those of equal content when it is first fitted, and keeps that number: the only
   * thing that is remembered from one record to the next.
   */
  readonly #keys: FittedKeys;
  readonly #properties: PropertyFitter;
  readonly #names = new Map<string, string | null>();
  readonly #sharedRelationshipIds: ReadonlySet<string>;

  constructor(server: Holder, options: FittingOptions) {
    this.#server = server;
    this.#options = options;
    this.#sharedRelationshipIds = new Set(options.sharedRelationshipIds);
    this.rehearsal = new GraphRehearsal(server.location, options);
    this.#keys = new FittedKeys(options.known.database, new Set(options.sharedIds));
    this.#properties = new PropertyFitter(server, options.release);
  }

  fit(record: GraphRecord): Fitted {
    const notes: FittingNotes = { losses: [], respelled: 0, clash: null };
    const fitted = record.kind === "node" ? this.#node(record, notes) : this.#relationship(record, notes);
    return { record: fitted, ...notes };
  }

  /** A record that the target held before the run. */
  present(record: GraphRecord): void {
    if (record.kind === "relationship") this.#keys.presentRelationship(record);
    this.rehearsal.present(record);
  }

  #node(node: GraphNode, notes: FittingNotes): GraphNode {
    notes.clash = this.#clashOfNode(node);
    const name = () => idOfKey(node.key) ?? nameWithoutId(node);
    const labels = node.labels.map((label) => this.#name("label", label, name, notes));
    const properties = this.#properties.fit("node", labels, node.properties, name, notes);
    const key = this.#keys.node(node, labels, properties);
    const isSame = properties === node.properties && same(labels, node.labels) && key === node.key;
    if (isSame && node.native === undefined) return node;
    // Two names that the server cannot have become one.
    return { kind: "node", key, labels: [...new Set(labels)], properties };
  }

  #clashOfNode(node: GraphNode): Fitted["clash"] {
    const id = node.properties.get("id");
    if (typeof id !== "string") return null;
    const isShared = hasDuplicateId(node);
    if (node.labels.some((label) => this.#options.uniqueIds.includes(label))) {
      const why = isShared ? "other nodes have the same id" : (this.#server.unsupportedId?.(id) ?? null);
      return why === null ? null : { kind: "unique", example: `${id.slice(0, 80)}: ${why}` };
    }
    return isShared && this.#options.known.knowsNode(keyOfId(id)) ? { kind: "shared", example: id.slice(0, 80) } : null;
  }

  #relationship(relationship: GraphRelationship, notes: FittingNotes): GraphRelationship | null {
    const name = () => relationshipId(relationship) ?? `a relationship ${relationship.type} without id`;
    const [from, to] = [this.#keys.end(relationship.from), this.#keys.end(relationship.to)];
    if (![from, to].every((key) => this.#options.known.knowsNode(key))) {
      const what = "a relationship with an end that does not exist, which no graph server can hold";
      notes.losses.push({ what, example: name(), unit: "record" });
      return null;
    }
    const type = this.#name("relationship type", relationship.type, name, notes);
    const properties = this.#properties.fit("relationship", [type], relationship.properties, name, notes);
    const isDuplicate = relationship.hasDuplicateId ?? this.#isShared(relationship);
    if (relationship.hasDuplicateId) notes.clash = this.#clashOfRelationship(relationship);
    const isSame =
      isDuplicate === relationship.hasDuplicateId &&
      from === relationship.from &&
      to === relationship.to &&
      type === relationship.type;
    if (isSame && properties === relationship.properties && relationship.native === undefined) return relationship;
    return { kind: "relationship", from, to, type, properties, ...(isDuplicate && { hasDuplicateId: true }) };
  }

  /** An id that several relationships of the target have identifies none of them. */
  #isShared({ properties }: GraphRelationship): true | undefined {
    const id = properties.get("id");
    return typeof id === "string" && this.#sharedRelationshipIds.has(id) ? true : undefined;
  }

  #clashOfRelationship({ properties }: GraphRelationship): Fitted["clash"] {
    const id = properties.get("id");
    if (typeof id !== "string" || this.#sharedRelationshipIds.has(id)) return null;
    return this.#keys.hasRelationship(id) ? { kind: "shared", example: id.slice(0, 80) } : null;
  }

  #name(what: Exclude<NameKind, "property">, name: string, record: () => string, { losses }: FittingNotes): string {
    let why = this.#names.get(name);
    if (why === undefined) {
      why = this.#server.unsupportedName(name, what);
      if (this.#names.size < 10_000) this.#names.set(name, why);
    }
    if (why === null) return name;
    losses.push({ what: `a ${what} that ${this.#server.engine} cannot have: ${why}`, example: record(), unit: what });
    return NAMELESS;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.every((label, at) => label === b[at]);
}
