/** The result of a migration as a person reads it. */
import { FILE_BACKENDS } from "../../backends/config.ts";
import type { MigrationResult } from "../../operations/models.ts";
import { counted, thousands } from "../../support/count.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { frequencies, listed, paragraph, storeKind, table, tallyRows } from "../text.ts";
import { differenceLines } from "./differences.ts";

/** One line: what came of it. */
export function migrationHeadline(result: MigrationResult): string {
  const { imported, overwritten, present, skipped, dryRun, complete, verified, durationSeconds } = result;
  const [nodes, relationships] = [
    imported.nodes + overwritten.nodes,
    imported.relationships + overwritten.relationships,
  ];
  const there = present.nodes + present.relationships;
  const kept = skipped.nodes + skipped.relationships;
  if (nodes + relationships === 0) {
    if (kept > 0) {
      return `Nothing to do: ${counted(kept, "record")} of the target ${kept === 1 ? "differs and stays" : "differ and stay"}; the other ${thousands(there)} are already there.`;
    }
    if (there > 0)
      return `Nothing to do: ${there === 1 ? "the 1 record is" : `all ${counted(there, "record")} are`} already there.`;
    if (complete || dryRun) return "Nothing to do: the source holds no records to copy.";
  }
  const what = `${counted(nodes, "node")} and ${counted(relationships, "relationship")}`;
  if (dryRun) return `Plan: ${what} would be written. Nothing was written.`;
  const proof = verified ? "verified" : "NOT verified";
  const whole = complete ? "" : "; some records were not copied unchanged";
  return `Done: ${what} written, ${proof}, in ${durationSeconds.toFixed(2)} s${whole}.`;
}

/** What a person must know who asked for no report. */
export function migrationWarnings(result: MigrationResult): string[] {
  const { validation, conflicts, losses, release, notShown } = result;
  return [
    ...validation.warnings.filter((warning) => !warning.startsWith("source: ")),
    ...(conflicts.count > 0
      ? [`kept in the target, with other content than the source: ${counted(conflicts.count, "record")}`]
      : []),
    ...losses.map(({ what, count }) => `lost: ${what} (${thousands(count)})`),
    ...(notShown.count > 0
      ? [`MemoryGraph ${release} will not show ${counted(notShown.count, "memory", "memories")} of those`]
      : []),
    ...withoutMemories(result),
  ];
}

/** A store that holds other nodes alone is no mistake of the run, but an application that shows nothing looks like one. */
function withoutMemories({ imported, target }: MigrationResult): string[] {
  const isOnlyOthers = target?.before.nodes === 0 && imported.nodes > 0 && imported.memories === 0;
  return isOnlyOthers ? ["MemoryGraph will show nothing of this: none of these nodes is a memory"] : [];
}

export interface MigrationLayout {
  readonly colour: Colour;
  readonly width: number;
  /** What to do now, as the surroundings have it: the configuration of a client, or the variables. */
  readonly start: readonly string[];
}

export function migrationReport(result: MigrationResult, { colour, width, start }: MigrationLayout): string {
  const mood = result.complete || result.dryRun ? colour.green : colour.yellow;
  return [
    ...paragraph(migrationHeadline(result), width, "").map(mood),
    "",
    ...stores(result),
    "",
    ...amounts(result).map((line) => `  ${line}`),
    ...section(details(result)),
    ...section(proof(result)),
    ...section(undoing(result, width)),
    ...nextStep(result, start).map((line, at) => (at === 0 ? `\n${colour.bold("next:")} ${line}` : line)),
  ].join("\n");
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines.map((line) => `  ${line}`)];
}

function stores({ source, target, release, releaseReason }: MigrationResult): string[] {
  const lines: string[] = [];
  if (source !== null) {
    const { location, nodes, relationships } = source.before;
    const holds = `${counted(nodes, "node")}, ${counted(relationships, "relationship")}`;
    lines.push(`  from  ${printable(location)} (${storeKind(source.before)}, ${holds})`);
  }
  if (target !== null) {
    const { location } = target.before;
    const purpose = `for MemoryGraph ${release}: ${releaseReason}`;
    lines.push(`  to    ${printable(location)} (${storeKind(target.before)}, ${purpose})`);
  }
  return lines;
}

function amounts({ dryRun, imported, present, skipped, overwritten }: MigrationResult): string[] {
  const names = dryRun
    ? ["to create", "already there", "to keep", "to overwrite"]
    : ["copied", "already there", "kept", "overwritten"];
  return table(tallyRows([imported, present, skipped, overwritten].map((count, at) => [names[at]!, count] as const)));
}

function details(result: MigrationResult): string[] {
  const lines: string[] = [];
  const {
    conflicts,
    conflicting,
    respelledTimestamps,
    defaulted,
    setAside,
    notShown,
    losses,
    notes,
    release,
    validation,
  } = result;
  for (const warning of validation.warnings)
    if (!warning.startsWith("source: ")) lines.push(`warning: ${printable(warning)}`);
  for (const warning of withoutMemories(result)) lines.push(`warning: ${warning}`);
  if (conflicts.count > 0) {
    lines.push(
      `kept in the target, with other content than the source (source | target): ${thousands(conflicts.count)}`,
    );
    lines.push(...conflicting.flatMap(differenceLines).map((line) => `  ${line}`));
    if (conflicts.count > conflicting.length)
      lines.push(`  and ${thousands(conflicts.count - conflicting.length)} more`);
  }
  if (respelledTimestamps > 0) {
    lines.push(
      `timestamps respelled as MemoryGraph ${release} reads them, the same instants: ${thousands(respelledTimestamps)}`,
    );
  }
  if (Object.keys(defaulted).length > 0) {
    lines.push(`values that the layout requires and the source does not have: ${frequencies(defaulted)}`);
  }
  if (Object.keys(setAside).length > 0) {
    lines.push(`kept in the target, but not shown by MemoryGraph ${release}: ${frequencies(setAside)}`);
  }
  if (notShown.count > 0)
    lines.push(`MemoryGraph ${release} will not show these memories: ${thousands(notShown.count)}`);
  for (const { what, count, examples } of notShown.reasons)
    lines.push(`  ${printable(what)} (${thousands(count)})`, ...listed(examples, count).map((line) => `  ${line}`));
  for (const { what, count, examples } of losses)
    lines.push(`LOST: ${printable(what)} (${thousands(count)})`, ...listed(examples, count));
  for (const { what, count, examples } of notes)
    lines.push(`note: ${printable(what)} (${thousands(count)})`, ...listed(examples, count));
  return lines;
}

function proof({ dryRun, verified, verification, schema }: MigrationResult): string[] {
  if (dryRun) return [];
  const indexed =
    schema === null ? [] : [`schema: ${schema.found} of ${schema.expected} indexes and constraints as they should be`];
  if (verification === null) return ["NOT verified: --no-verify was given", ...indexed];
  const { recordsPassed, recordsChecked, sourceDigest, targetDigest, wholeTargetDigest, untouched } = verification;
  const outcome = verified ? "verified" : "NOT verified";
  const lines = [
    `${outcome}: ${thousands(recordsPassed)} of ${thousands(recordsChecked)} records read back and as they should be`,
  ];
  if (untouched === null)
    return [...lines, ...indexed, `source digest  ${sourceDigest}`, `target digest  ${targetDigest}`];
  if (untouched.records > 0) {
    lines.push(`untouched: ${counted(untouched.records, "other record")} of the target, same digest before and after`);
  }
  return [
    ...lines,
    ...indexed,
    `digest of what was selected  ${sourceDigest}  in the source`,
    ...(targetDigest === sourceDigest ? [] : [`                             ${targetDigest}  in the target`]),
    `digest of the whole target   ${wholeTargetDigest}`,
  ];
}

/** The source is as it was, and so can the target be, as long as the journal is there. */
function undoing({ dryRun, run, target }: MigrationResult, width: number): string[] {
  if (dryRun || run === null) return [];
  const place =
    target !== null && FILE_BACKENDS.has(target.before.backend) ? "is beside the target" : "is kept for that";
  return [
    ...paragraph("The source was not changed. To undo this run, now or later:", width - 2, ""),
    `  memorygraph-migrate rollback ${run}`,
    ...paragraph(`Its journal ${place}. To remove it, after which the run can no longer be undone:`, width - 2, ""),
    `  memorygraph-migrate runs forget ${run}`,
  ];
}

/** One: what comes first. */
function nextStep(result: MigrationResult, start: readonly string[]): string[] {
  const { dryRun, success, imported, overwritten, conflicts, onConflict } = result;
  if (dryRun) {
    const toDo = imported.nodes + imported.relationships + overwritten.nodes + overwritten.relationships;
    return success && toDo > 0 ? ["run the same command without --dry-run to do it."] : [];
  }
  if (conflicts.count > 0) {
    return [
      onConflict === "newest"
        ? "compare the records above; both have the same time, so that --on-conflict overwrite alone takes the source's."
        : "compare the records above; --on-conflict newest takes the later version of each, overwrite the source's.",
    ];
  }
  return [...start];
}
