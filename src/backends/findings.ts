/** Collects what is odd about a store: counted in full, with the first ids as examples. */
import type { Finding } from "./description.ts";

const EXAMPLES = 10;
/** Of those that are all told: some megabytes. */
const MOST_IDS = 100_000;

interface Found extends Omit<Finding, "count" | "examples" | "ids"> {
  count: number;
  examples: string[];
  ids?: readonly string[];
}

/** Findings by their text: each is counted in full, and keeps its first ten examples. */
export class FindingLog {
  readonly #found = new Map<string, Found>();

  add(kind: Finding["kind"], what: string, id: string, unit: Finding["unit"] = "record"): void {
    this.merge({ kind, what, count: 1, examples: [id], ...(unit !== "record" && { unit }) });
  }

  /** Adds what another log has found. */
  merge(finding: Finding): void {
    const { what, count, examples, ids } = finding;
    const known = this.#found.get(what);
    if (known === undefined) {
      this.#found.set(what, {
        ...finding,
        examples: examples.slice(0, EXAMPLES),
        ...(ids !== undefined && { ids: ids.slice(0, MOST_IDS) }),
      });
      return;
    }
    known.count += count;
    known.examples.push(...examples.slice(0, EXAMPLES - known.examples.length));
    if (ids !== undefined) known.ids = [...(known.ids ?? []), ...ids].slice(0, MOST_IDS);
  }

  list(): Finding[] {
    return [...this.#found.values()].map((finding) => ({ ...finding, examples: [...finding.examples] }));
  }
}
