/**
 * What the program knows about a kind of store without loading it. The options of the command line, its completions,
 * recognition, doctor's places, the JSON schemas and the tables in docs/ are derived from these descriptors, which
 * import no driver: they are read at every start.
 */
import type { HardValue } from "../graph/hard-values.ts";
import type { Backend } from "./backend.ts";
import type { BackendConfig } from "./config.ts";

export interface Capabilities {
  /**
   * What it is as a target. `staged`: nothing is visible, and nothing needs undoing, before `commit`, so that what it
   * cannot hold may be found while writing. `live`: every batch takes effect at once, under the run's journal, and other
   * programs can write meanwhile. `none`: it is only read.
   */
  readonly target: "staged" | "live" | "none";
  /** A store of this kind is made by one run and never written to again: one that holds something is refused as a target. */
  readonly isWrittenOnce?: true;
  /**
   * Whether an id is the key of a row: then one record of an id is in the application's tables, and others that have it too
   * stand beside them. Else any number of records may have one.
   */
  readonly idIsKey: boolean;
  /** What no store of this kind can hold, in its newest release. */
  readonly cannotHold: readonly HardValue[];
}

/** The fields of a configuration, beside its type and address, that some kinds of store understand and others do not. */
export type StoreOption =
  | "username"
  | "password"
  | "database"
  | "graph"
  | "caFile"
  | "certFile"
  | "keyFile"
  | "recipient"
  | "identity"
  | "readBy";

/** Of MemoryGraph's environment: the first of these variables that is set counts, else the default. */
export interface Variable {
  readonly names: readonly string[];
  readonly otherwise?: string;
}

/** Where MemoryGraph looks for the parts of a store's address. A server has a URI, or a host and a port. */
export type Variables = {
  readonly [Part in "path" | "uri" | "host" | "port" | "username" | "password" | "database"]?: Variable;
};

/** Enough of what is at a path to say what it is, without opening it as a store. */
export interface Look {
  readonly path: string;
  readonly kind: "file" | "directory";
  /** The first bytes of a file, at most 4,096; none of a directory. */
  readonly head: Buffer;
  /** Whether the directory has an entry of that name. */
  has(name: string): boolean;
}

/** How a store is recognised by looking. */
export interface Signature {
  /** As people call it, without an article: "SQLite database". */
  readonly what: string;
  /** What a person should know or do who has one. */
  readonly note?: string;
  matches(look: Look): boolean;
}

export interface ServerAddressing {
  /** The first one is the example in messages. */
  readonly schemes: readonly string[];
  /** Those of them that mean TLS. */
  readonly encrypted: readonly string[];
  /** The port of an address that names none. */
  readonly port: number;
  /** What may stand after ? in an address, as in `?db=1`. */
  readonly options?: readonly string[];
  /** The scheme of an address that is a path, of a unix socket. */
  readonly socketScheme?: string;
}

export interface BackendDescriptor<Type extends string = string> {
  /** As the command line, the journal and JSON name it. */
  readonly type: Type;
  /** As people name the product. */
  readonly title: string;
  /** Kinds of one family share a protocol or a file format, and a folder. */
  readonly family: string;
  /** What a store of this kind is called in messages: "SQLite file". */
  readonly noun: string;
  /** How a server is addressed; null for a file or directory, which has a path. */
  readonly server: ServerAddressing | null;
  readonly takes: readonly StoreOption[];
  readonly capabilities: Capabilities;
  /** Of MemoryGraph's backends, what its releases say; null for a kind that no variable names. */
  readonly variables: Variables | null;
  /** Of files and directories; the first one that matches counts. */
  readonly signatures: readonly Signature[];
  /** How the names of its files end, where that tells the kind of one that is to be made: `.jsonl.zst`. */
  readonly suffixes?: readonly string[];
  /** A store of this kind is encrypted where its name ends so: who makes one is asked for a passphrase. */
  readonly encryptedSuffix?: string;
  /** Kinds by whose name people have called such a store: it is then opened for what it is, with a note. */
  readonly mistakenFor: readonly string[];
  load(): Promise<Backend>;
  /**
   * Which of the kinds that share its schemes answers at an address; null in the answer where nobody says. Null itself
   * for a kind that shares none.
   */
  readonly identify: ((config: BackendConfig) => Promise<string | null>) | null;
}

export interface ServerDescriptor<Type extends string> extends BackendDescriptor<Type> {
  readonly server: ServerAddressing;
}
