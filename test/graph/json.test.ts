import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonSyntaxError, parseJson, writeJson } from "../../src/graph/json.ts";
import type { Value } from "../../src/graph/value.ts";
import { exactJson, exactValue, spell } from "../support/exact.ts";

describe("numbers keep their type and all their digits", () => {
  const cases: [string, Value][] = [
    ["1", 1n],
    ["1.0", 1],
    ["-0", 0n],
    ["-0.0", -0],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["1e2", 100],
    ["1E+2", 100],
    ["5e-324", 5e-324],
    ["1.7976931348623157e308", 1.7976931348623157e308],
    ["0.1", 0.1],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
  ];
  for (const [text, value] of cases) test(text, () => expect(parseJson(text)).toBe(value as never));

  for (const bad of ["01", "1.", ".5", "+1", "1e", "0x10", "--1", "1_000", "nan", "Infinit", "-", "1 2", "１"]) {
    test(`${bad} is no number`, () => expect(() => parseJson(bad)).toThrow(JsonSyntaxError));
  }
});

describe("text", () => {
  test("escapes of every kind", () => {
    expect(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude80"')).toBe('"\\/\b\f\n\r\té🚀');
  });
  test("lone surrogates survive reading and writing", () => {
    for (const lone of ["\ud800", "a\udc00b", "\udc00\ud800", "\ud83d"]) {
      const escaped = `"${[...Array(lone.length).keys()].map((at) => `\\u${lone.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`;
      expect(parseJson(escaped)).toBe(lone);
      for (const dialect of ["python", "javascript"] as const) expect(parseJson(writeJson(lone, dialect))).toBe(lone);
    }
  });
  test("NUL and raw control characters are read", () => {
    expect(parseJson('"a\\u0000b"')).toBe("a\0b");
    expect(parseJson('"a\u0001\nb"')).toBe("a\u0001\nb");
  });
  test("a backslash before a raw control character is no escape, and is refused rather than read as something else", () => {
    expect(() => parseJson('"a\\\nb"')).toThrow(JsonSyntaxError);
  });
  test("a backslash before the closing quote counts only when it is odd", () => {
    expect(parseJson('["\\\\","\\\\\\"", "x"]')).toEqual(["\\", '\\"', "x"]);
  });
  test("a megabyte with an escape at its end", () => {
    const text = "x".repeat(1 << 20);
    expect(parseJson(`"${text}\\n"`)).toBe(`${text}\n`);
  });
  for (const bad of ['"', '"a', '"\\"', '"\\x"', '"\\u12"', '"\\u12g4"', "'a'", '"a"b', '"a\\']) {
    test(`${bad} is refused`, () => expect(() => parseJson(bad)).toThrow(JsonSyntaxError));
  }
});

describe("objects and lists", () => {
  test("a repeated name keeps its first place and its last value", () => {
    const map = parseJson('{"a": 1, "b": 2, "a": 3.0}') as Map<string, Value>;
    expect([...map]).toEqual([
      ["a", 3],
      ["b", 2n],
    ]);
  });
  test("__proto__ and the empty name are names like any other", () => {
    const map = parseJson('{"__proto__": 1, "": 2, "constructor": 3}') as Map<string, Value>;
    expect([...map.keys()]).toEqual(["__proto__", "", "constructor"]);
  });
  test("nesting of 500 is read, deeper nesting is a syntax error and no crash", () => {
    expect(() => parseJson("[".repeat(500) + "]".repeat(500))).not.toThrow();
    for (const depth of [501, 100_000, 1_000_000]) {
      expect(() => parseJson("[".repeat(depth) + "]".repeat(depth))).toThrow(JsonSyntaxError);
      expect(() => parseJson('{"a":'.repeat(depth))).toThrow(JsonSyntaxError);
    }
  });
  test("nesting is counted by depth, not by number", () => {
    expect(parseJson(`[${Array(2000).fill("[{}]").join(",")}]`)).toHaveLength(2000);
  });
  const bad = [
    "",
    " ",
    "{",
    "[",
    "[1,]",
    "[,1]",
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "[1 2]",
    '{"a" 1}',
    "]",
    "}",
    "tru",
    "truex",
    "nulll",
    "[1]]",
    "undefined",
    "\u00a0[]",
    "\ufeff[]",
    "/*c*/1",
    "{'a':1}",
    "[1}",
    '{"a":1]',
  ];
  for (const text of bad)
    test(`refuses ${JSON.stringify(text)}`, () => expect(() => parseJson(text)).toThrow(JsonSyntaxError));
});

const leaf = fc.oneof(
  fc.constant(null as Value),
  fc.boolean(),
  fc.bigInt(),
  fc.double(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);
const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map((entries): Value => new Map(entries)),
  ),
}));

describe("any value", () => {
  for (const dialect of ["python", "javascript"] as const) {
    test(`comes back exactly as it was written in ${dialect}`, () => {
      fc.assert(
        fc.property(anyValue, (value) => {
          expect(spell(exactValue(parseJson(writeJson(value, dialect))))).toBe(spell(exactValue(value)));
        }),
        { numRuns: 500 },
      );
    });
  }
  test("is read as the platform's own parser reads it", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const ours = spell(exactValue(parseJson(text)));
        // The one difference meant: -0 without a point is the integer 0.
        expect(ours).toBe(spell(exactJson(text)).replaceAll('"integer -0"', '"integer 0"'));
      }),
      { numRuns: 500 },
    );
  });
  test("is refused exactly when the platform refuses it, after any one character was changed", () => {
    const damaged = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'"\\{}[]:,019.eE-+ntf x'));
    fc.assert(
      fc.property(damaged, ([text, at, character]) => {
        const place = at % text.length;
        const broken = text.slice(0, place) + character + text.slice(place + 1);
        expect(accepts(parseJson, broken)).toBe(accepts(JSON.parse, broken));
      }),
      { numRuns: 3000 },
    );
  });
});

function accepts(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("spelling", () => {
  test("as Python's json.dumps", () => {
    const value: Value = new Map<string, Value>([
      ["é🚀", [1n, 1, 1e16, 1e-5, 1.5e300, 123456.75, Number.NaN, true, null, '\u007f"']],
      ["e", []],
    ]);
    expect(writeJson(value, "python")).toBe(
      '{"\\u00e9\\ud83d\\ude80": [1, 1.0, 1e+16, 1e-05, 1.5e+300, 123456.75, NaN, true, null, "\u007f\\""], "e": []}',
    );
  });
  test("as JSON.stringify, but for the point of floats", () => {
    const value: Value = new Map<string, Value>([["é\u2028", [1n, 1.5, 2, "\n\ud800"]]]);
    expect(writeJson(value, "javascript")).toBe('{"é\u2028":[1,1.5,2.0,"\\n\\ud800"]}');
  });
});
