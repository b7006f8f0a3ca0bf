// @level normal
/** What runs on GitHub with rights of the project: only code that is named exactly, with the rights that it needs. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSIONS } from "../../scripts/engines/versions.ts";
import { ROOT } from "../../scripts/release/project.ts";
import { nameOf } from "../../scripts/versions.ts";
import { temporaryFolder } from "../support/folder.ts";

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

  const zizmor = Bun.which("zizmor");
  if (zizmor === null) console.warn("SKIPPED: zizmor is not installed (pip install zizmor==1.32.0)");
  test.skipIf(zizmor === null)("passes zizmor", () => {
    const { stdout, exitCode } = Bun.spawnSync([zizmor!, "--offline", "--no-progress", "--quiet", path]);
    expect([exitCode, stdout.toString()]).toEqual([0, expect.stringContaining("No findings to report")]);
  });
});

describe("what goes to the repository of a package manager", () => {
  const text = readFileSync(join(FOLDER, "release.yml"), "utf8");
  const [, put] = /^( {10}put\(\) \{.*\n(?: {12}.*\n)+ {10}\}\n)/m.exec(text)!;

  /** What gh is asked to put there, when the file is there, or not, or the server refuses. */
  function asked(isThere: boolean, status = 0): { code: number; lines: string[] } {
    const gh = `gh() {
      if [ "$2" = --method ]; then printf '%s\\n' "$@"; return ${status}; fi
      ${isThere ? "echo 0123abcd" : `echo '{"message":"Not Found","status":"404"}'; return 1`}
    }`;
    using folder = temporaryFolder();
    writeFileSync(folder.file("thing.rb"), "text\n");
    const script = `set -e\n${gh}\n${put}\nput owner/tap Formula/thing.rb`;
    const { exitCode, stdout } = Bun.spawnSync(["bash", "-c", script], {
      cwd: folder.path,
      env: { ...Bun.env, VERSION: "1.2.3" },
    });
    return { code: exitCode, lines: stdout.toString().trim().split("\n") };
  }

  test("the first time is a new file, whatever the server says of the missing one", () => {
    const { code, lines } = asked(false);
    expect(code).toBe(0);
    expect(lines).toContain(`content=${Buffer.from("text\n").toString("base64")}`);
    expect(lines.filter((line) => line.startsWith("sha="))).toEqual([]);
  });

  test("later it takes the place of the file that is there, and a refusal fails the job", () => {
    expect(asked(true).lines).toContain("sha=0123abcd");
    expect(asked(true, 1).code).toBe(1);
  });
});

test("the weekly workflow tries every version of a server that the tests know", () => {
  const text = readFileSync(join(FOLDER, "versions.yml"), "utf8");
  const listed = [...text.matchAll(/^ {10}- (\w+@\S+)$/gm)].map(([, name]) => name!);
  expect(listed).toEqual(VERSIONS.map(nameOf));
});
