/** The comparison of two stores as a person reads it. */
import type { ComparisonResult } from "../../operations/models.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted, frequencies, storeKind, table } from "../text.ts";

export function comparisonHeadline({ identical, missing, extra, changed, source }: ComparisonResult): string {
  const { nodes, relationships } = source.count;
  if (identical)
    return `The same: ${counted(nodes, "node")} and ${counted(relationships, "relationship")}, every field equal.`;
  return `Different: ${missing} missing from the target, ${changed} changed, ${extra} in the target only.`;
}

export function comparisonReport(result: ComparisonResult, colour: Colour): string {
  const { source, target, identical } = result;
  const rows = [source, target].map(({ count: { nodes, memories, relationships } }, at) => [
    at === 0 ? "source" : "target",
    memories,
    nodes - memories,
    relationships,
  ]);
  return [
    (identical ? colour.green : colour.red)(comparisonHeadline(result)),
    "",
    `  source  ${printable(source.store.location)} (${storeKind(source.store)})`,
    `  target  ${printable(target.store.location)} (${storeKind(target.store)})`,
    "",
    ...table([["", "memories", "other nodes", "relationships"], ...rows]).map((line) => `  ${line}`),
    "",
    `  source digest  ${source.digest}`,
    `  target digest  ${target.digest}`,
    ...(identical ? [] : differences(result)),
  ].join("\n");
}

function differences({ fields, differences: first, missing, extra, changed }: ComparisonResult): string[] {
  const lines = changed > 0 ? ["", `  fields that differ: ${frequencies(fields)}`, ""] : [""];
  for (const { kind, record, id, fields: differing } of first) {
    lines.push(`  ${kind} ${record} ${printable(id)}`);
    for (const { name, source, target } of differing) {
      lines.push(`      ${printable(name)}: ${printable(source)} | ${printable(target)}`);
    }
  }
  const hidden = missing + extra + changed - first.length;
  return hidden > 0 ? [...lines, `  and ${hidden} more`] : lines;
}
