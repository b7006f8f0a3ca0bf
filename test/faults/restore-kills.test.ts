// @level normal
/** Restores and removals that are killed at random moments: no archive is damaged, none goes that a rule keeps, and the target recovers. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../bench/generate.ts";
import { document, program, start } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { at, copyFixture } from "../support/stores.ts";
import { stateAt } from "./targets.ts";

const ROUNDS = atLevel({ normal: 6, long: 60 });
const random = (most: number) => Math.floor(Math.random() * most);

interface Listed {
  readonly runs: readonly { readonly id: string; readonly status: string; readonly can: readonly string[] }[];
}

test("a restore that is killed at any moment leaves its archive as it was, and a target that rollback or resume puts right", async () => {
  using folder = temporaryFolder();
  generate(folder.file("large.db"), 1_500);
  const made = await program(folder, ["backup", "large.db", "a.jsonl.zst", "--json"]);
  const { digest } = document(made.stdout) as { digest: string };
  const archive = readFileSync(folder.file("a.jsonl.zst"));
  const begun = performance.now();
  expect((await program(folder, ["restore", "a.jsonl.zst", "first.db"])).code).toBe(0);
  const whole = performance.now() - begun;
  let killed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const target = round % 2 === 0 ? `new-${round}.db` : copyFixture("0.12.4", folder, `filled-${round}.db`);
    const path = join(folder.path, target.replace(`${folder.path}/`, ""));
    const before = existsSync(path) ? await stateAt(at(path)) : null;
    const wait = 50 + random(whole);
    const child = start(folder, ["restore", "a.jsonl.zst", path]);
    await Bun.sleep(wait);
    child.kill("SIGKILL");
    await child.exited;
    const wasKilled = child.signalCode === "SIGKILL";
    if (wasKilled) killed++;
    expect(readFileSync(folder.file("a.jsonl.zst")).equals(archive)).toBe(true);
    const listed = await program(folder, ["runs", "--json"]);
    const [run] = (document(listed.stdout) as Listed).runs;
    const stopped = run !== undefined && run.status !== "done" && run.status !== "rolled back" ? run : null;
    const what = { round, wait, wasKilled, run: stopped };
    if (wasKilled && stopped !== null) {
      const way = stopped.can.includes("resume") && round % 4 < 2 ? "resume" : "rollback";
      const { code, stderr } = await program(folder, [way, stopped.id, ...(way === "rollback" ? ["--yes"] : [])]);
      expect({ ...what, way, code, stderr }).toMatchObject({ code: 0 });
      if (way === "rollback") {
        expect({ ...what, after: existsSync(path) ? await stateAt(at(path)) : null }).toEqual({
          ...what,
          after: before,
        });
      }
    }
    // Whatever has happened, the same restore brings the target to where it was to be.
    const again = await program(folder, ["restore", "a.jsonl.zst", path, "--json"]);
    expect({ ...what, code: again.code, stderr: again.code === 0 ? "" : again.stderr }).toMatchObject({ code: 0 });
    if (before !== null) continue;
    const read = await program(folder, ["inspect", path, "--json"]);
    expect({ ...what, digest: (document(read.stdout) as { digest: string }).digest }).toEqual({ ...what, digest });
  }
  expect(killed).toBeGreaterThan(1);
}, 600_000);
