// @level normal
/** What runs on GitHub with rights of the project: only code that is named exactly, with the rights that it needs. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSIONS } from "../../scripts/engines/versions.ts";
import { ROOT } from "../../scripts/release/project.ts";
import { nameOf } from "../../scripts/versions.ts";

const FOLDER = join(ROOT, ".github/workflows");
const WORKFLOWS = readdirSync(FOLDER);

describe.each(WORKFLOWS)("%s", (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, "utf8");

  test("names each action by its commit, and says which version that is", () => {
    const uses = text.match(/^.*\buses:.*$/gm) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("gives no job a right that it does not ask for, and leaves no login in a checkout", () => {
    expect(text).toMatch(/^permissions: \{\}$/m);
    const jobs = text.slice(text.indexOf("\njobs:\n")).match(/^ {2}[\w-]+:$/gm) ?? [];
    expect(text.match(/^ {4}permissions:/gm)?.length).toBe(jobs.length);
    const count = (what: string) => text.split(what).length - 1;
    expect(count("persist-credentials: false")).toBe(count("actions/checkout@"));
  });

  test("puts nothing that others can choose into a script", () => {
    const scripts = text.match(/^ +run: .*$|^ +run: \|\n(?: {10,}.*\n|\n)+/gm) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).not.toContain("${{");
  });

  const actionlint = Bun.which("actionlint");
  if (actionlint === null)
    console.warn(
      "SKIPPED: actionlint is not installed (go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12)",
    );
  test.skipIf(actionlint === null)("passes actionlint", () => {
    const { stdout, exitCode } = Bun.spawnSync([actionlint!, path]);
    expect([exitCode, stdout.toString()]).toEqual([0, ""]);
  });
});

test("the weekly workflow tries every version of a server that the tests know", () => {
  const text = readFileSync(join(FOLDER, "versions.yml"), "utf8");
  const listed = [...text.matchAll(/^ {10}- (\w+@\S+)$/gm)].map(([, name]) => name!);
  expect(listed).toEqual(VERSIONS.map(nameOf));
});
