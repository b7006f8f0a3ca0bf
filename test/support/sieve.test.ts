// @level quick
/** What a sieve may never do is to miss a number that is in it. */
import { expect, test } from "bun:test";
import { leadingHash } from "../../src/graph/digest.ts";
import { Sieve } from "../../src/support/sieve.ts";

test("a sieve has every number that was added, and lets few others through", () => {
  const sieve = new Sieve();
  const numbers = (word: string) => Array.from({ length: 100_000 }, (_, at) => leadingHash(`${word} ${at}`));
  const added = numbers("added");
  for (const number of added) sieve.add(number);
  expect(added.every((number) => sieve.mayHave(number))).toBe(true);
  expect(numbers("other").filter((number) => sieve.mayHave(number)).length).toBeLessThan(2_000);
  for (const edge of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    sieve.add(edge);
    expect(sieve.mayHave(edge)).toBe(true);
  }
});
