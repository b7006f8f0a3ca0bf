/**
 * A line of MemoryGraph's releases as data: what it writes, reads, opens and shows. Nothing outside this folder asks for
 * a release by its name; what differs between releases is a field here.
 */
import type { SearchIndex, SqliteLayout } from "../layouts/layout.ts";

export interface ReleaseLine {
  /** Its name, as --for takes it and as people read it: the newest release of the line, without its last number. */
  readonly name: string;
  readonly times: TimeSpelling;
  /** Where it keeps native date-times on graph servers that have such; null for a line that reads text alone. */
  readonly nativeTimes: NativeTimes | null;
  /** Names under which it keeps fields, where they differ from those of fields.ts: its name -> ours. */
  readonly renamed: Readonly<Record<string, string>>;
  readonly memoryTypes: readonly string[];
  readonly relationshipTypes: readonly string[];
  /** What a memory must be for the line to show it; it drops others without a word. */
  readonly shows: readonly FieldRule[];
  readonly sqlite: { readonly layout: SqliteLayout; readonly search: SearchIndex | null };
  /** What stands at the path of a FalkorDBLite store. */
  readonly liteForm: "file" | "directory";
  /** The kinds of server on which it demands that ids of memories are unique, and does not open a store otherwise. */
  readonly demandsUniqueIds: readonly string[];
  readonly backends: Backends;
}

export interface TimeSpelling {
  /** What every release of the line reads, under every runtime that it runs on. */
  readonly accepts: RegExp;
  /** What it reads under a current runtime: what it shows is judged by this. */
  readonly reads: RegExp;
  /** As it writes UTC, and how many digits of a fraction it writes at least; `whenWhole` also where there is none. */
  readonly zone: "Z" | "+00:00";
  readonly digits: number;
  readonly whenWhole: boolean;
}

export interface NativeTimes {
  /** Properties of relationships between memories. */
  readonly ofRelationships: ReadonlySet<string>;
  /** Types of relationships of which every time is native. */
  readonly types: ReadonlySet<string>;
  /** Labels of nodes, other than memories, of which every time is native. */
  readonly labels: ReadonlySet<string>;
}

/**
 * What the line's model demands of one field. `text` counts Unicode code points or UTF-16 units; `lax` takes booleans
 * and texts that spell a number for numbers, and numbers for times.
 */
export type FieldRule = {
  readonly field: string;
  /** Whether a memory without it is dropped; and one in which it is null, where a store can say so. */
  readonly required?: true;
  readonly notNull?: true;
} & (
  | { readonly kind: "text"; readonly min?: number; readonly max?: number; readonly unit: "code point" | "UTF-16" }
  | { readonly kind: "number"; readonly min: number; readonly max?: number; readonly whole?: true; readonly lax?: true }
  | { readonly kind: "word"; readonly words: readonly string[] }
  | { readonly kind: "time"; readonly lax?: true; readonly emptyIsNone?: true }
  | { readonly kind: "texts" | "map" }
);

/** What a line makes of MEMORY_BACKEND and the other variables. */
export interface Backends {
  /** What it opens when MEMORY_BACKEND is not set. */
  readonly byDefault: string;
  /** `auto`: the first of which a variable is set; at last `otherwise`. */
  readonly auto: {
    readonly candidates: readonly { readonly backend: string; readonly ifSet: readonly string[] }[];
    readonly otherwise: string;
  };
  /** Of the kinds that are a file or directory. */
  readonly files: Readonly<Record<string, FilePlace>>;
  /** Of the kinds that are a server: the variables of each part of its address. */
  readonly servers: Readonly<Record<string, Readonly<Record<string, ServerVariable>>>>;
  /** What MEMORY_BACKEND can name besides, and this program cannot read. */
  readonly unread: Readonly<Record<string, UnreadBackend>>;
}

export interface FilePlace {
  /** Variables that hold the path, as it is: no `~` in them is expanded. The first one set wins. */
  readonly variables: readonly string[];
  /** A variable that names the folder in which `name` is, looked at after those. */
  readonly folderVariable?: string;
  readonly name: string;
  /** Without any variable; `~/` is the home folder, `./` the working folder of the application. */
  readonly path: string;
  /** Where earlier releases kept it. */
  readonly former: readonly string[];
}

export interface ServerVariable {
  /** The first one set wins. */
  readonly names: readonly string[];
  readonly otherwise?: string;
}

export interface UnreadBackend {
  /** As people call it. */
  readonly title: string;
  readonly variables: readonly string[];
  readonly paths: readonly string[];
  /** What a person can do instead. */
  readonly next: string;
}
