/** What differs between the servers that speak Bolt. */
import type { Value } from "../../graph/value.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { CopyElsewhere } from "../backend.ts";
import type { BackendType } from "../config.ts";
import type { SchemaItem } from "../description.ts";
import type { WriteLimits } from "../graph-store/server.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import type { Activity, Connection } from "./connection.ts";

export interface Blocker {
  /** As in "the server is read-only". */
  readonly what: string;
  /** The way out. */
  readonly next: string;
}

/** The indexes and constraints of such a server; as GraphServer has them. */
export interface SchemaDialect {
  read(connection: Connection): Promise<SchemaItem[]>;
  own(release: Release): SchemaItem[];
  /** As adaptSchema of GraphServer. */
  adapt(item: SchemaItem): readonly SchemaItem[] | { readonly why: string };
  holdsTexts?(connection: Connection, item: SchemaItem): Promise<boolean>;
  create(connection: Connection, item: SchemaItem): Promise<string | null>;
  ready(connection: Connection, created: readonly SchemaItem[]): Promise<{ item: SchemaItem; why: string }[]>;
  drop(connection: Connection, item: SchemaItem): Promise<void>;
  uniqueIdLabels(connection: Connection): Promise<string[]>;
  rules(connection: Connection): Promise<TargetRule[]>;
}

export interface Dialect {
  readonly type: BackendType;
  /** As a person reads it. */
  readonly engine: string;
  readonly limits: WriteLimits;
  /** Whether relationships can be written by several transactions at once, also where they join the same nodes. */
  readonly joinsAtOnce: boolean;
  /** Whether `row[7]` takes one value out of a list, and not a copy of the list first. */
  readonly indexesCheaply: boolean;
  /** Goes before every statement, for servers that understand more than one Cypher. */
  readonly prefix: string;
  /** Whether one transaction sees one moment of the graph. */
  readonly snapshots: boolean;
  /** Whether it ends a transaction that takes longer than its own limit also where more time was asked for. */
  readonly limitsReadings: boolean;
  /** A name as a statement takes it: quoted whatever it is. */
  quote(name: string): string;
  identity(connection: Connection): Promise<string | null>;
  changeToken(connection: Connection): Promise<string | null>;
  /** Why this server cannot be a target at all; null where it can. */
  blocker(connection: Connection): Promise<Blocker | null>;
  /** What else of the database a person should know. */
  notes?(connection: Connection): Promise<string[]>;
  /** Why no MemoryGraph can use the server; null where one can. */
  closed?(connection: Connection): Promise<string | null>;
  /** What acts in the server by itself, and concerns a target: it cannot be foreseen what it makes of the records. */
  triggers(connection: Connection): Promise<string[]>;
  /** What of data that is gone the server keeps elsewhere, as far as the user may ask: logs, mostly. */
  copies(connection: Connection): Promise<CopyElsewhere[]>;
  readonly schema: SchemaDialect;
  /** What the server does with a statement, as Heartbeat.activity; asked on another connection. */
  readonly activity: Activity;
  unsupported(value: Value): string | null;
  unsupportedName(name: string): string | null;
}
