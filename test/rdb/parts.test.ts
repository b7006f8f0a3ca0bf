import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Temporal } from "../../src/graph/value.ts";
import { Crc64 } from "../../src/rdb/crc64.ts";
import { Cursor } from "../../src/rdb/cursor.ts";
import { LZF_MAX_RATIO, lzfCompress, lzfDecompress } from "../../src/rdb/lzf.ts";
import { FORM, type Matrix, visitCells } from "../../src/rdb/matrix.ts";
import { moduleTypeBytes, readModuleType } from "../../src/rdb/module-type.ts";
import { DirectPayload } from "../../src/rdb/payload.ts";
import { bytesSource } from "../../src/rdb/source.ts";
import { secondsOf, type TemporalFunction, temporalOf } from "../../src/rdb/temporal.ts";

describe("CRC-64", () => {
  test("has the check value of its definition", () => {
    const digest = new Crc64().update(Buffer.from("123456789")).digest();
    expect(digest.toReversed().toHex()).toBe("e9c6d914c4b8d9ca");
  });

  test("does not depend on how the bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        const parts = new Crc64().update(bytes, 0, at).update(bytes, at);
        expect(parts.digest()).toEqual(new Crc64().update(bytes).digest());
      }),
    );
  });
});

describe("LZF", () => {
  /** Repetitive enough that something is found in them. */
  const texts = fc.array(fc.constantFrom("a", "bc", "abcabc", "\0\0\0\0\0\0\0", "xyz".repeat(200)), { maxLength: 60 });

  test("gives back what was compressed, and never takes more than it is allowed", () => {
    fc.assert(
      fc.property(texts, fc.nat(300), (parts, limit) => {
        const data = Buffer.from(parts.join(""));
        const compressed = new Uint8Array(limit);
        const length = lzfCompress(data, data.length, compressed, limit);
        expect(length).toBeLessThanOrEqual(limit);
        if (length === 0) return;
        const plain = Buffer.alloc(data.length);
        expect(lzfDecompress(compressed, 0, length, plain, data.length)).toBe(true);
        expect(plain).toEqual(data);
        expect(data.length).toBeLessThanOrEqual(length * LZF_MAX_RATIO);
        // Another length than there is means damage.
        expect(lzfDecompress(compressed, 0, length, Buffer.alloc(data.length + 1), data.length + 1)).toBe(false);
        expect(lzfDecompress(compressed, 0, length - 1, plain, data.length)).toBe(false);
      }),
    );
  });

  test("reads what Redis writes: runs that overlap themselves", () => {
    // 500 times `y`, as a dump of Redis 8.10 has it.
    const compressed = Uint8Array.from([1, 0x79, 0x79, 0xe0, 0xff, 0, 0xe0, 0xdf, 0, 1, 0x79, 0x79]);
    const plain = Buffer.alloc(500);
    expect(lzfDecompress(compressed, 0, compressed.length, plain, 500)).toBe(true);
    expect(plain.toString()).toBe("y".repeat(500));
  });
});

describe("temporal values", () => {
  const kinds = fc.constantFrom<TemporalFunction>("localdatetime", "date", "localtime", "duration");

  test("are what JavaScript's calendar says, as far as it goes", () => {
    const seconds = fc.oneof(fc.bigInt(-(10n ** 11n), 10n ** 11n), fc.bigInt(-8_640_000_000_000n, 8_640_000_000_000n));
    fc.assert(
      fc.property(seconds, (moment) => {
        const [date, time] = new Date(Number(moment) * 1_000).toISOString().replace(".000Z", "").split("T");
        const spelled = date!.replace(/^([+-])0*(\d{4,})-/, "$1$2-");
        expect(temporalOf("localdatetime", moment)).toEqual(new Temporal("local-date-time", `${spelled}T${time}`));
        expect(temporalOf("date", moment)).toEqual(new Temporal("date", spelled));
        expect(temporalOf("localtime", moment)).toEqual(new Temporal("local-time", time!));
      }),
      { numRuns: 1_000 },
    );
  });

  test("of any 64 bits go back", () => {
    fc.assert(
      fc.property(kinds, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (kind, seconds) => {
        const value = temporalOf(kind, seconds);
        const back = secondsOf(value);
        // The first day of all is not whole.
        if (kind === "date" && back === null) expect(seconds).toBeLessThan(-(2n ** 63n) + 86_400n);
        else {
          expect(back?.function).toBe(kind);
          expect(temporalOf(kind, back!.seconds)).toEqual(value);
        }
      }),
    );
    expect(secondsOf(new Temporal("local-date-time", "1969-12-31T23:59:59"))?.seconds).toBe(-1n);
  });

  test.each([
    new Temporal("date", "2024-02-30"),
    new Temporal("date", "2024-2-1"),
    new Temporal("local-time", "12:00:00.5"),
    new Temporal("local-time", "12:00"),
    new Temporal("local-date-time", "2024-01-01T00:00:00.001"),
    new Temporal("date-time", "2024-01-01T00:00:00Z"),
    new Temporal("time", "00:00:00Z"),
    new Temporal("duration", "P1M0DT0S"),
    new Temporal("duration", "P0M0DT1.5S"),
    new Temporal("duration", `P0M0DT${2n ** 63n}S`),
    new Temporal("duration", "P0M0DT-0S"),
  ])("%p has no seconds", (value) => {
    expect(secondsOf(value)).toBeNull();
  });
});

describe("matrices", () => {
  const payload = new DirectPayload(new Cursor(bytesSource(new Uint8Array(1))));
  const none = new Uint8Array(0);
  const cellsOf = (matrix: Partial<Matrix> & Pick<Matrix, "form" | "entries">): string[] => {
    const whole: Matrix = {
      ...{ rows: 3, columns: 4, isByColumn: false, isUniform: false },
      ...{ x: none, h: none, p: none, i: none, b: none },
      ...matrix,
    };
    const cells: string[] = [];
    visitCells(payload, whole, (row, column, value) => cells.push(`${row} ${column} ${value}`));
    return cells;
  };
  const cells = ["0 1 10", "0 3 11", "2 0 12"];
  const x = Float64Array.of(10, 11, 12);
  const i = Uint32Array.of(1, 3, 0);

  test("are read in every form that GraphBLAS has", () => {
    expect(cellsOf({ form: FORM.sparse, entries: 3, x, i, p: Uint32Array.of(0, 2, 2, 3) })).toEqual(cells);
    const h = Uint32Array.of(0, 2);
    expect(cellsOf({ form: FORM.hypersparse, entries: 3, x, i, h, p: Uint32Array.of(0, 2, 3) })).toEqual(cells);
    const b = Uint8Array.of(0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0);
    const wide = Float64Array.of(0, 10, 0, 11, 0, 0, 0, 0, 12, 0, 0, 0);
    expect(cellsOf({ form: FORM.bitmap, entries: 3, x: wide, b })).toEqual(cells);
    const all = Float64Array.from({ length: 12 }, (_, at) => at);
    expect(cellsOf({ form: FORM.full, entries: 12, x: all }).length).toBe(12);
    expect(cellsOf({ form: FORM.full, entries: 12, x: all })[5]).toBe("1 1 5");
  });

  test("by column, not sorted, and with one value for all cells, are read as well", () => {
    const byColumn = { form: FORM.sparse, entries: 3, isByColumn: true, p: Uint32Array.of(0, 1, 2, 2, 3) } as const;
    expect(cellsOf({ ...byColumn, x: Float64Array.of(12, 10, 11), i: Uint32Array.of(2, 0, 0) })).toEqual([
      "2 0 12",
      "0 1 10",
      "0 3 11",
    ]);
    const p = Uint32Array.of(0, 2, 2, 3);
    expect(
      cellsOf({ form: FORM.sparse, entries: 3, isUniform: true, x: Uint8Array.of(1), i: Uint32Array.of(3, 1, 0), p }),
    ).toEqual(["0 3 1", "0 1 1", "2 0 1"]);
  });

  test.each([
    ["more rows than ends", { form: FORM.sparse, entries: 3, x, i, p: Uint32Array.of(0, 3) }],
    ["rows that overlap", { form: FORM.sparse, entries: 3, x, i, p: Uint32Array.of(0, 3, 0, 3) }],
    [
      "a row beyond the matrix",
      { form: FORM.hypersparse, entries: 3, x, i, h: Uint32Array.of(0, 3), p: Uint32Array.of(0, 2, 3) },
    ],
    [
      "a column beyond it",
      { form: FORM.sparse, entries: 3, x, i: Uint32Array.of(1, 4, 0), p: Uint32Array.of(0, 2, 2, 3) },
    ],
    ["too few values", { form: FORM.sparse, entries: 3, x: x.subarray(1), i, p: Uint32Array.of(0, 2, 2, 3) }],
    ["a size beyond all bounds", { form: FORM.full, entries: 1, rows: 2 ** 50, columns: 1, isUniform: true, x }],
    ["an unknown encoding", { form: 3, entries: 3, x, i }],
  ] as const)("with %s are damage", (_, matrix) => {
    expect(() => cellsOf(matrix)).toThrow(/is damaged at byte 0: /);
  });
});

test("the type of a module is nine characters and a version", () => {
  const bytes = moduleTypeBytes({ name: "graphdata", encoding: 18 });
  expect(bytes.toHex()).toBe("8182b6a985d6ad6812");
  expect(readModuleType(new Cursor(bytesSource(bytes)))).toEqual({ name: "graphdata", encoding: 18 });
});
