/**
 * Stepping over the values of Redis 7 to 8.10: their types say only by their own grammar where they end. What cannot be
 * in a dump (types 29 and 31, which only DUMP writes) or is not known has no end that could be found.
 */
import type { Cursor } from "./cursor.ts";
import { unknownAt } from "./damage.ts";
import type { Prologue } from "./prologue.ts";

const MODULE_END = 0;
export const MODULE_VALUE = 7;

/** The fields of hash templates (Redis 8.10) by their number: hashes that refer to one hold only the values. */
export type Templates = Map<number, number>;

/** What is to be known of a dump to step over a value in it. */
interface ValueContext {
  readonly templates: Templates;
  /** For messages. */
  readonly key: string;
  readonly family: Prologue["family"];
}

/** A hash template: `L number, L n, n x S`. */
export function readTemplate(cursor: Cursor, templates: Templates): void {
  const number = cursor.length();
  const fields = cursor.length();
  skipStrings(cursor, fields);
  templates.set(number, fields);
}

/** The rest of a module's value: opcodes with their data, up to the one that ends it. */
export function skipModule(cursor: Cursor): void {
  while (!skipModulePart(cursor));
}

/** Returns true when that was the end. */
export function skipModulePart(cursor: Cursor): boolean {
  const opcode = cursor.length();
  switch (opcode) {
    case MODULE_END:
      return true;
    case 1:
    case 2:
      cursor.lowLength();
      break;
    case 3:
      cursor.skip(4);
      break;
    case 4:
      cursor.skip(8);
      break;
    case 5:
      cursor.skipString();
      break;
    default:
      cursor.fail(`${opcode} where a module's value says what follows`, cursor.position - 1);
  }
  return false;
}

/** @param count how many strings follow */
function skipStrings(cursor: Cursor, count: number): void {
  for (let done = 0; done < count; done++) cursor.skipString();
}

/** Steps over a value of any type but a module's. @throws NewerFormatError for types that are not known */
export function skipValue(cursor: Cursor, type: number, { templates, key, family }: ValueContext): void {
  const start = cursor.position;
  if (family === "Valkey" && type === 22) {
    repeat(cursor, skipValkeyField);
    return;
  }
  switch (type) {
    case 0:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 16:
    case 17:
    case 20:
    case 23:
    case 30:
      cursor.skipString();
      break;
    case 25:
      cursor.skip(8);
      cursor.skipString();
      break;
    case 1:
    case 2:
    case 14:
      skipStrings(cursor, cursor.length());
      break;
    case 3:
      repeat(cursor, skipTextScore);
      break;
    case 4:
      skipStrings(cursor, 2 * cursor.length());
      break;
    case 5:
      repeat(cursor, skipScore);
      break;
    case 18:
      repeat(cursor, skipLengthAndString);
      break;
    case 24:
      cursor.skip(8);
      repeat(cursor, skipLastingField);
      break;
    case 22:
      repeat(cursor, skipLastingField);
      break;
    case 28:
      skipArray(cursor);
      break;
    case 32: {
      const number = cursor.length();
      const fields = templates.get(number);
      if (fields === undefined) cursor.fail(`a hash with the template ${number}, which is not there`, start);
      skipStrings(cursor, fields);
      break;
    }
    case 33:
      cursor.lowLength();
      break;
    case 15:
    case 19:
    case 21:
    case 26:
    case 27:
      skipStream(cursor, type);
      break;
    default:
      throw unknownAt(cursor.source, start, `a value of type ${type}, under the key ${JSON.stringify(key)}`);
  }
}

function repeat(cursor: Cursor, step: (cursor: Cursor) => void): void {
  const count = cursor.length();
  for (let done = 0; done < count; done++) step(cursor);
}

function skipTextScore(cursor: Cursor): void {
  cursor.skipString();
  const length = cursor.byte();
  // The last three stand for what is not a number.
  if (length < 253) cursor.skip(length);
}

function skipScore(cursor: Cursor): void {
  cursor.skipString();
  cursor.skip(8);
}

function skipLengthAndString(cursor: Cursor): void {
  cursor.lowLength();
  cursor.skipString();
}

function skipLastingField(cursor: Cursor): void {
  cursor.lowLength();
  skipStrings(cursor, 2);
}

/** Field, value, and when the field ends. */
function skipValkeyField(cursor: Cursor): void {
  skipStrings(cursor, 2);
  cursor.skip(8);
}

function skipArray(cursor: Cursor): void {
  const count = cursor.length();
  const hasNext = cursor.length();
  if (hasNext !== 0) cursor.lowLength();
  for (let done = 0; done < count; done++) {
    cursor.lowLength();
    const kind = cursor.length();
    if (kind === 1 || kind === 2) cursor.skip(8);
    else if (kind === 0 || kind === 3) cursor.skipString();
    else cursor.fail(`an array's element of the unknown kind ${kind}`, cursor.position - 1);
  }
}

function skipStream(cursor: Cursor, type: number): void {
  skipStrings(cursor, 2 * cursor.length());
  cursor.skipLengths(type === 15 ? 3 : 8);
  const groups = cursor.length();
  for (let group = 0; group < groups; group++) {
    cursor.skipString();
    cursor.skipLengths(type === 15 ? 2 : 3);
    const pending = cursor.length();
    for (let entry = 0; entry < pending; entry++) {
      cursor.skip(24);
      cursor.lowLength();
    }
    const consumers = cursor.length();
    for (let consumer = 0; consumer < consumers; consumer++) {
      cursor.skipString();
      cursor.skip(type >= 21 ? 16 : 8);
      cursor.skip(16 * cursor.length());
    }
    if (type === 27) cursor.skip(16 * cursor.length());
  }
  if (type < 26) return;
  // Producers whose messages are told apart, each with its last ones.
  cursor.skipLengths(2);
  const producers = cursor.length();
  for (let producer = 0; producer < producers; producer++) {
    cursor.skipString();
    const messages = cursor.length();
    for (let message = 0; message < messages; message++) {
      cursor.skipString();
      cursor.skipLengths(2);
    }
  }
  cursor.skipLengths(2);
}
