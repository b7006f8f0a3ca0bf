/** Text on a terminal: broken between words only, and what is to be pasted still works when it is pasted. */
import { describe, expect, test } from "bun:test";
import { wrapLines } from "../../src/cli/text.ts";

const DIGEST = `mg1-60-120-${"0123456789abcdef".repeat(4)}`;

describe.each([60, 80, 120])("on %d columns", (width) => {
  test.each([
    ["a sentence", `  ${"several words of a sentence ".repeat(8)}`],
    ["a digest", `  source digest  ${DIGEST}`],
    [
      "a command behind a sentence",
      "next: This copies what is missing: memorygraph-migrate --from sqlite --from-path old.db --to sqlite --to-path later.db --on-conflict newest",
    ],
    [
      "a command alone",
      "    memorygraph-migrate --from sqlite --from-path a.db --to falkordblite --to-path b.db --for 0.13 --on-conflict newest --yes",
    ],
    [
      "a command that is mentioned",
      '1 run, whose journals take up 20.0 KiB; "memorygraph-migrate runs prune" frees those of old ones, which were never needed again.',
    ],
    [
      "variables",
      "next: start MemoryGraph 0.13 with MEMORY_BACKEND=sqlite MEMORY_SQLITE_PATH='/home/somebody/a folder/with a long name/store.db'",
    ],
  ])("%s", (_name, line) => {
    const lines = wrapLines(line, width, "linux").split("\n");
    const wide = lines.filter((one) => one.length > width && one.trim().split(" ").length > 1 && !one.includes("'"));
    expect(wide).toEqual([]);
    // No word is broken, added or lost; at the end of a line of a command stands what makes a shell read on.
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== "" && word !== "\\");
    expect(words(lines.join("\n"))).toEqual(words(line));
  });

  test("a digest is never broken by the terminal where it fits at all", () => {
    const lines = wrapLines(`  source digest  ${DIGEST}`, width, "linux").split("\n");
    if (width > DIGEST.length) expect(lines.every((line) => line.length <= width)).toBe(true);
  });
});

test("a quoted path keeps its spaces on one line", () => {
  const line = "next: start MemoryGraph 0.13 with MEMORY_BACKEND=sqlite MEMORY_SQLITE_PATH='/home/u/a folder/x.db'";
  expect(wrapLines(line, 60, "linux")).toContain("MEMORY_SQLITE_PATH='/home/u/a folder/x.db'");
});

test.each([
  ["cmd", 'set "MEMORY_SQLITE_PATH=C:\\Users\\My Name\\a folder with a long name\\memory.db"'],
  ["PowerShell", "$env:MEMORY_SQLITE_PATH = 'C:\\Users\\My Name\\a folder''s long name\\memory.db'"],
])("a variable that %s sets is on one line", (_, command) => {
  expect(
    wrapLines(`      ${command}`, 60, "win32")
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual([command]);
});

test("a command behind a sentence is pasted as it stands", () => {
  const line =
    "next: This copies what is missing: memorygraph-migrate --from sqlite --from-path 'old one.db' --to sqlite --to-path x.db";
  const [first, ...command] = wrapLines(line, 60, "linux").split("\n");
  expect(first).toBe("next: This copies what is missing:");
  const { stdout } = Bun.spawnSync([
    "bash",
    "-c",
    `memorygraph-migrate() { printf '<%s>' "$@"; }\n${command.join("\n")}`,
  ]);
  expect(stdout.toString()).toBe("<--from><sqlite><--from-path><old one.db><--to><sqlite><--to-path><x.db>");
});
