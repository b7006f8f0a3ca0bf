/** HTML out of text that can be anybody's: what comes from a store is never markup. */
import { printable } from "../printable.ts";

/** Markup that is safe to put into a page. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | null | readonly Part[];

/** A template whose values are escaped, unless they are markup themselves; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  const text = parts.map((part, at) => part + (at < values.length ? rendered(values[at]!) : "")).join("");
  return { html: text };
}

function rendered(value: Part): string {
  if (value === null) return "";
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return escaped(value.toLocaleString("en-US"));
  return "html" in value ? value.html : value.map(rendered).join("");
}

const NAMED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Also for attributes in double quotes; what a reader would not see, such as a turned reading direction, is spelled out. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => NAMED[character]!);
}
