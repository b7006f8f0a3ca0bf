// @level normal
/** Signals in the middle of the work, and readers that go away: an orderly end, and nothing left behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../bench/generate.ts";
import { besidesJournals, listing, temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { settle } from "../support/stores.ts";
import { has } from "../support/system.ts";
import { document, program, shell, start } from "./program.ts";
import { edited } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const large = folder.file("large.db");
const targets = folder.file("targets");
const target = join(targets, "store.db");
const COUNT = 20_000;
const TIMEOUT = 60_000;

beforeAll(() => {
  generate(large, COUNT);
  settle(large);
}, TIMEOUT);
beforeEach(() => {
  rmSync(targets, { recursive: true, force: true });
  mkdirSync(targets);
});

const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Name = keyof typeof CODES;
const SIGNALS = Object.keys(CODES) as Name[];

/** Starts a migration and hands it over in the given phase, which --verbose announces on standard error. */
async function interrupted(phase: string, signals: readonly Name[], extra: readonly string[] = []) {
  const child = start(folder, [
    "migrate",
    "--from-path",
    large,
    "--to",
    "sqlite",
    "--to-path",
    target,
    "--verbose",
    ...extra,
  ]);
  const decoder = new TextDecoder();
  let stderr = "";
  let sentAt = 0;
  for await (const chunk of child.stderr) {
    stderr += decoder.decode(chunk, { stream: true });
    if (sentAt === 0 && stderr.includes(`${phase}: started`)) {
      sentAt = performance.now();
      for (const signal of signals) child.kill(signal);
    }
  }
  const [code, stdout] = await Promise.all([child.exited, child.stdout.text()]);
  return { code, stdout, stderr, pid: child.pid, took: performance.now() - sentAt };
}

function temporaryFoldersOf(pid: number): string[] {
  return readdirSync(folder.file("tmp")).filter((name) => name.startsWith(`memorygraph-migrate-${pid}`));
}

/** What stands on standard error besides the phases that --verbose tells. */
function told(stderr: string): string[] {
  return stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !/^(check|plan|transfer|verify|commit|rollback): /.test(line));
}

describe.skipIf(!has.signals)("a signal while a new file is written", () => {
  for (const signal of SIGNALS) {
    for (const [phase, extra] of [
      ["transfer", []],
      ["transfer", ["--for", "0.13"]],
      ["verify", ["--for", "0.13"]],
    ] as const) {
      // Each signal ends a run in one place, and one of them in each place.
      if (!ALL_OF_IT && signal !== "SIGINT" && (phase !== "transfer" || extra.length > 0)) continue;
      test(
        `${signal} in the ${phase} ${extra.join(" ")} ends with ${CODES[signal]} and leaves nothing`,
        async () => {
          const { code, stdout, stderr, pid, took } = await interrupted(phase, [signal], extra);
          expect([code, stdout]).toEqual([CODES[signal], ""]);
          expect(told(stderr).filter((line) => line.startsWith(`${signal} received, cleaning up`))).toHaveLength(1);
          expect(told(stderr).filter((line) => line.startsWith("error: interrupted"))).toHaveLength(1);
          expect(stderr).not.toMatch(/^ +at .*:\d+/m);
          expect(stderr).not.toContain("unexpected");
          expect(readdirSync(targets)).toEqual([]);
          expect(temporaryFoldersOf(pid)).toEqual([]);
          expect(took).toBeLessThan(10_000);
        },
        TIMEOUT,
      );
    }
  }

  test(
    "with --json the error is one object and says 130",
    async () => {
      const child = start(folder, [
        "migrate",
        "--from-path",
        large,
        "--to",
        "sqlite",
        "--to-path",
        target,
        "--for",
        "0.13",
        "--json",
      ]);
      while (readdirSync(targets).length === 0 && child.exitCode === null) await Bun.sleep(2);
      child.kill("SIGINT");
      const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
      expect(code).toBe(130);
      expect(document(stdout)).toMatchObject({ success: false, errors: [{ code: "interrupted" }] });
      const lines = stderr.trimEnd().split("\n");
      expect(JSON.parse(lines.at(-1)!)).toMatchObject({ message_type: "exit_error", code: 130 });
      expect(readdirSync(targets)).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "the source is as before, and the same command then succeeds",
    async () => {
      const before = listing(folder.path).filter((line) => line.startsWith("large.db"));
      await interrupted("transfer", ["SIGTERM"]);
      expect(listing(folder.path).filter((line) => line.startsWith("large.db"))).toEqual(before);
      const { code } = await program(folder, [
        "migrate",
        "--from-path",
        large,
        "--to",
        "sqlite",
        "--to-path",
        target,
        "--quiet",
      ]);
      expect(code).toBe(0);
      expect(besidesJournals(targets)).toEqual(["store.db"]);
    },
    TIMEOUT,
  );
});

describe.skipIf(!has.signals)("a signal while an existing file is changed", () => {
  test.each(["plan", "transfer", "verify"])(
    "in the %s leaves it as it was",
    async (phase) => {
      edited(folder, join("targets", "store.db"));
      const before = listing(targets);
      const { code, stdout, stderr, pid } = await interrupted(phase, ["SIGINT"]);
      expect([code, stdout]).toEqual([130, ""]);
      expect(stderr).not.toContain("unexpected");
      expect(listing(targets)).toEqual(before);
      expect(temporaryFoldersOf(pid)).toEqual([]);
    },
    TIMEOUT,
  );
});

describe.skipIf(!has.signals)("a second signal", () => {
  test(
    "ends the run at once, and leaves no target",
    async () => {
      const child = start(folder, [
        "migrate",
        "--from-path",
        large,
        "--to",
        "sqlite",
        "--to-path",
        target,
        "--for",
        "0.13",
        "--verbose",
      ]);
      while (readdirSync(targets).length === 0 && child.exitCode === null) await Bun.sleep(2);
      child.kill("SIGTERM");
      const sentAt = performance.now();
      child.kill("SIGINT");
      const code = await child.exited;
      expect(performance.now() - sentAt).toBeLessThan(2000);
      expect([130, 143]).toContain(code);
      expect(readdirSync(targets)).not.toContain("store.db");
    },
    TIMEOUT,
  );

  test(
    "what it may leave is removed by nobody else's run, and disturbs none",
    async () => {
      await interrupted("transfer", ["SIGTERM", "SIGTERM"], ["--for", "0.13"]);
      const { code } = await program(folder, [
        "migrate",
        "--from-path",
        large,
        "--to",
        "sqlite",
        "--to-path",
        target,
        "--quiet",
      ]);
      expect(code).toBe(0);
      expect(readdirSync(targets)).toContain("store.db");
    },
    TIMEOUT,
  );
});

describe.skipIf(!has.signals)("a signal while only reading", () => {
  test.each(["inspect", "verify", "migrate --dry-run"])(
    "%s ends with 130 and leaves nothing",
    async (line) => {
      const [command, ...extra] = line.split(" ");
      const to =
        command === "inspect"
          ? []
          : [
              "--to",
              "sqlite",
              "--to-path",
              command === "verify" ? edited(folder, join("targets", "store.db")) : target,
            ];
      const before = listing(targets);
      const child = start(folder, [command!, "--from-path", large, ...to, ...extra, "--verbose"]);
      const decoder = new TextDecoder();
      let stderr = "";
      let sent = false;
      for await (const chunk of child.stderr) {
        stderr += decoder.decode(chunk, { stream: true });
        if (!sent && stderr.includes(": started")) child.kill("SIGINT");
        sent ||= stderr.includes(": started");
      }
      expect([await child.exited, await child.stdout.text()]).toEqual([130, ""]);
      expect(stderr).toContain("error: interrupted");
      expect(listing(targets)).toEqual(before);
      expect(temporaryFoldersOf(child.pid)).toEqual([]);
    },
    TIMEOUT,
  );
});

describe.skipIf(!has.bash)("a reader that goes away", () => {
  const small = edited(folder, "small.db");
  test.each([
    `memorygraph-migrate inspect --from-path ${small} | head -1`,
    `memorygraph-migrate inspect --from-path ${small} --json | head -c 10`,
    "memorygraph-migrate migrate --help | head -1",
    `memorygraph-migrate inspect --from-path ${small} | true`,
    `memorygraph-migrate migrate --from-path ${small} --to sqlite --to-path ${target} | true`,
    `memorygraph-migrate migrate --from-path ${small} --to sqlite --to-path ${target} | head -1`,
  ])("is no failure: %s", async (line) => {
    const { code, stderr } = await shell(folder, `set -o pipefail\n${line}\necho "status \${PIPESTATUS[0]}" >&2`);
    expect([code, stderr]).toEqual([0, "status 0\n"]);
    if (line.includes(target)) expect(besidesJournals(targets)).toEqual(["store.db"]);
  });

  test("of standard error is none either", async () => {
    const line = `memorygraph-migrate migrate --from-path ${small} --to sqlite --to-path ${target} --verbose 2> >(true) >out.txt; echo $?`;
    expect((await shell(folder, line)).stdout).toBe("0\n");
    expect(besidesJournals(targets)).toEqual(["store.db"]);
  });

  test("a slow one gets every line", async () => {
    const { stdout } = await shell(folder, "memorygraph-migrate migrate --help | (sleep 1; cat)");
    expect(stdout).toEndWith("print the version\n");
  });

  test("a full disk instead of standard output is told, with another code than 0", async () => {
    const { stdout, stderr } = await shell(
      folder,
      `memorygraph-migrate inspect --from-path ${small} >/dev/full; echo $?`,
    );
    expect(stderr).toContain("could not be written to standard output");
    expect(stdout).not.toBe("0\n");
  });
});
