/** Plots as SVG: no script, the same in print, with the numbers in words for whoever does not see them. */
import { type Html, html } from "./html.ts";

const WIDTH = 420;
const ROW = 22;
const LABEL = 150;
const MOST_BARS = 15;

/** Horizontal bars, the most frequent first; the rest in one. */
export function barPlot(title: string, counts: Readonly<Record<string, number>>): Html {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (sorted.length === 0) return html``;
  const shown = sorted.slice(0, MOST_BARS);
  const rest = sorted.slice(MOST_BARS);
  if (rest.length > 0) shown.push([`${rest.length} others`, rest.reduce((sum, [, count]) => sum + count, 0)]);
  const most = Math.max(...shown.map(([, count]) => count), 1);
  const room = WIDTH - LABEL - 60;
  const rows = shown.map(([name, count], at) => {
    const width = Math.max(1, Math.round((count / most) * room));
    const y = at * ROW;
    return html`<text x="${String(LABEL - 8)}" y="${String(y + 15)}" class="name">${shortened(name)}</text><rect x="${String(LABEL)}" y="${String(y + 4)}" width="${String(width)}" height="14" rx="2"/><text x="${String(LABEL + width + 6)}" y="${String(y + 15)}">${count}</text>`;
  });
  return figure(
    title,
    shown,
    html`<svg viewBox="0 0 ${String(WIDTH)} ${String(shown.length * ROW + 4)}" role="img" aria-label="${title}">${rows}</svg>`,
  );
}

/** Columns by month, from the first to the last, months without any included. */
export function timeline(title: string, months: Readonly<Record<string, number>>): Html {
  const known = Object.keys(months).sort();
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return html``;
  const bars = monthsBetween(first, last).map((month): [string, number] => [month, months[month] ?? 0]);
  const most = Math.max(...bars.map(([, count]) => count), 1);
  const [height, base] = [120, 134];
  const step = (WIDTH - 20) / bars.length;
  const columns = bars.map(([month, count], at) => {
    const tall = count === 0 ? 0 : Math.max(2, Math.round((count / most) * height));
    const x = (10 + at * step).toFixed(2);
    return html`<rect x="${x}" y="${String(base - tall)}" width="${Math.max(0.5, Math.min(28, step * 0.8)).toFixed(2)}" height="${String(tall)}"><title>${`${month}: ${count.toLocaleString("en-US")}`}</title></rect>`;
  });
  const axis = html`<line x1="8" y1="${String(base)}" x2="${String(WIDTH - 8)}" y2="${String(base)}"/><text x="10" y="${String(base + 16)}">${first}</text><text x="${String(WIDTH - 10)}" y="${String(base + 16)}" class="name">${last === first ? "" : last}</text><text x="10" y="10">${`most in a month: ${most.toLocaleString("en-US")}`}</text>`;
  return figure(
    title,
    bars.filter(([, count]) => count > 0),
    html`<svg viewBox="0 0 ${String(WIDTH)} 156" role="img" aria-label="${title}">${columns}${axis}</svg>`,
  );
}

function figure(title: string, numbers: readonly (readonly [string, number])[], svg: Html): Html {
  const rows = numbers.map(([name, count]) => html`<tr><th scope="row">${name}</th><td>${count}</td></tr>`);
  return html`<figure><figcaption>${title}</figcaption>${svg}<details><summary>As numbers: ${title}</summary><table><tbody>${rows}</tbody></table></details></figure>`;
}

function shortened(name: string): string {
  return name.length <= 20 ? name : `${name.slice(0, 19)}…`;
}

/** More than a century is one bar a month of nobody's life: then only the months that are there. */
const MOST_MONTHS = 1_200;

function monthsBetween(first: string, last: string): string[] {
  const months: string[] = [];
  const [, firstYear, firstMonth] = /^(\d+)-(\d\d)$/.exec(first)!.map(Number) as [number, number, number];
  for (let index = firstYear * 12 + firstMonth - 1; months.length < MOST_MONTHS; index++) {
    const month = `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;
    months.push(month);
    if (month >= last) break;
  }
  return months;
}
