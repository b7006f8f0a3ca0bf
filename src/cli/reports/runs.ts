/** The list of runs as a person reads it. */
import type { ForgetResult, ListedRun, RollbackResult } from "../../operations/run-models.ts";
import { counted } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { bytes, elapsed, listed, table } from "../text.ts";

/** @param toPath the target that was asked for */
export function runsReport(runs: readonly ListedRun[], colour: Colour, toPath?: string): string {
  if (runs.length === 0) return `No run ${toPath === undefined ? "" : `on ${printable(toPath)} `}is known here.`;
  const blocks = runs.map((run) => {
    const { id, started, status, source, target, movedTo, left, can, journal, journalBytes } = run;
    const mood = status === "stopped" ? colour.red : status === "done" ? colour.green : colour.yellow;
    const place = movedTo === null ? "" : ` --to-path ${shellQuote(movedTo)}`;
    const next = can.map((what) => `memorygraph-migrate ${what} ${id}${place}`).join(", or ");
    return [
      `${colour.bold(id)}  ${moment(started)}  ${mood(status)}${outcome(run)}`,
      `  from     ${printable(source)}`,
      `  to       ${printable(target)}`,
      ...(movedTo === null ? [] : [`  now      ${printable(movedTo)}`]),
      ...(left === null ? [] : [`  left     ${counted(left, "record")}`]),
      ...(journal === null ? [] : [`  journal  ${bytes(journalBytes)}, ${printable(journal)}`]),
      ...(next === "" ? [] : [`  next     ${next}`]),
    ].join("\n");
  });
  const size = runs.reduce((sum, { journalBytes }) => sum + journalBytes, 0);
  const total = `${counted(runs.length, "run")}, whose journals take up ${bytes(size)}; "memorygraph-migrate runs prune" frees those of old ones.`;
  return [...blocks, ...(size > 0 ? ["", total] : [])].join("\n");
}

/** For other programs, such as the completion of a shell: one line each, the name first. */
export function runsLines(runs: readonly ListedRun[]): string {
  return runs
    .map(({ id, started, status, target }) => `${id}\t${status}, ${moment(started)}, on ${printable(target)}\n`)
    .join("");
}

function moment(started: string): string {
  return `${started.slice(0, 19).replace("T", " ")} UTC`;
}

/** `, wrote 60 nodes and 120 relationships in 0.5 s` */
function outcome({ written, durationSeconds }: ListedRun): string {
  if (written === null) return "";
  const { nodes, relationships } = written;
  const what =
    nodes + relationships === 0
      ? "wrote nothing"
      : `wrote ${counted(nodes, "node")} and ${counted(relationships, "relationship")}`;
  return `, ${what}${durationSeconds === null ? "" : ` in ${elapsed(durationSeconds)}`}`;
}

export function forgetHeadline({ dryRun, forgotten, bytesFreed, warnings }: ForgetResult): string {
  if (forgotten.length === 0) {
    return warnings.length > 0 ? "No run was forgotten." : "Nothing to forget: no run that has ended is so old.";
  }
  const what = forgotten.length === 1 ? `run ${forgotten[0]!.id}` : counted(forgotten.length, "run");
  if (dryRun) return `Would forget ${what} and free ${bytes(bytesFreed)}; nothing was deleted.`;
  return `Forgot ${what} and freed ${bytes(bytesFreed)}.`;
}

export function forgetReport(result: ForgetResult, colour: Colour): string {
  const { dryRun, forgotten } = result;
  const lines = forgotten.map((run) => {
    const lost = run.can.includes("rollback") ? `; it ${dryRun ? "could then" : "can"} no longer be undone` : "";
    return `  ${run.id}  ${moment(run.started)}  ${run.status}, on ${printable(run.target)}, ${bytes(run.journalBytes)}${lost}`;
  });
  return [(dryRun ? colour.bold : colour.green)(forgetHeadline(result)), ...lines].join("\n");
}

/** How many records a report names before it only counts them. */
const SHOWN = 10;

export function rollbackReport(result: RollbackResult, colour: Colour): string {
  const { counts, digestAfter, kept, dryRun, copies, cleaned } = result;
  const left = counts.changed + counts.held;
  return [
    headline(result, colour),
    "",
    ...table(figures(result)).map((line) => `  ${line}`),
    `  ${dryRun ? "target digest it would have" : "target digest"}  ${digestAfter}`,
    ...(left === 0
      ? []
      : [
          `  ${dryRun ? "would stay" : "left"}, since somebody changed them or attached something to them: ${counted(left, "record")}`,
          ...listed(kept.slice(0, SHOWN).map(keptLine), left).map((line) => `  ${line}`),
        ]),
    ...cleaned.map((what) => `  removed, as far as it was this program's: ${printable(what)}`),
    ...copies.flatMap(({ what, remove }) => [
      `  still there: ${printable(what)}`,
      `    to remove it: ${printable(remove)}`,
    ]),
  ].join("\n");
}

function headline(result: RollbackResult, colour: Colour): string {
  const { exact, counts, dryRun } = result;
  if (dryRun) return colour.bold(rollbackHeadline(result));
  const whole = exact && counts.changed + counts.held === 0;
  return (whole ? colour.green : colour.yellow)(rollbackHeadline(result));
}

/** One line: what came of it. */
export function rollbackHeadline({ run, runs, target, exact, counts, dryRun }: RollbackResult): string {
  const others = runs.filter((id) => id !== run);
  const what = `run ${run}${others.length === 0 ? "" : ` with ${others.join(", ")}`} on ${printable(target)}`;
  if (dryRun) return `Undoing ${what} would do this; nothing was written.`;
  if (counts.changed + counts.held > 0) {
    return `Undone in part: ${what}. What others hold or changed was left alone, proven by digest.`;
  }
  const state = exact
    ? "which is exactly as it was before, proven by digest."
    : "which others have changed since: what is not the run's was left alone, proven by digest.";
  return `Undone: ${what}, ${state}`;
}

function figures({ counts, dryRun }: RollbackResult): [string, number][] {
  const { removed, restored, bookkeeping, forced, cascaded, gone } = counts;
  const rows: [string, number][] = [
    [dryRun ? "nodes to delete" : "nodes deleted", removed.nodes],
    [dryRun ? "relationships to delete" : "relationships deleted", removed.relationships],
    [dryRun ? "records to restore" : "records restored", restored.nodes + restored.relationships],
    ["of these changed only by use", bookkeeping],
    ["of these changed since", forced],
    ["relationships of others deleted", cascaded],
    ["not in the target any more", gone],
  ];
  return rows.filter(([, count], at) => at < 3 || count > 0);
}

function keptLine({ record, title, heldBy }: RollbackResult["kept"][number]): string {
  const named = title === null ? record : `${record} (${title})`;
  return heldBy === null ? `${named}: changed since` : `${named}: held by ${heldBy}`;
}
