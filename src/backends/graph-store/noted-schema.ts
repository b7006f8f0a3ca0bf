/** The entries of a journal that say which indexes and constraints a run creates on a server. */
import * as v from "valibot";
import type { JournalFile, LogRow } from "../../journal/journal-file.ts";
import type { SchemaItem } from "../description.ts";

const SCHEMA_ITEM = "schema item";

const SchemaItemSchema = v.object({
  backend: v.string(),
  kind: v.picklist(["index", "constraint"]),
  what: v.string(),
  statement: v.string(),
  own: v.boolean(),
});

/** The entry that notes an item. */
export function schemaItemRow(item: SchemaItem): LogRow {
  return { kind: SCHEMA_ITEM, ref: null, text: JSON.stringify(item), bytes: null };
}

/** The indexes and constraints that a run has created, in the order in which it did. */
export function schemaItemsOf(file: JournalFile): SchemaItem[] {
  const parse = (text: string) => v.parse(v.pipe(v.string(), v.parseJson(), SchemaItemSchema), text) as SchemaItem;
  return [...file.rowsOf(SCHEMA_ITEM)].map(({ text }) => file.reading(() => parse(text)));
}
