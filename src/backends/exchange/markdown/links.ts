/** A relationship as a line of the note where it begins: its type, a link to the note where it ends, and its properties as JSON. */
import { JsonSyntaxError, parseJson } from "../../../graph/json.ts";
import { Properties } from "../../../graph/properties.ts";
import { untag, writeTagged } from "../../../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../../../graph/value.ts";
import { OTHER_TYPE, typeNamed } from "../mcp-lines.ts";
import { escaped } from "./front-matter.ts";

/** Of the list that such lines are in; the last such line of a note counts. */
export const HEADING = "## Relationships";
/** In the place of a link, where no note is to be found. */
const NOWHERE = "(no note)";

export interface Link {
  readonly type: string;
  /** The note that it leads to, as the link has it; null for none. */
  readonly target: string | null;
  /** The id of the memory where it ends when it was written: counts where the link leads nowhere. */
  readonly to: string | null;
  /** That of the memory where it begins, where that is no note. */
  readonly from: string | null;
  readonly properties: Properties;
  /** A person has written it: it has nothing of ours. */
  readonly isForeign: boolean;
  /** It is, to the letter, what is written for what it says. */
  isAsWritten(): boolean;
}

/** What a line is written for. */
export type Target = Omit<Link, "isForeign" | "isAsWritten">;

/** @returns one line, without its end */
export function lineOf({ type, target, to, from, properties }: Target): string {
  const seen = shownType(type);
  const own: ValueMap = new Map<string, Value>([
    ...(from === null ? [] : [["from", from] as const]),
    ...(to === null ? [] : [["to", to] as const]),
    ...(seen === type ? [] : [["type", type] as const]),
    ["properties", new Map(properties.entries())],
  ]);
  return `- ${seen} ${target === null ? NOWHERE : `[[${target}]]`} \`${codeOf(writeTagged(own))}\``;
}

/** JSON that ends no span of code, and that nobody takes for a link, a comment, a formula or a line of its own. */
function codeOf(json: string): string {
  return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\[(?=\[)/g, (part) =>
    part === "["
      ? "[ "
      : part.replace(/[`\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|(?<=\[)\[|(?<=%)%|(?<=\$)\$/g, escaped),
  );
}

function shownType(type: string): string {
  const plain = type
    .slice(0, MOST_IN_TYPE)
    .toWellFormed()
    .replace(/[^\p{L}\p{N}_ -]/gu, "_");
  return plain.replace(/\s+/g, " ").trim() || OTHER_TYPE;
}

/** So much of a type is shown, and looked for in what a person has written. */
const MOST_IN_TYPE = 100;
const LINE =
  /^[-*+] {1,9}(.{0,200}?) ?(?:\[\[([^[\]]+)\]\]|\[[^\]]*\]\(<?([^()<>]+)>?\)|\(no note\)) ?(?:`([^`]*)`)? *$/;

/**
 * Null for a line that is none.
 * @param written what stands for the time of one that a person has written
 * @throws JsonSyntaxError
 */
export function linkOf(line: string, written: string): Link | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [, seen, wiki, path, json] = found;
  const target = targetOf(wiki, path);
  if (json === undefined) return target === null ? null : foreign(seen!, target, written);
  const own = untagged(json);
  const properties = own.get("properties") ?? null;
  if (!isMap(properties)) throw new JsonSyntaxError("no properties");
  const type = own.get("type");
  const link: Target = {
    type: typeof type === "string" && shownType(type) === seen ? type : seen || OTHER_TYPE,
    target,
    to: textOf(own.get("to")),
    from: textOf(own.get("from")),
    properties: Properties.from(properties),
  };
  return { ...link, isForeign: false, isAsWritten: () => lineOf(link) === line };
}

/** As a relation of the MCP memory server: a type that MemoryGraph has not is told by the context. */
function foreign(said: string, target: string, written: string): Link {
  const properties = Properties.from([
    ["context", said],
    ["created_at", written],
  ]);
  return { type: typeNamed(said), target, to: null, from: null, properties, isForeign: true, isAsWritten: () => false };
}

function textOf(value: Value | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function untagged(json: string): ValueMap {
  try {
    const value = untag(parseJson(json));
    if (isMap(value)) return value;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
  }
  throw new JsonSyntaxError("not as this program writes it");
}

/** Without what follows the name in a link: a heading, a block, another text to be shown. */
function targetOf(wiki: string | undefined, path: string | undefined): string | null {
  if (wiki === undefined && path === undefined) return null;
  const whole = wiki ?? decoded(path!);
  const name = whole
    .replace(/(\\?\||#).*$/, "")
    .replace(/\.md$/i, "")
    .trim();
  return name === "" ? null : name;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
