/** Records as a target takes them, for a test that writes to a target without a run. */
import type { Finding } from "../../src/backends/description.ts";
import type { Fitting } from "../../src/backends/fitting.ts";
import type { GraphRecord } from "../../src/graph/record.ts";

export function fittedTo(
  fitting: Fitting | null,
  records: readonly GraphRecord[],
): { records: readonly GraphRecord[]; losses: readonly Finding[] } {
  if (fitting === null) return { records, losses: [] };
  const fitted = records.flatMap((record) => {
    const one = fitting.fit(record);
    fitting.rehearsal.note(one);
    return one.record ?? [];
  });
  return { records: fitted, losses: fitting.rehearsal.losses() };
}
