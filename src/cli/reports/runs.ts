/** The list of runs as a person reads it. */
import type { ListedRun, RollbackResult } from "../../operations/models.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted, listed } from "../text.ts";

export function runsReport(runs: readonly ListedRun[], colour: Colour): string {
  if (runs.length === 0) return "No run is known here.";
  const blocks = runs.map(({ id, started, status, source, target, can }) => {
    const mood = status === "stopped" ? colour.red : status === "done" ? colour.green : colour.yellow;
    const when = started.slice(0, 19).replace("T", " ");
    const next = can.map((what) => `memorygraph-migrate ${what} ${id}`).join(", or ");
    return [
      `${colour.bold(id)}  ${when} UTC  ${mood(status)}`,
      `  from  ${printable(source)}`,
      `  to    ${printable(target)}`,
      ...(next === "" ? [] : [`  next  ${next}`]),
    ].join("\n");
  });
  return blocks.join("\n");
}

export function rollbackReport({ run, target, exact, left, digestAfter }: RollbackResult, colour: Colour): string {
  const state = exact
    ? "which is exactly as it was before, proven by digest."
    : "which others have changed since: what is not the run's was left alone, proven by digest.";
  return [
    (exact ? colour.green : colour.yellow)(`Undone: run ${run} on ${printable(target)}, ${state}`),
    "",
    `  target digest  ${digestAfter}`,
    ...(left.length === 0
      ? []
      : [
          `  left as they are, since somebody changed them after the run: ${counted(left.length, "record")}`,
          ...listed(left.slice(0, 10), left.length).map((line) => `  ${line}`),
        ]),
  ].join("\n");
}
