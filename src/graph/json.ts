/**
 * JSON text to typed values and back, without the two losses of `JSON.parse`: `1` stays an integer and `1.0` a
 * float, and integers keep all their digits. Beyond the standard it knows what Python's json module writes and
 * reads: NaN, Infinity and -Infinity.
 */
import { isMap, type Value, type ValueMap } from "./value.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const MAX_DEPTH = 500;

/** Text that is not JSON, with the offset where that shows. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

/**
 * Parses one JSON text.
 *
 * A repeated name keeps its first place and its last value, as in every reader MemoryGraph uses.
 * @throws JsonSyntaxError with the offset in UTF-16 units, or for nesting deeper than 500.
 */
export function parseJson(text: string): Value {
  return new JsonScanner(text).document();
}

/** A cursor over one JSON text; object-reader.ts drives it too. */
export class JsonScanner {
  at = 0;
  /** Offset of the next backslash at or after `at`, so that plain strings need no look at their characters. */
  #backslash = -1;
  #depth = 0;

  constructor(readonly text: string) {}

  document(): Value {
    const value = this.value();
    if (!Number.isNaN(this.skipSpace())) this.fail("text after the value");
    return value;
  }

  /** Moves to the next character that is not white space and returns its code, NaN at the end. */
  skipSpace(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = this.text.charCodeAt(++this.at);
    return code;
  }

  value(): Value {
    const code = this.skipSpace();
    switch (code) {
      case QUOTE:
        return this.string();
      case 123:
        return this.nested(() => this.#object());
      case 91:
        return this.nested(() => this.#array());
      case 116:
        return this.#word("true", true);
      case 102:
        return this.#word("false", false);
      case 110:
        return this.#word("null", null);
      case 78:
        return this.#word("NaN", Number.NaN);
      case 73:
        return this.#word("Infinity", Number.POSITIVE_INFINITY);
      default:
        return this.number();
    }
  }

  string(): string {
    const start = this.at + 1;
    let end = this.text.indexOf('"', start);
    if (this.#backslash < start) {
      const next = this.text.indexOf("\\", start);
      this.#backslash = next === -1 ? Number.POSITIVE_INFINITY : next;
    }
    if (end !== -1 && this.#backslash > end) {
      this.at = end + 1;
      return this.text.substring(start, end);
    }
    while (end !== -1 && this.#escaped(end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) this.fail("a string without end");
    const value = unescapeString(this.text.substring(start - 1, end + 1));
    if (value === null) this.fail("a string that is not valid");
    this.at = end + 1;
    return value;
  }

  number(): Value {
    const { text } = this;
    const start = this.at;
    let float = false;
    for (let code = text.charCodeAt(start); isNumberCode(code); code = text.charCodeAt(++this.at)) {
      if (code === 46 || code === 69 || code === 101) float = true;
    }
    const token = text.substring(start, this.at);
    if (token === "-" && text.startsWith("Infinity", this.at)) {
      this.at += 8;
      return Number.NEGATIVE_INFINITY;
    }
    if (!NUMBER.test(token)) {
      this.at = start;
      this.fail("a value expected");
    }
    return float ? Number(token) : BigInt(token);
  }

  fail(what: string): never {
    throw new JsonSyntaxError(`${what} at offset ${this.at}`);
  }

  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.fail(`nesting deeper than ${MAX_DEPTH}`);
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): ValueMap {
    const map: ValueMap = new Map();
    this.at++;
    if (this.skipSpace() === 125) {
      this.at++;
      return map;
    }
    for (;;) {
      if (this.skipSpace() !== QUOTE) this.fail("a name expected");
      const name = this.string();
      if (this.skipSpace() !== 58) this.fail("a colon expected");
      this.at++;
      map.set(name, this.value());
      const code = this.skipSpace();
      if (code !== 44 && code !== 125) this.fail("a comma or the end of the object expected");
      this.at++;
      if (code === 125) return map;
    }
  }

  #array(): Value[] {
    const list: Value[] = [];
    this.at++;
    if (this.skipSpace() === 93) {
      this.at++;
      return list;
    }
    for (;;) {
      list.push(this.value());
      const code = this.skipSpace();
      if (code !== 44 && code !== 93) this.fail("a comma or the end of the array expected");
      this.at++;
      if (code === 93) return list;
    }
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail("a value expected");
    this.at += word.length;
    return value;
  }

  #escaped(quote: number): boolean {
    let slashes = 0;
    while (this.text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    return slashes % 2 === 1;
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isNumberCode(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43 || code === 69 || code === 101;
}

function unescapeString(literal: string): string | null {
  return parseString(literal) ?? parseString(escapeControls(literal));
}

function parseString(literal: string): string | null {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return null;
  }
}

/** Raw control characters are not legal in JSON strings; they are read all the same, since refusing would lose them. */
function escapeControls(literal: string): string {
  return literal.replace(/\\[\s\S]|[\u0000-\u001f]/g, (unit) =>
    unit.length === 2 ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** How a program spells JSON: Python's `json.dumps` and JavaScript's `JSON.stringify` differ in spaces, escapes and floats. */
type JsonDialect = "python" | "javascript";

/**
 * Spells a value as the dialect's own writer would, except that JavaScript's floats keep their point (`1.0`).
 * @throws TypeError for a value that JSON cannot hold, such as bytes or a point; memorygraph/plain.ts makes those plain.
 */
export function writeJson(value: Value, dialect: JsonDialect): string {
  const python = dialect === "python";
  const comma = python ? ", " : ",";
  const colon = python ? ": " : ":";
  const write = (item: Value): string => {
    if (item === null) return "null";
    switch (typeof item) {
      case "string":
        return python ? asciiString(item) : JSON.stringify(item);
      case "bigint":
        return item.toString();
      case "number":
        return python ? pythonFloat(item) : floatToken(item);
      case "boolean":
        return item ? "true" : "false";
    }
    if (Array.isArray(item)) return `[${item.map(write).join(comma)}]`;
    if (isMap(item)) {
      const entries: string[] = [];
      for (const [name, entry] of item) entries.push(write(name) + colon + write(entry));
      return `{${entries.join(comma)}}`;
    }
    throw new TypeError(`${item.constructor.name} has no JSON form`);
  };
  return write(value);
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) =>
    unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The shortest spelling that reads back as the same float and is not an integer's; Python's words for the rest. */
export function floatToken(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (!Number.isInteger(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  return Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

/** Python's repr: the same digits as JavaScript's, but an exponent from 1e16 and below 1e-4, with two digits. */
function pythonFloat(value: number): string {
  const token = floatToken(value);
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0) return token;
  if (size >= 1e16 || size < 1e-4) {
    const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return token;
}
