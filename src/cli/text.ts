/** Small pieces of the human output. */
import type { StoreStatistics } from "../operations/models.ts";
import { thousands } from "../support/count.ts";
import { printable } from "./printable.ts";

/** Columns padded to the widest cell; the first is flush left, the others right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => printable(typeof cell === "number" ? thousands(cell) : cell)));
  const widths = cells[0]!.map((_, at) => Math.max(...cells.map((row) => Bun.stringWidth(row[at] ?? ""))));
  return cells.map((row) =>
    row
      .map((cell, at) => {
        const fill = " ".repeat(widths[at]! - Bun.stringWidth(cell));
        return at === 0 ? cell + fill : fill + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** A table of counts: rows without any, and the column of other nodes where there are none, are left out. */
export function tallyRows(rows: readonly (readonly [name: string, count: TallyCounts])[]): (string | number)[][] {
  const filled = rows.filter(([, { nodes, relationships }]) => nodes + relationships > 0);
  const hasOthers = filled.some(([, { nodes, memories }]) => nodes > memories);
  return [
    ["", "memories", ...(hasOthers ? ["other nodes"] : []), "relationships"],
    ...(filled.length > 0 ? filled : rows.slice(0, 1)).map(([name, { nodes, memories, relationships }]) => [
      ...[name, memories],
      ...(hasOthers ? [nodes - memories] : []),
      relationships,
    ]),
  ];
}

interface TallyCounts {
  readonly nodes: number;
  readonly memories: number;
  readonly relationships: number;
}

export function bytes(count: number | null): string {
  if (count === null) return "unknown size";
  if (count < 1024) return `${count} bytes`;
  const [unit, size] = count < 2 ** 20 ? ["KiB", 2 ** 10] : count < 2 ** 30 ? ["MiB", 2 ** 20] : ["GiB", 2 ** 30];
  return `${(count / Number(size)).toFixed(1)} ${unit}`;
}

/** `0.05 s`, `3 min 20 s`, `1 h 5 min`. */
export function elapsed(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a store is, in a few words: a server tells its engine, a file its layout and size. */
export function storeKind({ backend, engine, layout, bytes: size }: StoreStatistics): string {
  if (layout === "new") return `${backend}, new file`;
  if (layout === "graph") return printable(engine);
  if (size === null) return `${printable(engine)}, ${layout}`;
  return `${backend}, ${layout} layout, ${bytes(size)}`;
}

/** A finding's first ids, indented, and how many more there are. */
export function listed(ids: readonly string[], count: number): string[] {
  return [
    ...ids.map((id) => `  ${printable(id)}`),
    ...(ids.length > 0 && count > ids.length ? [`  and ${thousands(count - ids.length)} more`] : []),
  ];
}

/** `a 3, b 1`, most frequent first. */
export function frequencies(counts: Readonly<Record<string, number>>, most = 12): string {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = sorted.slice(0, most).map(([name, count]) => `${name} ${thousands(count)}`);
  return printable([...shown, ...(sorted.length > most ? [`and ${sorted.length - most} more`] : [])].join(", "));
}

/** Columns for text: those of a terminal, within what reads well. */
export function widthOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number {
  return Math.min(100, Math.max(60, (isTTY === true && columns) || 80));
}

/** Text in lines of at most `width` columns, broken between words only. */
export function paragraph(text: string, width: number, first: string, others = first): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/ (?! )/)) {
    if (!isEmpty && Bun.stringWidth(line) + 1 + Bun.stringWidth(word) > width) {
      lines.push(line);
      [line, isEmpty] = [others, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** What is pasted into a configuration stays on its line. */
const SNIPPET = /^\s*["{}[\]]/;
/** A command to be pasted, and what introduces it; one that is only mentioned stands in quotes. */
const ADVISED = /^(?<before>.*?)(?<![\w"'`/.-])(?<command>memorygraph-migrate (?:[^"]|"(?! )[^"]*")*)$/;

/**
 * A whole text for a terminal: lines that are too long go on below, indented, and are broken between words only. A command
 * gets lines of its own, as a shell reads on.
 */
export function wrapLines(text: string, width: number, platform: string = process.platform): string {
  const lines = text.split("\n").flatMap((line) => {
    if (Bun.stringWidth(line) <= width || SNIPPET.test(line)) return [line];
    const indent = /^ */.exec(line)![0];
    const { before = "", command } = ADVISED.exec(line)?.groups ?? {};
    if (command === undefined) return wrapped(line, width, indent);
    const commands = commandLines(command, width, `${indent}  `, platform);
    return before.trim() === ""
      ? commandLines(command, width, indent, platform)
      : [...wrapped(before.trimEnd(), width, indent), ...commands];
  });
  return lines.join("\n");
}

/** A variable that is set, as a POSIX shell, cmd and PowerShell do it. */
const SETTING = /=\$?'(?:[^'\\]|\\.)*'|\bset "[^"]*"|\$env:\w+ = '(?:[^']|'')*'/g;

/** What is quoted for a shell stays whole, and a word that is too long for the indentation gets less of it. */
function wrapped(line: string, width: number, indent: string): string[] {
  const whole = line.trimStart().replace(SETTING, (quoted) => quoted.replaceAll(" ", "\u0000"));
  const longest = Math.max(...whole.split(" ").map((word) => Bun.stringWidth(word)));
  const others = " ".repeat(Math.max(0, Math.min(indent.length + 4, width - longest)));
  return paragraph(whole, width, indent, others).map((part) => part.replaceAll("\u0000", " "));
}

/** A command to be pasted: one line where it fits, else broken between words as a POSIX shell reads on. */
export function commandLines(command: string, width: number, indent: string, platform: string): string[] {
  const line = `${indent}${command}`;
  if (platform === "win32" || Bun.stringWidth(line) <= width) return [line];
  // An option stays with its value.
  const words = command.match(/(?:--?[\w-]+ )?(?:\$'(?:\\.|[^'\\])*'|'[^']*'|\\.|[^\s'])+/g) ?? [command];
  const lines: string[] = [];
  let current = indent;
  for (const word of words) {
    const next = current.trim() === "" ? current + word : `${current} ${word}`;
    if (current.trim() !== "" && Bun.stringWidth(next) > width - 2) {
      lines.push(`${current} \\`);
      current = `${indent}  ${word}`;
    } else current = next;
  }
  return [...lines, current];
}
