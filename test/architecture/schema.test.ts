import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { schemaFiles } from "../../scripts/schema.ts";

const folder = join(import.meta.dir, "../../docs/schema");

test("docs/schema is what `bun scripts/schema.ts` writes", () => {
  const expected = schemaFiles();
  expect(readdirSync(folder).sort()).toEqual([...expected.keys()].sort());
  for (const [name, text] of expected) expect(readFileSync(join(folder, name), "utf8")).toBe(text);
});
