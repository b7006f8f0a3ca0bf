// @level normal
/** How the executable ends when it is interrupted, or when nobody reads on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { generate } from "../../bench/generate.ts";
import { environment } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { executable } from "./builds.ts";
import { runCommand, startExecutable } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const large = folder.file("large.db");
const small = copyFixture("0.12.4", folder);
let here: string;
beforeAll(async () => {
  generate(large, 20_000);
  settle(large);
  here = await executable();
}, 120_000);

test.skipIf(process.platform === "win32").each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s in the middle of a migration leaves no target and exits with %i", async (signal, expected) => {
  const targets = folder.file(signal);
  mkdirSync(targets);
  const to = ["--to", "sqlite", "--to-path", `${targets}/store.db`, "--for", "0.13"];
  const child = await startExecutable(folder, ["--from-path", large, ...to, "--verbose"]);
  let stderr = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    const before = stderr;
    stderr += decoder.decode(chunk, { stream: true });
    if (stderr.includes("transfer: started") && !before.includes("transfer: started")) child.kill(signal);
  }
  expect([await child.exited, await child.stdout.text()]).toEqual([expected, ""]);
  expect(stderr).toContain(`${signal} received, cleaning up`);
  expect(stderr).toContain(`error: interrupted by ${signal}`);
  expect(readdirSync(targets)).toEqual([]);
});

describe.skipIf(process.platform === "win32")("a reader that goes away is no failure", () => {
  test.each([
    "--help | head -1",
    `inspect --from-path ${small} | true`,
    `inspect --from-path ${small} --json | head -c 9`,
  ])("%s", async (line) => {
    const script = `set -o pipefail; "$0" ${line}; echo "status \${PIPESTATUS[0]}" >&2`;
    const at = { cwd: folder.path, env: environment(folder) };
    const { code, stderr } = await runCommand(["bash", "-c", script, here], at);
    expect([code, stderr]).toEqual([0, "status 0\n"]);
  });

  test("and one that reads slowly gets every line", async () => {
    const at = { cwd: folder.path, env: environment(folder) };
    const { stdout } = await runCommand(["bash", "-c", '"$0" migrate --help | (sleep 1; cat)', here], at);
    expect(stdout).toStartWith("Copy everything ");
    expect(stdout).toEndWith("print the version\n");
  });
});
