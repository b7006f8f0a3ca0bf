/** The combinations of labels that occur in a graph, each once: a node needs only the number of its own. */
interface LabelSet {
  readonly labels: readonly number[];
  readonly grown: Map<number, number>;
}

/** Every set of labels once, by a number; most nodes share a few. */
export class LabelSets {
  /** The set 0 is the empty one. */
  readonly #sets: LabelSet[] = [{ labels: [], grown: new Map() }];
  readonly #names: readonly string[];
  readonly #named: (readonly string[] | undefined)[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The number of the set with one more label; null where it has it already. */
  with(set: number, label: number): number | null {
    const { labels, grown } = this.#sets[set]!;
    const known = grown.get(label);
    if (known !== undefined) return known;
    if (labels.includes(label)) return null;
    const number = this.#sets.push({ labels: [...labels, label], grown: new Map() }) - 1;
    grown.set(label, number);
    return number;
  }

  /** In the order of the schema, whatever the order in which they came. */
  namesOf(set: number): readonly string[] {
    const known = this.#named[set];
    if (known !== undefined) return known;
    const names = this.#sets[set]!.labels.toSorted((a, b) => a - b).map((label) => this.#names[label]!);
    this.#named[set] = names;
    return names;
  }

  numbersOf(set: number): readonly number[] {
    return this.#sets[set]!.labels;
  }
}
