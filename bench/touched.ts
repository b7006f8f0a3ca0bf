/**
 * How long the migration of a SQLite file takes that Turso, libSQL and Litestream have each opened and written to, as a ratio to the
 * same of the file that nobody touched: whole processes in turn. The three come from npm and Go, into a temporary folder. Uses
 * dist/memorygraph-migrate; run `npm run build` first.
 *
 *   bun bench/touched.ts [COUNT [ROUNDS]]
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./generate.ts";
import { inBenchFolder, type Measure, measure, median, program } from "./measure.ts";

const PACKAGES = ["@tursodatabase/database@0.7.2", "libsql@0.5.29"];
const LITESTREAM = "github.com/benbjohnson/litestream/cmd/litestream@v0.5.17";

/** Changes a row and changes it back: the contents stay what they are. */
const TOUCHES = [
  "UPDATE nodes SET label = 'Touched' WHERE id = 'm-000000'",
  "UPDATE nodes SET label = 'Memory' WHERE id = 'm-000000'",
];

const SCRIPTS: Readonly<Record<string, string>> = {
  turso: `import { connect } from "@tursodatabase/database";
const store = await connect(process.argv[2]);
for (const sql of ${JSON.stringify(TOUCHES)}) await store.exec(sql);
await store.close();`,
  libsql: `import Database from "libsql";
const store = new Database(process.argv[2]);
for (const sql of ${JSON.stringify(TOUCHES)}) store.exec(sql);
store.close();`,
};

async function run(command: string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
  const child = Bun.spawn(command, { cwd, stdout: "ignore", stderr: "pipe", env: { ...Bun.env, ...env } });
  const trouble = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed: ${trouble}`);
}

/** Installs the three, and gives what touches a file with each. */
async function touchers(folder: string): Promise<Record<string, (file: string) => Promise<void>>> {
  const packages = join(folder, "packages");
  mkdirSync(packages);
  writeFileSync(join(packages, "package.json"), "{}");
  await run(["npm", "install", "--silent", "--no-audit", "--no-fund", ...PACKAGES], packages);
  await run(["go", "install", LITESTREAM], packages, { GOBIN: packages });
  const scripted = Object.entries(SCRIPTS).map(([name, script]) => {
    const file = join(packages, `${name}.mjs`);
    writeFileSync(file, script);
    return [name, (store: string) => run(["node", file, store], packages)] as const;
  });
  return {
    ...Object.fromEntries(scripted),
    litestream: (store) => replicate(join(packages, "litestream"), store, folder),
  };
}

/** Litestream turns the file into one with a write-ahead log and adds its tables as soon as it watches it. */
async function replicate(litestream: string, store: string, folder: string): Promise<void> {
  const replica = mkdtempSync(join(folder, "replica-"));
  const child = Bun.spawn([litestream, "replicate", store, `file://${replica}`], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await Bun.sleep(3_000);
  child.kill("SIGTERM");
  await child.exited;
}

async function compare(folder: string, count: number, rounds: number): Promise<void> {
  const untouched = join(folder, "untouched.db");
  generate(untouched, count);
  const touch = await touchers(folder);
  const files: Record<string, string> = { untouched };
  for (const [name, by] of Object.entries(touch)) {
    files[name] = join(folder, `${name}.db`);
    copyFileSync(untouched, files[name]);
    await by(files[name]);
  }
  files["all three"] = join(folder, "all.db");
  copyFileSync(untouched, files["all three"]);
  for (const by of Object.values(touch)) await by(files["all three"]);

  const target = join(folder, "target.db");
  const runs = Object.fromEntries(Object.keys(files).map((name) => [name, [] as Measure[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, source] of Object.entries(files)) {
      rmSync(target, { force: true });
      const command = [program, source, target, "--for", "0.13", "--quiet", "--state-dir", join(folder, "state")];
      const result = await measure(command);
      // The first round only warms the system's caches.
      if (round > 0) runs[name]!.push(result);
    }
  }
  console.log(`${count} memories and twice as many relationships to 0.13, verified; medians of ${rounds} rounds`);
  console.log("touched by | seconds | ratio | processor seconds | ratio");
  for (const [name, all] of Object.entries(runs)) {
    const ratio = (part: "seconds" | "cpuSeconds") =>
      median(all.map((one, at) => one[part] / runs.untouched![at]![part])).toFixed(2);
    const middle = (part: "seconds" | "cpuSeconds") => median(all.map((one) => one[part])).toFixed(2);
    console.log([name, middle("seconds"), ratio("seconds"), middle("cpuSeconds"), ratio("cpuSeconds")].join(" | "));
  }
}

await inBenchFolder(async (folder) => {
  const [count = 100_000, rounds = 3] = process.argv.slice(2).map(Number);
  await compare(folder, count, rounds);
});
