/**
 * What a line of releases shows of the memories that a store holds. Its model refuses some when it reads them, and it
 * drops those without a word: they are counted here, with the reason and the first few ids.
 */
import { parseInstant } from "../graph/instant.ts";
import type { Properties, Shape } from "../graph/properties.ts";
import { readIsoInstant } from "../graph/read-instant.ts";
import { Temporal, type Value } from "../graph/value.ts";
import { CONTEXT_PREFIX } from "./fields.ts";
import type { FieldRule, ReleaseLine } from "./releases/release.ts";
import { type Release, releaseLine } from "./releases.ts";
import { renamedToOurs } from "./spelling.ts";

/** Memories that a line does not show, for one reason. */
export interface NotShown {
  readonly what: string;
  readonly count: number;
  /** The first few ids. */
  readonly examples: readonly string[];
}

const LISTED = 10;
/** A unique constraint that cannot be made ends the start of the application. */
const SHARED = "an id that several memories have: the release does not open such a store at all";

/** Counts what one line of releases will not show. */
export class Showing {
  readonly release: Release;
  readonly #line: ReleaseLine;
  readonly #plans = new WeakMap<Shape, Plan>();
  readonly #reasons = new Map<string, { count: number; examples: string[] }>();
  readonly #demandsUniqueIds: boolean;
  #count = 0;
  #isClosed = false;

  /** @param backend the kind of store, where it is one that some release opens under conditions */
  constructor(release: Release, backend?: string) {
    this.release = release;
    this.#line = releaseLine(release);
    this.#demandsUniqueIds = backend !== undefined && this.#line.demandsUniqueIds.includes(backend);
  }

  /** Whether the release does not even open a store with what was added. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many memories it will not show. */
  get count(): number {
    return this.#count;
  }

  /** The reasons, the commonest first. */
  reasons(): NotShown[] {
    return [...this.#reasons]
      .map(([what, { count, examples }]) => ({ what, count, examples }))
      .toSorted((a, b) => b.count - a.count);
  }

  /**
   * Looks at a memory as the application reads it.
   * @param hasDuplicateId others have its id too
   */
  add(properties: Properties, hasDuplicateId = false): void {
    const isRefused = hasDuplicateId && this.#demandsUniqueIds;
    this.#isClosed ||= isRefused;
    const reason = isRefused ? SHARED : this.reasonFor(properties);
    if (reason === null) return;
    const id = properties.get("id");
    this.#add(reason, 1, typeof id === "string" ? [id] : ["a memory without id"]);
  }

  /** Adds what others have counted of the same line. */
  merge(reasons: readonly NotShown[]): void {
    for (const { what, count, examples } of reasons) this.#add(what, count, examples);
  }

  clear(): void {
    this.#count = 0;
    this.#isClosed = false;
    this.#reasons.clear();
  }

  /** Why the line does not show such a memory; null when it does. */
  reasonFor(stored: Properties): string | null {
    const properties = renamedToOurs(stored);
    const { shape, values } = properties;
    let plan = this.#plans.get(shape);
    if (plan === undefined) {
      plan = planOf(shape, this.#line);
      this.#plans.set(shape, plan);
    }
    if (plan.missing !== null) return plan.missing;
    const { checks, positions } = plan;
    for (let at = 0; at < checks.length; at++) {
      const reason = checks[at]!(values[positions[at]!]!);
      if (reason !== null) return reason;
    }
    return null;
  }

  #add(what: string, count: number, examples: readonly string[]): void {
    this.#count += count;
    let found = this.#reasons.get(what);
    if (found === undefined) {
      found = { count: 0, examples: [] };
      this.#reasons.set(what, found);
    }
    found.count += count;
    found.examples.push(...examples.slice(0, LISTED - found.examples.length));
  }
}

/** Why a value is refused; null when it is not. */
type Check = (value: Value) => string | null;

/** What is asked of the fields that records of one shape have. */
interface Plan {
  /** What is refused of all of them: a field that is required and not there. */
  readonly missing: string | null;
  readonly checks: readonly Check[];
  /** Where each check finds its value. */
  readonly positions: readonly number[];
}

function planOf({ index }: Shape, line: ReleaseLine): Plan {
  const missing = line.shows.find(({ field, required }) => required && !index.has(field));
  const present = line.shows.filter(({ field }) => index.has(field));
  return {
    missing: missing === undefined ? null : `no ${missing.field}`,
    checks: present.map((rule) => checkOf(rule, line)),
    positions: present.map(({ field }) => index.get(field)!),
  };
}

/** Made once for each shape, since it is asked of every memory: what is usual has to pass quickly. */
function checkOf(rule: FieldRule, line: ReleaseLine): Check {
  const { field, required, notNull } = rule;
  const ifNull = required ? `no ${field}` : notNull ? `${field} is null` : null;
  const refused = refusalOf(rule, line);
  return (value) => (value === null ? ifNull : refused(value));
}

function refusalOf(rule: FieldRule, line: ReleaseLine): Check {
  const { field } = rule;
  switch (rule.kind) {
    case "text":
      return textCheck(rule);
    case "number":
      return numberCheck(rule);
    case "word": {
      const words = new Set<Value>(rule.words);
      return (value) => (words.has(value) ? null : `an unknown ${field}`);
    }
    case "time": {
      const { lax = false, emptyIsNone = false } = rule;
      return (value) =>
        isTime(value, line, lax) || (emptyIsNone && isEmpty(value)) ? null : `${field} is not a time that it reads`;
    }
    case "texts":
      return (value) => (isTexts(field, value) ? null : `${field} is not a list of texts`);
    case "map":
      return (value) => (fromJson(value) instanceof Map ? null : `${field} is not an object`);
  }
}

function textCheck({ field, unit, min = 0, max = Number.POSITIVE_INFINITY }: FieldRule & { kind: "text" }): Check {
  const isContext = field.startsWith(CONTEXT_PREFIX);
  return (value) => {
    if (typeof value !== "string") return `${field} is not text`;
    if (isContext && typeof fromJson(value) !== "string") return `${field} is not text`;
    if (value.length < min) return `an empty ${field}`;
    if (value.length <= max) return null;
    const length = unit === "code point" ? codePoints(value, max) : value.length;
    return length <= max ? null : `${field} longer than ${max} characters`;
  };
}

/** Counted no further than it matters. */
function codePoints(value: string, max: number): number {
  let count = 0;
  for (const _ of value) if (++count > max) break;
  return count;
}

function numberCheck({ field, min, max, whole, lax }: FieldRule & { kind: "number" }): Check {
  const most = max ?? Number.POSITIVE_INFINITY;
  const outside = max === undefined ? `${field} below ${min}` : `${field} outside ${min} to ${max}`;
  return (value) => {
    const isNumber = typeof value === "number" || typeof value === "bigint";
    const numeric = isNumber ? Number(value) : lax ? numberOf(value, whole === true) : null;
    if (numeric === null || Number.isNaN(numeric)) return `${field} is not a number`;
    if (whole && !Number.isInteger(numeric)) return `${field} is not a whole number`;
    return numeric >= min && numeric <= most ? null : outside;
  };
}

/** As pydantic reads numbers out of other things. */
function numberOf(value: Value, whole: boolean): number | null {
  if (typeof value === "boolean") return Number(value);
  const spelled = whole ? /^\s*[+-]?\d[\d_]*(\.0+)?\s*$/ : /^\s*[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
  // No number of these fields is longer, and what is longer may take the pattern long.
  if (typeof value !== "string" || value.length > MOST_DIGITS || !spelled.test(value)) return null;
  return Number(value.replaceAll("_", ""));
}

function isTime(value: Value, { times, nativeTimes }: ReleaseLine, lax: boolean): boolean {
  if (typeof value === "string") {
    // Most are of the commonest form, which is also the quickest to look at; there are releases without a year 0000.
    if (value.charCodeAt(0) !== ZERO && parseInstant(value) !== null && times.accepts.test(value)) return true;
    return times.reads.test(value) && readIsoInstant(DAY.exec(value)![0]) !== null;
  }
  if (value instanceof Temporal) return nativeTimes !== null && value.kind.endsWith("date-time");
  return lax && (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value)));
}

const ZERO = 48;
const MOST_DIGITS = 400;
/** What `reads` says nothing of: whether there is such a day. */
const DAY = /^(?:\d{4}-?W\d\d(?:-?\d)?|\d{4}-\d\d-\d\d|\d{8})/;

function isEmpty(value: Value): boolean {
  return value === "" || value === false || value === 0n || value === 0 || (Array.isArray(value) && value.length === 0);
}

function isTexts(field: string, value: Value): boolean {
  const list = fromContext(field, value);
  return Array.isArray(list) && list.every((item) => typeof item === "string");
}

/** A context field may hold the JSON of what it says. */
function fromContext(field: string, value: Value): unknown {
  return field.startsWith(CONTEXT_PREFIX) ? fromJson(value) : value;
}

const EMPTY: ReadonlyMap<string, unknown> = new Map();

function fromJson(value: Value): unknown {
  if (typeof value !== "string") return value;
  if (value === "[]") return [];
  if (value === "{}") return EMPTY;
  const first = value.charCodeAt(0);
  if (first !== 91 && first !== 123) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? new Map() : parsed;
  } catch {
    return value;
  }
}
