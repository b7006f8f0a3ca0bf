/** One self-contained page about what was done: to keep, to send, to print. Nothing in it runs, and it loads nothing. */

import type { Difference, InspectionResult, ReportedFinding } from "../../operations/models.ts";
import { thousands } from "../../support/count.ts";
import { VERSION } from "../../version.ts";
import { PROGRAM } from "../commands.ts";
import { type Html, html } from "./html.ts";
import { barPlot, timeline } from "./plots.ts";
import { STYLE } from "./style.ts";

export interface Page {
  readonly title: string;
  readonly good: boolean;
  readonly made: Date;
  /** Name and value, as they are read. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly counts: readonly (readonly (string | number)[])[];
  readonly proof: readonly (readonly [name: string, value: string])[];
  /** What the store holds now; null where there is none to look at. */
  readonly contents: InspectionResult | null;
  readonly sections: readonly Section[];
  readonly commands: readonly (readonly [what: string, command: string])[];
}

export type Section =
  | { readonly title: string; readonly findings: readonly ReportedFinding[] }
  | { readonly title: string; readonly differences: readonly Difference[]; readonly total: number }
  | { readonly title: string; readonly lines: readonly string[] };

/** A browser that obeys this runs no script and fetches nothing, whatever is in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function renderPage(page: Page): string {
  const { title, good, facts, counts, proof, contents, sections, commands, made } = page;
  const when = `${made.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const body = html`<main>
<h1 class="${good ? "good" : "bad"}">${title}</h1>
${factTable(facts)}
<h2>Records</h2>
${countTable(counts)}
${proof.length === 0 ? null : html`<h2>Proof</h2>${factTable(proof)}`}
${sections.map(sectionOf)}
${contents === null ? null : plots(contents)}
${commands.length === 0 ? null : html`<h2>Commands</h2>${commands.map(([what, command]) => html`<p>${what}</p><pre><code>${command}</code></pre>`)}`}
</main>
<footer>${`${PROGRAM} ${VERSION}, ${when}. This page holds titles and values of your memories: share it with that in mind.`}</footer>`;
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return head.html;
}

function factTable(rows: Page["facts"]): Html {
  return html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

function countTable([head = [], ...rows]: Page["counts"]): Html {
  const heads = head.map((cell, at) => (at === 0 ? html`<td></td>` : html`<th scope="col">${cell}</th>`));
  const lines = rows.map(
    ([name = "", ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  );
  return html`<table class="counts"><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table>`;
}

function plots({ months, memoryTypes, relationshipTypes, labels, store }: InspectionResult): Html {
  return html`<h2>${`What ${store.location} holds now`}</h2>
<div class="plots">
${timeline("Memories by the month in which they were created", months)}
${barPlot("Memories by type", memoryTypes)}
${barPlot("Relationships by type", relationshipTypes)}
${barPlot("Nodes by label", labels)}
</div>`;
}

function sectionOf(section: Section): Html {
  if ("lines" in section) {
    if (section.lines.length === 0) return html``;
    return html`<h2>${section.title}</h2><ul>${section.lines.map((line) => html`<li>${line}</li>`)}</ul>`;
  }
  if ("findings" in section) {
    if (section.findings.length === 0) return html``;
    const items = section.findings.map(
      ({ what, count, examples, ids = examples }) =>
        html`<li>${`${what} (${thousands(count)})`}${ids.length === 0 ? null : html`<br><code>${ids.join(", ")}</code>`}</li>`,
    );
    return html`<h2>${section.title}</h2><ul>${items}</ul>`;
  }
  const { title, differences, total } = section;
  if (total === 0) return html``;
  const hidden = total - differences.length;
  return html`<h2>${title}</h2>${differences.map(differenceTable)}${hidden > 0 ? html`<p>and ${thousands(hidden)} more</p>` : null}`;
}

function differenceTable({ kind, record, id, title, fields }: Difference): Html {
  const named = title === undefined ? "" : `: ${title}`;
  if (fields.length === 0) return html`<p>${`${kind} ${record}`} <code>${id}</code>${named}</p>`;
  const rows = fields.map(
    ({ name, source, target }) => html`<tr><th scope="row">${name}</th><td>${source}</td><td>${target}</td></tr>`,
  );
  return html`<p>${`${kind} ${record}`} <code>${id}</code>${named}</p><table class="same"><thead><tr><th scope="col">field</th><th scope="col">source</th><th scope="col">target</th></tr></thead><tbody>${rows}</tbody></table>`;
}
