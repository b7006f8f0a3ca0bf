/**
 * What the check before a run says of a value, and what the engine does with it, at the edges of every kind: what is
 * possible is written and read back, what is impossible the engine refuses or changes.
 */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { literal } from "../../../src/backends/falkor/literals.ts";
import { decode } from "../../../src/backends/falkor/reply.ts";
import { unsupported } from "../../../src/backends/falkor/values.ts";
import { Point, Temporal, type Value, Vector } from "../../../src/graph/value.ts";
import type { Command } from "../../conformance/falkor.ts";
import { KINDS, shown } from "../../support/edge-values.ts";
import { atLevel } from "../../support/level.ts";
import { createValues, readValues, server, withGraph } from "./support.ts";

/** Values of each kind. */
const VALUES = atLevel({ normal: 300, long: 6_000, full: 60_000 });
/** Each of these is a statement of its own. */
const REFUSALS = atLevel({ normal: 75, long: 750, full: 5_000 });
const PART = 2_000;
const SEED = 27;

const kinds: [string, fc.Arbitrary<Value>][] = [
  ...Object.entries(KINDS),
  ["lists", fc.array(fc.oneof(...Object.values(KINDS)), { maxLength: 4 })],
];

describe.skipIf(server === undefined)("at its edges FalkorDB holds exactly what the check calls possible", () => {
  test.each(kinds)(
    "%s",
    (_, values) =>
      withGraph(async (graph) => {
        const possible = fc
          .sample(values, { numRuns: VALUES, seed: SEED })
          .filter((value) => unsupported(value) === null);
        expect(possible.length).toBeGreaterThan(VALUES / 20);
        for (let at = 0; at < possible.length; at += PART) {
          await createValues(graph, possible.slice(at, at + PART), at);
        }
        expect((await readValues(graph)).map(shown)).toEqual(possible.map(shown));
      }),
    600_000,
  );
});

/** The engine keeps points and vectors of what is no number, which the check refuses all the same: indexes compare them. */
function hasOnlyNumbers(value: Value): boolean {
  if (value instanceof Point) return Number.isFinite(value.x) && Number.isFinite(value.y);
  return !(value instanceof Vector) || value.elements.every(Number.isFinite);
}

/** As somebody would write it who does not know what the engine holds. */
function spellingsOf(value: Value): string[] {
  if (!(value instanceof Temporal)) return [literal(value, "statement")];
  const { kind, text: spelled } = value;
  const call = kind.replaceAll("-", "");
  const [, y, m, d] = /^([+-]?\d+)-(\d\d)-(\d\d)/.exec(spelled) ?? [];
  const [, hour, minute, second] = /(\d\d):(\d\d):(\d\d)/.exec(spelled) ?? [];
  const parts = [
    ...(y === undefined ? [] : [`year: ${Number(y)}, month: ${Number(m)}, day: ${Number(d)}`]),
    ...(hour === undefined ? [] : [`hour: ${Number(hour)}, minute: ${Number(minute)}, second: ${Number(second)}`]),
  ];
  return [`${call}('${spelled}')`, ...(parts.length === 0 ? [] : [`${call}({${parts.join(", ")}})`])];
}

async function answerTo(raw: Command, graph: string, expression: string): Promise<Value | "refused"> {
  try {
    const statement = `CREATE (n:X) SET n.v = ${expression} RETURN n.v`;
    const reply = (await raw("GRAPH.QUERY", graph, statement, "--compact")) as never as [unknown, [[[string, string]]]];
    return decode(reply[1][0][0]);
  } catch {
    return "refused";
  }
}

describe.skipIf(server === undefined)("what the check calls impossible FalkorDB refuses or changes", () => {
  const tried = Object.entries(KINDS).filter(([kind]) => !["doubles", "texts"].includes(kind));
  test.each(tried)(
    "%s",
    (_, values) =>
      withGraph(async (__, raw, name) => {
        const impossible = fc
          .sample(values, { numRuns: REFUSALS, seed: SEED })
          .filter((value) => unsupported(value) !== null && hasOnlyNumbers(value));
        expect(impossible.length).toBeGreaterThan(0);
        for (const value of impossible) {
          for (const spelling of spellingsOf(value)) {
            const answer = await answerTo(raw, name, spelling);
            expect([spelling, answer === "refused" ? answer : shown(answer)]).not.toEqual([spelling, shown(value)]);
          }
        }
      }),
    600_000,
  );
});

test.skipIf(server === undefined)("infinities and what is no number are read in vectors as they are", () =>
  withGraph(async (graph, raw, name) => {
    await raw(
      "GRAPH.QUERY",
      name,
      "CREATE (:Value {number: 0, value: vecf32([(1.0/0.0), (-1.0/0.0), (0.0/0.0), 1.5])})",
    );
    expect((await readValues(graph)).map(shown)).toEqual(["vector Infinityf,-Infinityf,NaNf,1.5f"]);
  }),
);
