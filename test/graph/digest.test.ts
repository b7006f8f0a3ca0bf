import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BUCKETS, bucketOf, ContentDigest, hashText } from "../../src/graph/digest.ts";
import type { GraphRecord } from "../../src/graph/record.ts";
import { canonicalizer } from "../../src/memorygraph/canonicalizer.ts";
import { Summary } from "../../src/memorygraph/summary.ts";
import { anyRecord, node, relationship } from "./records.ts";

function digestOf(records: readonly GraphRecord[]): ContentDigest {
  const digest = new ContentDigest();
  for (const record of records) digest.add(record, canonicalizer.text(record));
  return digest;
}
const hashOf = (record: GraphRecord) => hashText(canonicalizer.text(record));
const many = fc.array(anyRecord, { maxLength: 40 });

describe("the digest of records", () => {
  test("does not depend on their order", () => {
    fc.assert(
      fc.property(
        many.chain((records) =>
          fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })),
        ),
        ([records, shuffled]) => {
          expect(digestOf(shuffled).toString()).toBe(digestOf(records).toString());
        },
      ),
    );
  });

  test("is the same in parts, put together in any grouping, also across threads' messages", () => {
    fc.assert(
      fc.property(many, fc.nat(40), (records, cut) => {
        const summary = new Summary();
        for (const part of [records.slice(0, cut), records.slice(cut)]) {
          const own = new Summary();
          for (const record of part) own.add(record);
          summary.merge(structuredClone(own.toTransfer()));
        }
        expect(summary.digest.toString()).toBe(digestOf(records).toString());
        expect(summary.counts.nodes + summary.counts.relationships).toBe(records.length);
      }),
    );
  });

  test("changes with every record added, and comes back when it is taken out", () => {
    fc.assert(
      fc.property(many, anyRecord, (records, one) => {
        const digest = digestOf(records);
        const before = digest.toString();
        digest.addHash(one, hashOf(one));
        expect(digest.toString()).not.toBe(before);
        digest.removeHash(one, hashOf(one));
        expect(digest.toString()).toBe(before);
      }),
    );
  });

  test("tells one record from the same record twice, or 2^k times", () => {
    const one = node("a", { title: "t" });
    const seen = new Set<string>();
    const digest = new ContentDigest();
    for (let times = 0; times < 300; times++) {
      seen.add(digest.toString());
      digest.addHash(one, hashOf(one));
    }
    expect(seen.size).toBe(300);
  });

  test("says version and counts", () => {
    expect(digestOf([node("a"), node("b"), relationship("a", "b")]).toString()).toMatch(/^mg1-2-1-[0-9a-f]{64}$/);
    expect(new ContentDigest().toString()).toMatch(/^mg1-0-0-[0-9a-f]{64}$/);
  });

  test("stays the same between releases of this program, since people compare it by eye", () => {
    const records = [
      node("a", { title: "é", importance: 1, usage_count: 1n, tags: [] }),
      relationship("a", "a", { id: "r", created_at: "2024-01-01T00:00:00Z" }),
    ];
    const hasher = new Bun.CryptoHasher("sha256");
    const sums = new Uint32Array(BUCKETS * 8);
    const texts = [
      "Ns6:Memory;s2:ids1:as10:importancef1.0;s4:tags[]s5:titles1:és11:usage_counti1;",
      "Rs2:=as2:=as6:SOLVES;s10:created_at@2024-01-01T00:00:00Zs2:ids1:r",
    ];
    const buckets = ["a", "r"].map((id) => Bun.hash.crc32(id) & 255);
    texts.forEach((one, at) => {
      const words = new Uint32Array(new Uint8Array(new Bun.CryptoHasher("sha256").update(one).digest()).buffer);
      for (let lane = 0; lane < 8; lane++) sums[buckets[at]! * 8 + lane]! += words[lane]!;
    });
    expect(digestOf(records).toString()).toBe(`mg1-1-1-${hasher.update(new Uint8Array(sums.buffer)).digest("hex")}`);
  });
});

describe("buckets", () => {
  test("both versions of a changed record fall into one, and only that one differs", () => {
    const others = Array.from({ length: 500 }, (_, at) => node(`n${at}`));
    const [a, b] = [node("x", { title: "1" }), node("x", { title: "2" })];
    expect(bucketOf(a, hashOf(a))).toBe(bucketOf(b, hashOf(b)));
    const differing = digestOf([...others, a]).differingBuckets(digestOf([...others, b]));
    expect([...differing]).toEqual([bucketOf(a, hashOf(a))]);
  });

  test("records without an id of their own fall where their content says, within bounds", () => {
    for (const record of [
      relationship("a", "b"),
      relationship("a", "b", { id: 5n }),
      { ...node("a"), key: "#abc.1" },
    ]) {
      const hash = hashOf(record);
      const lanes = new Uint32Array(hash.buffer.slice(hash.byteOffset, hash.byteOffset + 32));
      expect(bucketOf(record, hash)).toBe(bucketOf(record, lanes));
      expect(bucketOf(record, hash)).toBeLessThan(BUCKETS);
    }
  });

  test("hashes of bytes and of lanes give the same sums", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const byHash = new ContentDigest();
        byHash.addHash(record, hashOf(record));
        expect(byHash.differingBuckets(digestOf([record])).size).toBe(0);
      }),
    );
  });
});
