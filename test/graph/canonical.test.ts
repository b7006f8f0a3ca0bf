import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphRecord } from "../../src/graph/record.ts";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";
import { canonicalizer } from "../../src/memorygraph/canonicalizer.ts";
import { anyName, anyRecord, anyValue, node, relationship } from "./records.ts";

const text = (record: GraphRecord) => canonicalizer.text(record);
const withValue = (name: string, value: Value) => text(node("n", { [name]: value }));

describe("two spellings that MemoryGraph reads as one are equal", () => {
  const pairs: [string, Value, Value][] = [
    ["created_at", "2024-01-31T23:59:59.120000+00:00", "2024-01-31T23:59:59.12Z"],
    ["created_at", "2024-01-31T23:59:59", "2024-01-31T23:59:59Z"],
    ["updated_at", "2024-02-01T00:59:59+01:00", new Temporal("date-time", "2024-01-31T23:59:59Z")],
    ["valid_from", new Temporal("date-time", "2024-02-01T00:59:59+01:00[Europe/Berlin]"), "2024-01-31 23:59:59"],
    ["context_timestamp", "2024-01-31T23:59:59.000Z", "2024-01-31T23:59:59+00:00"],
    ["context_languages", "[]", []],
    [
      "context_languages",
      '["a", 1.0, {"b": [], "a": null}]',
      [
        "a",
        1,
        new Map<string, Value>([
          ["a", null],
          ["b", []],
        ]),
      ],
    ],
    ["context_additional_metadata", "{}", new Map()],
    ["context_additional_metadata", '{ "b":1,"a" : "\\u00e9" }', '{"a":"é","b":1}'],
  ];
  for (const [name, a, b] of pairs) {
    test(`${name}: ${Bun.inspect(a)} and ${Bun.inspect(b)}`, () => expect(withValue(name, a)).toBe(withValue(name, b)));
  }
  test("whatever the order of labels and properties, and null or absent", () => {
    const left = { ...node("n", { a: 1n, b: null, c: "x" }), labels: ["A", "B"] };
    const right = { ...node("n", { c: "x", a: 1n }), labels: ["B", "A"] };
    expect(text(left)).toBe(text(right));
  });
});

describe("everything else is different", () => {
  const groups: [string, Value[]][] = [
    [
      "importance",
      [
        1n,
        1,
        "1",
        "1.0",
        true,
        [1n],
        [1],
        [],
        "",
        new Map(),
        new Uint8Array([1]),
        new Uint8Array(),
        0,
        -0,
        0n,
        Number.NaN,
        "NaN",
        2n ** 53n,
        2n ** 53n + 1n,
        Number.POSITIVE_INFINITY,
        5e-324,
        new Vector([1]),
        new Vector([1], "float64"),
        new Point(1, 1, 1),
        new Point(1, 1, 1, 1),
      ],
    ],
    [
      "title",
      [
        "[]",
        [],
        "2024-01-31T23:59:59Z",
        "2024-01-31T23:59:59+00:00",
        new Temporal("date-time", "2024-01-31T23:59:59Z"),
        " []",
        "é",
        "e\u0301",
        "\ud800",
        "\ufffd",
        "\udc00",
        "a\0b",
        "ab",
      ],
    ],
    [
      "tags",
      [["a", "b"], ["b", "a"], ["ab"], ["a", "b", "b"], [["a"], "b"], [["a", "b"]], '["a", "b"]', ["a", null, "b"]],
    ],
    [
      "created_at",
      [
        "2024-01-31T23:59:59.123456Z",
        "2024-01-31T23:59:59.123457Z",
        "2024-01-31T23:59:59.1234561Z",
        "yesterday",
        "",
        1n,
        new Temporal("date", "2024-01-31"),
      ],
    ],
    ["context_languages", ["[]", "{}", '["a"]', "[", '["a"', "a", "[1]", "[1.0]", '["1"]', '"[]"', "[NaN]", "[null]"]],
    [
      "context_additional_metadata",
      [
        '{"a": 1}',
        '{"a": 1.0}',
        '{"a": "1"}',
        '{"a": [1]}',
        '{"a": "[1]"}',
        '{"b": 1}',
        '{"a": 1, "b": null}',
        '{"a": 9007199254740993}',
        '{"a": 9007199254740992}',
      ],
    ],
  ];
  for (const [name, values] of groups) {
    test(`${values.length} values of ${name}`, () => {
      const texts = values.map((value) => withValue(name, value));
      const twice = texts.flatMap((one, at) =>
        texts.indexOf(one) < at ? [[values[texts.indexOf(one)], values[at]]] : [],
      );
      expect(twice).toEqual([]);
    });
  }

  test("labels, ends, types and kinds", () => {
    const records = [
      node("a"),
      node("a", {}, []),
      node("a", {}, ["memory"]),
      node("a", {}, ["Memory", "Entity"]),
      node("a", {}, ["MemoryEntity"]),
      node("b"),
      relationship("a", "b"),
      relationship("b", "a"),
      relationship("a", "b", {}, "SOLVE"),
      relationship("a", "bS", {}, "OLVES"),
      relationship("ab", ""),
      relationship("a", "b", { id: "1" }),
      relationship("a", "b", { id: "2" }),
      relationship("a", "b", { id: 1n }),
    ];
    expect(new Set(records.map(text)).size).toBe(records.length);
  });

  test("any change of one value of any record", () => {
    fc.assert(
      fc.property(anyRecord, anyName, anyValue, (record, name, value) => {
        const before = record.properties.get(name);
        const changed: GraphRecord = { ...record, properties: record.properties.with(name, value) };
        if (withValue(name, before) === withValue(name, value)) expect(text(changed)).toBe(text(record));
        else expect(text(changed)).not.toBe(text(record));
      }),
      { numRuns: 2000 },
    );
  });

  test("moving a value from one name to another, or a character from one text to the next", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (a, b, middle) => {
        const make = (left: string, right: string) =>
          text({
            ...node("n"),
            properties: Properties.from([
              ["p", left],
              ["q", right],
            ]),
          });
        expect(make(a + middle, b)).not.toBe(make(a, middle + b));
        expect(text({ ...node("n"), labels: [a + middle, b] })).not.toBe(
          text({ ...node("n"), labels: [a, middle, b] }),
        );
        expect(text(relationship(a + middle, b))).not.toBe(text(relationship(a, middle + b)));
      }),
    );
  });

  test("the text is one that UTF-8 can hold, and distinct lone surrogates stay distinct in it", () => {
    const texts = ["\ud800", "\ud801", "\udfff", "\\ud800", "\ufffd"].map((title) => text(node("n", { title })));
    expect(texts.every((one) => one.isWellFormed())).toBe(true);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe("the same part by part", () => {
  test("two records have equal texts exactly when all their fields are equal", () => {
    const fields = (record: GraphRecord) =>
      JSON.stringify([record.kind, canonicalizer.fields(record).map(({ name, text: of }) => [name, of])]);
    fc.assert(
      fc.property(anyRecord, anyRecord, anyName, anyValue, (a, b, name, value) => {
        const c: GraphRecord = { ...a, properties: a.properties.with(name, value) };
        for (const other of [b, c]) expect(fields(a) === fields(other)).toBe(text(a) === text(other));
      }),
      { numRuns: 2000 },
    );
  });
});
