/** One store taken through everything that the program does with it, each step a process of its own whose peak is measured. */
import { Database } from "bun:sqlite";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Instance } from "../scripts/servers.ts";
import { descriptorOf, typeNamed } from "../src/backends/descriptors.ts";
import { emptyBolt } from "../test/conformance/bolt.ts";
import { emptyFalkor } from "../test/conformance/falkor.ts";
import { generateApart } from "./generate.ts";
import { measure } from "./measure.ts";

export interface Store {
  readonly kind: string;
  /** Absent for a store that is a file. */
  readonly server?: Instance;
}

/**
 * Migrates so many memories (and twice as many relationships) into an empty store, back into SQLite, overwrites every
 * memory in a merge, undoes that, verifies and inspects.
 * @param program the command that runs memorygraph-migrate
 * @param each gets each step and its peak in MiB as it ends: of a large store it takes minutes
 * @returns the peak of each step in MiB, by its name
 */
export async function peaksOf(
  program: readonly string[],
  store: Store,
  memories: number,
  folder: string,
  each: (step: string, mebibytes: number) => void = () => {},
): Promise<Map<string, number>> {
  const { kind, server } = store;
  const here = join(folder, `${kind}-${memories}`);
  const [source, changed, back] = [`${here}.db`, `${here}-changed.db`, `${here}-back.db`];
  await generateApart(source, String(memories));
  copyFileSync(source, changed);
  overwriteEverything(changed);
  const endpoint = (side: "from" | "to") =>
    server === undefined
      ? [`--${side}`, kind, `--${side}-path`, `${here}-store`]
      : [
          `--${side}`,
          kind,
          `--${side}-uri`,
          server.uri,
          ...(server.username ? [`--${side}-user`, server.username] : []),
        ];
  const password = server?.password;
  // Its runs are no business of whoever measures.
  const env = {
    XDG_STATE_HOME: join(folder, "state"),
    ...(password && { MEMORYGRAPH_FROM_PASSWORD: password, MEMORYGRAPH_TO_PASSWORD: password }),
  };
  const peaks = new Map<string, number>();
  const step = async (name: string, ...words: string[]) => {
    const { mebibytes } = await measure([...program, ...words, "--quiet"], env);
    peaks.set(name, mebibytes);
    each(name, mebibytes);
  };
  await empty(server);
  await step(`sqlite to ${kind}`, "migrate", "--from-path", source, ...endpoint("to"));
  const made = await lastRun(program, env);
  await step(`inspect ${kind}`, "inspect", ...endpoint("from"));
  await step(`verify sqlite and ${kind}`, "verify", "--from-path", source, ...endpoint("to"));
  await step(`${kind} to sqlite`, "migrate", ...endpoint("from"), "--to", "sqlite", "--to-path", back);
  // What is written once cannot be overwritten.
  if (typeNamed(kind) === undefined || !descriptorOf(typeNamed(kind)!).capabilities.isWrittenOnce) {
    const overwrite = ["--on-conflict", "overwrite", "--yes"];
    await step(`overwrite all in ${kind}`, "migrate", "--from-path", changed, ...endpoint("to"), ...overwrite);
    await step(`undo that in ${kind}`, "rollback", await lastRun(program, env), "--yes");
  } else await step(`undo ${kind}`, "rollback", made, "--yes");
  await empty(server);
  for (const path of [source, changed, back, `${here}-store`]) rmSync(path, { force: true, recursive: true });
  return peaks;
}

function overwriteEverything(path: string): void {
  using store = new Database(path);
  store.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'changed')");
}

async function lastRun(program: readonly string[], env: Record<string, string>): Promise<string> {
  const child = Bun.spawn([...program, "runs", "--json"], { stderr: "inherit", env: { ...Bun.env, ...env } });
  const { runs } = (await new Response(child.stdout).json()) as { runs: { id: string }[] };
  return runs[0]!.id;
}

async function empty(server: Instance | undefined): Promise<void> {
  if (server === undefined) return;
  await (server.kind === "falkordb" ? emptyFalkor(server, "memorygraph") : emptyBolt(server));
}
