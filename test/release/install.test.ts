// @level normal
/** install.sh, served by a place that keeps releases as GitHub does: what it installs, and what it refuses to. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archiveFolder, archiveName } from "../../scripts/release/archive.ts";
import { REPOSITORY, ROOT, VERSION } from "../../scripts/release/project.ts";
import { sha256, writeSums } from "../../scripts/release/sums.ts";
import { tar } from "../../scripts/release/tar.ts";
import type { Outcome } from "../cli/program.ts";
import { environment } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { executable, HOST, packaged } from "./builds.ts";
import { runCommand } from "./program.ts";

const SCRIPT = join(ROOT, "packaging/install.sh");
const ARCHIVE = archiveName(HOST);
const folder = temporaryFolder();
/** What the server has for this test, by path; everything else is not found. */
let served: Map<string, Uint8Array>;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) => {
    const bytes = served.get(new URL(url).pathname);
    return bytes === undefined ? new Response("not found", { status: 404 }) : new Response(Buffer.from(bytes));
  },
});
afterAll(async () => {
  await server.stop(true);
  folder[Symbol.dispose]();
});

let archive: Uint8Array;
beforeAll(async () => {
  archive = readFileSync(join(await packaged(), ARCHIVE));
}, 600_000);
let round = 0;
let to: string;
beforeEach(() => {
  to = folder.file(`bin-${++round}`);
  serve(archive, writeSums(new Map([[ARCHIVE, archive]])));
});

function serve(file: Uint8Array, sums: string): void {
  const at = ["/latest/download", `/download/v${VERSION}`];
  served = new Map(
    at.flatMap((base) => [
      [`${base}/SHA256SUMS`, Buffer.from(sums)],
      [`${base}/${ARCHIVE}`, file],
    ]),
  );
}

function install(args: readonly string[], variables: Record<string, string> = {}, script = SCRIPT): Promise<Outcome> {
  const env = environment(folder, { MEMORYGRAPH_MIGRATE_RELEASES: server.url.href.replace(/\/$/, ""), ...variables });
  return runCommand(["sh", script, ...args], { cwd: folder.path, env });
}

function expectRefusal({ code, stdout, stderr }: Outcome, message: string): void {
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^next: .+\n$/m);
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
}

/** An archive whose program is a script. */
function archiveWith(program: string): Uint8Array {
  const path = `${archiveFolder(HOST)}/memorygraph-migrate`;
  return Bun.gzipSync(Buffer.from(tar([{ path, executable: true, bytes: Buffer.from(program) }], 0)));
}

const missing = ["curl", "wget", "sha256sum"].filter((tool) => Bun.which(tool) === null);
if (missing.length > 0) console.warn(`SKIPPED: not every way of installing is tried: no ${missing.join(", no ")}`);

describe.skipIf(process.platform === "win32")("install.sh", () => {
  test("installs the latest release where it is told to, and leaves nothing else behind", async () => {
    const { code, stdout, stderr } = await install(["--to", to]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`installed memorygraph-migrate ${VERSION} (commit `);
    expect(stdout).toContain(`next: add ${to} to your PATH`);
    expect(readdirSync(to)).toEqual(["memorygraph-migrate"]);
    expect(sha256(readFileSync(join(to, "memorygraph-migrate")))).toBe(sha256(readFileSync(await executable())));
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
    expect((await runCommand([join(to, "memorygraph-migrate"), "--version"], { cwd: to, env: {} })).code).toBe(0);
  });

  test("installs a certain release into ~/.local/bin, over what is there", async () => {
    const bin = folder.file("home/.local/bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "memorygraph-migrate"), "an older one");
    const { code, stdout } = await install(["--version", `v${VERSION}`], { PATH: `${bin}:${Bun.env.PATH}` });
    expect([code, stdout.includes("next:")]).toEqual([0, false]);
    const installed = await runCommand([join(bin, "memorygraph-migrate"), "--version"], { cwd: bin, env: {} });
    expect(installed.stdout).toContain(VERSION);
  });

  test.skipIf(Bun.which("wget") === null)("makes do with wget where there is no curl", async () => {
    const tools = folder.file("tools");
    mkdirSync(tools);
    for (const name of [
      "wget",
      "tar",
      "gzip",
      "uname",
      "ldd",
      "grep",
      "mktemp",
      "rm",
      "mkdir",
      "cp",
      "mv",
      "chmod",
      "cut",
      "cat",
      "sh",
      "sha256sum",
      "sysctl",
      "shasum",
    ]) {
      const path = Bun.which(name);
      if (path !== null) symlinkSync(path, join(tools, name));
    }
    const { code, stderr } = await install(["--to", to], { PATH: tools });
    expect([code, stderr]).toEqual([0, ""]);
    expect(readdirSync(to)).toEqual(["memorygraph-migrate"]);
  });

  test.each([
    ["an archive with another sum", () => serve(archive.slice(0, -1), sumsOf(archive)), "is not what SHA256SUMS says"],
    ["an archive that is not there", () => served.delete(`/download/v${VERSION}/${ARCHIVE}`), "cannot be downloaded"],
    ["no list of sums", () => served.delete("/latest/download/SHA256SUMS"), "cannot be downloaded"],
    [
      "a list without this machine",
      () => serve(archive, sumsOf(archive).replace(HOST.name, "plan9-x64")),
      "has no archive for",
    ],
    ["a program that does not start", () => serveProgram("#!/bin/sh\nexit 9\n"), "the program does not start"],
  ])("does not install %s, and leaves the former one", async (_, arrange, message) => {
    mkdirSync(to);
    writeFileSync(join(to, "memorygraph-migrate"), "an older one");
    arrange();
    expectRefusal(await install(["--to", to]), message);
    expect(readFileSync(join(to, "memorygraph-migrate"), "utf8")).toBe("an older one");
    expect(readdirSync(to)).toEqual(["memorygraph-migrate"]);
  });

  test("names another folder instead of asking for root", async () => {
    const asked = folder.file("asked");
    const tools = folder.file("roots");
    mkdirSync(tools);
    for (const name of ["sudo", "doas", "su", "pkexec"]) {
      writeFileSync(join(tools, name), `#!/bin/sh\necho "${name} $*" >>'${asked}'\n`);
      chmodSync(join(tools, name), 0o755);
    }
    // A file stands where the folder would be: not even root writes there.
    writeFileSync(to, "");
    const outcome = await install(["--to", join(to, "bin")], { PATH: `${tools}:${Bun.env.PATH}` });
    expectRefusal(outcome, "cannot be written to");
    expect(outcome.stderr).toContain("--to DIR");
    expect(existsSync(asked)).toBe(false);
  });

  const mayMount = process.platform === "linux" && process.getuid?.() === 0 && Bun.which("unshare") !== null;
  if (!mayMount)
    console.warn("SKIPPED: install.sh with a temporary folder that runs no programs: it takes root on Linux");
  test.skipIf(!mayMount)("installs where the temporary folder runs no programs", async () => {
    const place = folder.file("noexec");
    mkdirSync(place);
    const mounted = `mount -t tmpfs -o noexec,size=1g none "$TMPDIR" && printf '#!/bin/sh' >"$TMPDIR/x" && chmod 755 "$TMPDIR/x" && ! "$TMPDIR/x" && exec sh "$0" --to "$1"`;
    const releases = { MEMORYGRAPH_MIGRATE_RELEASES: server.url.href.replace(/\/$/, ""), TMPDIR: place };
    const command = ["unshare", "--mount", "sh", "-c", mounted, SCRIPT, to];
    const { code, stdout } = await runCommand(command, { cwd: folder.path, env: environment(folder, releases) });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`in ${to}/memorygraph-migrate`)]);
    expect(readdirSync(to)).toEqual(["memorygraph-migrate"]);
  });

  test("does nothing when it arrives only in part", async () => {
    const text = readFileSync(SCRIPT, "utf8");
    const part = folder.file("part.sh");
    for (let at = text.length - 10; at > 0; at -= 397) {
      writeFileSync(part, text.slice(0, at));
      const { stdout } = await install(["--to", to], {}, part);
      expect([stdout, existsSync(to)]).toEqual(["", false]);
    }
  });

  test("says how it is used, and what it does not know", async () => {
    expect((await install(["--help"])).stdout).toStartWith("usage: install.sh");
    expectRefusal(await install(["--prefix", "x"]), "unknown option --prefix");
    expectRefusal(await install(["--to"]), "--to needs a value");
  });
});

describe("the README's ways to install", () => {
  const blocks = readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/```(sh|powershell) install\n([\s\S]*?)```/g);
  const lines = [...blocks].flatMap(([, , block]) => block!.trim().split("\n"));
  const curl = lines.find((line) => line.startsWith("curl "));
  const check = lines.find((line) => line.startsWith("sha256sum "));

  test("are those that are tried here, and those that only the release workflow can try", () => {
    const elsewhere = lines.filter((line) => line !== curl && line !== check);
    expect(elsewhere.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "brew install",
      `irm ${REPOSITORY}/releases/latest/download/install.ps1`,
      "scoop bucket",
      "scoop install",
      "docker run",
      "gh attestation",
    ]);
  });

  test.skipIf(process.platform === "win32" || Bun.which("curl") === null)(
    "curl: it works as it stands there",
    async () => {
      served.set("/latest/download/install.sh", readFileSync(SCRIPT));
      const releases = server.url.href.replace(/\/$/, "");
      const line = curl!.replace(`${REPOSITORY}/releases`, releases);
      expect(line).not.toBe(curl!);
      const env = environment(folder, { MEMORYGRAPH_MIGRATE_RELEASES: releases });
      const { code, stdout, stderr } = await runCommand(["sh", "-c", line], { cwd: folder.path, env });
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(folder.file("home/.local/bin/memorygraph-migrate"));
    },
  );

  test.skipIf(Bun.which("sha256sum") === null)(
    "sha256sum: it passes what was published, and nothing else",
    async () => {
      const here = folder.file("downloads");
      mkdirSync(here);
      writeFileSync(join(here, ARCHIVE), archive);
      writeFileSync(join(here, "SHA256SUMS"), readFileSync(join(await packaged(), "SHA256SUMS")));
      const at = { cwd: here, env: { PATH: Bun.env.PATH ?? "" } };
      expect((await runCommand(["sh", "-c", check!], at)).code).toBe(0);
      writeFileSync(join(here, ARCHIVE), archive.slice(1));
      expect((await runCommand(["sh", "-c", check!], at)).code).toBe(1);
    },
  );
});

function sumsOf(file: Uint8Array): string {
  return writeSums(new Map([[ARCHIVE, file]]));
}

function serveProgram(program: string): void {
  const file = archiveWith(program);
  serve(file, sumsOf(file));
}
