// @level normal
/** The Homebrew formula and the scoop manifest: what they fetch is what was published, byte for byte. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../package.json";
import { pkgbuild } from "../../packaging/aur.ts";
import { formula } from "../../packaging/homebrew.ts";
import { manifest } from "../../packaging/scoop.ts";
import { manifests } from "../../packaging/winget.ts";
import { archiveFolder, archiveName } from "../../scripts/release/archive.ts";
import { REPOSITORY, ROOT, VERSION } from "../../scripts/release/project.ts";
import { readSums, sha256 } from "../../scripts/release/sums.ts";
import { TARGETS } from "../../scripts/release/targets.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { executable, HOST, packaged } from "./builds.ts";
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

describe("the recipe for Arch Linux", () => {
  const bash = Bun.which("bash");
  /** What bash makes of the recipe on one of Arch's machines. */
  const evaluated = async (machine: string, line: string, env: Record<string, string> = {}) => {
    writeFileSync(folder.file("PKGBUILD"), pkgbuild(VERSION, sums));
    const variables = { PATH: Bun.env.PATH ?? "", CARCH: machine, ...env };
    const at = { cwd: folder.path, env: variables };
    const { code, stdout, stderr } = await runCommand([bash!, "-euc", `. ./PKGBUILD; ${line}`], at);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout.trim().split("\n");
  };

  test.skipIf(bash === null).each([
    ["x86_64", "linux-x64"],
    ["aarch64", "linux-arm64"],
  ])("fetches on %s the archive for %s, and never strips it", async (machine, target) => {
    const line = `declare -n s=source_$CARCH h=sha256sums_$CARCH; printf '%s\\n' "$pkgname" "$pkgver" "$license" "$s" "$h" "\${options[@]}"`;
    const own = ["memorygraph-migrate-bin", VERSION, "MIT"];
    expect(await evaluated(machine, line)).toEqual([...own, ...expected(target), "!strip", "!debug"]);
  });

  test.skipIf(bash === null || HOST.name !== "linux-x64")(
    "installs what the archive holds where Arch looks for it",
    async () => {
      await runCommand(["tar", "-xf", join(await packaged(), archiveName(HOST))], {
        cwd: folder.path,
        env: { PATH: Bun.env.PATH ?? "" },
      });
      const root = folder.file("pkg");
      await evaluated("x86_64", "package", { pkgdir: root });
      const usr = listing(root).map((line) => line.split(" ").slice(0, 2).join(" "));
      for (const file of [
        "usr/bin/memorygraph-migrate 755",
        "usr/share/bash-completion/completions/memorygraph-migrate 644",
        "usr/share/zsh/site-functions/_memorygraph-migrate 644",
        "usr/share/fish/vendor_completions.d/memorygraph-migrate.fish 644",
        "usr/share/man/man1/memorygraph-migrate.1 644",
        "usr/share/licenses/memorygraph-migrate-bin/LICENSE 644",
      ]) {
        expect(usr).toContain(file);
      }
      const { stdout } = await runCommand([join(root, "usr/bin/memorygraph-migrate"), "--version"], {
        cwd: root,
        env: {},
      });
      expect(stdout).toContain(VERSION);
    },
  );
});

describe("the manifests for winget", () => {
  /** Each file's document, as a parser of YAML reads it. */
  const documents = () => {
    const files = [...manifests(VERSION, sums)];
    return new Map(
      files.map(([path, text]) => [
        path.replace(/^.*MemorygraphMigrate/, ""),
        Bun.YAML.parse(text) as Record<string, unknown>,
      ]),
    );
  };

  test("have the address, the sum and the program of each archive for Windows", () => {
    const found = documents();
    expect([...found.keys()].toSorted()).toEqual([".installer.yaml", ".locale.en-US.yaml", ".yaml"]);
    for (const [, document] of found) {
      expect(document).toMatchObject({ PackageIdentifier: "MemoryGraph.MemorygraphMigrate", PackageVersion: VERSION });
    }
    expect(found.get(".installer.yaml")).toMatchObject({
      ManifestType: "installer",
      InstallerType: "zip",
      NestedInstallerType: "portable",
      Installers: ["windows-x64", "windows-arm64"].map((target) => {
        const [url, sum] = expected(target);
        const program = `${archiveFolder(TARGETS.find(({ name }) => name === target)!)}\\memorygraph-migrate.exe`;
        return {
          Architecture: target.slice("windows-".length),
          NestedInstallerFiles: [{ RelativeFilePath: program, PortableCommandAlias: "memorygraph-migrate" }],
          InstallerUrl: url,
          InstallerSha256: sum!.toUpperCase(),
        };
      }),
    });
  });

  test("are written where the community repository has them", async () => {
    writeFileSync(folder.file("SHA256SUMS"), [...sums].map(([file, sum]) => `${sum}  ${file}\n`).join(""));
    const command = [process.execPath, join(ROOT, "packaging/winget.ts"), "SHA256SUMS", "winget"];
    expect((await runCommand(command, { cwd: folder.path, env: {} })).code).toBe(0);
    const written = readdirSync(folder.file("winget/manifests/m/MemoryGraph/MemorygraphMigrate", VERSION));
    expect(written).toHaveLength(3);
  });
});

test.each([
  "homebrew",
  "scoop",
  "aur",
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
  expect([whole.code, whole.stdout]).toEqual([
    0,
    { homebrew: formula, scoop: manifest, aur: pkgbuild }[name]!(VERSION, sums),
  ]);
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
