/** Where a person's stores are and what is to be done, as a person reads it. */
import type { Diagnosis, FoundStore } from "../../doctor/models.ts";
import { counted, thousands } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Colour } from "../colour.ts";
import { printable } from "../printable.ts";
import { commandLines, paragraph } from "../text.ts";

export interface DiagnosisLayout {
  /** Options of this call that the next one needs as well. */
  readonly repeated: readonly string[];
  readonly colour: Colour;
  readonly width: number;
  /** Also every place that was searched. */
  readonly verbose: boolean;
  /** Whether the question to carry it out comes next. */
  readonly fixing: boolean;
}

export function diagnosisHeadline({ well, current, stores, plan }: Diagnosis): string {
  const { memories, release } = current;
  if (well && memories > 0) {
    const hidden = current.notShown > 0 ? `, which will not show ${thousands(current.notShown)} of them` : "";
    return `All is well: ${counted(memories, "memory", "memories")} in ONE place, read by MemoryGraph ${release}${hidden}.`;
  }
  if (well)
    return `All is well, as far as can be seen: there are no memories, and MemoryGraph ${release} starts with none.`;
  const shown = memories - current.notShown;
  const then = plan.at(-1)?.memoriesAfter ?? memories;
  if (plan.length > 0) {
    const steps = plan.length === 1 ? "One step brings" : `${plan.length} steps bring`;
    return then === memories
      ? `MemoryGraph ${release} shows ${thousands(shown)} memories, some in older versions. ${steps} the latest ones together.`
      : `MemoryGraph ${release} shows ${thousands(shown)} of ${counted(then, "memory", "memories")}. ${steps} all of them together.`;
  }
  const apart = stores.filter(({ standing, location }) => standing === "apart" && location !== current.location).length;
  const where = apart > 0 ? ` ${counted(apart, "other store")} cannot simply be added to them.` : "";
  const what = counted(memories, "memory", "memories");
  return `MemoryGraph ${release} shows ${shown === memories ? what : `${thousands(shown)} of ${what}`}.${where} Something is left for you to do.`;
}

export function diagnosisReport(diagnosis: Diagnosis, layout: DiagnosisLayout): string {
  const { colour, width, verbose } = layout;
  const { well, stores, searched, problems } = diagnosis;
  const lines = [...paragraph(diagnosisHeadline(diagnosis), width, "").map(well ? colour.green : colour.yellow)];
  lines.push("", ...use(diagnosis, width), ...backupLines(diagnosis, width));
  if (stores.length > 0) lines.push("", colour.bold("Found"));
  for (const store of stores) lines.push(...found(store, layout));
  for (const { file, what } of problems) {
    lines.push("", ...paragraph(`The configuration ${printable(file)} was skipped: ${printable(what)}.`, width, ""));
  }
  lines.push(...whatToDo(diagnosis, layout));
  if (verbose) lines.push("", colour.bold("Searched"), ...searched.map((place) => `  ${printable(place)}`));
  return lines.join("\n");
}

function use({ current, installed }: Diagnosis, width: number): string[] {
  const { release, releaseReason, backend, location, reason } = current;
  const others =
    installed.length > 1 ? `; installed: ${installed.map(({ version, by }) => `${version} (${by})`).join(", ")}` : "";
  return [
    ...paragraph(`You use   MemoryGraph ${release}: ${printable(releaseReason + others)}`, width, "", "          "),
    ...paragraph(`It opens  ${backend ?? ""} ${printable(location)} (${printable(reason)})`, width, "", "          "),
  ];
}

/** Nothing is said of a store that holds nothing. */
function backupLines({ backup, current: { memories } }: Diagnosis, width: number): string[] {
  const told = (text: string) => paragraph(text, width, "Backup    ", "          ");
  if (backup === null) {
    return memories === 0 ? [] : told('none is known on this machine; "memorygraph-migrate backup" makes one');
  }
  const { place, created, checked, proven } = backup;
  const same = checked.slice(0, 10) > created.slice(0, 10) ? `, unchanged until ${checked.slice(0, 10)}` : "";
  const proof =
    proven === null ? 'never tried, which "verify --restore" with that place does' : `proven ${proven.slice(0, 10)}`;
  return told(`of ${created.slice(0, 10)}${same}, in ${printable(place)}; ${proof}`);
}

const STANDING: Record<FoundStore["standing"], string> = {
  current: "the store in use",
  copy: "everything in it is in the store in use",
  apart: "holds what the store in use does not",
  empty: "holds no memories",
  unread: "not read",
};

function found(
  { location, what, memories, relationships, reasons, standing, notes }: FoundStore,
  layout: DiagnosisLayout,
): string[] {
  const { colour, width, verbose } = layout;
  const holds =
    memories === null
      ? ""
      : `: ${counted(memories, "memory", "memories")}, ${counted(relationships ?? 0, "relationship")}`;
  const state = STANDING[standing];
  const reason = verbose ? ` (${reasons.join("; ")})` : "";
  return [
    `  ${colour.bold(printable(location))}`,
    ...paragraph(printable(`${what}${holds}; ${state}${reason}`), width, "    "),
    ...notes.flatMap((note) => paragraph(printable(note), width, "    ", "      ")),
  ];
}

function whatToDo(
  { plan, advice, clients }: Diagnosis,
  { colour, width, repeated, fixing }: DiagnosisLayout,
): string[] {
  const lines: string[] = [];
  const platform = process.platform;
  if (plan.length > 0) {
    const programs = [...new Set(clients.map(({ client }) => client))];
    const quit = programs.length === 0 ? "quit the programs that use MemoryGraph" : `quit ${programs.join(" and ")}`;
    lines.push("", colour.bold(`What to do (first ${quit})`));
    for (const [at, { text, commands, memoriesAfter }] of plan.entries()) {
      lines.push(...paragraph(`${at + 1}. ${printable(text)}`, width, "  ", "     "));
      for (const command of commands) lines.push(...commandLines(command, width, "       ", platform));
      if (memoriesAfter > 0) lines.push(`     Then it holds ${counted(memoriesAfter, "memory", "memories")}.`);
    }
    // Who has said --fix is asked next.
    const once = fixing
      ? []
      : [
          "",
          "  Or all of it at once, after one question:",
          `       ${["memorygraph-migrate", "doctor", "--fix", ...repeated].map(shellQuote).join(" ")}`,
        ];
    lines.push(...once);
  }
  for (const { text, command } of advice.slice(plan.reduce((sum, { commands }) => sum + commands.length, 0))) {
    lines.push(
      "",
      ...paragraph(`${printable(text)}`, width, "").map((line, at) => (at === 0 ? colour.bold(line) : line)),
    );
    if (command !== null) lines.push(...commandLines(command, width, "  ", platform));
  }
  return lines;
}
