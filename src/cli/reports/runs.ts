/** The list of runs as a person reads it. */
import type { ListedRun, RollbackResult } from "../../operations/models.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted, listed, table } from "../text.ts";

export function runsReport(runs: readonly ListedRun[], colour: Colour): string {
  if (runs.length === 0) return "No run is known here.";
  const blocks = runs.map(({ id, started, status, source, target, left, can }) => {
    const mood = status === "stopped" ? colour.red : status === "done" ? colour.green : colour.yellow;
    const when = started.slice(0, 19).replace("T", " ");
    const next = can.map((what) => `memorygraph-migrate ${what} ${id}`).join(", or ");
    return [
      `${colour.bold(id)}  ${when} UTC  ${mood(status)}`,
      `  from  ${printable(source)}`,
      `  to    ${printable(target)}`,
      ...(left === null ? [] : [`  left  ${counted(left, "record")}`]),
      ...(next === "" ? [] : [`  next  ${next}`]),
    ].join("\n");
  });
  return blocks.join("\n");
}

/** How many records a report names before it only counts them. */
const SHOWN = 10;

export function rollbackReport(result: RollbackResult, colour: Colour): string {
  const { counts, digestAfter, kept, dryRun, copies } = result;
  const left = counts.changed + counts.held;
  return [
    headline(result, colour),
    "",
    ...table(figures(result)).map((line) => `  ${line}`),
    `  ${dryRun ? "target digest it would have" : "target digest"}  ${digestAfter}`,
    ...(left === 0
      ? []
      : [
          `  ${dryRun ? "would stay" : "left as they are"}, since somebody changed them or attached something to them: ${counted(left, "record")}`,
          ...listed(kept.slice(0, SHOWN).map(keptLine), left).map((line) => `  ${line}`),
        ]),
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
