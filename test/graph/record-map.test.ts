import { expect, test } from "bun:test";
import { writeJson } from "../../src/graph/json.ts";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphRelationship } from "../../src/graph/record.ts";
import { recordFromMap, recordToMap } from "../../src/graph/record-map.ts";

test("a record comes back from its map, whose names are those of stores that earlier builds wrote", () => {
  const relationship: GraphRelationship = {
    kind: "relationship",
    from: "a",
    to: "b",
    type: "SOLVES",
    properties: Properties.from([["strength", 0.5]]),
    hasDuplicateId: true,
  };
  const map = recordToMap(relationship);
  expect(writeJson(map, "javascript")).toBe(
    '{"from":"a","to":"b","type":"SOLVES","sharesId":true,"properties":[["strength",0.5]]}',
  );
  expect(recordToMap(recordFromMap("relationship", map))).toEqual(map);
});
