/** What a store holds, as a person reads it. */
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import type { InspectionResult } from "../../operations/models.ts";
import { shellQuote } from "../../support/shell.ts";
import { inWords } from "../../support/words.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted, frequencies, listed, storeKind } from "../text.ts";

export function inspectionHeadline({ store, count }: InspectionResult): string {
  const { nodes, memories, relationships } = count;
  const others = nodes > memories ? `, ${counted(nodes - memories, "other node")}` : "";
  return `${printable(store.location)}: ${counted(memories, "memory", "memories")}${others}, ${counted(relationships, "relationship")}`;
}

export function inspectionReport(result: InspectionResult, colour: Colour): string {
  const { store, readableBy, digest, labels, memoryTypes, relationshipTypes, earliest, latest, indexes, dump, notes } =
    result;
  const visible = readableBy.length > 0 ? `MemoryGraph ${inWords(readableBy)}` : "no MemoryGraph release, not whole";
  const rows: [string, string][] = [
    ["store", storeKind(store) + (store.bytes === null ? "" : `, ${store.engine}`)],
    ["visible to", visible],
    ["nodes", frequencies(labels) || "none"],
    ["memories", frequencies(memoryTypes) || "none"],
    ["relationships", frequencies(relationshipTypes) || "none"],
    ["oldest, newest", earliest === null ? "no memory tells a time" : `${earliest}, ${latest}`],
    ["indexes", indexes.map(printable).join(", ") || "none"],
    ...(dump === null ? [] : [["dump", dumpLine(dump)] satisfies [string, string]]),
    ["digest", digest],
  ];
  const lines = [
    colour.bold(inspectionHeadline(result)),
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(14)}  ${value}`),
  ];
  if (notes.length > 0) lines.push("");
  for (const { what, count, examples } of notes) {
    lines.push(`  note: ${printable(what)} (${count})`, ...listed(examples, count).map((line) => `  ${line}`));
  }
  const step = nextStep(result);
  return [...lines, ...(step === null ? [] : ["", `${colour.bold("next:")} ${step}`])].join("\n");
}

function dumpLine({ redis, encoding, graphs, otherKeys }: NonNullable<InspectionResult["dump"]>): string {
  return [
    redis === null ? "of an unknown Redis" : `of Redis ${printable(redis)}`,
    ...(encoding === null ? [] : [`graph encoding ${encoding}`]),
    graphs.length === 0 ? "no graph" : `${counted(graphs.length, "graph")} (${graphs.map(printable).join(", ")})`,
    counted(otherKeys, "other key"),
  ].join(", ");
}

function nextStep({ readableBy, store }: InspectionResult): string | null {
  if (readableBy.length > 0) return null;
  const release = store.release ?? DEFAULT_RELEASE;
  const command = [
    "--from",
    store.backend,
    "--from-path",
    store.location,
    "--to",
    store.backend,
    "--to-path",
    "NEW.db",
    "--for",
    release,
  ];
  return `this makes a file that MemoryGraph ${release} sees whole: memorygraph-migrate ${printable(command.map(shellQuote).join(" "))}`;
}
