/** What is written down about backups, and what the commands tell of them; docs/schema/ is generated from these. */
import * as v from "valibot";
import type { BackendConfigFields } from "../../backends/config.ts";
import { GRAPH_NAME } from "../../memorygraph/fields.ts";
import { ReportedFindingSchema, TallySchema } from "../models.ts";
import { PERIODS } from "./retention.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.string();

/** A store as a backup names it, without any login. */
const SubjectSchema = v.object({
  backend: Text,
  /** Absolute path, or address. */
  location: Text,
  /** What was chosen beside the address, where a place holds several; absent for the kind's own. */
  database: v.exactOptional(Text),
  graph: v.exactOptional(Text),
});
export type Subject = v.InferOutput<typeof SubjectSchema>;
type Address = Omit<Subject, "backend">;

/** The note beside an archive, by which it counts. It tells nothing of what is in the store but how much. */
const NoteSchema = v.object({
  format: v.literal("memorygraph-backup-note"),
  version: v.literal(1),
  /** The file of the archive. */
  name: Text,
  /** `pending`: the archive is on its way; `whole`: it was read back where it is, or was renamed after that. */
  state: v.picklist(["pending", "whole"]),
  bytes: Count,
  /** Of the file. */
  sha256: v.pipe(Text, v.regex(/^[0-9a-f]{64}$/)),
  created: Text,
  /** What it is a copy of: retention goes by both. */
  host: Text,
  store: SubjectSchema,
  nodes: Count,
  memories: Count,
  relationships: Count,
  digest: Text,
  encrypted: v.boolean(),
  program: Text,
  /** Who wrote it. */
  owner: v.object({ pid: v.number(), host: Text, start: Text }),
  /** When it was last restored into a throw-away store and found equal. */
  proven: v.nullable(Text),
});
export type Note = v.InferOutput<typeof NoteSchema>;

/** Written in the state folder: the last backup of a store into a place, so that doctor knows of it. */
const KnownBackupSchema = v.object({
  place: Text,
  name: Text,
  host: Text,
  store: SubjectSchema,
  digest: Text,
  /** When the archive was made. */
  created: Text,
  /** When the store was last found to be as the archive has it. */
  checked: Text,
});
export type KnownBackup = v.InferOutput<typeof KnownBackupSchema>;

const ProofSchema = v.object({ digest: Text, proven: Text });

const RemovedSchema = v.object({ name: Text, created: Text, bytes: Count });

/** What `backup` did, or with dryRun would do. */
export const BackupResultSchema = v.object({
  /** `made`; `unchanged`: the last backup has the same digest; `planned`: a dry run. */
  outcome: v.picklist(["made", "unchanged", "planned"]),
  store: SubjectSchema,
  /** Folder, bucket or file; `-` for standard output. */
  place: Text,
  /** The archive that was made, or the last one that has the same contents; null for a dry run that would make one, and for a file. */
  name: v.nullable(Text),
  bytes: v.nullable(Count),
  encrypted: v.boolean(),
  count: v.nullable(TallySchema),
  /** Of the archive as it was read back; of a dry run, that of the store. */
  digest: v.nullable(Text),
  /** Backups of this store that stay, the newest first, and which rules keep each; empty without a rule. */
  kept: v.array(v.object({ ...RemovedSchema.entries, by: v.array(v.picklist(PERIODS)) })),
  removed: v.array(RemovedSchema),
  losses: v.array(ReportedFindingSchema),
  /** What stopped backups had left, and what became of it. */
  recovered: v.array(Text),
  warnings: v.array(Text),
  durationSeconds: v.pipe(v.number(), v.minValue(0)),
});
export type BackupResult = v.InferOutput<typeof BackupResultSchema>;

/** One line of `backups`. */
const ListedBackupSchema = v.object({
  /** Its file. */
  name: Text,
  /**
   * `whole`: it counts. `damaged`: its size is not that of its note. `pending`: a backup is under way, or was stopped. `no note`:
   * an archive that was put there by other means.
   */
  state: v.picklist(["whole", "damaged", "pending", "no note"]),
  created: Text,
  ageSeconds: v.number(),
  bytes: Count,
  encrypted: v.boolean(),
  host: v.nullable(Text),
  store: v.nullable(SubjectSchema),
  nodes: v.nullable(Count),
  memories: v.nullable(Count),
  relationships: v.nullable(Count),
  digest: v.nullable(Text),
  proven: v.nullable(Text),
});
export type ListedBackup = v.InferOutput<typeof ListedBackupSchema>;
export const BackupListSchema = v.object({
  place: Text,
  backups: v.array(ListedBackupSchema),
  warnings: v.array(Text),
});
export type BackupList = v.InferOutput<typeof BackupListSchema>;

/** One archive that was restored into a throw-away store. */
const ProofResultSchema = v.object({
  /** Path or address. */
  location: Text,
  proven: v.boolean(),
  /** What the archive says of itself, and what was read back. */
  digest: v.nullable(Text),
  restoredDigest: v.nullable(Text),
  count: v.nullable(TallySchema),
  /** The store that it was taken from, where it can be read: `same`, or `changed` since; else `unreachable`. */
  source: v.picklist(["same", "changed", "unreachable"]),
  /** Why that store was not compared; null where it was, and of an archive that is not proven. */
  notCompared: v.nullable(Text),
  error: v.nullable(v.object({ message: Text, next: Text })),
  durationSeconds: v.pipe(v.number(), v.minValue(0)),
});
export type ProofResult = v.InferOutput<typeof ProofResultSchema>;
export const DrillResultSchema = v.object({
  place: Text,
  /** Whether every archive was proven. */
  success: v.boolean(),
  proofs: v.array(ProofResultSchema),
  warnings: v.array(Text),
});
export type DrillResult = v.InferOutput<typeof DrillResultSchema>;

/** What of a configuration tells stores of one address apart; MemoryGraph's own graph needs no name. */
export function chosenIn({ database, graph }: Pick<BackendConfigFields, "database" | "graph">) {
  return {
    ...(database !== undefined && { database }),
    ...(graph !== undefined && graph !== GRAPH_NAME && { graph }),
  };
}

/** Several graphs and databases can share an address. */
export function isSameStore(a: Address, b: Address): boolean {
  return a.location === b.location && a.database === b.database && a.graph === b.graph;
}

/** Null for what is no note, or one of a later version. */
export const parseNote = (text: string | null) => parsed(NoteSchema, text);
export const parseKnown = (text: string | null) => parsed(KnownBackupSchema, text);
export const parseProof = (text: string | null) => parsed(ProofSchema, text);

function parsed<Schema extends v.GenericSchema>(schema: Schema, text: string | null): v.InferOutput<Schema> | null {
  if (text === null) return null;
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
