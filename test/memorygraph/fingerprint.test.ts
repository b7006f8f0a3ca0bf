/** A fingerprint is the same however it is come by: undoing compares those of two ways. */
import { expect, test } from "bun:test";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphRecord } from "../../src/graph/record.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { fingerprintOf, hashAndFingerprint, hashesOf } from "../../src/memorygraph/fingerprint.ts";

const leading = (text: string) =>
  new DataView(new Bun.CryptoHasher("sha256").update(text).digest().buffer).getBigInt64(0);
const properties = (values: Record<string, string | bigint>) =>
  Properties.of(Object.keys(values), Object.values(values));
const node = (usage: bigint): GraphRecord => ({
  ...{ kind: "node", key: "=m1", labels: ["Memory"] },
  properties: properties({ id: "m1", title: "naïve 🚀", usage_count: usage }),
});
const relationship = (values: Record<string, string>): GraphRecord => ({
  ...{ kind: "relationship", from: "=m1", to: "=m2", type: "SOLVES" },
  properties: properties(values),
});

test.each([node(1n), relationship({ id: "r1" }), relationship({ context: "none" })])("of %#", (record) => {
  const { hash, fingerprint } = hashAndFingerprint(record);
  expect(hash).toEqual(hashOf(record));
  expect(fingerprint).toEqual(hashesOf(record).fingerprint);
  expect(fingerprint).toEqual(fingerprintOf(record));
  expect(fingerprint.content).toBe(new DataView(hash.buffer).getBigInt64(0));
});

test("identity is that of the id, and of the content where there is none", () => {
  expect(fingerprintOf(node(1n)).identity).toBe(leading("node =m1"));
  expect(fingerprintOf(relationship({ id: "r1" })).identity).toBe(leading("relationship r1"));
  const nameless = fingerprintOf(relationship({ context: "none" }));
  expect(nameless.identity).toBe(nameless.content);
});

test("what MemoryGraph counts by itself changes the content, and not what is stable", () => {
  const [one, other] = [fingerprintOf(node(1n)), fingerprintOf(node(2n))];
  expect(one.content).not.toBe(other.content);
  expect([one.stable, one.identity]).toEqual([other.stable, other.identity]);
  expect(one.stable).not.toBe(one.content);
});
