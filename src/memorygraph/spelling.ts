/**
 * Records as a release spells them: its timestamps, and its names of fields. A timestamp that had to be spelled in
 * another way than the digest counts as the same keeps its original beside it, in the property SPELLINGS, so that the
 * record remains what it was: canonical.ts reads the original, and so does whoever writes it on for another release.
 */
import { type Instant, parseInstant } from "../graph/instant.ts";
import { Properties, type Shape } from "../graph/properties.ts";
import { readIsoInstant } from "../graph/read-instant.ts";
import type { GraphRecord } from "../graph/record.ts";
import { Temporal, type Value } from "../graph/value.ts";
import { isTimestampField } from "./fields.ts";
import type { ReleaseLine } from "./releases/release.ts";
import { type Release, releaseLine, releaseLines } from "./releases.ts";

/** The original spellings of a record's timestamps by field, as JSON text. */
export const SPELLINGS = "memorygraph_migrate_spellings";

/** The spelling that the release itself would write; the instant is the same to the nanosecond. */
export function spellInstant(instant: Instant, release: Release): string {
  const { zone, digits, whenWhole } = releaseLine(release).times;
  const dot = instant.indexOf(".");
  const seconds = instant.substring(0, 19);
  const fraction = dot === -1 ? "" : instant.substring(dot + 1, instant.length - 1);
  return fraction === "" && !whenWhole ? seconds + zone : `${seconds}.${fraction.padEnd(digits, "0")}${zone}`;
}

interface Spelled {
  readonly text: string;
  /** Whether the digest tells the two spellings apart, so that the original has to be kept. */
  readonly kept: boolean;
}

/** The text as the release accepts it: itself where it does, else the same instant; text that is no time stays. */
export function spellTimestamp(text: string, release: Release): Spelled {
  const { accepts, reads } = releaseLine(release).times;
  if (accepts.test(text)) return { text, kept: false };
  const common = parseInstant(text);
  if (common !== null) return { text: spellInstant(common, release), kept: false };
  // What a current runtime reads is left to it, as whoever wrote it has left it.
  if (reads.test(text)) return { text, kept: false };
  const other = readIsoInstant(text);
  return other === null ? { text, kept: false } : { text: spellInstant(other.instant, release), kept: true };
}

/** The properties with the original spellings beside those that took their place. */
export function withOriginals(properties: Properties, originals: ReadonlyMap<string, string>): Properties {
  return originals.size === 0 ? properties : properties.with(SPELLINGS, JSON.stringify(Object.fromEntries(originals)));
}

/** The record with the timestamps and names that the release has, and how many timestamps had to be respelled. */
export function respell<R extends GraphRecord>(record: R, release: Release): { record: R; respelled: number } {
  const own = ownProperties(record.properties);
  const { shape, values } = own;
  let changed: Value[] | null = null;
  let respelled = 0;
  const originals = new Map<string, string>();
  for (const at of timesOf(shape)) {
    const value = values[at];
    if (typeof value !== "string") continue;
    const { text, kept } = spellTimestamp(value, release);
    if (text === value) continue;
    changed ??= [...values];
    changed[at] = text;
    if (kept) originals.set(shape.keys[at]!, value);
    respelled++;
  }
  const spelled = changed === null ? own : withOriginals(new Properties(shape, changed), originals);
  const properties = namedFor(spelled, release);
  if (properties === record.properties) return { record, respelled };
  return { record: { ...record, properties, native: undefined, hashes: undefined } as R, respelled };
}

const times = new WeakMap<Shape, readonly number[]>();

function timesOf(shape: Shape): readonly number[] {
  let found = times.get(shape);
  if (found === undefined) {
    found = shape.keys.flatMap((key, at) => (isTimestampField(key) ? [at] : []));
    times.set(shape, found);
  }
  return found;
}

/** Whether records of that shape are to be read by ownProperties. */
export function isSpelled(shape: Shape): boolean {
  return shape.index.has(SPELLINGS) || shape.keys.some((key) => ourName(key, shape) !== null);
}

/**
 * What a record says in our names and with its original timestamps; the properties themselves where they do so
 * already. An original counts as long as the field still holds the instant that it spells.
 */
export function ownProperties(properties: Properties): Properties {
  if (!spelledShapes(properties.shape)) return properties;
  const named = renamedToOurs(properties);
  const originals = originalsOf(named.get(SPELLINGS));
  if (originals === null) return named;
  let own = named.with(SPELLINGS, null);
  for (const [field, original] of originals) {
    if (typeof original !== "string") continue;
    const instant = readIsoInstant(original)?.instant;
    if (instant !== undefined && instantIn(own.get(field)) === instant) own = own.with(field, original);
  }
  return own;
}

const spelled = new WeakMap<Shape, boolean>();

function spelledShapes(shape: Shape): boolean {
  let found = spelled.get(shape);
  if (found === undefined) {
    found = isSpelled(shape);
    spelled.set(shape, found);
  }
  return found;
}

function instantIn(value: Value): Instant | null {
  const text = value instanceof Temporal && value.kind === "date-time" ? value.text.replace(/\[.*\]$/, "") : value;
  return typeof text === "string" ? parseInstant(text) : null;
}

function originalsOf(text: Value): [string, unknown][] | null {
  if (typeof text !== "string") return null;
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? Object.entries(found) : null;
  } catch {
    // Not what withOriginals writes: a property like any other.
    return null;
  }
}

/** In our names, with the spelling that is there. */
export function renamedToOurs(properties: Properties): Properties {
  const { shape, values } = properties;
  if (!spelledShapes(shape)) return properties;
  const names = shape.keys.map((key) => ourName(key, shape) ?? key);
  return names.every((name, at) => name === shape.keys[at]) ? properties : Properties.of(names, values);
}

/** Our name of a field that some release calls so; null where it has that name already, or the record has both. */
function ourName(key: string, shape: Shape): string | null {
  for (const { renamed } of releaseLines()) {
    const ours = Object.hasOwn(renamed, key) ? renamed[key]! : null;
    if (ours !== null && !shape.index.has(ours)) return ours;
  }
  return null;
}

const theirNames = new WeakMap<ReleaseLine, ReadonlyMap<string, string>>();

/** Ours -> theirs. */
function namesOf(line: ReleaseLine): ReadonlyMap<string, string> {
  let names = theirNames.get(line);
  if (names === undefined) {
    names = new Map(Object.entries(line.renamed).map(([theirs, ours]) => [ours, theirs]));
    theirNames.set(line, names);
  }
  return names;
}

/** Our names as the release has them. */
export function namedFor(properties: Properties, release: Release): Properties {
  const theirs = namesOf(releaseLine(release));
  const { shape, values } = properties;
  if (theirs.size === 0 || !shape.keys.some((key) => theirs.has(key) && !shape.index.has(theirs.get(key)!))) {
    return properties;
  }
  return Properties.of(
    shape.keys.map((key) => (shape.index.has(theirs.get(key) ?? key) ? key : theirs.get(key)!)),
    values,
  );
}
