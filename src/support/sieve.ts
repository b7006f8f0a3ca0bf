/** A set of numbers that says "no" at once and for certain, and "perhaps" otherwise: what need not be looked for on disk. */

/** Bits: with a hundred thousand numbers in it, of a hundred others it lets one or two through. */
const BITS = 1 << 23;
const MASK = BigInt(BITS - 1);

/** One MiB, whatever is in it. */
export class Sieve {
  readonly #words = new Uint32Array(BITS / 32);

  /** @param hash evenly spread over 64 bits, with or without a sign */
  add(hash: bigint): void {
    const bit = Number(hash & MASK);
    this.#words[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** False only for what was never added. */
  mayHave(hash: bigint): boolean {
    const bit = Number(hash & MASK);
    return (this.#words[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }
}
