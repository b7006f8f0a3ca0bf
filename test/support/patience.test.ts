/** Waits that ask again and again are told of as often as others, with what they wait for by then. */
import { afterEach, expect, test } from "bun:test";
import { onWait, shortenPatience, tellingRepeatedly } from "../../src/support/patience.ts";

afterEach(() => {
  shortenPatience(null);
  onWait(null);
});

test("told after each time of silence, and not before", async () => {
  const told: string[] = [];
  onWait((text) => told.push(text));
  shortenPatience({ voice: 60 });
  let built = "one";
  const tell = tellingRepeatedly((seconds) => `${built} for ${seconds} s`);
  tell();
  expect(told).toEqual([]);
  await Bun.sleep(70);
  tell();
  tell();
  built = "two";
  await Bun.sleep(70);
  tell();
  expect(told).toEqual(["one for 0 s", "two for 0 s"]);
});

test("told at once, where it follows a wait of which nobody may have been told", () => {
  const told: string[] = [];
  onWait((text) => told.push(text));
  const tell = tellingRepeatedly((seconds) => `back after ${seconds} s`, true);
  tell();
  tell();
  expect(told).toEqual(["back after 0 s"]);
});
