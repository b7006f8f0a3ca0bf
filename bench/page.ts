/** docs/PERFORMANCE.md out of what was measured: everything between its marks; what people write about it stays. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LINES } from "./lines.ts";
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
  writeFileSync(
    PAGE,
    `${before}${BEGIN}\n\nMeasured on ${machines}.\n\n${table(results)}\n\n${plots.join("\n\n")}\n\n${sizes(results)}\n\n${after}`,
  );
}

/** One row for each line that was measured at the size of the table. */
export function table(results: readonly Result[]): string {
  const rows = LINES.map(({ name, title, goal, memories }) => {
    const found = results.find((result) => result.line === name && result.memories === memories);
    if (found === undefined) return [title, amount(memories), "not measured", "", "", String(goal), "", "", ""];
    const { floorSeconds, seconds, ratio, floorCpuSeconds, cpuSeconds, mebibytes, rounds } = found;
    const cpu = `${floorCpuSeconds.toFixed(2)} / ${cpuSeconds.toFixed(2)}`;
    return [
      ...[title, amount(memories), floorSeconds.toFixed(2), seconds.toFixed(2), ratio.toFixed(2)],
      ...[`${goal}${ratio <= goal ? "" : " (missed)"}`, cpu, String(mebibytes), String(rounds)],
    ];
  });
  const head = [
    "work",
    "memories",
    "floor s",
    "ours s",
    "ratio",
    "goal",
    "processor s, floor / ours",
    "peak MiB",
    "rounds",
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Every size of every line, for whoever cannot see the plots. */
function sizes(results: readonly Result[]): string {
  const rows = LINES.flatMap(({ name, title }) =>
    results
      .filter(({ line }) => line === name)
      .map(
        (one) =>
          `| ${title} | ${amount(one.memories)} | ${one.seconds.toFixed(2)} | ${one.ratio.toFixed(2)} | ${one.mebibytes} |`,
      ),
  );
  return `<details><summary>The same as numbers</summary>\n\n| work | memories | ours s | ratio | peak MiB |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n\n</details>`;
}

function plot(
  file: string,
  title: string,
  y: string,
  results: readonly Result[],
  of: (result: Result) => number,
): string {
  const curves: Curve[] = LINES.map(({ name, title }) => ({
    name: title.replace(/ \(.*/, "").replace("other layout", "to 0.13"),
    points: results.filter(({ line }) => line === name).map((result) => ({ x: result.memories, y: of(result) })),
  })).filter(({ points }) => points.length > 0);
  const limit = y === "MiB" ? { limit: { y: MOST_MEBIBYTES, name: "promise: 256 MB" } } : {};
  writeBeside(`${file}.svg`, linePlot({ title, x: "memories, with twice as many relationships", y, curves, ...limit }));
  return `![${title} against the number of memories](performance/${file}.svg)`;
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
