import { expect, test } from "bun:test";
import { documentText, WITH_TABLES, withTables } from "../../scripts/tables.ts";

test.each(WITH_TABLES)("the tables of %s are what `bun scripts/tables.ts` writes", (document) => {
  expect(documentText(document)).toBe(withTables(document));
});
