import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonSyntaxError, parseJson } from "../../src/graph/json.ts";
import { ObjectReader } from "../../src/graph/object-reader.ts";
import type { Value } from "../../src/graph/value.ts";
import { exactValue } from "../support/exact.ts";

/** In the order of the text, since that order is written back. */
function plainly(text: string): string {
  return JSON.stringify([...(parseJson(text) as Map<string, Value>)].map(([name, value]) => [name, exactValue(value)]));
}
function learned(reader: ObjectReader, text: string): string {
  const { shape, values } = reader.read(text);
  return JSON.stringify(shape.keys.map((name, at) => [name, exactValue(values[at])]));
}

const name = fc.constantFrom("id", "title", "a", "ab", 'a\\"b', "", "tags", "\\u0061", "é");
const literal = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom("NaN", "1.0", "9007199254740993", '"\\ud800"', '"}"', '", \\"id\\": "', "[]", "{}"),
);
const space = fc.constantFrom("", "", " ", "\n\t");
const object = fc
  .array(fc.tuple(space, name, space, space, literal, space), { maxLength: 6 })
  .map((members) => `{${members.map(([a, key, b, c, value, d]) => `${a}"${key}"${b}:${c}${value}${d}`).join(",")}}`);

describe("a reader that learns from earlier objects", () => {
  test("reads every object as a parser without memory does, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 30 }), (texts) => {
        const reader = new ObjectReader();
        for (const text of texts) expect(learned(reader, text)).toBe(plainly(text));
      }),
      { numRuns: 400 },
    );
  });

  test("refuses what that parser refuses, whatever came before", () => {
    const spoiled = fc.tuple(object, fc.nat(), fc.constantFrom(...'"\\{}[]:, 1ex'));
    fc.assert(
      fc.property(fc.array(spoiled, { maxLength: 10 }), (changes) => {
        const reader = new ObjectReader();
        for (const [text, at, character] of changes) {
          learned(reader, text);
          const place = at % text.length;
          const broken = text.slice(0, place) + character + text.slice(place + 1);
          expect(attempt(() => learned(reader, broken))).toBe(attempt(() => plainly(broken)));
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("is not misled by a name that begins like a known one", () => {
    const reader = new ObjectReader();
    learned(reader, '{"a": 1, "b": 2}');
    for (const text of [
      '{"ab": 1, "b": 2}',
      '{"a": "b\\": 2}", "b": 3}',
      '{"a": 1}',
      '{"a": 1, "bb": 2}',
      '{"a":1,"b":2}',
      "{}",
      '{"b": 2, "a": 1}',
    ]) {
      expect(learned(reader, text)).toBe(plainly(text));
    }
  });

  test("forgets nothing and mixes nothing up over more shapes than it remembers", () => {
    const reader = new ObjectReader();
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 200; at++) {
        const text = `{"id": ${at}, "k${at}": ${at}.0, "z": [${at}]}`;
        expect(learned(reader, text)).toBe(plainly(text));
      }
    }
  });

  for (const text of [
    "",
    "[]",
    "1",
    "null",
    '"a"',
    "{} x",
    '{"a":1}}',
    "{",
    '{"a"',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    "{,}",
  ]) {
    test(`refuses ${JSON.stringify(text)} before and after it has learned`, () => {
      const reader = new ObjectReader();
      expect(() => reader.read(text)).toThrow(JsonSyntaxError);
      reader.read('{"a":1,"b":2}');
      expect(() => reader.read(text)).toThrow(JsonSyntaxError);
    });
  }
});

function attempt(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof TypeError) return "refused";
    throw error;
  }
}
