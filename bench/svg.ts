/** Plots of curves as SVG files: both axes logarithmic, readable on a light and on a dark page, every value also in words. */

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly curves: readonly Curve[];
  /** A line across at that height, with what it means. */
  readonly limit?: { readonly y: number; readonly name: string };
}

const [WIDTH, HEIGHT] = [760, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 190, 40, 50];
/** Told apart without colours too: the marks differ. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f"];
const MARKS = ["●", "■", "▲", "◆", "○", "□", "△", "◇"];

const STYLE = `text{font:13px system-ui,sans-serif;fill:#24292f}.grid{stroke:#d0d7de}.limit{stroke:#cf222e;stroke-dasharray:6 4}
.page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}.limit{stroke:#ff7b72}.page{fill:#0d1117}}`;

/** The whole file as text. Values must be above zero. */
export function linePlot({ title, x, y, curves, limit }: Plot): string {
  const all = curves.flatMap(({ points }) => points);
  const across = axis(
    all.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = axis([...all.map((point) => point.y), ...(limit ? [limit.y] : [])], HEIGHT - BOTTOM, TOP);
  const parts = [
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(inWords(curves))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(LEFT, 22, title, "start"),
    ...across.ticks.flatMap((tick) => [
      `<path class="grid" d="M${across.at(tick)} ${TOP}V${HEIGHT - BOTTOM}"/>`,
      text(across.at(tick), HEIGHT - BOTTOM + 18, amount(tick), "middle"),
    ]),
    ...up.ticks.flatMap((tick) => [
      `<path class="grid" d="M${LEFT} ${up.at(tick)}H${WIDTH - RIGHT}"/>`,
      text(LEFT - 8, up.at(tick) + 4, amount(tick), "end"),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x, "middle"),
    text(LEFT, TOP - 4, y, "end"),
    ...(limit ? [`<path class="limit" d="M${LEFT} ${up.at(limit.y)}H${WIDTH - RIGHT}"/>`] : []),
    ...(limit ? [text(WIDTH - RIGHT + 6, up.at(limit.y) + 4, limit.name, "start")] : []),
    ...curves.flatMap((curve, number) => drawn(curve, number, across.at, up.at)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">\n${parts.join("\n")}\n</svg>\n`;
}

function drawn({ name, points }: Curve, number: number, across: Scale, up: Scale): string[] {
  const colour = COLOURS[number % COLOURS.length]!;
  const mark = MARKS[number % MARKS.length]!;
  const path = points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${across(x)} ${up(y)}`).join("");
  const legend = TOP + 14 + number * 20;
  return [
    `<path fill="none" stroke="${colour}" stroke-width="2" d="${path}"/>`,
    ...points.map(({ x, y }) => marked(across(x), up(y), mark, colour)),
    marked(WIDTH - RIGHT + 16, legend - 4, mark, colour),
    text(WIDTH - RIGHT + 28, legend, name, "start"),
  ];
}

type Scale = (value: number) => number;

/** Whole powers of ten around the values. */
function axis(values: readonly number[], from: number, to: number): { at: Scale; ticks: readonly number[] } {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(Math.ceil(Math.log10(Math.max(...values))), first + 1);
  const at: Scale = (value) => Math.round(from + ((Math.log10(value) - first) / (last - first)) * (to - from));
  return { at, ticks: Array.from({ length: last - first + 1 }, (_, step) => 10 ** (first + step)) };
}

function marked(x: number, y: number, mark: string, colour: string): string {
  return `<text x="${x}" y="${y + 5}" text-anchor="middle" style="fill:${colour}">${mark}</text>`;
}

function text(x: number, y: number, words: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function amount(value: number): string {
  return value >= 1 ? value.toLocaleString("en-US") : String(Number(value.toPrecision(1)));
}

function inWords(curves: readonly Curve[]): string {
  const told = ({ name, points }: Curve) =>
    `${name}: ${points.map(({ x, y }) => `${amount(x)}: ${Number(y.toPrecision(3))}`).join(", ")}`;
  return curves.map(told).join("; ");
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
