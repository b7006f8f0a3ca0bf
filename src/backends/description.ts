/** What is told of a store: figures, schema, and what a person should know about it. */
import type { Release } from "../memorygraph/releases.ts";
import type { BackendType } from "./config.ts";

/** Something about a store that a person should know. `loss` says that reading it on leaves something behind. */
export interface Finding {
  readonly what: string;
  readonly count: number;
  /** The first few ids concerned. */
  readonly examples: readonly string[];
  /** Every id concerned, up to a hundred thousand, where the store tells them all; for documents, not for a terminal. */
  readonly ids?: readonly string[];
  readonly kind: "damage" | "loss" | "note";
  /** Also for who wants no report. */
  readonly isUrgent?: true;
  /** What may be a later state of the store than the one that is read: as a source, a person has to agree to leave it out. */
  readonly isLater?: true;
  /** Of a target: it acts by itself on what is written, and a person has to agree to that. */
  readonly needsConsent?: true;
  /** What is counted; records where it is left out. */
  readonly unit?: "record" | "property" | "label" | "relationship type";
}

/** An index or constraint of a graph server. */
export interface SchemaItem {
  readonly backend: BackendType;
  readonly kind: "index" | "constraint";
  /** As a person reads it: `unique constraint on :Memory(id)`. Two items with the same one are the same thing. */
  readonly what: string;
  /** What creates it on a server of that kind; a statement or a command. */
  readonly statement: string;
  /** Whether MemoryGraph itself creates such a one. */
  readonly own: boolean;
  /** What the server calls its kind. */
  readonly type?: string;
  /** Its settings, by name; left out where it has none, or the server does not tell. */
  readonly options?: Readonly<Record<string, string>>;
  /** It is of use only where a property holds texts, and is made only there. */
  readonly forTexts?: true;
}

/** What a dump of Redis is besides one graph. */
export interface DumpFacts {
  /** The release of Redis that wrote it. */
  readonly redis: string | null;
  /** FalkorDB's version of the graph's encoding; null where there is no graph. */
  readonly encoding: number | null;
  /** Every graph in the first database. */
  readonly graphs: readonly string[];
  /** Keys that belong to no graph. */
  readonly otherKeys: number;
}

export interface StoreDescription {
  readonly backend: BackendType;
  /** For people: a path, or an address without credentials. */
  readonly location: string;
  readonly engine: string;
  /** What the store is, in one word of stores.md: nodes, memories, hybrid, empty. */
  readonly layout: string;
  /** The line of releases that wrote it, where the layout tells. */
  readonly release: Release | null;
  /** The lines of releases that see what it holds. */
  readonly readableBy: readonly Release[];
  readonly bytes: number | null;
  readonly nodes: number;
  readonly relationships: number;
  readonly indexes: readonly string[];
  /** The indexes and constraints of a graph server, which a target of the same kind gets as well. */
  readonly schema?: readonly SchemaItem[];
  /** Whose indexes and constraints it takes as a target, where not only its own kind's. */
  readonly takesSchemaOf?: BackendType;
  readonly dump?: DumpFacts;
  /** What the store keeps beside properties, which is no part of any digest and is not compared. */
  readonly notCompared?: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * `counts`: structure and figures. `links` adds relationships with an end that is not there. `integrity` adds what
 * the engine's own check of the whole store finds, which can take as long as reading it.
 */
export type DescriptionDepth = "counts" | "links" | "integrity";
