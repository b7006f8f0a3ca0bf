/**
 * The tests of servers on every version that the registries or docker can give, and chains of migrations through them:
 * `npm run test:versions [-- WHAT...]`; WHAT is a kind, KIND@VERSION, or `chains`; all of them where none is named. What
 * came is written to test/versions/results.json, out of which `bun scripts/tables.ts` makes the table in docs/PLATFORMS.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EngineVersion, VERSIONS } from "./engines/versions.ts";
import { KINDS } from "./servers.ts";

const ROOT = join(import.meta.dir, "..");
const RESULTS = join(ROOT, "test/versions/results.json");
/** What a store has to do and to hold, whichever server it stands on, and what each backend asks of its server. */
const TESTS = ["conformance", "backends/bolt", "backends/falkor", "backends/graph-store"];

interface Sums {
  readonly pass: number;
  readonly skip: number;
  readonly fail: number;
}

export interface VersionResult extends Sums {
  /** `neo4j@5.26.0` or the name of a chain. */
  readonly name: string;
  /** The day, as YYYY-MM-DD. */
  readonly date: string;
  /** Why it could not be run; null where it was. */
  readonly skipped: string | null;
}

/** Every version that a registry has, of both kinds in turn: oldest to newest, and the other way round. */
export const CHAINS: Readonly<Record<string, readonly string[]>> = (() => {
  const of = (kind: string) => VERSIONS.filter((one) => one.kind === kind && one.package !== null).map(nameOf);
  const [neo4j, falkordb] = [of("neo4j"), of("falkordb")];
  const upwards = neo4j.flatMap((name, at) => [name, ...falkordb.slice(at, at + 1)]);
  return { "oldest to newest": upwards, "newest to oldest": upwards.toReversed() };
})();

export function nameOf({ kind, version }: EngineVersion): string {
  return `${kind}@${version}`;
}

export function readResults(): readonly VersionResult[] {
  return JSON.parse(readFileSync(RESULTS, "utf8")) as VersionResult[];
}

async function run(files: readonly string[], env: Record<string, string>): Promise<{ sums: Sums; output: string }> {
  const command = [
    process.execPath,
    "test",
    "--timeout",
    "300000",
    "--only-failures",
    ...files.map((file) => `./test/${file}`),
  ];
  const child = Bun.spawn(command, {
    cwd: ROOT,
    env: { ...Bun.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const output = out + err;
  process.stderr.write(output);
  return { sums: sumsOf(output, await child.exited), output };
}

/** What the last lines of bun test say; a run that ended without them has failed. */
function sumsOf(output: string, exitCode: number): Sums {
  const count = (word: string) => Number([...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1)?.[1] ?? 0);
  const fail = count("fail");
  return { pass: count("pass"), skip: count("skip"), fail: exitCode !== 0 && fail === 0 ? 1 : fail };
}

/** The first line that says why, where the servers could not be started. */
function reasonIn(output: string, kind: string): string | null {
  return new RegExp(`REQUIRE_BACKENDS names ${kind}, but: (.*)`).exec(output)?.[1] ?? null;
}

async function runVersion({ kind, version }: EngineVersion): Promise<{ sums: Sums; skipped: string | null }> {
  const chosen = { TEST_BACKENDS: kind, REQUIRE_BACKENDS: kind, [`${kind.toUpperCase()}_VERSION`]: version };
  const { sums, output } = await run(TESTS, { TEST_LEVEL: "quick", ...chosen });
  const skipped = reasonIn(output, kind);
  return skipped === null ? { sums, skipped } : { sums: { pass: 0, skip: 0, fail: 0 }, skipped };
}

async function runChain(hops: readonly string[]): Promise<{ sums: Sums; skipped: null }> {
  return { sums: (await run(["versions/hops.ts"], { HOPS: hops.join(",") })).sums, skipped: null };
}

/** In the order of the lists, what was there before replaced. */
function record(result: VersionResult): void {
  const names = [...VERSIONS.map(nameOf), ...Object.keys(CHAINS)];
  const all = [...readResults().filter(({ name }) => name !== result.name), result];
  const sorted = all.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  writeFileSync(RESULTS, `${JSON.stringify(sorted, null, 2)}\n`);
}

async function main(wanted: readonly string[]): Promise<number> {
  const isWanted = (...names: string[]) => wanted.length === 0 || names.some((name) => wanted.includes(name));
  const versions = VERSIONS.filter((one) => isWanted(one.kind, nameOf(one)));
  const chains = Object.entries(CHAINS).filter(([name]) => isWanted("chains", name));
  const unknown = wanted.filter((name) => {
    return ![...KINDS, ...VERSIONS.map(nameOf), "chains", ...Object.keys(CHAINS)].includes(name);
  });
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(", ")}; known: ${VERSIONS.map(nameOf).join(", ")}, chains\n`);
    return 2;
  }
  const jobs = [
    ...versions.map((one) => ({ name: nameOf(one), run: () => runVersion(one) })),
    ...chains.map(([name, hops]) => ({ name, run: () => runChain(hops) })),
  ];
  let failed = false;
  for (const job of jobs) {
    const { sums, skipped } = await job.run();
    record({ name: job.name, date: new Date().toISOString().slice(0, 10), ...sums, skipped });
    const came =
      skipped === null ? `${sums.pass} passed, ${sums.fail} failed, ${sums.skip} skipped` : `SKIPPED: ${skipped}`;
    console.log(`${job.name}: ${came}`);
    failed ||= skipped === null ? sums.fail > 0 || sums.pass === 0 : wanted.includes(job.name);
  }
  return failed ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
