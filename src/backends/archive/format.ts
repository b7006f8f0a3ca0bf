/**
 * The archive's own words: what its lines are called, and its bounds. docs/ARCHIVE.md is the specification.
 *
 * An archive is JSON Lines in Zstandard. Its frames are independent of each other: the first has the header and what the
 * source had of indexes; then each block of records has two, one with the line that tells what is in it and one with the
 * records; the last one has the footer. A skippable frame behind it says how long the footer is.
 */
import * as v from "valibot";

export const FORMAT = "memorygraph-archive";
/** Major and minor: a reader refuses a newer major, and tells what it does not know of a newer minor. */
export const MAJOR = 1;
export const MINOR = 0;

/** Bytes of records before compression after which a block is closed. */
export const BLOCK_BYTES = 1 << 20;
/** No frame is longer before compression, and so is no record: what claims to be is not read. */
export const MOST_BYTES = 256 << 20;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.string();

/** What the records were taken from. */
const SourceSchema = v.object({
  kind: Text,
  engine: Text,
  layout: Text,
  release: v.nullable(Text),
  /** As the source told before it was read. */
  nodes: Count,
  relationships: Count,
});
export type ArchiveSourceInfo = v.InferOutput<typeof SourceSchema>;

const HeaderSchema = v.object({
  format: v.literal(FORMAT),
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+$/)),
  created: Text,
  by: Text,
  /** For which release the records are spelled; null for as their source had them. */
  spelledFor: v.nullable(Text),
  /** Null where nobody told. */
  source: v.nullable(SourceSchema),
  /** How many schema items follow; null where the source has none by its kind. */
  schema: v.nullable(Count),
});
export type Header = v.InferOutput<typeof HeaderSchema>;

const SchemaLine = v.object({
  schema: v.object({
    backend: Text,
    kind: v.picklist(["index", "constraint"]),
    what: Text,
    statement: Text,
    own: v.boolean(),
    type: v.optional(Text),
    options: v.optional(v.record(v.string(), v.string())),
    forTexts: v.optional(v.literal(true)),
  }),
});

export type RecordKind = "node" | "relationship";
const Kind = v.picklist(["node", "relationship"]);

/** Before the records of a block. */
const BlockLine = v.object({
  /** From 0. */
  block: Count,
  kind: Kind,
  records: Count,
  /** How many of its kind come before it. */
  before: Count,
  /** Of the records before compression, and the hash of these bytes. */
  bytes: Count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** In the order of the records; null for one without an id. */
  ids: v.array(v.nullable(Text)),
});
export type BlockInfo = v.InferOutput<typeof BlockLine>;

/** A block as the footer has it: lengths in bytes of its two frames as they lie in the file, and the hash of these bytes. */
const IndexEntry = v.object({
  kind: Kind,
  records: Count,
  head: Count,
  body: Count,
  sha256: Text,
});
export type IndexEntry = v.InferOutput<typeof IndexEntry>;

const FooterSchema = v.object({
  footer: v.object({
    nodes: Count,
    relationships: Count,
    digest: Text,
    /** In their order; the first begins where the first frame ends. */
    blocks: v.array(IndexEntry),
  }),
});
export type Footer = v.InferOutput<typeof FooterSchema>["footer"];

export const headerOf = (value: unknown): Header | null => parsed(HeaderSchema, value);
export const schemaItemOf = (value: unknown) => parsed(SchemaLine, value)?.schema ?? null;
export const blockOf = (value: unknown): BlockInfo | null => parsed(BlockLine, value);
export const footerOf = (value: unknown): Footer | null => parsed(FooterSchema, value)?.footer ?? null;

function parsed<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> | null {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}
