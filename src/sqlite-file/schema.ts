/** The table sqlite_schema: what a file says that it holds, as text that need not be understood. */
import type { OnLost } from "./damage.ts";
import type { PageFile } from "./page-file.ts";
import { PageUse } from "./page-use.ts";
import { TableTree } from "./table-tree.ts";

export interface SchemaEntry {
  /** Its number in sqlite_schema. */
  readonly rowid: bigint;
  /** table, index, view or trigger. */
  readonly type: string;
  readonly name: string;
  /** The table that it belongs to. */
  readonly table: string;
  /** The first page of its tree; 0 for what has none. */
  readonly root: number;
  readonly sql: string | null;
}

/** In the order of the file. Rows that are no entries are left out. */
export function readSchema(file: PageFile, onLost: OnLost = () => {}): SchemaEntry[] {
  const entries: SchemaEntry[] = [];
  for (const { rowid, values } of new TableTree(file, 1, onLost, new PageUse(file, [1])).rows()) {
    const [type, name, table, root, sql] = values;
    if (typeof type !== "string" || typeof name !== "string" || typeof table !== "string") continue;
    const page = typeof root === "bigint" && root > 0n && root <= BigInt(file.pages) ? Number(root) : 0;
    entries.push({ rowid, type, name, table, root: page, sql: typeof sql === "string" ? sql : null });
  }
  return entries;
}
