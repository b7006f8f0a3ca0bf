/** Where a person's stores are, as a person reads it. */
import type { Diagnosis, FoundStore } from "../../operations/models.ts";
import { inWords } from "../../support/words.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { counted } from "../text.ts";

export function diagnosisReport({ current, stores, advice }: Diagnosis, colour: Colour): string {
  const lines = [
    `MemoryGraph 0.12 would open ${current.backend} ${printable(current.location)} (${current.reason}).`,
    "MemoryGraph 0.13 opens falkordblite unless MEMORY_BACKEND says otherwise.",
    "",
    stores.length === 0 ? "Nothing was found in the places that MemoryGraph uses or used." : "Found:",
  ];
  for (const store of stores) lines.push("", ...found(store).map((line, at) => (at === 0 ? colour.bold(line) : line)));
  for (const { text, command } of advice) {
    lines.push("", `${colour.bold("next:")} ${printable(text)}`);
    if (command !== null) lines.push(`  ${printable(command)}`);
  }
  return lines.join("\n");
}

function found({ location, what, reasons, memories, relationships, readableBy, notes }: FoundStore): string[] {
  const lines = [`  ${printable(location)}`, `    ${printable(what)} (${reasons.join(", ")})`];
  if (memories !== null) {
    const visible =
      readableBy.length > 0 ? `visible to MemoryGraph ${inWords(readableBy)}` : "visible whole to no MemoryGraph";
    lines.push(`    ${counted(memories, "node")}, ${counted(relationships ?? 0, "relationship")}; ${visible}`);
  }
  return [...lines, ...notes.map((note) => `    ${printable(note)}`)];
}
