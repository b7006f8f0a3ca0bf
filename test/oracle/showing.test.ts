// @level normal
/** What MemoryGraph 0.12.4 shows of memories, by its own parser, against what its line's model in the program says. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseJson } from "../../src/graph/json.ts";
import { Properties } from "../../src/graph/properties.ts";
import { isMap } from "../../src/graph/value.ts";
import { Showing } from "../../src/memorygraph/showing.ts";
import { atLevel } from "../support/level.ts";
import { hasOracle, listening } from "./oracle.ts";

const available = hasOracle();
const RUNS = Number(Bun.env.RUNS ?? atLevel({ normal: 600, long: 6_000 }));

const TIMES = [
  ...["2026-03-29", "20260329", "2026-03-29T02:30:00+05", "20260329T023000Z", "2026-03-29T02:30:00,123+00:00"],
  ...["2026-W13-7", "2026-W13", "2026W137", "2026-088", "2026088T10Z", "2026-03-29T02:30:00.123456789123+00:00"],
  ...["2030-01-01T00:00Z", "2030-01-01t00:00:00z", "1893456000", "Tue, 01 Jan 2030 00:00:00 GMT", "not a time", ""],
  ...["2024-02-30", "2024-01-01T24:00:00Z", "2024-01-01T10.5Z", "2024-01-01T10:00:00 +0000", "2024-01-01 10:00 UTC"],
  ...["2020-W53-7", "2021-W53-1", "0000-01-01T00:00:00", "2024-01-01T00:00:00+01:02:03", "2024-01-01X10:00:00"],
  ...[
    "2024-01-01T10:0000",
    "2024-01-01T1000:00",
    "2024-01-01T10:00:00+0530",
    " 2024-01-01",
    "2024-01-01T10:00:00+24:00",
  ],
  ...["2024-01-01T10:60:00", "2024-01-01T10:00:00.", "2024-01-01T10:00:00.1234567", "2024-W1-1", "2024-01-01T"],
];
const time = fc.oneof(fc.constantFrom(...TIMES), fc.constantFrom(1700000000, 1.5, null, true, []));
const text = fc.oneof(
  fc.constantFrom(
    "",
    "x",
    " ",
    ..."200 201 500 501".split(" ").flatMap((count) => ["a".repeat(+count), "😀".repeat(+count)]),
  ),
  fc.constantFrom(null, 5, true, ["a"]),
);
const number = fc.constantFrom(
  ...[0, 1, 0.5, 1.5, -0.1, 3, 3.5, "0.5", "x", " 1 ", "1e0", "1_0", true, false, null, [], "2", "-1", "3.0", "inf"],
);
const texts = fc.constantFrom('["a"]', "[1]", "x", ["a"], [1], null, "{}", "[", "[]", "");
const memory = fc.record(
  {
    ...{ type: fc.constantFrom("solution", "workflow_action", "", null, 5), title: text, content: text, summary: text },
    tags: fc.constantFrom(["a"], [], ["a", 1], "a", null, '["a"]', { a: 1 }),
    ...{ importance: number, confidence: number, effectiveness: number, usage_count: number, version: number },
    ...{ created_at: time, updated_at: time, last_accessed: time, context_timestamp: time },
    context_visibility: fc.constantFrom("project", "public", "x", null, 5),
    ...{ context_languages: texts, context_project_path: texts, context_session_id: texts },
    context_additional_metadata: fc.constantFrom("{}", '{"a":1}', "[]", "x", null, "{", { a: 1 }),
  },
  { requiredKeys: [] },
);
const GOOD = { id: "i", type: "solution", title: "t", content: "c", created_at: TIMES[0], updated_at: TIMES[0] };

let parser: ReturnType<typeof listening>;
beforeAll(() => {
  if (available) parser = listening("parse_memory.py");
});
afterAll(() => parser?.close());

test.skipIf(!available)(
  "the model of 0.12 shows a memory when, and only when, 0.12.4 does",
  async () => {
    const showing = new Showing("0.12");
    await fc.assert(
      fc.asyncProperty(memory, fc.nat(), async (fields, which) => {
        const names = Object.keys(fields);
        const one = names[which % (names.length || 1)];
        // One field that differs from a good memory, or all of them.
        const differing = which % 3 === 0 || one === undefined ? fields : { [one]: fields[one as keyof typeof fields] };
        const properties = { ...GOOD, ...differing };
        const read = parseJson(JSON.stringify(properties));
        if (!isMap(read)) throw new Error("no object");
        const reason = showing.reasonFor(Properties.of([...read.keys()], [...read.values()]));
        expect({ properties, reason, shown: reason === null }).toEqual({
          properties,
          reason,
          shown: await parser.ask(properties),
        } as never);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 100,
);
