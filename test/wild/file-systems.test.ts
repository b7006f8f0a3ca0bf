// @level normal
/** File systems that lack what POSIX promises: every such call has a fallback, and what was promised holds. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { BackendConfig, type BackendType } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { environment, MAIN } from "../cli/program.ts";
import { edited } from "../cli/stores.ts";
import { stateAt } from "../faults/targets.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { at, copyFixture } from "../support/stores.ts";

async function refusing(folder: TemporaryFolder, calls: string, args: readonly string[]) {
  const child = Bun.spawn([process.execPath, "--preload", `${import.meta.dir}/refusing.ts`, MAIN, ...args], {
    cwd: folder.path,
    env: environment(folder, { REFUSE: calls }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

async function rollBack(folder: TemporaryFolder, calls: string): Promise<void> {
  const { runs } = JSON.parse((await refusing(folder, calls, ["runs", "--json"])).stdout) as { runs: { id: string }[] };
  const { code, stderr } = await refusing(folder, calls, ["rollback", runs[0]!.id, "--yes"]);
  expect([code, stderr]).toEqual([0, ""]);
}

/** One that refuses all of them; in the long level also each alone. */
const REFUSED = [...(ALL_OF_IT ? ["chmod", "link", "folder-fsync"] : []), "chmod,link,folder-fsync"];

describe.each(REFUSED)("a file system that refuses %s", (calls) => {
  test.each(["sqlite", "falkordblite"] as const)("takes a new %s store, and gives it back", async (type) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const source = copyFixture("0.12.4", folder, "source.db");
    const to = ["--to", type, "--to-path", folder.file("target", "store.db")];
    const { code, stderr } = await refusing(folder, calls, ["migrate", "--from-path", source, ...to]);
    expect([code, stderr]).toEqual([0, ""]);
    await rollBack(folder, calls);
    expect(besidesJournals(folder.file("target"))).toEqual([]);
  });

  test.each(["sqlite", "falkordblite"] as const)("takes a merge into a %s store, and undoes it", async (type) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const config = targetOf(type, folder);
    const filling = edited(folder, "filling.db", (store) => store.change("m-000001", { title: "as it was" }));
    if (type === "sqlite") copyFileSync(filling, config.path!);
    else expect((await runMigration(at(filling), config, {}, {})).error).toBeNull();
    const before = await stateAt(config);
    const source = copyFixture("0.12.4", folder, "source.db");
    const to = ["--to", type, "--to-path", config.path!, "--on-conflict", "overwrite", "--yes"];
    const { code, stderr } = await refusing(folder, calls, ["migrate", "--from-path", source, ...to]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(await stateAt(config)).not.toBe(before);
    await rollBack(folder, calls);
    expect(await stateAt(config)).toBe(before);
  });
});

function targetOf(type: BackendType, folder: TemporaryFolder): BackendConfig {
  return new BackendConfig({ type, path: folder.file("target", "store.db") });
}
