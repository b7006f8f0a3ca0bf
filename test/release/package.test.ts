// @level normal
/** What is published: archives that other tools read, sums that are theirs, and a list of what is inside. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import lock from "../../package-lock.json";
import { archiveFolder, archiveName, pack } from "../../scripts/release/archive.ts";
import { ROOT, VERSION } from "../../scripts/release/project.ts";
import { assertIntegrity, pinnedRuntime } from "../../scripts/release/runtime.ts";
import { readSums, sha256 } from "../../scripts/release/sums.ts";
import { TARGETS, targetsNamed } from "../../scripts/release/targets.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { executable, HOST, PACKAGED, packaged, packageInto } from "./builds.ts";
import { runCommand } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let release: string;
beforeAll(async () => {
  release = await packaged();
}, 600_000);
const PLAIN = { PATH: Bun.env.PATH ?? "", TZ: "Pacific/Kiritimati" };

test("packed again, elsewhere, later and in another zone, everything is the same", async () => {
  await Bun.sleep(1100);
  const again = folder.file("again");
  await packageInto(dirname(release), again, { TZ: "Pacific/Kiritimati", LC_ALL: "C" });
  expect(listing(again)).toEqual(listing(release));
}, 120_000);

test("SHA256SUMS has every file, and sha256sum agrees", async () => {
  const files = readdirSync(release).filter((name) => name !== "SHA256SUMS");
  expect(files).toContain("install.sh");
  expect(files).toEqual(expect.arrayContaining(PACKAGED.map((target) => archiveName(target))));
  expect([...readSums(readFileSync(join(release, "SHA256SUMS"), "utf8")).keys()].sort()).toEqual(files.sort());
  const command = Bun.which("sha256sum") === null ? ["shasum", "-a", "256"] : ["sha256sum"];
  const { code } = await runCommand([...command, "--check", "SHA256SUMS"], { cwd: release, env: PLAIN });
  expect(code).toBe(0);
});

describe("the archive for this machine", () => {
  test("unpacks to one folder with the program, licences, README and completions", async () => {
    const { code } = await runCommand(["tar", "-xf", join(release, archiveName(HOST))], {
      cwd: folder.path,
      env: PLAIN,
    });
    expect(code).toBe(0);
    const unpacked = folder.file(archiveFolder(HOST));
    const modes = listing(unpacked).map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(modes.filter((line) => !line.includes("/"))).toEqual([
      "LICENSE 644",
      "README.md 644",
      "THIRD_PARTY_LICENSES.txt 644",
      "memorygraph-migrate 755",
    ]);
    expect(modes.filter((line) => line.startsWith("completions/") && !line.startsWith("completions/ "))).toEqual([
      "completions/_memorygraph-migrate 644",
      "completions/memorygraph-migrate.bash 644",
      "completions/memorygraph-migrate.fish 644",
      "completions/memorygraph-migrate.ps1 644",
    ]);
    expect(modes).toContain("man/memorygraph-migrate.1 644");
    const program = join(unpacked, "memorygraph-migrate");
    const { stdout } = await runCommand([program, "--version"], { cwd: folder.path, env: {} });
    expect(stdout).toStartWith(`memorygraph-migrate ${VERSION} (commit `);
    const printed = await runCommand([program, "completions", "bash"], { cwd: folder.path, env: {} });
    expect(printed.stdout).toBe(readFileSync(join(unpacked, "completions/memorygraph-migrate.bash"), "utf8"));
  });

  test("names every package that runs in it, with the licences' own words", async () => {
    const text = readFileSync(folder.file(archiveFolder(HOST), "THIRD_PARTY_LICENSES.txt"), "utf8");
    for (const name of ["bun", "citty", "consola", "neo4j-driver", "valibot"]) expect(text).toContain(`\n${name} `);
    expect(text).toContain("Apache License");
    expect(text).not.toContain("typescript ");
  });
});

describe("a zip file", () => {
  const [windows] = targetsNamed(["windows-x64"]);
  const bytes = Buffer.from("MZ, and what follows\n".repeat(5_000));
  const beside = [{ path: "docs/é.txt", executable: false, bytes: Buffer.alloc(0) }];
  const path = folder.file("windows.zip");
  writeFileSync(path, pack(windows!, bytes, beside, 1_700_000_001));

  test("is read back whole by Python, names, modes and times included", async () => {
    if (Bun.which("python3") === null) return console.warn("SKIPPED: no python3 to read a zip file with");
    const script = `import zipfile, sys, json, hashlib
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename, oct(i.external_attr >> 16), i.date_time, hashlib.sha256(z.read(i)).hexdigest()] for i in z.infolist()]))`;
    const { stdout, stderr } = await runCommand(["python3", "-c", script, path], { cwd: folder.path, env: PLAIN });
    expect(stderr).toBe("");
    const root = archiveFolder(windows!);
    expect(JSON.parse(stdout)).toEqual([
      [`${root}/memorygraph-migrate.exe`, "0o100755", [2023, 11, 14, 22, 13, 20], sha256(bytes)],
      [`${root}/docs/é.txt`, "0o100644", [2023, 11, 14, 22, 13, 20], sha256(Buffer.alloc(0))],
    ]);
  });

  test("cannot tell a time before 1980, and says so", () => {
    expect(() => pack(windows!, bytes, [], 0)).toThrow("before 1980");
  });
});

describe("what is not as it should be is not published", () => {
  test("a macOS executable without a valid signature", async () => {
    const [darwin] = targetsNamed(["darwin-arm64"]);
    const from = folder.file("unsigned");
    mkdirSync(join(from, darwin!.name), { recursive: true });
    // As Bun's runtime comes: a Mach-O file, cut short.
    const head = Buffer.alloc(4096);
    head.writeUInt32LE(0xfeedfacf, 0);
    writeFileSync(join(from, darwin!.name, "memorygraph-migrate"), head);
    const command = [
      process.execPath,
      join(ROOT, "scripts/package.ts"),
      "--from",
      from,
      "--out",
      folder.file("never"),
      darwin!.name,
    ];
    const { code, stderr } = await runCommand(command, { cwd: ROOT, env: PLAIN });
    expect(code).not.toBe(0);
    expect(stderr).toContain("Mach-O file");
    expect(readdirSync(folder.path)).not.toContain("never");
  });

  test("a runtime with other bytes than those that were pinned", () => {
    const { integrity } = pinnedRuntime(TARGETS[0]!);
    expect(() => assertIntegrity("it", Buffer.from("other bytes"), integrity)).toThrow(
      "is not what package-lock.json pins",
    );
  });

  test("every target's runtime is pinned, in the version that runs this", () => {
    expect(new Set(TARGETS.map((target) => pinnedRuntime(target).integrity)).size).toBe(TARGETS.length);
    for (const target of TARGETS) expect(pinnedRuntime(target).version).toBe(Bun.version);
  });
});

test("every package that was compiled in is in the list of what is inside, in its version", async () => {
  const document = JSON.parse(readFileSync(join(release, `memorygraph-migrate-${VERSION}.cdx.json`), "utf8"));
  const listed = document.components.map(({ name, version }: Record<string, string>) => `${name} ${version}`);
  // Source maps name every file that an executable is made of.
  const maps = join(dirname(await executable()), "maps");
  const sources: string[] = readdirSync(maps).flatMap(
    (name) => JSON.parse(readFileSync(join(maps, name), "utf8")).sources,
  );
  const packages = new Set(
    sources.flatMap((source) => /.*(node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(source)?.slice(1) ?? []),
  );
  const compiled = [...packages].map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
    return `${name} ${version}`;
  });
  expect(compiled.join("\n")).toContain("falkordb ");
  expect(listed).toEqual(expect.arrayContaining(compiled));
});

test("the list of what is inside names Bun, every package that runs, and what needs what", () => {
  const document = JSON.parse(readFileSync(join(release, `memorygraph-migrate-${VERSION}.cdx.json`), "utf8"));
  expect(document).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
  const names: string[] = document.components.map(({ name }: { name: string }) => name);
  // Of some, two versions are inside.
  const each = document.components.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`);
  expect(each).toEqual([...new Set(each)]);
  expect(names).toEqual(expect.arrayContaining(["bun", ...Object.keys(lock.packages[""].dependencies)]));
  expect(names).not.toContain("typescript");
  const [bun] = document.components;
  expect(bun).toMatchObject({ name: "bun", version: Bun.version, purl: `pkg:npm/bun@${Bun.version}` });
  expect(bun.components).toHaveLength(TARGETS.length);
  const refs = new Set([document.metadata.component, ...document.components].map((part) => part["bom-ref"]));
  for (const { ref, dependsOn } of document.dependencies) {
    for (const named of [ref, ...dependsOn]) expect(refs).toContain(named);
  }
  for (const { hashes } of document.components.slice(1)) expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
});
