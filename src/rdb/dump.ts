/**
 * Redis dumps (RDB files) and the FalkorDB graphs in them: what every other file here is about, and the whole interface.
 *
 * Reading. A dump is walked once to see what it holds; its graphs are then read as often as needed:
 *
 *     using source = openDumpFile(path);                     // source.ts; or any ByteSource
 *     const scan = await scanDump(source, { signal });       // scan.ts: container and checksum, names, counts, schema
 *     const graph = findGraph(scan, "memorygraph");          // scan.ts: null where there is none; db 0 unless said
 *     const reader = await openGraph(scan, graph, { signal }); // graph.ts: proves the graph whole, builds the topology
 *     for await (const batch of reader.nodes()) ...          // DumpNode[], as they stand there
 *     for await (const batch of reader.relationships()) ...  // DumpRelationship[], likewise
 *
 * Both generators can be run again, and relationships before nodes. Records come in the order of the dump, which is that of
 * their ids where an engine wrote it (types first in versions 14 to 16), in small batches: a caller who stops between two
 * of them stops soon. Memory: 11 bytes a relationship and 5 a node while a reader is held (of versions 14 to 16
 * less than one), and up to 30 more for each relationship of the commonest type while it is made; besides that a few MiB,
 * and the longest text.
 *
 * Writing. Records go into a draft, in any number of calls, all nodes before all relationships; then the dump is put
 * together, with everything of another dump that is not that graph, byte for byte, in its order:
 *
 *     using draft = new GraphDraft(spoolPath, { name: "memorygraph", schema });  // draft.ts; the spool is a new file
 *     draft.addNode(node);
 *     draft.addRelationship(relationship);                   // its ends have been added
 *     draft.setSchema(schema);                               // any time before writing; indexes and constraints
 *     const { bytes } = await writeDump(path, draft, { keep: scan, db: 0, signal }); // write.ts; path is created or emptied
 *
 * Attributes, labels and types get their numbers when they first come (after those that a schema names). Internal ids
 * are kept: those that are left out are listed as deleted. Equal calls give equal bytes. Without `keep` the dump holds
 * the graph alone. The caller flushes and names the file (support/files.ts). A draft that has thrown within a record is
 * of no further use. Memory: 12 bytes a relationship and 4 a node while records are added; since the engine wants each
 * matrix whole and sorted, some 50 bytes a relationship while the dump is written.
 *
 * Which encodings were tried against what: 18, 19 and 20 are read from files of real engines (4.14.2 to 4.22.1; also out of
 * their snapshots and what DUMP gives) and compared with what the engine answers. 14 to 17 were read only from files that
 * tested writers made to the format, which those engines load with equal contents; no file of a real FalkorDB 4.0 to 4.10
 * was at hand. Matrices by column, full and bitmap, and LZ4 blocks, were never seen in a dump. Valkey's items are read from
 * made dumps.
 *
 * Logs. log-replay.ts makes such a dump of an append-only log: its base, and the changes that the commands behind it tell
 * (effects.ts), as an engine makes them when it starts. Tried on random histories against FalkorDB 4.22.1.
 *
 * Errors: DamagedStoreError, with the byte offset, for what is not as the format says; NewerFormatError for what
 * newer engines write; UnsupportedError for older and foreign formats; RefusedError for what cannot be written; the system's own for the file system.
 *
 * The written encoding is 18 in a dump of version 11: it loads in every FalkorDB since 4.12 (tried from 4.14.2 to 4.22.1),
 * hence in every FalkorDBLite there has been, and holds every type of value. 16 knows no temporal values; 19 and 20 are refused by older engines,
 * which a newer one's own dump is anyway, so nothing is gained. Its trap, a text of some 256,000 bytes that old engines
 * cannot load, is avoided in packed-writer.ts.
 */
import type { Properties } from "../graph/properties.ts";
import type { Prologue } from "./prologue.ts";

/** Bytes that stay as they are while they are read; a file, or a replication stream that was kept in one. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` from the byte at `position` on and returns how many there were: fewer only at the end. */
  read(into: Uint8Array, position: number): number;
}

export interface DumpNode {
  /** FalkorDB's own number, `id(n)`. */
  readonly id: number;
  /** In the order of the schema, as `labels(n)` gives them; shared between nodes. */
  readonly labels: readonly string[];
  readonly properties: Properties;
}

export interface DumpRelationship {
  readonly id: number;
  readonly type: string;
  /** Internal ids of the two nodes. */
  readonly start: number;
  readonly end: number;
  readonly properties: Properties;
}

/** The bits of IndexField.kinds; a range index has all of the middle three. */
export const INDEX = { fulltext: 1, range: 14, vector: 16 } as const;

export interface VectorOptions {
  readonly dimension: number;
  readonly m: number;
  readonly efConstruction: number;
  readonly efRuntime: number;
  /** 0 euclidean, 1 inner product, 2 cosine. */
  readonly metric: number;
}

export interface IndexField {
  readonly property: string;
  /** INDEX.range, INDEX.fulltext, INDEX.vector, or their sum. */
  readonly kinds: number;
  readonly weight: number;
  readonly nostem: boolean;
  readonly phonetic: string;
  readonly vector: VectorOptions | null;
}

/** All indexes of one label or type, which are one to FalkorDB. */
export interface GraphIndex {
  readonly language: string;
  /** Empty: the engine's own list. */
  readonly stopWords: readonly string[];
  readonly fields: readonly IndexField[];
}

export interface GraphConstraint {
  readonly kind: "unique" | "mandatory";
  readonly properties: readonly string[];
}

/** A label or a relationship type. */
export interface SchemaEntry {
  readonly name: string;
  readonly index: GraphIndex | null;
  readonly constraints: readonly GraphConstraint[];
}

export interface GraphSchema {
  /** Every property name that the graph has ever had. */
  readonly attributes: readonly string[];
  readonly labels: readonly SchemaEntry[];
  readonly types: readonly SchemaEntry[];
}

export interface GraphCounts {
  readonly nodes: number;
  readonly relationships: number;
  readonly deletedNodes: number;
  readonly deletedRelationships: number;
}

/** One of the Redis keys that a graph is spread over. */
export interface GraphKey {
  /** Where the key begins, with what belongs to it (expiry and the like). */
  readonly offset: number;
  /** Where the type byte stands, behind that. */
  readonly typeOffset: number;
  /** Where the module's data begin. */
  readonly payload: number;
  readonly end: number;
  /** `graphdata`, the key that bears the graph's name; else `graphmeta`. */
  readonly isMain: boolean;
  /** When the engine deletes it, in milliseconds since 1970; null for never. */
  readonly expires: number | null;
}

export interface DumpGraph {
  readonly db: number;
  /** Of its main key, by which the engine knows it. */
  readonly name: string;
  /** As its own data tell it: an older one where the key was restored under another name. */
  readonly nameInData: string;
  /** FalkorDB's encoding version, 14 to 20. */
  readonly encoding: number;
  readonly counts: GraphCounts;
  readonly schema: GraphSchema;
  /** Names of the schema that are not UTF-8: what is not stands there as U+FFFD. */
  readonly replacedNames: readonly string[];
  /** In the order of the dump. */
  readonly keys: readonly GraphKey[];
  /** How many it says that it has. */
  readonly keyCount: number;
  /** When the engine deletes one of its keys, and so the graph, in milliseconds since 1970; null for never. */
  readonly expires: number | null;
}

/** A graph's key that cannot be read; it stays where it is when the dump is written again. */
export interface UnreadableGraph {
  readonly db: number;
  /** Of the Redis key; bytes that are not UTF-8 are replaced. */
  readonly key: string;
  readonly error: Error;
}

export interface DumpScan {
  readonly source: ByteSource;
  /** Of the container, as in `REDIS0015`. */
  readonly version: number;
  readonly family: Prologue["family"];
  /** Written by a newer engine than this release knows, although all of it could be read. */
  readonly isNewer: boolean;
  /** False where the dump was written without a checksum. */
  readonly hasChecksum: boolean;
  /** `redis-ver`, `ctime` and the like. */
  readonly fields: ReadonlyMap<string, string>;
  readonly graphs: readonly DumpGraph[];
  readonly unreadable: readonly UnreadableGraph[];
  /** How many keys each database has that belong to no graph; FalkorDB itself leaves `telemetry{NAME}` streams. */
  readonly otherKeys: ReadonlyMap<number, number>;
  /** For write.ts: what it has to know of the rest. */
  readonly layout: DumpLayout;
}

interface DumpLayout {
  /** Where the first database or key begins, and where the last key ends. */
  readonly keysBegin: number;
  readonly keysEnd: number;
  /** The database of the last key; null where there are no keys. */
  readonly lastDb: number | null;
  /** The databases that have keys, in the order of the dump; one that comes twice is there twice. */
  readonly databases: readonly number[];
  /** Whether FalkorDB's records before and after the keys are there. */
  readonly hasAuxBefore: boolean;
  readonly hasAuxAfter: boolean;
  /** The 0xFF. */
  readonly end: number;
}
