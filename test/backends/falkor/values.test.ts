import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { newest, wantedVersion } from "../../../scripts/engines/versions.ts";
import { unsupported, unsupportedName } from "../../../src/backends/falkor/values.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../../../src/graph/value.ts";
import { shown } from "../../support/edge-values.ts";
import { allOf, createValues, readValues, server, withGraph } from "./support.ts";

async function roundTrip(values: readonly Value[]): Promise<void> {
  await withGraph(async (graph) => {
    expect(values.map((value) => unsupported(value)).filter((why) => why !== null)).toEqual([]);
    await createValues(graph, values);
    expect((await readValues(graph)).map(shown)).toEqual(values.map(shown));
  });
}

const bits = new DataView(new ArrayBuffer(8));
const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((pattern) => {
  bits.setBigUint64(0, pattern);
  return bits.getFloat64(0);
});
/** Where the ways of telling a double meet. */
const edges = [
  -10, -9, -8, -2, -1, 0, 1, 2, 46, 47, 52, 53, 62, 63, 64, 100, 1000, 1023, -1000, -1022, -1023, -1074,
].flatMap((exponent) =>
  [1 - 2 ** -53, 1, 1 + 2 ** -52, 1.1, 1.5, 2 - 2 ** -52].flatMap((m) => [m * 2 ** exponent, -m * 2 ** exponent]),
);
const DOUBLES = [
  ...edges.filter((value) => Number.isFinite(value)),
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2.2250738585072014e-308,
  2.225073858507201e-308,
  1 / 3,
  0.1 + 0.2,
  1e300,
  123456789012344.5,
  123456789012345.5,
  2.384185791015625e-7,
  1700000000.123,
  0.002,
  0.0019999999999999996,
  99999999999999.98,
  100000000000000.02,
];

describe.skipIf(server === undefined)("FalkorDB gives back exactly", () => {
  test("doubles of every kind, as properties", () => roundTrip(DOUBLES));

  test("doubles of every kind, in lists and deeper", () =>
    roundTrip([DOUBLES, [DOUBLES, [[1 / 3], 1n, "x", [[[[2 / 3, 5e-324]]]]]], ...DOUBLES.map((value) => [[value]])]));

  test("doubles with random bits", () => {
    const samples = fc.sample(anyDouble, { numRuns: 2_000, seed: 1 });
    return roundTrip(samples);
  });

  test("doubles with random bits, in lists", () =>
    roundTrip(fc.sample(fc.array(anyDouble, { maxLength: 20 }), { numRuns: 300, seed: 2 })));

  test("doubles as people write them", () => {
    const confidence = fc.oneof(fc.double({ min: 0, max: 1 }), fc.double({ min: -10, max: 10, noNaN: true }));
    return roundTrip(fc.sample(confidence, { numRuns: 2_000, seed: 3 }));
  });

  test("doubles of relationships, of a node with thousands of them", () =>
    withGraph(async (graph) => {
      const [hub] = await graph.writer.createNodes({ labels: ["Hub"], rows: [Properties.from([["id", "hub"]])] });
      const samples = [...DOUBLES, ...fc.sample(anyDouble, { numRuns: 5_000, seed: 4 })];
      for (let at = 0; at < samples.length; at += 2_000) {
        const rows = samples.slice(at, at + 2_000).map((value, number) => ({
          from: hub!,
          to: hub!,
          properties: Properties.from([["number", BigInt(at + number)] as const, ["value", value] as const]),
        }));
        await graph.writer.createRelationships({ type: "LOOP", rows });
      }
      const read: string[] = [];
      for (const { properties, from, to, fromId } of await allOf(graph.relationships())) {
        read[Number(properties.get("number"))] = shown(properties.get("value"));
        expect([from, to, fromId]).toEqual([hub!, hub!, "hub"]);
      }
      expect(read).toEqual(samples.map(shown));
    }));

  test("integers up to the limits of 64 bits", () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const limits = [0n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) + 1n];
    return roundTrip([...limits, limits, ...fc.sample(integer, { numRuns: 500, seed: 5 })]);
  });

  test("texts of every character", async () => {
    const every: string[] = [];
    for (let plane = 0; plane < 0x110000; plane += 0x400) {
      const codes = Array.from({ length: 0x400 }, (_, at) => plane + at).filter(
        (code) => code !== 0 && !(code >= 0xd800 && code < 0xe000),
      );
      if (codes.length > 0) every.push(String.fromCodePoint(...codes));
    }
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .filter((value) => value.isWellFormed() && !value.includes("\0"));
    await roundTrip([
      ...every.slice(0, 300),
      "",
      "\\",
      "'",
      '"',
      "`",
      "\\u0041",
      "\\n",
      "$x",
      "\ufffd",
      "\u2028\u2029",
      ...fc.sample(text, { numRuns: 500, seed: 6 }),
    ]);
  });

  test("long texts beside short ones, and lists of them", () => {
    const long = "é".repeat(1 << 20);
    return roundTrip([
      "a",
      long,
      "b",
      [long, "c"],
      ...Array.from({ length: 40 }, (_, at) => `${at}${"x".repeat(9_000)}`),
      1 / 3,
    ]);
  });

  test("truth, and lists of everything", () =>
    roundTrip([true, false, [], [[]], [[], [true, [1n, 1, "1"]]], ["a", 1n, 0.5, false]]));

  test("points, vectors and times, also among other values and in lists", () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const point = fc
      .tuple(fc.float({ min: -180, max: 180, noNaN: true }), fc.float({ min: -90, max: 90, noNaN: true }))
      .map(([x, y]) => new Point(4326, x, y));
    const vector = fc.array(float, { maxLength: 5 }).map((elements) => new Vector(elements));
    const second = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    const iso = second.map((s) => new Date(s * 1000).toISOString().slice(0, 19));
    const duration = fc.integer({ min: -86_400_000_000, max: 86_400_000_000 });
    const temporal = fc.oneof(
      iso.map((text) => new Temporal("local-date-time", text)),
      iso.map((text) => new Temporal("date", text.slice(0, 10))),
      iso.map((text) => new Temporal("local-time", text.slice(11))),
      duration.map((s) => new Temporal("duration", `P0M0DT${s}S`)),
    );
    const special = fc.oneof(point, vector, temporal);
    const samples = fc.sample(fc.oneof(special, fc.array(special, { maxLength: 3 })), { numRuns: 400, seed: 7 });
    return roundTrip([...samples, ...DOUBLES, 2n ** 63n - 1n, -(2n ** 63n), "it's \\ `\n\u2028"]);
  });

  test("names of every kind", () =>
    withGraph(async (graph) => {
      const names = [
        "",
        " ",
        "we ird-'\"name",
        "__proto__",
        "constructor",
        "\\n",
        "\n",
        "a.b",
        "1st",
        "MATCH",
        "🚀",
        "$",
        "\u2028",
        "日本",
      ];
      expect(names.map((name) => unsupportedName(name, "label")).filter((why) => why !== null)).toEqual([]);
      for (const name of names) {
        const properties = Properties.from([
          [name, 0.1 + 0.2],
          ["id", name],
        ]);
        const [a] = await graph.writer.createNodes({ labels: [name, "Other"], rows: [properties] });
        await graph.writer.createRelationships({ type: name, rows: [{ from: a!, to: a!, properties }] });
        await graph.writer.changeNodes([
          { id: a!, labelsBefore: [name, "Other"], labels: ["Third", name], properties },
        ]);
      }
      const nodes = await allOf(graph.nodes());
      const relationships = await allOf(graph.relationships());
      expect(nodes.map(({ labels }) => [...labels].sort())).toEqual(names.map((name) => ["Third", name].sort()));
      expect(relationships.map(({ type }) => type)).toEqual(names);
      for (const [at, name] of names.entries()) {
        for (const { properties } of [nodes[at]!, relationships[at]!]) {
          expect([...properties.entries()].sort()).toEqual(
            [
              [name, 0.1 + 0.2],
              ["id", name],
            ].sort() as never,
          );
        }
      }
    }));
});

describe.skipIf(server === undefined)("what FalkorDB cannot hold it refuses or changes", () => {
  const at = (text: string) => (raw: (statement: string) => Promise<string>) =>
    raw(`CREATE (n:X) SET n.v = ${text} RETURN n.v`);
  const REFUSED: readonly (readonly [what: string, value: Value, statement: string, seen: RegExp])[] = [
    ["a map", new Map([["a", 1n]]), "{a: 1}", /primitive types/],
    ["a list that holds null", [1n, null], "[1, null]", /primitive types|null/i],
    ["a list that holds a list that holds null", [[null]], "[[null]]", /primitive types|null/i],
    ["a list that holds a map", [new Map()], "[{}]", /primitive types/],
    ["text with a NUL character", "a\0b", "'a\0b'", /^\["2","a"\]|Invalid|expected|error/i],
    ["an integer of more than 64 bits", 2n ** 63n, "9223372036854775808", /^(?!.*"3","9223372036854775808")/],
    [
      "a point with coordinates outside the valid range",
      new Point(4326, 181, 0),
      "point({longitude: 181.0, latitude: 0.0})",
      /range/,
    ],
    [
      "a point that is not exact in 32 bits",
      new Point(4326, 0.1, 0),
      "point({longitude: 0.1, latitude: 0.0})",
      /^(?!.*"0.1")/,
    ],
    ["a date like 2023-02-30", new Temporal("date", "2023-02-30"), "date('2023-02-30')", /1677715200/],
    [
      "a local-date-time like 2020-01-01T00:00:00.5",
      new Temporal("local-date-time", "2020-01-01T00:00:00.5"),
      "localdatetime('2020-01-01T00:00:00.5')",
      /^\["13","1577836800"\]|pars/,
    ],
    ["a duration like P1M0DT0S", new Temporal("duration", "P1M0DT0S"), "duration('P1M')", /^\["16","2678400"\]/],
    [
      "a date-time like 2020-01-01T00:00:00Z",
      new Temporal("date-time", "2020-01-01T00:00:00Z"),
      "datetime('2020-01-01T00:00:00Z')",
      /Unknown function/,
    ],
    ["a time like 10:00:00Z", new Temporal("time", "10:00:00Z"), "time('10:00:00Z')", /Unknown function/],
  ];

  test.each(REFUSED)("%s", (what, value, statement, seen) =>
    withGraph(async (_, raw, name) => {
      expect(unsupported(value)).toBe(what);
      const answer = await at(statement)(async (text) => {
        try {
          const reply = (await raw("GRAPH.QUERY", name, text, "--compact")) as unknown[][][];
          return JSON.stringify(reply[1]![0]![0]);
        } catch (error) {
          return String(error);
        }
      });
      expect(answer).toMatch(seen);
    }));

  test.each([
    ["bytes", Uint8Array.of(1)],
    ["text with a lone surrogate", "a\ud800"],
    ["a list that holds text with a lone surrogate", ["\udc00"]],
    ["a point that is not WGS 84 with two dimensions", new Point(7203, 1, 2)],
    ["a vector whose numbers are not finite 32-bit floats", new Vector([0.1])],
    ["a vector whose numbers are not finite 32-bit floats", new Vector([1], "float64")],
    ["a duration like P0M0DT0.5S", new Temporal("duration", "P0M0DT0.5S")],
    ["a local-time like 10:00:00.1", new Temporal("local-time", "10:00:00.1")],
  ] as [string, Value][])("%s, which has no spelling there", (what, value) => {
    expect(unsupported(value)).toBe(what);
  });

  test("names with a backtick, a NUL or a lone surrogate", () =>
    withGraph(async (_, raw, name) => {
      expect(unsupportedName("a`b", "property")).toBe("it has a backtick");
      expect(unsupportedName("\0", "label")).toBe("it has a NUL character");
      expect(unsupportedName("\ud800", "label")).toBe("it has a lone surrogate");
      const longest = "é".repeat(256);
      expect(unsupportedName(longest, "label")).toBe(null);
      expect(unsupportedName(`${longest}x`, "property")).toBe(null);
      expect(unsupportedName(`${longest}x`, "relationship type")).toBe("it has more than 512 bytes");
      await raw("GRAPH.QUERY", name, `CREATE (n:\`${longest}\` {\`${longest}x\`: 1})`);
      // Releases before 4.22 take longer ones too.
      if (wantedVersion("falkordb") === newest("falkordb"))
        expect(raw("GRAPH.QUERY", name, `CREATE (n:\`${longest}x\`)`)).rejects.toThrow("maximum length");
      for (const spelled of ["`a``b`", "`a\\`b`"]) {
        expect(raw("GRAPH.QUERY", name, `CREATE (n:${spelled})`)).rejects.toThrow();
        expect(raw("GRAPH.QUERY", name, `CYPHER p={${spelled}: 1} CREATE (n) SET n = $p`)).rejects.toThrow();
      }
    }));
});
