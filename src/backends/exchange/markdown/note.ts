/**
 * One memory as a note: its properties as front matter, its content as text, and after that what begins at it. What somebody changes
 * in any of these counts; the property `memorygraph` says exactly what the others cannot, as long as they say what was written for it.
 */
import { JsonSyntaxError, parseJson } from "../../../graph/json.ts";
import { Properties } from "../../../graph/properties.ts";
import type { GraphNode } from "../../../graph/record.ts";
import { untag, writeTagged } from "../../../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../../../graph/value.ts";
import { contentOf } from "../../../memorygraph/content-keys.ts";
import { MEMORY_LABEL } from "../../../memorygraph/fields.ts";
import { asRead, isShown, LABELS, lineFor, OWN, quotedJson, readFrontMatter, saysTheSame } from "./front-matter.ts";
import { HEADING, type Link, linkOf } from "./links.ts";

const FENCE = "---\n";
const CONTENT = "content";
type Held = Pick<GraphNode, "labels" | "properties">;

/** What the file of a note says. */
export interface Note extends Held {
  readonly links: readonly PlacedLink[];
  /** Lines that look like relationships of ours and cannot be read, with the reason. */
  readonly damage: readonly string[];
  /** Says what this program wrote, although not in the same way perhaps; null for a note that it did not write. */
  isUnchanged(): boolean | null;
  /** Whether the part before the relationships is, to the letter, what is written for what it says. */
  isAsWritten(): boolean;
}

/** A relationship, and which of the lines behind the heading it is. */
export interface PlacedLink extends Link {
  readonly at: number;
}

/** Where a note is and when it was last written, ISO 8601: what it says of itself where it is not ours. */
export interface Place {
  /** Its path in the folder, with slashes and without its ending. */
  readonly path: string;
  readonly written: string;
}

/** Everything of the note but what begins at it. */
export function textOf(node: Held): string {
  const exact: ValueMap = new Map();
  const hidden: ValueMap = new Map();
  let lines = "";
  for (const [name, value] of node.properties.entries()) {
    if (!isShown(name)) {
      hidden.set(name, value);
      continue;
    }
    lines += lineFor(name, value);
    if (!saysTheSame(asRead(value), value)) exact.set(name, value);
  }
  const content = node.properties.get(CONTENT);
  const body = bodyFor(content);
  if (plain(body) === content) hidden.delete(CONTENT);
  else hidden.set(CONTENT, content);
  for (const [name, value] of hidden) exact.set(name, value);
  if (!isMemoryAlone(node.labels)) lines += lineFor(LABELS, [...node.labels]);
  const own: ValueMap = new Map<string, Value>([["digest", shortHash(node)]]);
  if (!node.labels.every((label) => label.isWellFormed())) own.set(LABELS, [...node.labels]);
  if (exact.size > 0) own.set("properties", exact);
  return `${FENCE}${lines}${OWN}: ${quotedJson(writeTagged(own))}\n${FENCE}${body}\n`;
}

/** What comes behind a note's own text, if something begins at it. */
export const SECTION = `\n${HEADING}\n\n`;

export function isMemoryAlone(labels: readonly string[]): boolean {
  return labels.length === 1 && labels[0] === MEMORY_LABEL;
}

function shortHash(node: Held): string {
  return contentOf(node).slice(0, 16);
}

/** The content as the text of a note, which ends whatever it has begun, so that what follows is no part of it. */
function bodyFor(content: Value): string {
  if (typeof content !== "string") return "";
  const text = content.toWellFormed().replace(/\0/g, "\ufffd").replace(HEADINGS, "##  Relationships");
  return text + closing(text);
}

const HEADINGS = /^## Relationships(?=[ \t]*\r?$)/gm;

function closing(text: string): string {
  let fence: string | null = null;
  for (const line of text.split("\n")) {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (mark === undefined) continue;
    if (fence === null) fence = mark;
    else if (mark.startsWith(fence) && line.trim() === mark) fence = null;
  }
  if (fence !== null) return `\n${fence}`;
  const isOdd = (sign: string) => text.split(sign).length % 2 === 0;
  if (isOdd("%%")) return "\n%%";
  if (isOdd("$$")) return "\n$$";
  return text.lastIndexOf("<!--") > text.lastIndexOf("-->") ? "\n-->" : "";
}

/** Without what editors change by themselves. */
function plain(body: string): string {
  const text = body.replace(/\r\n/g, "\n").replace(/^\n+/, "");
  let end = text.length;
  while (end > 0 && " \t\n\r".includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** @throws FrontMatterError, JsonSyntaxError */
export function readNote(text: string, place: Place): Note {
  const { front, rest } = partsOf(text);
  const { body, lines } = sectionsOf(rest);
  const damage: string[] = [];
  const links: PlacedLink[] = [];
  for (const [at, line] of lines.entries()) {
    try {
      const link = linkOf(line, place.written);
      if (link !== null) links.push({ ...link, at });
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      damage.push(error.message);
    }
  }
  const behind = textBetween(lines, links);
  const whole = [plain(body), ...behind].join("\n\n").replace(/^\n+/, "");
  const entries = readFrontMatter(front ?? "");
  const own = ownOf(entries.find(([name]) => name === OWN)?.[1]);
  if (own === null) {
    const node = foreignNote(entries, whole, place);
    return { ...node, links, damage, isUnchanged: () => null, isAsWritten: () => false };
  }
  const node = heldBy(entries, whole, own);
  const isAsWritten = () => {
    const written = textOf(node);
    return behind.length === 0 && text.startsWith(written) && isEnd(text.slice(written.length));
  };
  return { ...node, links, damage, isUnchanged: () => shortHash(node) === own.get("digest"), isAsWritten };
}

/** What stands among the lines of relationships, and behind them. */
function textBetween(lines: readonly string[], links: readonly PlacedLink[]): string[] {
  const at = new Set(links.map((link) => link.at));
  const parts: string[][] = [[]];
  for (const [number, line] of lines.entries()) {
    if (at.has(number)) parts.push([]);
    else parts.at(-1)!.push(line);
  }
  return parts.map((part) => part.join("\n").replace(/^\n+/, "").trimEnd()).filter((part) => part !== "");
}

function isEnd(rest: string): boolean {
  return rest === "" || rest.startsWith(SECTION);
}

function partsOf(text: string): { readonly front: string | null; readonly rest: string } {
  const found = /^---[ \t]*\r?\n(?:([\s\S]*?)\n)??---[ \t]*(?:\r?\n|$)/.exec(text);
  if (found === null) return { front: null, rest: text };
  const [head, front = ""] = found;
  return { front, rest: text.slice(head.length) };
}

/** What is before the list of relationships, and the lines behind its heading. */
function sectionsOf(rest: string): { readonly body: string; readonly lines: readonly string[] } {
  let at = -1;
  let end = -1;
  for (const found of rest.matchAll(/^## Relationships[ \t]*\r?$/gm))
    [at, end] = [found.index, found.index + found[0].length];
  if (at === -1) return { body: rest, lines: [] };
  return {
    body: rest.slice(0, at),
    lines: rest
      .slice(end)
      .split("\n")
      .map((line) => line.trimEnd()),
  };
}

/** The text of a note without some of the lines behind the heading; without that as well where nothing else follows it. */
export function withoutLines(text: string, gone: ReadonlySet<number>): string {
  const { rest } = partsOf(text);
  const { body, lines } = sectionsOf(rest);
  const head = text.slice(0, text.length - rest.length) + body;
  const kept = lines.filter((_, at) => !gone.has(at));
  if (kept.every((line) => line === "")) return `${head.trimEnd()}\n`;
  return head + HEADING + kept.join("\n");
}

/** Null where the property is not one of ours. @throws JsonSyntaxError where it is, and was damaged */
function ownOf(value: Value | undefined): ValueMap | null {
  if (typeof value !== "string") return null;
  try {
    const own = untag(parseJson(value));
    if (isMap(own)) return own;
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof JsonSyntaxError)) throw cause;
  }
  throw new JsonSyntaxError(`the property ${OWN} is not as this program writes it`);
}

/** Of a note of ours: what is exact counts where the note still says what was written for it. */
function heldBy(entries: readonly [string, Value][], body: string, own: ValueMap): Held {
  const noted = own.get("properties") ?? null;
  const exact: ValueMap = isMap(noted) ? noted : new Map();
  const properties: [string, Value][] = [];
  for (const [name, value] of entries) {
    if (!isShown(name)) continue;
    const was = exact.get(name);
    properties.push([name, was !== undefined && saysTheSame(asRead(was), value) ? was : value]);
  }
  const content = exact.get(CONTENT);
  properties.push([CONTENT, content !== undefined && plain(bodyFor(content)) === body ? content : body]);
  for (const [name, value] of exact) if (!isShown(name) && name !== CONTENT) properties.push([name, value]);
  return { labels: labelsOf(entries, own), properties: Properties.from(properties) };
}

function labelsOf(entries: readonly [string, Value][], own: ValueMap): readonly string[] {
  const shown = entries.find(([name]) => name === LABELS)?.[1] ?? null;
  const was = own.get(LABELS);
  if (was !== undefined && saysTheSame(asRead(was), shown)) return was as string[];
  if (Array.isArray(shown)) return shown.filter((label) => typeof label === "string");
  // An empty list is one as well: it is read as nothing where Obsidian has written it anew.
  return typeof shown === "string" ? [shown] : entries.some(([name]) => name === LABELS) ? [] : [MEMORY_LABEL];
}

/** A note that somebody has written: a memory, as far as it says. */
function foreignNote(entries: readonly [string, Value][], body: string, { path, written }: Place): Held {
  const own = new Map(entries.filter(([name]) => name !== LABELS && name !== CONTENT));
  const [id, tags] = [own.get("id"), own.get("tags")];
  const title = path.slice(path.lastIndexOf("/") + 1);
  const properties = Properties.from([
    ...([
      ["type", "general"],
      ["title", title],
    ] as const),
    ...([
      ["created_at", written],
      ["updated_at", written],
    ] as const),
    ...own,
    ["id", id === undefined || typeof id === "object" ? path : String(id)],
    ["tags", Array.isArray(tags) ? tags : typeof tags === "string" ? tags.split(/[,\s]+/).filter(Boolean) : []],
    [CONTENT, body],
  ]);
  return { labels: labelsOf(entries, new Map()), properties };
}
