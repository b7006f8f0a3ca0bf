import { expect, test } from "bun:test";
import { documentText, withTables } from "../../scripts/tables.ts";

test("the tables of docs/CLI.md are what `bun scripts/tables.ts` writes", () => {
  expect(documentText()).toBe(withTables(documentText()));
});
