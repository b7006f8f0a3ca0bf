/** Gathers what a run found and did, and turns it into the result document. */
import type { WriteReport } from "../backends/backend.ts";
import type { Finding, StoreDescription } from "../backends/description.ts";
import { emptyReport } from "../backends/report.ts";
import type { MigrateError } from "../errors.ts";
import type { GraphRecord } from "../graph/record.ts";
import { DEFAULT_RELEASE, type Release } from "../memorygraph/releases.ts";
import { emptyTally, tally } from "../memorygraph/summary.ts";
import { counted, thousands } from "../support/count.ts";
import type { Difference, MigrationResult, parseOptions, ReportedFinding, VerificationResult } from "./models.ts";
import { nameOf } from "./records.ts";
import { finding, notShown, statistics } from "./reported.ts";
import type { SampledDifferences } from "./transfer/conflict-sample.ts";
import type { Action, Undated } from "./transfer/planner.ts";

const LISTED = 10;

/** Gathers what a run finds and does, and makes the documented result of it. */
export class Outcome {
  readonly options: ReturnType<typeof parseOptions>;
  error: MigrateError | null = null;
  imported = emptyTally();
  overwritten = emptyTally();
  conflicts: { count: number; ids: string[] } = { count: 0, ids: [] };
  #conflicting: readonly Difference[] = [];
  /** The first records to be overwritten, compared with what is there. */
  toOverwrite: readonly Difference[] = [];
  /** Of a dry run: whether every record has been decided about, so that the plan is the whole plan. */
  planned = false;
  #present = emptyTally();
  #skipped = emptyTally();
  #source: StoreDescription | null = null;
  #targetBefore: StoreDescription | null = null;
  #targetAfter: StoreDescription | null = null;
  #release: { release: Release; reason: string } | null = null;
  #report: WriteReport = emptyReport(DEFAULT_RELEASE);
  #findings: Finding[] = [];
  #dangling: { count: number; ids: string[] } = { count: 0, ids: [] };
  /** Records of which a time that decides cannot be read, by what it would have decided. */
  #undated: Record<Undated, { count: number; ids: string[] }> = noneUndated();
  #verification: VerificationResult | null = null;
  #run: string | null = null;
  readonly #steps: string[] = [];
  readonly #warnings: ReturnType<typeof finding>[] = [];
  readonly #start = performance.now();
  #seconds = 0;

  constructor(options: ReturnType<typeof parseOptions>) {
    this.options = options;
  }

  /** Forgets what a first attempt counted; what it told stays. */
  restart(): void {
    for (const counts of [this.imported, this.overwritten, this.#present, this.#skipped])
      Object.assign(counts, emptyTally());
    this.conflicts = { count: 0, ids: [] };
    this.#dangling = { count: 0, ids: [] };
    this.#undated = noneUndated();
    this.#findings = [];
  }

  sourceFound(description: StoreDescription): void {
    this.#source = description;
  }

  targetFound(description: StoreDescription, release: Release, reason: string): void {
    this.#targetBefore = description;
    this.#release = { release, reason };
  }

  targetAfter(description: StoreDescription): void {
    this.#targetAfter = description;
  }

  decided(record: GraphRecord, action: Action): void {
    if (action === "create") tally(this.imported, record);
    else if (action === "overwrite") tally(this.overwritten, record);
    else if (action === "present") tally(this.#present, record);
    else if (action === "conflict" || action === "older") tally(this.#skipped, record);
    if (action === "conflict") list(this.conflicts, `${record.kind} ${nameOf(record)}`);
    if (action === "dangling") list(this.#dangling, nameOf(record));
  }

  undated(record: GraphRecord, decision: Undated): void {
    list(this.#undated[decision], nameOf(record));
  }

  /** How the first records that are in the target with other content differ from it. */
  compared({ conflict, overwrite }: SampledDifferences): void {
    this.#conflicting = conflict;
    this.toOverwrite = overwrite;
  }

  written(report: WriteReport): void {
    this.#report = report;
  }

  read(findings: readonly Finding[]): void {
    this.#findings = [...findings];
  }

  verified(verification: VerificationResult | null): void {
    this.#verification = verification;
  }

  /** The run has a journal, by which it can be undone later. */
  recorded(id: string): void {
    this.#run = id;
  }

  /** What went wrong without harm to the result. */
  warn(text: string): void {
    this.#warnings.push({ what: text, count: 1, examples: [] });
  }

  step(text: string): void {
    this.#steps.push(text);
  }

  fail(error: MigrateError): this {
    this.error = error;
    return this.finish();
  }

  finish(): this {
    this.#seconds = (performance.now() - this.#start) / 1000;
    return this;
  }

  get result(): MigrationResult {
    const { options, error } = this;
    const findings = [...(this.#source?.findings ?? []), ...this.#findings];
    const losses = findings.filter(({ kind }) => kind !== "note").map(finding);
    const success = error === null;
    // What was written before a failure has been undone.
    const done = success || options.dryRun;
    const kept = this.#skipped.nodes + this.#skipped.relationships;
    return {
      run: this.#run,
      success,
      dryRun: options.dryRun,
      complete: success && !options.dryRun && kept === 0 && losses.length === 0 && this.#dangling.count === 0,
      verified: success && this.#verification?.valid === true,
      release: this.#release?.release ?? null,
      releaseReason: this.#release?.reason ?? "",
      onConflict: options.onConflict,
      since: options.since ?? null,
      source: this.#source === null ? null : this.#sourceOf(this.#source, success),
      target: this.#targetBefore === null ? null : this.#target(this.#targetBefore),
      imported: done ? this.imported : emptyTally(),
      present: this.#present,
      skipped: this.#skipped,
      overwritten: done ? this.overwritten : emptyTally(),
      conflicts: this.conflicts,
      conflicting: [...this.#conflicting],
      respelledTimestamps: this.#report.respelled,
      defaulted: { ...this.#report.defaulted },
      setAside: { ...this.#report.setAside },
      visible: this.#isVisible(),
      notShown: notShown(this.#report.showing),
      losses,
      notes: [
        ...findings.filter(({ kind }) => kind === "note").map(finding),
        ...(this.#report.notes ?? []).map(finding),
        ...this.#warnings,
        ...this.#aboutTarget(),
        ...this.#notCarried(),
        ...this.#danglingNote(),
        ...this.#undatedNotes(),
      ],
      validation: this.#validation(),
      verification: this.#verification,
      schema: this.#report.schema ?? null,
      durationSeconds: this.#seconds,
      rollback: [...this.#steps],
      errors:
        error === null
          ? []
          : [{ code: error.code, message: error.message, next: error.next, details: [...error.details] }],
    };
  }

  /** What the release opens can still be nothing that it shows. */
  #isVisible(): boolean {
    const target = this.#targetAfter ?? this.#targetBefore;
    if (target === null || this.#release === null || !target.readableBy.includes(this.#release.release)) return false;
    if (this.#report.showing.isClosed) return false;
    const { nodes, memories } = this.imported;
    const wasEmpty = this.#targetBefore?.nodes === 0;
    return !(wasEmpty && nodes > 0 && memories === this.#report.showing.count);
  }

  /** No run succeeds before its source has been proven unchanged. */
  #sourceOf(description: StoreDescription, isProven: boolean): NonNullable<MigrationResult["source"]> {
    return { before: statistics(description), after: isProven ? statistics(description) : null };
  }

  #target(before: StoreDescription): NonNullable<MigrationResult["target"]> {
    return { before: statistics(before), after: this.#targetAfter === null ? null : statistics(this.#targetAfter) };
  }

  /** As it is now: a run can restore what was missing. */
  #aboutTarget(): ReportedFinding[] {
    const described = this.#targetAfter ?? this.#targetBefore;
    const notes = (described?.findings ?? []).filter(({ kind }) => kind === "note");
    return notes.map(finding).map((note) => ({ ...note, what: `target: ${note.what}` }));
  }

  /** Indexes and constraints of one kind of server mean nothing to a store of another kind. */
  #notCarried(): ReportedFinding[] {
    const target = this.#targetBefore;
    if (target === null) return [];
    const taken = target.takesSchemaOf ?? target.backend;
    const left = (this.#source?.schema ?? []).filter(({ own, backend }) => !own && backend !== taken);
    const what = `an index or constraint of the source that MemoryGraph did not make; a ${target.backend} store does not get it`;
    return left.length === 0 ? [] : [{ what, count: left.length, examples: left.map((item) => item.what) }];
  }

  #danglingNote(): ReportedFinding[] {
    const { count, ids } = this.#dangling;
    const what = "a relationship with an end that is not in the target; it was left out, as --since asks";
    return count === 0 ? [] : [{ what, count, examples: ids }];
  }

  #undatedNotes(): MigrationResult["notes"] {
    return (["since", "newest"] as const)
      .map((decision) => ({ what: UNDATED[decision], ...this.#undated[decision] }))
      .filter(({ count }) => count > 0)
      .map(({ what, count, ids }) => ({ what, count, examples: [...ids] }));
  }

  #validation(): MigrationResult["validation"] {
    const before = this.#targetBefore;
    const filled = before !== null && before.nodes + before.relationships > 0;
    const warnings = filled
      ? [
          `the target already holds ${counted(before.nodes, "node")} and ${counted(before.relationships, "relationship")}; they are kept`,
        ]
      : [];
    const source = this.#source;
    for (const finding of before?.findings ?? []) if (finding.isUrgent) warnings.push(`target: ${inOneLine(finding)}`);
    for (const finding of source?.findings ?? [])
      if (finding.isLater) warnings.push(`beside the source: ${inOneLine(finding)}`);
    if (source !== null && source.nodes + source.relationships === 0) warnings.push("the source is empty");
    if (!this.options.verify && !this.options.dryRun)
      warnings.push("verification was switched off: the result is not verified");
    for (const { what, count } of source?.findings ?? []) warnings.push(`source: ${what} (${thousands(count)})`);
    const early = this.error !== null && this.#verification === null ? [this.error.message] : [];
    return { valid: early.length === 0, errors: early, warnings };
  }
}

function inOneLine({ what, examples }: Finding): string {
  return examples.length === 0 ? what : `${what} (${examples.join(", ")})`;
}

function noneUndated(): Record<Undated, { count: number; ids: string[] }> {
  return { since: { count: 0, ids: [] }, newest: { count: 0, ids: [] } };
}

const UNDATED: Record<Undated, string> = {
  since: "a record with a time that cannot be read, so that --since does not leave it out",
  newest: "a record with a time that cannot be read here or there, so it is unknown which is newer",
};

function list(into: { count: number; ids: string[] }, id: string): void {
  into.count++;
  if (into.ids.length < LISTED) into.ids.push(id);
}
