/** Collects what is odd about a store: counted in full, with the first ids as examples. */
import type { Finding } from "./backend.ts";

const EXAMPLES = 10;

export class OddityLog {
  readonly #found = new Map<string, { what: string; kind: Finding["kind"]; count: number; examples: string[] }>();

  add(kind: Finding["kind"], what: string, id: string): void {
    this.merge({ kind, what, count: 1, examples: [id] });
  }

  /** Adds what another log has found. */
  merge({ kind, what, count, examples }: Finding): void {
    const known = this.#found.get(what);
    if (known === undefined) {
      this.#found.set(what, { what, kind, count, examples: examples.slice(0, EXAMPLES) });
      return;
    }
    known.count += count;
    known.examples.push(...examples.slice(0, EXAMPLES - known.examples.length));
  }

  list(): Finding[] {
    return [...this.#found.values()].map((finding) => ({ ...finding, examples: [...finding.examples] }));
  }
}
