/** The comparison of two stores as a person reads it. */
import type { ComparisonResult } from "../../operations/models.ts";
import { counted, thousands } from "../../support/count.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { frequencies, paragraph, storeKind, table, tallyRows } from "../text.ts";
import { differenceLines } from "./differences.ts";

export function comparisonHeadline({ identical, missing, extra, changed, source }: ComparisonResult): string {
  const { nodes, relationships } = source.count;
  if (identical)
    return `The same: ${counted(nodes, "node")} and ${counted(relationships, "relationship")}, every property equal.`;
  const parts = [
    missing > 0 && `${thousands(missing)} missing from the target`,
    changed > 0 && `${thousands(changed)} changed`,
    extra > 0 && `${thousands(extra)} in the target only`,
  ].filter((part) => part !== false);
  return `Different: ${parts.join(", ")}.`;
}

/** @param printed how many differences have been printed already, each as it was found */
export function comparisonReport(result: ComparisonResult, colour: Colour, width: number, printed = 0): string {
  const { source, target, identical, notCompared } = result;
  return [
    (identical ? colour.green : colour.red)(comparisonHeadline(result)),
    "",
    `  source  ${printable(source.store.location)} (${storeKind(source.store)})`,
    `  target  ${printable(target.store.location)} (${storeKind(target.store)})`,
    "",
    ...table(
      tallyRows([
        ["source", source.count],
        ["target", target.count],
      ]),
    ).map((line) => `  ${line}`),
    "",
    `  source digest  ${source.digest}`,
    `  target digest  ${target.digest}`,
    ...notCompared.flatMap((what) => paragraph(`not compared: ${what}`, width, "  ", "    ")),
    ...(identical ? [] : differences(result, printed)),
  ].join("\n");
}

function differences(
  { fields, differences: first, missing, extra, changed }: ComparisonResult,
  printed: number,
): string[] {
  const lines = changed > 0 ? ["", `  fields that differ: ${frequencies(fields)}`] : [];
  if (first.length > 0) lines.push("", ...first.flatMap(differenceLines).map((line) => `  ${line}`));
  const hidden = missing + extra + changed - first.length - printed;
  return hidden > 0 ? [...lines, `  and ${thousands(hidden)} more; --limit N or --all prints them`] : lines;
}
