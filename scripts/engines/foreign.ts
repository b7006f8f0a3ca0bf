/**
 * A root folder of the next Debian release, which has Wine for Windows executables and a musl that Bun's runs on. Run by itself it
 * makes that folder in the cache, once, in some three minutes and 1.5 GB. It takes root, debootstrap and the registries of Debian
 * and Python.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, isCached, run } from "./cache.ts";

const DEBIAN = "trixie";
const FOLDER = `foreign-${DEBIAN}`;
/** Has a libstdc++ for musl among its libraries; the Debian release has musl, and no C++ library for it. */
const WITH_LIBSTDCXX = "contourpy==1.3.0";
/** Where Wine keeps its drive C: and its registry. */
export const PREFIX = "/wine";

/** What keeps the root folder from being used here; null where nothing does. */
export function whyNoForeignRoot(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return "it takes Linux on x64";
  if (process.getuid?.() !== 0) return "it takes root";
  return isCached(FOLDER) ? null : "bun scripts/engines/foreign.ts has not made it";
}

/** Its path. @throws Error saying what is missing */
export function foreignRoot(): string {
  return cached(FOLDER, (folder) => {
    if (process.getuid?.() !== 0) throw new Error("it takes root");
    if (Bun.which("debootstrap") === null) throw new Error("it takes debootstrap");
    const root = join(folder, "root");
    // In a mount namespace of its own: what debootstrap mounts is gone with it, however it ends.
    must([
      "unshare",
      "--mount",
      "debootstrap",
      "--variant=minbase",
      "--include=wine,wine64,musl",
      DEBIAN,
      root,
      mirror(),
    ]);
    addLibraryForMusl(root);
    const start = `mount -t proc proc "$0/proc" && exec chroot "$0" env WINEPREFIX=${PREFIX} WINEDEBUG=-all sh -c 'wineboot --init && wineserver --wait'`;
    must(["unshare", "--mount", "--pid", "--fork", "sh", "-c", start, root]);
    if (!existsSync(join(root, PREFIX, "drive_c/windows"))) throw new Error("Wine has made no drive C:");
  });
}

/** The mirror of a Debian machine is near; on another system it has other packages. */
function mirror(): string {
  const { text } = run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(SITE)"]);
  const [, near = "http://deb.debian.org/debian"] = /^Debian (\S+\/debian\/?)$/m.exec(text) ?? [];
  return near;
}

function addLibraryForMusl(root: string): void {
  const work = join(root, "tmp/wheel");
  mkdirSync(work, { recursive: true });
  const platform = ["--platform", "musllinux_1_2_x86_64", "--python-version", "3.11", "--only-binary=:all:"];
  must(["python3", "-m", "pip", "download", "-q", "--no-deps", ...platform, "-d", work, WITH_LIBSTDCXX]);
  const [wheel] = readdirSync(work).filter((name) => name.endsWith(".whl"));
  must(["python3", "-m", "zipfile", "-e", join(work, wheel!), work]);
  const libraries = join(root, "opt/musl");
  renameSync(join(work, "contourpy.libs"), libraries);
  const [library] = readdirSync(libraries).filter((name) => name.startsWith("libstdc++"));
  renameSync(join(libraries, library!), join(libraries, "libstdc++.so.6"));
  rmSync(work, { recursive: true });
  writeFileSync(join(root, "etc/ld-musl-x86_64.path"), "/opt/musl\n");
}

function must(command: readonly string[]): void {
  const { ok, text, error } = run(command);
  if (!ok) throw new Error(`${command.join(" ")} failed: ${(error || text).slice(-500)}`);
}

if (import.meta.main) console.log(`the root folder is ${foreignRoot()}/root`);
