/**
 * What the graph servers have in common: a narrow door to one graph of one server. A family (bolt, falkor) opens the
 * door; source.ts and session.ts in this folder make a SourceStore and a TargetSession of whatever stands behind it.
 *
 * Rules for every implementation:
 * - Values cross exactly: integers as bigint, floats as number, temporal values as Temporal. Where the driver or the
 *   wire would get one wrong, the implementation works around it, or `unsupported` names it.
 * - What fails is thrown as a class of errors.ts, with the location and without credentials.
 * - A connection that was opened with `access: "read"` never sends a statement that could write.
 */
import type { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { CopyElsewhere, OtherStore } from "../backend.ts";
import type { BackendConfig, BackendType } from "../config.ts";
import type { SchemaItem } from "../description.ts";
import type { TargetRule } from "./target-rules.ts";

/** The server's own number of a node or relationship; it may be used again once the record is deleted. */
export type InternalId = bigint;

export type NameKind = "label" | "relationship type" | "property";

/** A property that is there, and could not be read. */
export interface Undecoded {
  readonly name: string;
  readonly why: string;
}

export interface ServerNode {
  readonly id: InternalId;
  readonly labels: readonly string[];
  readonly properties: Properties;
  readonly undecoded?: readonly Undecoded[];
}

export interface ServerRelationship {
  readonly id: InternalId;
  readonly from: InternalId;
  readonly to: InternalId;
  /** The property `id` of the two ends; null where a node has none. */
  readonly fromId: Value;
  readonly toId: Value;
  readonly type: string;
  readonly properties: Properties;
  readonly undecoded?: readonly Undecoded[];
}

/** All nodes of one call have the same labels. */
export interface NewNodes {
  readonly labels: readonly string[];
  readonly rows: readonly Properties[];
}

/** All relationships of one call have the same type; the ends are in the server already. */
export interface NewRelationships {
  readonly type: string;
  readonly rows: readonly { readonly from: InternalId; readonly to: InternalId; readonly properties: Properties }[];
}

export interface NodeChange {
  readonly id: InternalId;
  readonly labelsBefore: readonly string[];
  readonly labels: readonly string[];
  /** Takes the place of all properties. */
  readonly properties: Properties;
}

/** Some servers find a relationship fast only from one of its ends. */
export interface RelationshipRef {
  readonly id: InternalId;
  readonly from: InternalId;
}

export interface RelationshipChange extends RelationshipRef {
  readonly properties: Properties;
}

/** How much one call of createNodes and the like may carry, and how many calls may be under way at once. */
export interface WriteLimits {
  readonly rows: number;
  /** Of the values, as `sizeOf` in batches.ts estimates them. */
  readonly bytes: number;
  readonly inFlight: number;
}

/** Changes a graph by the server's numbers. Each call is one transaction: all or nothing. */
export interface GraphWriter {
  /** Gives the internal ids in the order of the rows. */
  createNodes(batch: NewNodes): Promise<InternalId[]>;
  createRelationships(batch: NewRelationships): Promise<InternalId[]>;
  changeNodes(changes: readonly NodeChange[]): Promise<void>;
  changeRelationships(changes: readonly RelationshipChange[]): Promise<void>;
  /** Nodes that still have relationships stay; gives the ids of those that are gone. */
  deleteNodes(ids: readonly InternalId[]): Promise<InternalId[]>;
  deleteRelationships(refs: readonly RelationshipRef[]): Promise<void>;
}

export interface GraphServer {
  readonly type: BackendType;
  /** For people: address with graph or database, without credentials. */
  readonly location: string;
  /** Name, version and edition as the server itself tells them. */
  readonly engine: string;
  readonly limits: WriteLimits;

  /**
   * A text that two addresses share when they lead to one graph: the identity of the server, a space, that of the
   * graph in it; null where the server does not tell.
   */
  identity(): Promise<string | null>;
  /**
   * A text that changes whenever anything is committed to the graph; null where the server has none. Reading does not
   * change it.
   */
  changeToken(): Promise<string | null>;
  /** Absent where what can be opened is there. @throws StoreKindError where there is no such graph, naming those there are */
  assertThere?(side?: "from" | "to"): Promise<void>;
  /** The other databases or graphs of the server that hold something; absent where there can be none. */
  others?(): Promise<OtherStore[]>;
  /** Zero both where there is no such graph yet. */
  counts(): Promise<{ nodes: number; relationships: number }>;
  /** Each text that is the `id` of more than one node. */
  sharedIds(): Promise<string[]>;
  /** Each text that is the `id` of more than one relationship. */
  sharedRelationshipIds(): Promise<string[]>;
  /** `created_at` and `updated_at` of up to so many memories, which have an id, nulls left out. */
  sampleTimes(memories: number): Promise<Value[]>;
  /** What is odd about the server or the graph and concerns a person; ends as a note. */
  warnings(): Promise<string[]>;
  /** Why no MemoryGraph opens the graph, or shows anything of it; null where one can. */
  closed?(): Promise<string | null>;
  /** Refuses a target that would not keep what is written, or take it, in the end. @throws RefusedError */
  assertKeeps?(): Promise<void>;
  /** What in a target acts on the records by itself, and can only be told of: a person has to agree; absent where nothing does. */
  hazards?(): Promise<readonly Hazard[]>;

  /**
   * What is read between the two is one moment of the graph, where `snapshots` says so. Absent where a server has no
   * such thing.
   */
  beginSnapshot?(): Promise<void>;
  endMoment?(): Promise<void>;
  readonly snapshots: boolean;

  /** Every node once, in batches that fit in memory. @throws when the server gives fewer than it should. */
  nodes(signal?: AbortSignal): AsyncIterable<readonly ServerNode[]>;
  relationships(signal?: AbortSignal): AsyncIterable<readonly ServerRelationship[]>;
  /** Those that are there, in any order. */
  nodesById(ids: readonly InternalId[]): Promise<ServerNode[]>;
  relationshipsById(refs: readonly RelationshipRef[]): Promise<ServerRelationship[]>;

  /** Every index and constraint, MemoryGraph's own marked so. */
  schema(): Promise<SchemaItem[]>;
  /** What MemoryGraph's release creates on such a server, in the order in which it can be created. */
  ownSchema(release: Release): SchemaItem[];
  /** What takes the item's place on this server, or why nothing can; absent where every item of its kind of server fits. */
  adaptSchema?(item: SchemaItem): readonly SchemaItem[] | { readonly why: string };
  /** Whether a property of an item that is only for texts holds one; absent where there are no such items. */
  holdsTexts?(item: SchemaItem): Promise<boolean>;
  /**
   * Creates it where it is not there; it need not work yet. Gives what a person should know of how that was done.
   * @throws SchemaConflictError when the data forbid it.
   */
  createSchema(item: SchemaItem): Promise<string | null>;
  /** Waits until all that was created works. Gives those that the data turned out to forbid, which are gone again. */
  schemaReady(created: readonly SchemaItem[]): Promise<{ item: SchemaItem; why: string }[]>;
  dropSchema(item: SchemaItem): Promise<void>;
  /** The labels on which `id` must be unique. */
  uniqueIdLabels(): Promise<readonly string[]>;
  /** What else would make it refuse a record; absent where there is no such thing. */
  rules?(): Promise<readonly TargetRule[]>;

  /** Why this server cannot hold the value in a property exactly, as in "a map"; null where it can. */
  unsupported(value: Value): string | null;
  /** Why an id must not be where the server demands unique ids; null where it may, and absent where any may. */
  unsupportedId?(id: Value): string | null;
  /** Why it cannot have such a name; null where it can. */
  unsupportedName(name: string, kind: NameKind): string | null;
  /**
   * Whether the release's own application keeps this timestamp as a native date-time on such a server, in a node of those
   * labels or a relationship of that type.
   */
  keepsNative(release: Release, kind: "node" | "relationship", names: readonly string[], property: string): boolean;

  readonly writer: GraphWriter;
  /** Takes away what only an empty graph leaves behind, such as its key; called after a rollback to nothing. */
  removeEmpty(): Promise<void>;
  /** Deletes the graph with all that it holds. Only where that is possible when nothing else is, since memory is full. */
  discard?(): Promise<void>;

  /** As copies of RollbackTarget. */
  copies?(): Promise<readonly CopyElsewhere[]>;
  /** As removeOwn of RollbackTarget; absent where nothing is separable. */
  removeOwn?(): Promise<void>;

  close(): Promise<void>;
}

/** As a person reads it, and the names of what acts. */
export interface Hazard {
  readonly what: string;
  readonly names: readonly string[];
}

/** Where records are read from: a server, or whatever else holds such a graph. */
export type RecordStore = Pick<
  GraphServer,
  "sharedIds" | "sharedRelationshipIds" | "nodes" | "relationships" | "beginSnapshot" | "endMoment"
>;

/** Who says which values and names a store can hold. */
export type Holder = Pick<
  GraphServer,
  "location" | "engine" | "unsupported" | "unsupportedId" | "unsupportedName" | "keepsNative"
>;

export interface ServerOptions {
  readonly access: "read" | "write";
  /** Whether it is to be a target, although it may only be read now; as with `write`, one that takes no writes is refused. */
  readonly target?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Connects, logs in and makes sure of what answers. @throws ConnectionError, StoreKindError, RefusedError */
export type OpenServer = (config: BackendConfig, options: ServerOptions) => Promise<GraphServer>;
