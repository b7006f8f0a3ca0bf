/** What a store holds, as a person reads it. */
import { DEFAULT_TYPE, descriptorOf, FILE_BACKENDS, TARGET_TYPES } from "../../backends/descriptors.ts";
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import type { InspectionResult } from "../../operations/models.ts";
import { counted, thousands } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import { inWords } from "../../support/words.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { frequencies, listed, storeKind } from "../text.ts";

export function inspectionHeadline({ store, count }: InspectionResult): string {
  const { nodes, memories, relationships } = count;
  const others = nodes > memories ? `, ${counted(nodes - memories, "other node")}` : "";
  return `${printable(store.location)}: ${counted(memories, "memory", "memories")}${others}, ${counted(relationships, "relationship")}`;
}

export function inspectionReport(result: InspectionResult, colour: Colour): string {
  const { store, digest, labels, memoryTypes, relationshipTypes, earliest, latest, indexes, dump, notes } = result;
  const rows: [string, string][] = [
    ["store", storeKind(store) + (store.bytes === null ? "" : `, ${store.engine}`)],
    ["visible to", visibleTo(result)],
    ["nodes", frequencies(labels) || "none"],
    ["memories", frequencies(memoryTypes) || "none"],
    ["relationships", frequencies(relationshipTypes) || "none"],
    ["oldest, newest", earliest === null ? "no timestamps" : `${earliest}, ${latest}`],
    ["indexes", indexes.map(printable).join(", ") || "none"],
    ...(dump === null ? [] : [["dump", dumpLine(dump)] satisfies [string, string]]),
    ["digest", digest],
  ];
  const lines = [
    colour.bold(inspectionHeadline(result)),
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(14)}  ${value}`),
  ];
  for (const { release, count, reasons } of hiddenMemories(result)) {
    lines.push("", `  MemoryGraph ${release} will not show these memories: ${thousands(count)}`);
    for (const { what, count: times, examples } of reasons) {
      lines.push(
        `    ${printable(what)} (${thousands(times)})`,
        ...listed(examples, times).map((line) => `    ${line}`),
      );
    }
  }
  for (const [word, findings] of [
    ["not copied", result.losses],
    ["note", notes],
  ] as const) {
    if (findings.length > 0) lines.push("");
    for (const { what, count, examples } of findings) {
      const named = `${word}: ${printable(what)} (${thousands(count)})`;
      lines.push(`  ${named}`, ...listed(examples, count).map((line) => `  ${line}`));
    }
  }
  const step = nextStep(result);
  return [...lines, ...(step === null ? [] : ["", `${colour.bold("next:")} ${step}`])].join("\n");
}

function visibleTo({ openedBy, readableBy, count }: InspectionResult): string {
  if (readableBy.length > 0) return `MemoryGraph ${inWords(readableBy)}`;
  if (count.nodes > 0 && count.memories === 0) return "no MemoryGraph release: it holds no memories";
  return openedBy.length > 0
    ? "no MemoryGraph release shows every memory"
    : "no MemoryGraph release can read all of it";
}

/** What the releases will not show; those that agree about it in one. */
function hiddenMemories({ notShown }: InspectionResult): InspectionResult["notShown"] {
  const groups = Map.groupBy(notShown, ({ reasons }) => JSON.stringify(reasons));
  return [...groups.values()].map((same) => ({ ...same[0]!, release: inWords(same.map(({ release }) => release)) }));
}

/** What a person must know who asked for no report. */
export function inspectionWarnings(result: InspectionResult): string[] {
  const hidden = hiddenMemories(result).map(
    ({ release, count }) => `MemoryGraph ${release} will not show ${counted(count, "memory", "memories")} of these`,
  );
  const { nodes, memories } = result.count;
  return nodes > 0 && memories === 0 ? [`visible to ${visibleTo(result)}`, ...hidden] : hidden;
}

function dumpLine({ redis, encoding, graphs, otherKeys }: NonNullable<InspectionResult["dump"]>): string {
  return [
    redis === null ? "of an unknown Redis" : `of Redis ${printable(redis)}`,
    ...(encoding === null ? [] : [`graph encoding ${encoding}`]),
    graphs.length === 0 ? "no graph" : `${counted(graphs.length, "graph")} (${graphs.map(printable).join(", ")})`,
    counted(otherKeys, "other key"),
  ].join(", ");
}

/** Bringing it into another file helps where it is the layout that no release opens. */
function nextStep({ openedBy, store, count, damage }: InspectionResult): string | null {
  // Of a damaged store, the error says what to do.
  if (damage.length > 0 || openedBy.length > 0 || count.memories === 0 || !FILE_BACKENDS.has(store.backend))
    return null;
  const release = store.release ?? DEFAULT_RELEASE;
  const command = [
    "--from",
    store.backend,
    "--from-path",
    store.location,
    "--to",
    // What is only a copy becomes a store that MemoryGraph opens.
    descriptorOf(store.backend).variables !== null && TARGET_TYPES.includes(store.backend)
      ? store.backend
      : DEFAULT_TYPE,
    "--to-path",
    "NEW.db",
    "--for",
    release,
  ];
  return `this makes a file that MemoryGraph ${release} sees whole: memorygraph-migrate ${printable(command.map(shellQuote).join(" "))}`;
}
