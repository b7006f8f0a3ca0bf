/** Numbers by internal id, in one array that grows with the largest. */
export class Column {
  #values: Uint32Array = new Uint32Array(1024);

  get(id: number): number {
    return id < this.#values.length ? this.#values[id]! : 0;
  }

  set(id: number, value: number): void {
    if (id >= this.#values.length) this.#grow(id + 1);
    this.#values[id] = value;
  }

  /** Grows by half: doubling would cost as much again as what is held. */
  #grow(length: number): void {
    const larger = new Uint32Array(Math.max(length, Math.ceil(this.#values.length * 1.5)));
    larger.set(this.#values);
    this.#values = larger;
  }
}
