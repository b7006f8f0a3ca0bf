/**
 * What goes into a migration and what comes out: plain data that survives JSON there and back. The schemas here are
 * the documented ones (docs/schema/*.json is generated from them).
 */
import * as v from "valibot";
import { BACKEND_TYPES } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import { readAnyInstant } from "../graph/read-instant.ts";
import { RELEASES } from "../memorygraph/releases.ts";

export const CONFLICT_POLICIES = ["skip", "overwrite", "newest", "fail"] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

export const MigrationOptionsSchema = v.strictObject({
  /** Say what a run would do, and write nothing. */
  dryRun: v.optional(v.boolean(), false),
  verbose: v.optional(v.boolean(), false),
  /** true is onConflict "skip", false is "fail". */
  skipDuplicates: v.optional(v.boolean()),
  /** What to do with a record whose id the target holds with other content. */
  onConflict: v.optional(v.picklist(CONFLICT_POLICIES)),
  verify: v.optional(v.boolean(), true),
  rollbackOnFailure: v.optional(v.boolean(), true),
  /** ISO 8601, without zone UTC: take only what was created or updated at or after it. */
  since: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => toInstant(text) !== null, "since is not a time in ISO 8601, such as 2026-01-31T12:00:00Z"),
    ),
  ),
  /** The release whose application is to open the target. */
  for: v.optional(v.picklist(RELEASES)),
  /** Go on although something of the source cannot come along; every loss is listed. */
  allowLoss: v.optional(v.boolean(), false),
  /** Copy a source that holds nothing; else it is refused, since it is probably not the one that was meant. */
  allowEmpty: v.optional(v.boolean(), false),
});
export type MigrationOptions = v.InferOutput<typeof MigrationOptionsSchema>;
export type MigrationOptionsInput = v.InferInput<typeof MigrationOptionsSchema>;

/** @throws UsageError naming each option that is not valid. */
export function parseOptions(input: MigrationOptionsInput): MigrationOptions & { onConflict: ConflictPolicy } {
  const parsed = v.safeParse(MigrationOptionsSchema, input);
  if (!parsed.success) {
    const messages = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "options"}: ${issue.message}`);
    throw new UsageError(`the options are not valid: ${messages.join("; ")}`, {
      next: "docs/CLI.md lists the options.",
    });
  }
  const { skipDuplicates, onConflict, since } = parsed.output;
  const implied = skipDuplicates === undefined ? undefined : skipDuplicates ? "skip" : "fail";
  if (implied !== undefined && onConflict !== undefined && implied !== onConflict) {
    throw new UsageError(`skipDuplicates says ${implied}, onConflict says ${onConflict}`, {
      next: "Give only one of the two.",
    });
  }
  return { ...parsed.output, onConflict: onConflict ?? implied ?? (since === undefined ? "skip" : "newest") };
}

/** In any form of ISO 8601, as seconds or milliseconds since 1970, or as mail has it; a date alone is its first moment. */
export function toInstant(text: string): string | null {
  return readAnyInstant(text)?.instant ?? null;
}

export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const TallySchema = v.object({ nodes: Count, memories: Count, relationships: Count });

export const ReportedFindingSchema = v.object({
  what: v.string(),
  count: Count,
  examples: v.array(v.string()),
  /** Every id concerned, where all are known. */
  ids: v.optional(v.array(v.string())),
  /** What is counted; records where it is left out. */
  unit: v.optional(v.picklist(["record", "property", "label", "relationship type"])),
});
export type ReportedFinding = v.InferOutput<typeof ReportedFindingSchema>;

const NotShownSchema = v.object({ count: Count, reasons: v.array(ReportedFindingSchema) });

const StoreStatisticsSchema = v.object({
  backend: v.picklist(BACKEND_TYPES),
  location: v.string(),
  engine: v.string(),
  layout: v.string(),
  release: v.nullable(v.picklist(RELEASES)),
  nodes: Count,
  relationships: Count,
  bytes: v.nullable(Count),
});
export type StoreStatistics = v.InferOutput<typeof StoreStatisticsSchema>;

export const ValidationResultSchema = v.object({
  valid: v.boolean(),
  errors: v.array(v.string()),
  warnings: v.array(v.string()),
});
export type ValidationResult = v.InferOutput<typeof ValidationResultSchema>;

const DifferenceSchema = v.object({
  kind: v.picklist(["missing", "extra", "changed"]),
  record: v.picklist(["node", "relationship"]),
  id: v.string(),
  /** Of a memory that has one. */
  title: v.optional(v.string()),
  /** For `changed`: each field with what stands in the source and in the target. */
  fields: v.array(v.object({ name: v.string(), source: v.string(), target: v.string() })),
});
export type Difference = v.InferOutput<typeof DifferenceSchema>;

export const VerificationResultSchema = v.object({
  valid: v.boolean(),
  errors: v.array(v.string()),
  sourceCount: TallySchema,
  targetCount: TallySchema,
  recordsChecked: Count,
  recordsPassed: Count,
  /** Of what was to be moved, as the source has it, and as it is in the target now. */
  sourceDigest: v.string(),
  targetDigest: v.string(),
  /** Of everything in the target, as `inspect` computes it; the same as targetDigest where it was empty before. */
  wholeTargetDigest: v.string(),
  /** Digest of everything else in a filled target, before and after; null where nothing stood there. */
  untouched: v.nullable(v.object({ records: Count, before: v.string(), after: v.string() })),
  differenceCount: Count,
  /** The first ten. */
  differences: v.array(DifferenceSchema),
});
export type VerificationResult = v.InferOutput<typeof VerificationResultSchema>;

const ErrorReportSchema = v.object({
  code: v.string(),
  message: v.string(),
  next: v.string(),
  details: v.array(v.string()),
});

export const MigrationResultSchema = v.object({
  /** The name under which `rollback` can undo it later; null where it has no journal. */
  run: v.nullable(v.string()),
  /** Everything that was planned is in the target, and proven to be where verification was asked for. */
  success: v.boolean(),
  dryRun: v.boolean(),
  /** Every selected record of the source is in the target with its content: no conflict kept the target's version, nothing was left behind. */
  complete: v.boolean(),
  verified: v.boolean(),
  /** The release whose application opens the target. */
  release: v.nullable(v.picklist(RELEASES)),
  /** Why that release. */
  releaseReason: v.string(),
  onConflict: v.picklist(CONFLICT_POLICIES),
  since: v.nullable(v.string()),
  /** `after` is as `before`, since the source was proven unchanged when it had been read; null where the run failed. */
  source: v.nullable(v.object({ before: StoreStatisticsSchema, after: v.nullable(StoreStatisticsSchema) })),
  target: v.nullable(v.object({ before: StoreStatisticsSchema, after: v.nullable(StoreStatisticsSchema) })),
  /** New in the target; of a dry run: to be. */
  imported: TallySchema,
  /** In the target already with the same content. */
  present: TallySchema,
  /** In the target with other content, and left so. */
  skipped: TallySchema,
  overwritten: TallySchema,
  conflicts: v.object({ count: Count, ids: v.array(v.string()) }),
  /** The first ten of them: each field that differs, in the source and in the target. */
  conflicting: v.array(DifferenceSchema),
  respelledTimestamps: Count,
  /** Values that the target's layout demands and the source does not have, by field. */
  defaulted: v.record(v.string(), Count),
  /** What the application will not see because its layout has no place for it; kept in the same store. */
  setAside: v.record(v.string(), Count),
  /** The release opens the target and shows something of it. */
  visible: v.boolean(),
  /** Memories that were written, and that the release will not show, since its model refuses them: how many, and why. */
  notShown: NotShownSchema,
  losses: v.array(ReportedFindingSchema),
  notes: v.array(ReportedFindingSchema),
  validation: ValidationResultSchema,
  verification: v.nullable(VerificationResultSchema),
  /** Of a graph server as target: indexes and constraints that it was to have in the end, and that it has; else null. */
  schema: v.nullable(v.object({ expected: Count, found: Count })),
  durationSeconds: v.pipe(v.number(), v.minValue(0)),
  /** What was done after a failure, step by step. */
  rollback: v.array(v.string()),
  errors: v.array(ErrorReportSchema),
});
export type MigrationResult = v.InferOutput<typeof MigrationResultSchema>;

/** What `verify` finds: two stores compared record by record and field by field. */
export const ComparisonResultSchema = v.object({
  identical: v.boolean(),
  source: v.object({ store: StoreStatisticsSchema, count: TallySchema, digest: v.string() }),
  target: v.object({ store: StoreStatisticsSchema, count: TallySchema, digest: v.string() }),
  /** In the source only, in the target only, in both with other content. */
  missing: Count,
  extra: Count,
  changed: Count,
  /** How often each field differs among the changed records, as `node.title` or `relationship.strength`. */
  fields: v.record(v.string(), Count),
  /** The first ten, or as many as were asked for. */
  differences: v.array(DifferenceSchema),
  /** What the two stores keep beside properties, which is not compared. */
  notCompared: v.array(v.string()),
  notes: v.array(ReportedFindingSchema),
});
export type ComparisonResult = v.InferOutput<typeof ComparisonResultSchema>;

/** What `inspect` tells of one store. */
export const InspectionResultSchema = v.object({
  store: StoreStatisticsSchema,
  /** The MemoryGraph lines that open it, by its layout and its times. */
  openedBy: v.array(v.picklist(RELEASES)),
  /** Those of them that show every memory that it holds. */
  readableBy: v.array(v.picklist(RELEASES)),
  /** Of the others: the memories that each will not show, since its model refuses them. */
  notShown: v.array(v.object({ release: v.picklist(RELEASES), ...NotShownSchema.entries })),
  count: TallySchema,
  digest: v.string(),
  labels: v.record(v.string(), Count),
  memoryTypes: v.record(v.string(), Count),
  relationshipTypes: v.record(v.string(), Count),
  /** Memories by the month in which they were created, as `2026-01`. */
  months: v.record(v.string(), Count),
  /** Earliest and latest time at which a memory was created or updated; null where none says. */
  earliest: v.nullable(v.string()),
  latest: v.nullable(v.string()),
  indexes: v.array(v.string()),
  /** Of a graph in a dump of Redis: what else the dump tells of itself. */
  dump: v.nullable(
    v.object({
      /** The release of Redis that wrote it. */
      redis: v.nullable(v.string()),
      /** FalkorDB's version of the graph's encoding. */
      encoding: v.nullable(Count),
      graphs: v.array(v.string()),
      /** Keys that belong to no graph. */
      otherKeys: Count,
    }),
  ),
  damage: v.array(ReportedFindingSchema),
  /** What is whole and cannot be copied all the same, such as the older of two versions of one memory. */
  losses: v.array(ReportedFindingSchema),
  notes: v.array(ReportedFindingSchema),
});
export type InspectionResult = v.InferOutput<typeof InspectionResultSchema>;

export interface Progress {
  readonly phase: "check" | "plan" | "transfer" | "verify" | "commit" | "rollback";
  /** Records done so far, and how many there will be where that is known. */
  readonly done: number;
  readonly total: number | null;
  readonly unit: "records";
  /** The phases that follow, each with about as many records; none where that is not known. */
  readonly ahead?: readonly Progress["phase"][];
}
export type OnProgress = (progress: Progress) => void;
