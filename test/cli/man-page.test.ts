/** The manual page in the archives: whole, and what `man` takes without a complaint. */
import { expect, test } from "bun:test";
import { formula } from "../../packaging/homebrew.ts";
import { archiveName, companions, MAN_PAGE } from "../../scripts/release/archive.ts";
import { VERSION } from "../../scripts/release/project.ts";
import { TARGETS } from "../../scripts/release/targets.ts";
import { COMMANDS } from "../../src/cli/commands.ts";

const entry = (await companions()).find(({ path }) => path === `man/${MAN_PAGE}`)!;
const text = Buffer.from(entry.bytes).toString();

test("is in every archive, and names every command, option and exit code", async () => {
  const plain = text.replaceAll("\\-", "-").replace(/\\f[BIR]/g, "");
  for (const [name, load] of Object.entries(COMMANDS)) {
    expect(plain).toContain(`\n.SS ${name}\n`);
    for (const [option, { type }] of Object.entries((await load()).args)) {
      if (type !== "positional" && !/^to-(user|password|database|graph|ca-|cert-|key-)/.test(option)) {
        expect(plain).toContain(`--${option}`);
      }
    }
  }
  expect(plain).toContain("\n.SH EXIT STATUS\n.TP\n.B 0\n");
});

test("is installed by Homebrew from where it is in an archive", () => {
  const sums = new Map(TARGETS.map((target) => [archiveName(target), "0".repeat(64)]));
  expect(formula(VERSION, sums)).toContain(`\n    man1.install "${entry.path}"\n`);
});

if (Bun.which("groff") === null) console.warn("SKIPPED: the manual page is not formatted, since there is no groff");
test.skipIf(Bun.which("groff") === null)("is formatted without a warning", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["groff", "-man", "-Tutf8", "-ww"], { stdin: Buffer.from(text) });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  // Bold is a letter printed twice.
  expect(stdout.toString().replace(/.\x08/g, "")).toContain("EXIT STATUS");
});
