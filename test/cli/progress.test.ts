/** What is said of the way: how often, how fast, and how long it takes. */
import { describe, expect, test } from "bun:test";
import { createProgress, type ProgressEvent, type ProgressOptions } from "../../src/cli/progress.ts";

function recorder(mode: ProgressOptions["mode"], columns = 120) {
  let clock = 0;
  const written: string[] = [];
  const progress = createProgress({
    mode,
    phases: false,
    columns: () => columns,
    write: (text) => void written.push(text),
    now: () => clock,
  });
  const at = (milliseconds: number, event: Partial<ProgressEvent>) => {
    clock = milliseconds;
    progress.update({ phase: "transfer", done: 0, total: 10_000, unit: "records", ...event });
  };
  return { at, written, progress };
}

describe("in a pipe", () => {
  test("there is a line every ten seconds, with rate and time left", () => {
    const { at, written } = recorder("plain");
    for (let second = 0; second <= 30; second++) at(second * 1000, { done: second * 100 });
    expect(written).toEqual([
      "transfer: 1,000 of 10,000 records, 10 %, 100/s, about 90 s left\n".replace("90 s", "2 min"),
      "transfer: 2,000 of 10,000 records, 20 %, 100/s, about 80 s left\n",
      "transfer: 3,000 of 10,000 records, 30 %, 100/s, about 70 s left\n",
    ]);
  });

  test("the phases that follow count, by their weight", () => {
    const { at, written } = recorder("plain");
    at(0, {});
    at(10_000, { done: 5_000, ahead: ["verify"] });
    expect(written).toEqual(["transfer: 5,000 of 10,000 records, 50 %, 500/s, about 22 s left\n"]);
  });

  test("what is soon over says nothing", () => {
    const { at, written, progress } = recorder("plain");
    at(0, {});
    at(9_000, { done: 9_999 });
    progress.end();
    expect(written).toEqual([]);
  });

  test("where the total is not known, there is no guess", () => {
    const { at, written } = recorder("plain");
    at(0, { total: null });
    at(10_000, { done: 1_234_567, total: null });
    expect(written).toEqual(["transfer: 1,234,567 records, 123,457/s\n"]);
  });
});

describe("on a terminal", () => {
  test("there is a bar, and it goes before anything else is printed", () => {
    const { at, written, progress } = recorder("live");
    at(0, {});
    at(5_000, { done: 5_000, ahead: [] });
    progress.clear();
    expect(written.at(-2)).toBe(
      "\r\x1b[2K[##########----------] transfer: 5,000 of 10,000 records, 50 %, 1,000/s, about 5 s left",
    );
    expect(written.at(-1)).toBe("\r\x1b[2K");
  });

  test.each([
    [120, "[##########----------] transfer: 150,000 of 300,000 records, 50 %, 30,000/s, about 5 s left"],
    [80, "[####----] transfer: 150,000 of 300,000 records, 50 %, 30,000/s, about 5 s left"],
    [70, "[#######-------] transfer: 150,000 of 300,000 records, about 5 s left"],
    [60, "transfer: 150,000 of 300,000 records, about 5 s left"],
    [50, "transfer: 150,000 of 300,000 records"],
  ])("on %d columns there is as much as fits, and no word is cut", (columns, expected) => {
    const { at, written } = recorder("live", columns);
    at(0, { total: 300_000 });
    at(5_000, { done: 150_000, total: 300_000, ahead: [] });
    expect(written.at(-1)).toBe(`\r\x1b[2K${expected}`);
  });

  test.each([20, 40, 60, 80, 120])("no line is longer than a terminal of %d columns", (columns) => {
    const { at, written } = recorder("live", columns);
    for (let second = 0; second < 10; second++) at(second * 1000, { done: second * 1_000, ahead: ["verify"] });
    for (const text of written) expect(Bun.stripANSI(text).replace("\r", "").length).toBeLessThan(columns);
  });
});
