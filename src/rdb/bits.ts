/** A set of internal ids: a bit for each id below the largest. */
export class Bits {
  #words = new Uint32Array(1024);

  /** False when it was there already. */
  add(id: number): boolean {
    const word = Math.floor(id / 32);
    if (word >= this.#words.length) this.#grow(word + 1);
    const bit = 1 << (id & 31);
    const before = this.#words[word]!;
    this.#words[word] = before | bit;
    return (before & bit) === 0;
  }

  has(id: number): boolean {
    const word = Math.floor(id / 32);
    return word < this.#words.length && (this.#words[word]! & (1 << (id & 31))) !== 0;
  }

  #grow(words: number): void {
    const larger = new Uint32Array(Math.max(words, this.#words.length * 2));
    larger.set(this.#words);
    this.#words = larger;
  }
}
