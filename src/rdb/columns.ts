/** Numbers by internal id, in blocks, so that growing neither copies nor leaves room unused. */
const BITS = 16;
const BLOCK = 1 << BITS;

/** Numbers by id in typed arrays, which grow as needed. */
export class Column {
  readonly #blocks: Uint32Array[] = [];

  get(id: number): number {
    const block = this.#blocks[id >>> BITS];
    return block === undefined ? 0 : block[id & (BLOCK - 1)]!;
  }

  set(id: number, value: number): void {
    const at = id >>> BITS;
    while (at >= this.#blocks.length) this.#blocks.push(new Uint32Array(BLOCK));
    this.#blocks[at]![id & (BLOCK - 1)] = value;
  }
}
