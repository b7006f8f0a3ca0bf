/** What the rows of a layout do not say of their records, counted for the report. */
import type { GraphRecord } from "../../graph/record.ts";
import { SPELLINGS } from "../../memorygraph/spelling.ts";
import type { WriteReport } from "../backend.ts";
import { INNER } from "./nodes-layout.ts";
import type { RowExtra } from "./side-table.ts";

type Counts = Pick<WriteReport, "defaulted" | "setAside">;

/** A record that is no row. */
export function countAside({ setAside }: Counts, record: GraphRecord): void {
  const what =
    record.kind === "node"
      ? `nodes labelled ${record.labels.join(", ") || "nothing"}`
      : `relationships of type ${record.type}`;
  setAside[what] = (setAside[what] ?? 0) + 1;
}

/** What the layout imposed on a row, and what stands beside it. */
export function countBeside(
  report: Counts,
  kind: GraphRecord["kind"],
  { defaulted = [], set = [] }: Pick<RowExtra, "defaulted" | "set">,
): void {
  const prefix = kind === "node" ? "" : "relationship.";
  for (const name of defaulted) {
    if (name.startsWith(INNER)) continue;
    const field = prefix + name;
    report.defaulted[field] = (report.defaulted[field] ?? 0) + 1;
  }
  for (const [name] of set) {
    if (name === SPELLINGS) continue;
    const field = `property ${prefix}${name}`;
    report.setAside[field] = (report.setAside[field] ?? 0) + 1;
  }
}
