/** MemoryGraph 0.12.4 itself, in the Python that scripts/oracle has set up. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const root = resolve(import.meta.dir, "../..");
const python = process.env.MEMORYGRAPH_PYTHON ?? join(root, ".lab/python/bin/python");

/** Whether it is here with these modules; says so where it is not. @throws where REQUIRE_ORACLE asks for it */
export function hasOracle(...modules: readonly string[]): boolean {
  const imported = `import ${["memorygraph", ...modules].join(", ")}`;
  if (existsSync(python) && Bun.spawnSync([python, "-c", imported]).exitCode === 0) return true;
  const what = ["MemoryGraph 0.12.4", ...modules].join(" with ");
  if (process.env.REQUIRE_ORACLE) throw new Error(`REQUIRE_ORACLE is set, but there is no ${what}: run scripts/oracle`);
  console.warn(`SKIPPED: ${what} is not here to open our stores; run scripts/oracle first`);
  return false;
}

/** What one of the scripts beside this file prints. @throws Error with what it complains about */
export function ask(script: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([python, join(import.meta.dir, script), ...args], {
    env: { ...process.env, ...env },
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}

/** A script that answers one line of JSON for each line that it is given: MemoryGraph takes long to start. */
export function listening(script: string): { ask(request: object): Promise<unknown>; close(): Promise<void> } {
  const child = Bun.spawn([python, join(import.meta.dir, script)], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      await child.stdin.flush();
      const { done, value } = await lines.next();
      if (done) throw new Error(await child.stderr.text());
      return JSON.parse(value);
    },
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
