/** Records that differ, as a person reads them: what each is, and both sides of every field. */
import type { Difference } from "../../operations/models.ts";
import { printable } from "../printable.ts";

/** Longer values are cut in the middle of a report; --json has them whole. */
const LONGEST = 160;

export function differenceLines({ kind, record, id, title, fields }: Difference): string[] {
  const named = title === undefined ? "" : ` "${shortened(title)}"`;
  return [
    `${kind} ${record} ${printable(id)}${named}`,
    ...fields.map(({ name, source, target }) => `    ${printable(name)}: ${shortened(source)} | ${shortened(target)}`),
  ];
}

function shortened(text: string): string {
  const shown = printable(text);
  return shown.length <= LONGEST ? shown : `${shown.slice(0, LONGEST)}…`;
}
