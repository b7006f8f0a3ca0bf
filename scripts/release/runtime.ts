/**
 * The Bun that a target is compiled onto. It comes from npm and is used only when it is, byte for byte, the package
 * whose SHA-512 stands in package-lock.json: the table that everybody who changes Bun's version commits and reviews.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import lock from "../../package-lock.json";
import { ROOT } from "./project.ts";
import type { Target } from "./targets.ts";

/** Packages as they were downloaded; kept, since eight of them are 400 MB. */
const CACHE = join(ROOT, ".lab/runtimes");

interface Pinned {
  readonly version: string;
  readonly integrity: string;
}

/** @throws Error when the lock file does not name the target's runtime, or another version of it than this Bun */
export function pinnedRuntime({ runtimePackage }: Target): Pinned {
  const packages: Readonly<Record<string, Partial<Pinned>>> = lock.packages;
  const { version, integrity } = packages[`node_modules/${runtimePackage}`] ?? {};
  if (version === undefined || integrity === undefined || !integrity.startsWith("sha512-")) {
    throw new Error(`package-lock.json pins no ${runtimePackage}`);
  }
  // Bytecode made by one version does not run in another.
  if (version !== Bun.version) throw new Error(`package-lock.json pins Bun ${version}, but this is Bun ${Bun.version}`);
  return { version, integrity };
}

/** @throws Error when the bytes are not those that were pinned */
export function assertIntegrity(what: string, bytes: Uint8Array, integrity: string): void {
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) throw new Error(`${what} is not what package-lock.json pins: ${found}, not ${integrity}`);
}

/**
 * Unpacks the target's runtime below the folder and returns its path.
 * @throws Error when it cannot be had or is not the pinned one
 */
export async function unpackRuntime(target: Target, folder: string): Promise<string> {
  const { version, integrity } = pinnedRuntime(target);
  const name = `${target.runtimePackage}@${version}`;
  const tarball = join(CACHE, `${target.name}-${version}.tgz`);
  if (!existsSync(tarball)) await download(name, integrity, tarball);
  // Checked each time: what lies in a cache may have changed since.
  assertIntegrity(tarball, readFileSync(tarball), integrity);
  const file = `package/bin/bun${target.extension}`;
  await $`tar -xzf ${tarball} -C ${folder} ${file}`.quiet();
  return join(folder, file);
}

async function download(name: string, integrity: string, tarball: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const aside = mkdtempSync(join(CACHE, "download-"));
  try {
    const packed = await $`npm pack ${name} --json --pack-destination ${aside}`.quiet().nothrow();
    if (packed.exitCode !== 0) throw new Error(`npm could not fetch ${name}: ${packed.stderr.toString().trim()}`);
    const [{ filename }] = JSON.parse(packed.stdout.toString()) as [{ filename: string }];
    const fetched = join(aside, filename);
    assertIntegrity(name, readFileSync(fetched), integrity);
    renameSync(fetched, tarball);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
