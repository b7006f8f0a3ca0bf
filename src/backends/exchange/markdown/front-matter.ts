/**
 * The properties of a note, in YAML as Obsidian shows and edits them. Obsidian reads numbers as JavaScript does, and writes all of
 * them anew when one is edited: what such a reader would give back as something else is noted beside, exactly.
 */
import { writeTagged } from "../../../graph/tagged.ts";
import { Temporal, type Value } from "../../../graph/value.ts";

/** What the format itself says in the front matter. */
export const OWN = "memorygraph";
export const LABELS = "labels";
const RESERVED: ReadonlySet<string> = new Set([OWN, LABELS, "content", "__proto__", "<<", ""]);
/** Readers of YAML refuse long keys. */
const MOST_IN_KEY = 100;
/** Deeper than Obsidian or anybody writes by hand. */
const MAX_DEPTH = 100;

/** What YAML has no character for, or takes for the end of a line. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Front matter that is no YAML, or no list of properties. */
export class FrontMatterError extends Error {
  override readonly name = "FrontMatterError";
}

/** Whether a property of that name is shown; numbers as names would change the order of the others. */
export function isShown(name: string): boolean {
  return (
    !RESERVED.has(name) &&
    name.length <= MOST_IN_KEY &&
    name.isWellFormed() &&
    !/^\d+$|[\p{Cc}\u2028\u2029\ufeff\ufffe\uffff]/u.test(name)
  );
}

/** One line. */
export function lineFor(name: string, value: Value): string {
  return `${keyFor(name)}: ${yaml(shown(value))}\n`;
}

/** Words that YAML 1.1 takes for truth or for nothing are quoted, as is all else that is no plain word. */
function keyFor(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(name) ? name : quoted(name);
}

/** The same value in the types that front matter has: text, booleans, numbers, and lists of them. */
function shown(value: Value): Exclude<Value, object> | Exclude<Value, object>[] {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Temporal) return value.text;
  if (Array.isArray(value) && value.every((item) => item !== null && typeof item !== "object"))
    return value as Exclude<Value, object>[];
  return writeTagged(value);
}

function yaml(value: ReturnType<typeof shown>): string {
  if (Array.isArray(value)) return `[${value.map(yaml).join(", ")}]`;
  switch (typeof value) {
    case "string":
      return quoted(value.toWellFormed());
    case "number":
      return float(value);
  }
  return String(value);
}

/** Of text that is well-formed. Every text is quoted: readers of YAML 1.1 and 1.2 differ in what they take for a date or a number. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(UNPRINTABLE, escaped);
}

/** JSON in a YAML text, as little escaped as can be. @param json without a line break */
export function quotedJson(json: string): string {
  return `'${json.replace(UNPRINTABLE, escaped).replaceAll("'", "''")}'`;
}

export function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** As YAML 1.1 takes it for a number as well: with a point, and a sign in the exponent. */
function float(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return text.includes(".") ? text : text.includes("e") ? text.replace("e", ".0e") : `${text}.0`;
}

/** What is read of the line that is written for the value, also after Obsidian has written it anew. */
export function asRead(value: Value): Value {
  const one = shown(value);
  return Array.isArray(one) ? one.map(scalarAsRead) : scalarAsRead(one);
}

function scalarAsRead(value: Exclude<Value, object>): Value {
  if (typeof value === "string") return value.toWellFormed();
  return typeof value === "bigint" || typeof value === "number" ? numberOf(Number(value)) : value;
}

function numberOf(value: number): Value {
  return Number.isInteger(value) ? BigInt(value) : value;
}

export function saysTheSame(a: Value, b: Value): boolean {
  return writeTagged(a) === writeTagged(b);
}

/** The properties in their order; what has no value is left out. @throws FrontMatterError */
export function readFrontMatter(text: string): [string, Value][] {
  let read: unknown;
  try {
    read = Bun.YAML.parse(text);
  } catch (error) {
    // What is nested too deeply ends the parser's stack.
    const why = error instanceof Error ? error.message : String(error);
    throw new FrontMatterError(why.replace(/^YAML Parse error: /, "").toLowerCase());
  }
  if (read === null || read === undefined) return [];
  if (typeof read !== "object" || Array.isArray(read)) throw new FrontMatterError("no list of properties");
  // An alias stands for a value that is counted where it stands: no text can say more than it has characters.
  const budget = { left: text.length + 16 };
  return Object.entries(read).flatMap(([name, value]): [string, Value][] => {
    const own = plainValue(value, budget, 0);
    return own === null ? [] : [[name, own]];
  });
}

function plainValue(value: unknown, budget: { left: number }, depth: number): Value {
  if (--budget.left < 0 || depth > MAX_DEPTH) throw new FrontMatterError("too much in it");
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return numberOf(value);
  }
  if (Array.isArray(value)) return value.map((item) => plainValue(item, budget, depth + 1));
  if (typeof value !== "object") throw new FrontMatterError("a value of no known type");
  return new Map(Object.entries(value).map(([name, item]) => [name, plainValue(item, budget, depth + 1)]));
}
