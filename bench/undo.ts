/**
 * How long undoing a run takes in a target that lived on, as a ratio to deleting the same records by the driver alone
 * (bench/undo-floor.ts), both as whole processes and in turn, and how much memory it needs. The run is a tenth of the target.
 * Starts its servers as the tests do; uses dist/memorygraph-migrate: run `npm run build` first.
 *
 *   bun bench/undo.ts [--records 1000000] [--rounds 3] [KIND ...]
 */
import { Database } from "bun:sqlite";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Instance, KINDS, start, stop } from "../scripts/servers.ts";
import { emptyBolt } from "../test/conformance/bolt.ts";
import { emptyFalkor } from "../test/conformance/falkor.ts";
import { generate } from "./generate.ts";
import { inBenchFolder, type Measure, measure, median, program } from "./measure.ts";

const floor = join(import.meta.dir, "undo-floor.ts");

interface Sizes {
  /** Nodes and relationships of the target, with those of the run. */
  readonly records: number;
  readonly rounds: number;
}

/** Of a kind that is measured. */
interface Place {
  readonly kind: string;
  readonly to: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What undo-floor.ts takes. */
  readonly driver: readonly string[];
  /** Puts there what was there before the run. */
  fill(migrate: (from: string) => Promise<unknown>): Promise<void>;
}

async function measured(place: Place, { records, rounds }: Sizes, folder: string): Promise<string> {
  const added = join(folder, "added.db");
  const env = { XDG_STATE_HOME: join(folder, "state"), ...place.env };
  const run = (...words: string[]) => measure([program, ...words, "--yes", "--quiet"], env);
  const filled = async () => {
    const migrate = (from: string) => run("migrate", "--from-path", from, ...place.to);
    await place.fill(migrate);
    await migrate(added);
    await measure([process.execPath, floor, "live", added, ...place.driver], env);
  };
  const [floors, undone]: [Measure[], Measure[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    await filled();
    floors.push(await measure([process.execPath, floor, "delete", added, ...place.driver], env));
    await filled();
    undone.push(await run("rollback", await lastRun(env)));
  }
  const figures = (["seconds", "cpuSeconds"] as const).flatMap((what) => [
    ...[floors, undone].map((all) => median(all.map((one) => one[what])).toFixed(1)),
    median(undone.map((one, at) => one[what] / floors[at]![what])).toFixed(1),
  ]);
  const memory = Math.max(...undone.map((one) => one.mebibytes)).toFixed(0);
  return [place.kind, records, Math.round(records / 10), ...figures, memory].join(" | ");
}

async function lastRun(env: Readonly<Record<string, string>>): Promise<string> {
  const child = Bun.spawn([program, "runs", "--json"], { stderr: "inherit", env: { ...Bun.env, ...env } });
  const { runs } = (await new Response(child.stdout).json()) as { runs: { id: string }[] };
  return runs[0]!.id;
}

/** So many records of a run: other memories than those of the target. */
function generateAdded(path: string, memories: number): void {
  generate(path, memories, 11);
  using store = new Database(path);
  const renamed = (name: string) => `'run-' || ${name}`;
  store.run(`UPDATE nodes SET id = ${renamed("id")}, properties = json_set(properties, '$.id', ${renamed("id")})`);
  store.run(
    `UPDATE relationships SET id = ${renamed("id")}, from_id = ${renamed("from_id")}, to_id = ${renamed("to_id")},
      properties = CASE WHEN properties ->> 'id' IS NULL THEN properties ELSE json_set(properties, '$.id', ${renamed("id")}) END`,
  );
}

function sqlite(folder: string): Place {
  const path = join(folder, "target.db");
  return {
    kind: "sqlite",
    to: ["--to", "sqlite", "--to-path", path],
    env: {},
    driver: ["sqlite", path],
    async fill() {
      for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
      copyFileSync(join(folder, "base.db"), path);
    },
  };
}

function server(instance: Instance, folder: string): Place {
  const { kind, uri, username, password } = instance;
  return {
    kind,
    to: ["--to", kind, "--to-uri", uri, ...(username ? ["--to-user", username] : [])],
    env: password === undefined ? {} : { MEMORYGRAPH_TO_PASSWORD: password },
    driver: [kind, uri, ...(username ? [username] : [])],
    async fill(migrate) {
      await (kind === "falkordb" ? emptyFalkor(instance, "memorygraph") : emptyBolt(instance));
      await migrate(join(folder, "base.db"));
    },
  };
}

const words = process.argv.slice(2);
const numberAfter = (name: string, otherwise: number) => {
  const at = words.indexOf(name);
  return at === -1 ? otherwise : Number(words.splice(at, 2)[1]);
};
const sizes: Sizes = { records: numberAfter("--records", 1_000_000), rounds: numberAfter("--rounds", 3) };

await inBenchFolder(async (folder) => {
  Bun.env.SERVERS_RUN = `bench-${process.pid}`;
  const isWanted = (kind: string) => words.length === 0 || words.includes(kind);
  try {
    generate(join(folder, "base.db"), Math.round((sizes.records * 0.9) / 3));
    generateAdded(join(folder, "added.db"), Math.round(sizes.records / 30));
    console.log(
      "kind | records | of the run | driver alone s | rollback s | ratio | CPU: driver s | rollback s | ratio | peak MiB",
    );
    if (isWanted("sqlite")) console.log(await measured(sqlite(folder), sizes, folder));
    for (const kind of KINDS.filter(isWanted)) {
      try {
        console.log(await measured(server((await start(kind))[0]!, folder), sizes, folder));
      } catch (error) {
        console.log(`${kind} is not measured: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    await stop();
  }
});
