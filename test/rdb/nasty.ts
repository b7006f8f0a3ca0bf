/** A graph of what is most likely to go wrong, within what FalkorDB can hold. */
import { Properties } from "../../src/graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";
import { type DumpNode, type DumpRelationship, type GraphSchema, INDEX, type IndexField } from "../../src/rdb/dump.ts";

const VALUES: readonly Value[] = [
  0n,
  -1n,
  1n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  1.0,
  -0,
  0.1 + 0.2,
  1 / 3,
  Number.NaN,
  Infinity,
  -Infinity,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  2 ** 53 + 2,
  true,
  false,
  "",
  " ",
  "plain",
  "\"quoted\" `ticked` 'single' back\\slash\n\r\t\u0001",
  "naïve 日本語 🚀 \ufeffBOM \ufffd replaced \u{10ffff}",
  "-123",
  "12345678901234567890",
  [],
  [[], [[]], [[[1n]]]],
  ["a", 1n, 1.0, true, -0, "", [Number.NaN, [0.1 + 0.2]]],
  new Point(4326, Math.fround(13.4), Math.fround(52.5)),
  new Point(4326, -180, 90),
  [new Point(4326, 0, -0)],
  new Vector([]),
  new Vector([1, -0, Math.fround(0.1), 3.4028234663852886e38]),
  new Temporal("date", "2024-02-29"),
  new Temporal("date", "1900-01-01"),
  new Temporal("local-time", "23:59:59"),
  new Temporal("local-date-time", "2024-01-31T23:59:59"),
  new Temporal("local-date-time", "1969-12-31T23:59:58"),
  new Temporal("duration", "P0M0DT93600S"),
  [new Temporal("date", "2024-02-29"), new Temporal("duration", "P0M0DT-1S")],
];

/** Around the lengths where the packing of strings changes its ways, and one that is many strings long. */
const LENGTHS = [
  254, 255, 256, 4_095, 65_536, 127_999, 255_983, 255_984, 255_990, 255_991, 255_992, 255_995, 255_998, 255_999,
  256_000, 256_001, 256_010, 511_990, 1_048_576,
];

const field = (property: string, kinds: number, more: Partial<IndexField> = {}): IndexField => ({
  property,
  kinds,
  weight: 1,
  nostem: false,
  phonetic: "no",
  vector: null,
  ...more,
});

export const NASTY_SCHEMA: GraphSchema = {
  attributes: ["never used", "id"],
  labels: [
    { name: "Label without nodes", index: null, constraints: [] },
    {
      name: "Memory",
      index: {
        language: "english",
        stopWords: ["foo", "bar"],
        fields: [
          field("id", INDEX.range),
          field("title", INDEX.fulltext, { weight: 2, nostem: true }),
          field("both", INDEX.range + INDEX.fulltext),
          field("embedding", INDEX.vector, {
            vector: { dimension: 3, m: 8, efConstruction: 100, efRuntime: 20, metric: 2 },
          }),
        ],
      },
      constraints: [
        { kind: "unique", properties: ["id"] },
        { kind: "mandatory", properties: ["id"] },
      ],
    },
  ],
  types: [
    { name: "Type without relationships", index: null, constraints: [] },
    {
      name: "JOINS",
      index: { language: "english", stopWords: [], fields: [field("weight", INDEX.range)] },
      constraints: [],
    },
  ],
};

export interface NastyGraph {
  readonly nodes: readonly DumpNode[];
  readonly relationships: readonly DumpRelationship[];
}

interface Size {
  /** How many relationships one node has. */
  readonly spokes: number;
  /** Whether texts and vectors of all lengths are in it. */
  readonly long: boolean;
}

export function nastyGraph({ spokes, long }: Size): NastyGraph {
  const nodes: DumpNode[] = [];
  // Every seventh id is free.
  let id = 0;
  const next = () => (id++ % 7 === 3 ? id++ : id - 1);
  const node = (labels: readonly string[], entries: readonly (readonly [string, Value])[]) =>
    nodes.push({ id: next(), labels, properties: Properties.from(entries) });
  VALUES.forEach((value, at) => {
    node(["Value"], [["at", BigInt(at)] as const, ["value", value] as const]);
  });
  for (const length of long ? LENGTHS : []) {
    node(["Text"], [["text", "x".repeat(length)] as const, ["length", BigInt(length)] as const]);
    node(["Text"], [["text", "ä".repeat(length >> 1)] as const]);
  }
  for (const length of long ? [63_996, 63_997, 63_998, 63_999, 64_000] : []) {
    node(["Vector"], [["vector", new Vector(Array.from({ length }, (_, at) => at % 100))] as const]);
  }
  node([], []);
  node([], [["id", "without a label"] as const]);
  node(["Memory", "A", "Label without nodes' neighbour"], [["id", "three labels"] as const]);
  for (const name of ['Quote"s', "Back`tick", "Apostrophe's", "日本", "Label With Space"]) {
    node([name], [[`property ${name}`, name] as const]);
  }
  for (let at = 0; at < 30; at++) {
    node(
      ["Memory"],
      [
        ["id", `m-${at}`] as const,
        ["title", `memory number ${at} of nothing`] as const,
        ["both", BigInt(at)] as const,
        ["embedding", new Vector([at, 1, 0])] as const,
      ],
    );
  }
  return { nodes, relationships: relationshipsOf(nodes, spokes) };
}

function relationshipsOf(nodes: readonly DumpNode[], spokes: number): DumpRelationship[] {
  const relationships: DumpRelationship[] = [];
  let id = 0;
  const next = () => (id++ % 11 === 5 ? id++ : id - 1);
  const join = (type: string, start: DumpNode, end: DumpNode, entries: readonly (readonly [string, Value])[] = []) =>
    relationships.push({ id: next(), type, start: start.id, end: end.id, properties: Properties.from(entries) });
  const [hub, second, third] = nodes as [DumpNode, DumpNode, DumpNode];
  VALUES.forEach((value, at) => {
    join("VALUE", second, nodes[at]!, [["at", BigInt(at)] as const, ["value", value] as const]);
  });
  for (let at = 0; at < spokes; at++) {
    const other = nodes[at % nodes.length]!;
    join(at % 3 === 0 ? "JOINS" : "SPOKE", at % 2 === 0 ? hub : other, at % 2 === 0 ? other : hub, [
      ["weight", at % 5 === 0 ? at / 4 : BigInt(at)] as const,
    ]);
  }
  for (let at = 0; at < 50; at++) join("PARALLEL", second, third, [["number", BigInt(at)] as const]);
  for (let at = 0; at < 3; at++) join("PARALLEL", third, third);
  join("PARALLEL", third, second);
  join("SELF", second, second);
  join('Back`tick "type"', nodes.at(-1)!, hub);
  return relationships;
}
