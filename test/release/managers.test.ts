// @level normal
/** The Homebrew formula and the scoop manifest: what they fetch is what was published, byte for byte. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../package.json";
import { formula } from "../../packaging/homebrew.ts";
import { manifest } from "../../packaging/scoop.ts";
import { archiveFolder, archiveName } from "../../scripts/release/archive.ts";
import { REPOSITORY, ROOT, VERSION } from "../../scripts/release/project.ts";
import { readSums, sha256 } from "../../scripts/release/sums.ts";
import { TARGETS } from "../../scripts/release/targets.ts";
import { temporaryFolder } from "../support/folder.ts";
import { executable, packaged } from "./builds.ts";
import { runCommand } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
/** The sums of the archives that were made here; the other targets get one that stands for theirs. */
let sums: ReadonlyMap<string, string>;
beforeAll(async () => {
  const release = await packaged();
  const real = readSums(readFileSync(join(release, "SHA256SUMS"), "utf8"));
  for (const [name, sum] of real) expect(sha256(readFileSync(join(release, name)))).toBe(sum);
  sums = new Map([
    ...TARGETS.map((target) => [archiveName(target), sha256(Buffer.from(target.name))] as const),
    ...real,
  ]);
}, 600_000);

const urlOf = (name: string) => `${REPOSITORY}/releases/download/v${VERSION}/${name}`;
const expected = (target: string) => {
  const name = archiveName(TARGETS.find((known) => known.name === target)!);
  return [urlOf(name), sums.get(name)!];
};

describe("the formula", () => {
  const path = folder.file("memorygraph-migrate.rb");
  const ruby = Bun.which("ruby");
  if (ruby === null) console.warn("SKIPPED: the formula is not evaluated, since there is no ruby");

  test("has the address and the sum of each archive for macOS and Linux, one behind the other", () => {
    const text = formula(VERSION, sums);
    const pairs = [...text.matchAll(/url "(.*)"\n +sha256 "(.*)"/g)].map(([, url, sum]) => [url!, sum!]);
    expect(pairs).toEqual(["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"].map(expected));
  });

  test.skipIf(ruby === null)("is Ruby, and fetches the right archive on each machine", async () => {
    writeFileSync(path, formula(VERSION, sums));
    const env = { PATH: Bun.env.PATH ?? "" };
    expect(await runCommand([ruby!, "-c", path], { cwd: folder.path, env })).toMatchObject({
      code: 0,
      stdout: "Syntax OK\n",
    });
    const evaluated = await runCommand([ruby!, join(import.meta.dir, "formula.rb"), path], { cwd: folder.path, env });
    expect(evaluated.stderr).toBe("");
    const machines = JSON.parse(evaluated.stdout);
    for (const [machine, target] of [
      ["macos-arm", "darwin-arm64"],
      ["macos-intel", "darwin-x64"],
      ["linux-arm", "linux-arm64"],
      ["linux-intel", "linux-x64"],
    ] as const) {
      const [url, sum] = expected(target);
      const common = { class: "MemorygraphMigrate", version: VERSION, license: "MIT", tested: true, installs: true };
      expect(machines[machine]).toMatchObject({ ...common, url, sha256: sum });
    }
    expect(machines["macos-arm"].depends_on).toEqual({ macos: "ventura" });
  });
});

test("what the formula's own test expects is what the program says", async () => {
  const claims = [
    ...formula(VERSION, sums).matchAll(/assert_match "(.*)", shell_output\("#\{bin\}\/(\S+) (.*?)"(?:, (\d+))?\)/g),
  ];
  expect(claims).toHaveLength(2);
  for (const [, words, , line, code] of claims) {
    const command = ["sh", "-c", `"$0" ${line}`, await executable()];
    const outcome = await runCommand(command, { cwd: folder.path, env: { PATH: Bun.env.PATH ?? "" } });
    expect(outcome.code).toBe(Number(code ?? 0));
    expect(outcome.stdout).toContain(words!.replace("#{version}", VERSION));
  }
});

describe("the manifest", () => {
  test("has the address, the sum and the folder of each archive for Windows", () => {
    const document = JSON.parse(manifest(VERSION, sums));
    expect(Object.keys(document)).toEqual([
      "version",
      "description",
      "homepage",
      "license",
      "architecture",
      "bin",
      "checkver",
      "autoupdate",
    ]);
    expect(document).toMatchObject({
      version: VERSION,
      bin: "memorygraph-migrate.exe",
      checkver: "github",
      license: "MIT",
    });
    for (const [architecture, target] of [
      ["64bit", "windows-x64"],
      ["arm64", "windows-arm64"],
    ] as const) {
      const [url, hash] = expected(target);
      const extract_dir = archiveFolder(TARGETS.find(({ name }) => name === target)!);
      expect(document.architecture[architecture]).toEqual({ url, hash, extract_dir });
    }
  });

  test("finds a later version by itself", () => {
    const { autoupdate } = JSON.parse(manifest(VERSION, sums));
    expect(autoupdate.hash).toEqual({ url: "$baseurl/SHA256SUMS" });
    const later = new Map([...sums].map(([name, sum]) => [name.replaceAll(VERSION, "7.8.9"), sum]));
    const then = JSON.parse(manifest("7.8.9", later)).architecture;
    for (const architecture of ["64bit", "arm64"]) {
      const { url, extract_dir } = autoupdate.architecture[architecture];
      expect(url.replaceAll("$version", "7.8.9")).toBe(then[architecture].url);
      expect(extract_dir.replaceAll("$version", "7.8.9")).toBe(then[architecture].extract_dir);
    }
  });
});

test.each([
  "homebrew",
  "scoop",
])("%s: the command prints it, and prints nothing when a sum is missing", async (name) => {
  const write = (text: string) => {
    writeFileSync(folder.file("SHA256SUMS"), text);
    return runCommand([process.execPath, join(ROOT, `packaging/${name}.ts`), "SHA256SUMS"], {
      cwd: folder.path,
      env: {},
    });
  };
  const lines = [...sums].map(([file, sum]) => `${sum}  ${file}\n`);
  const whole = await write(lines.join(""));
  expect([whole.code, whole.stdout]).toEqual([0, (name === "homebrew" ? formula : manifest)(VERSION, sums)]);
  const partial = await write(lines.filter((line) => !/x64\.(tar\.gz|zip)$/m.test(line)).join(""));
  expect([partial.code, partial.stdout]).toEqual([1, ""]);
  expect(partial.stderr).toMatch(/SHA256SUMS has no memorygraph-migrate-.*x64/);
  expect((await write("not a sum\n")).code).toBe(1);
});

test("everything that names the project's home names the same one", () => {
  expect(repository.url).toBe(`git+${REPOSITORY}.git`);
  const files = ["README.md", "docs/RELEASING.md", "packaging/install.sh", "packaging/install.ps1"];
  for (const file of files) {
    const named =
      readFileSync(join(ROOT, file), "utf8").match(/https:\/\/github\.com\/[\w-]+\/memorygraph-migrate/g) ?? [];
    expect([file, [...new Set(named)]]).toEqual([file, [REPOSITORY]]);
  }
});
