/** Collects what is odd about a store: counted in full, with the first ids as examples. */
import type { Oddity } from "./backend.ts";

const EXAMPLES = 10;

export class OddityLog {
  readonly #found = new Map<string, { what: string; kind: Oddity["kind"]; count: number; examples: string[] }>();

  add(kind: Oddity["kind"], what: string, id: string): void {
    const known = this.#found.get(what);
    if (known === undefined) {
      this.#found.set(what, { what, kind, count: 1, examples: [id] });
      return;
    }
    known.count++;
    if (known.examples.length < EXAMPLES) known.examples.push(id);
  }

  list(): Oddity[] {
    return [...this.#found.values()].map((oddity) => ({ ...oddity, examples: [...oddity.examples] }));
  }
}
