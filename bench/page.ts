/** docs/PERFORMANCE.md out of what was measured: everything between its marks; what people write about it stays. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Goal, LINES } from "./lines.ts";
import { type Result, writeBeside } from "./results.ts";
import { type Curve, linePlot } from "./svg.ts";

const PAGE = join(import.meta.dir, "../docs/PERFORMANCE.md");
const [BEGIN, END] = ["<!-- measured: written by bench/performance.ts -->", "<!-- end of what was measured -->"];
const MOST_MEBIBYTES = 256;

export function writePage(results: readonly Result[]): void {
  const page = readFileSync(PAGE, "utf8");
  const [before, after] = [page.substring(0, page.indexOf(BEGIN)), page.substring(page.indexOf(END))];
  const plots = [
    plot("time", "Seconds of a verified migration", "seconds", results, ({ seconds }) => seconds),
    plot("memory", "Peak memory of a verified migration", "MiB", results, ({ mebibytes }) => mebibytes),
  ];
  const machines = [...new Set(results.map(({ machine, day }) => `${machine}, ${day}`))].join("; ");
  const busy = results.some(isBusy)
    ? " Rows marked as busy were measured while the machine had other work: their clock tells little."
    : "";
  writeFileSync(
    PAGE,
    `${before}${BEGIN}\n\nMeasured on ${machines}.${busy}\n\n${table(results)}\n\n${plots.join("\n\n")}\n\n${sizes(results)}\n\n${after}`,
  );
}

/** One row for each goal of each line. */
export function table(results: readonly Result[]): string {
  const rows = LINES.flatMap((line) =>
    line.goals.map((goal) =>
      row(
        line.title,
        goal,
        results.find((result) => result.line === line.name && result.memories === goal.memories),
      ),
    ),
  );
  const head = [
    ...["work", "memories", "floor s", "ours s", "ratio", "peak MiB", "goal", "processor s, floor / ours", "rounds"],
  ];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function row(title: string, goal: Goal, found: Result | undefined): string[] {
  const memories = goal.memories === 0 ? "" : amount(goal.memories);
  if (found === undefined) return [title, memories, "not measured", "", "", "", parts(goal).join(", "), "", ""];
  const { floorSeconds, ratio, floorCpuSeconds, cpuSeconds, mebibytes, rounds } = found;
  const seconds = [floorSeconds, found.seconds].map(amountOfTime);
  const cpu = [floorCpuSeconds, cpuSeconds].map(amountOfTime).filter((text) => text !== "");
  return [
    ...[title, memories, ...seconds, ratio === null ? "" : ratio.toFixed(2), String(mebibytes)],
    ...[parts(goal, found).join(", "), cpu.join(" / "), `${rounds}${isBusy(found) ? ", busy" : ""}`],
  ];
}

/** Each with whether it was missed, where something was measured. */
function parts(goal: Goal, found?: Result): string[] {
  const told = (limit: number | undefined, unit: string, value: number | null | undefined) => {
    if (limit === undefined) return [];
    const missed = value !== null && value !== undefined && value > limit;
    return [
      `${unit.startsWith("s") && limit < 1 ? `${limit * 1000} m` : `${limit} `}${unit}${missed ? " (missed)" : ""}`,
    ];
  };
  return [
    ...told(goal.ratio, "times", found?.ratio),
    ...told(goal.seconds, "s", found?.seconds),
    ...told(goal.mebibytes, "MiB", found?.mebibytes),
  ];
}

/** Other work made its clock worthless: what the processor did can still be compared. */
function isBusy({ load = 0 }: Result): boolean {
  return load > 2;
}

/** Every size of every line, for whoever cannot see the plots. */
function sizes(results: readonly Result[]): string {
  const rows = LINES.filter((line) => line.sizes.length > 0).flatMap(({ name, title }) =>
    results
      .filter(({ line }) => line === name)
      .map(({ memories, seconds, ratio, cpuSeconds, mebibytes }) => {
        const told = [amount(memories), amountOfTime(seconds), ratio === null ? "" : ratio.toFixed(2)];
        return `| ${[title, ...told, amountOfTime(cpuSeconds), mebibytes].join(" | ")} |`;
      }),
  );
  const head = "| work | memories | ours s | ratio | processor s | peak MiB |\n| --- | --- | --- | --- | --- | --- |";
  return `<details><summary>The same as numbers</summary>\n\n${head}\n${rows.join("\n")}\n\n</details>`;
}

/** Three digits; nothing for null. */
function amountOfTime(seconds: number | null): string {
  if (seconds === null) return "";
  return seconds < 0.1 ? seconds.toFixed(3) : seconds < 100 ? seconds.toFixed(2) : seconds.toFixed(0);
}

function plot(
  file: string,
  title: string,
  y: string,
  results: readonly Result[],
  of: (result: Result) => number,
): string {
  const curves: Curve[] = LINES.filter((line) => line.sizes.length > 0)
    .map(({ name, title }) => ({
      name: title.replace(/ \(.*/, "").replace("other layout", "to 0.13"),
      points: results.filter(({ line }) => line === name).map((result) => ({ x: result.memories, y: of(result) })),
    }))
    .filter(({ points }) => points.length > 0);
  const limit = y === "MiB" ? { limit: { y: MOST_MEBIBYTES, name: "promise: 256 MB" } } : {};
  writeBeside(`${file}.svg`, linePlot({ title, x: "memories, with twice as many relationships", y, curves, ...limit }));
  return `![${title} against the number of memories](performance/${file}.svg)`;
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
