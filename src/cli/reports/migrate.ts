/** The result of a migration as a person reads it. */
import { resolve } from "node:path";
import { BackendConfig } from "../../backends/config.ts";
import type { MigrationResult } from "../../operations/models.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted, frequencies, listed, storeKind, table } from "../text.ts";

/** One line: what came of it. */
export function migrationHeadline(result: MigrationResult): string {
  const { imported, overwritten, dryRun, complete, verified, durationSeconds } = result;
  const nodes = counted(imported.nodes + overwritten.nodes, "node");
  const relationships = counted(imported.relationships + overwritten.relationships, "relationship");
  if (dryRun) return `Plan: ${nodes} and ${relationships} would be written. Nothing was written.`;
  const proof = verified ? "verified" : "NOT verified";
  const whole = complete ? "" : "; but not everything of the source stands in the target as it is there";
  return `Done: ${nodes} and ${relationships} written, ${proof}, in ${durationSeconds.toFixed(2)} s${whole}.`;
}

/** What a person must know who asked for no report. */
export function migrationWarnings({ validation, conflicts, losses, release, notShown }: MigrationResult): string[] {
  return [
    ...validation.warnings.filter((warning) => !warning.startsWith("source: ")),
    ...(conflicts.count > 0 ? [`left as they are in the target: ${conflicts.count} records with other content`] : []),
    ...losses.map(({ what, count }) => `lost: ${what} (${count})`),
    ...(notShown.count > 0
      ? [`MemoryGraph ${release} will not show ${counted(notShown.count, "memory", "memories")} of those`]
      : []),
  ];
}

export function migrationReport(result: MigrationResult, target: BackendConfig, colour: Colour): string {
  const mood = result.complete || result.dryRun ? colour.green : colour.yellow;
  return [
    mood(migrationHeadline(result)),
    "",
    ...stores(result),
    "",
    ...amounts(result).map((line) => `  ${line}`),
    ...section(details(result)),
    ...section(proof(result)),
    "",
    ...nextSteps(result, target).map((line) => `${colour.bold("next:")} ${line}`),
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
    ? ["to create", "there already", "to skip", "to overwrite"]
    : ["imported", "there already", "skipped", "overwritten"];
  const rows = [imported, present, skipped, overwritten].map(({ nodes, memories, relationships }, at) => [
    names[at]!,
    memories,
    nodes - memories,
    relationships,
  ]);
  return table([["", "memories", "other nodes", "relationships"], ...rows]);
}

function details(result: MigrationResult): string[] {
  const lines: string[] = [];
  const { conflicts, respelledTimestamps, defaulted, setAside, notShown, losses, notes, release, validation } = result;
  for (const warning of validation.warnings)
    if (!warning.startsWith("source: ")) lines.push(`warning: ${printable(warning)}`);
  if (conflicts.count > 0) {
    lines.push(`in the target with other content, and left as they are there: ${conflicts.count}`);
    lines.push(...listed(conflicts.ids, conflicts.count));
  }
  if (respelledTimestamps > 0) {
    lines.push(`timestamps respelled as MemoryGraph ${release} reads them, the same instants: ${respelledTimestamps}`);
  }
  if (Object.keys(defaulted).length > 0) {
    lines.push(`values that the layout demands and the source does not have: ${frequencies(defaulted)}`);
  }
  if (Object.keys(setAside).length > 0) {
    lines.push(`kept in the target, but not visible to MemoryGraph ${release}: ${frequencies(setAside)}`);
  }
  if (notShown.count > 0) lines.push(`MemoryGraph ${release} will not show these memories: ${notShown.count}`);
  for (const { what, count, examples } of notShown.reasons)
    lines.push(`  ${printable(what)} (${count})`, ...listed(examples, count));
  for (const { what, count, examples } of losses)
    lines.push(`LOST: ${printable(what)} (${count})`, ...listed(examples, count));
  for (const { what, count, examples } of notes)
    lines.push(`note: ${printable(what)} (${count})`, ...listed(examples, count));
  return lines;
}

function proof({ dryRun, verified, verification, schema }: MigrationResult): string[] {
  if (dryRun) return [];
  const indexed =
    schema === null ? [] : [`schema: ${schema.found} of ${schema.expected} indexes and constraints as they should be`];
  if (verification === null) return ["NOT verified: --no-verify was given", ...indexed];
  const { recordsPassed, recordsChecked, sourceDigest, targetDigest, untouched } = verification;
  const outcome = verified ? "verified" : "NOT verified";
  const lines = [`${outcome}: ${recordsPassed} of ${recordsChecked} records read back and as they should be`];
  if (untouched !== null)
    lines.push(`untouched: ${untouched.records} other records of the target, same digest before and after`);
  return [...lines, ...indexed, `source digest  ${sourceDigest}`, `target digest  ${targetDigest}`];
}

function nextSteps(result: MigrationResult, target: BackendConfig): string[] {
  if (result.dryRun) return result.success ? ["run the same command without --dry-run to do it."] : [];
  const steps: string[] = [];
  if (result.conflicts.count > 0) {
    steps.push("look at the records listed above; --on-conflict newest or overwrite takes the source's instead.");
  }
  if (result.visible) steps.push(start(result, target));
  if (result.run !== null) steps.push(`memorygraph-migrate rollback ${result.run} undoes this run, also later.`);
  steps.push(
    result.visible
      ? "keep the source until you have seen your memories there; it was not changed."
      : "keep the source; it was not changed.",
  );
  return steps;
}

function start(result: MigrationResult, target: BackendConfig): string {
  // What was called FalkorDBLite may have been something else.
  const type = result.target?.before.backend ?? target.type;
  const named = new BackendConfig({
    ...target,
    type,
    ...(target.path !== undefined && { path: resolve(target.path) }),
  });
  const variables = Object.entries(named.toEnv()).map(([name, value]) => `${name}=${shellQuote(value)}`);
  return `start MemoryGraph ${result.release} with ${printable(variables.join(" "))}`;
}
