// @level normal
/**
 * A journal that is missing, of another store, or that does not fit what its target has become, on every kind: refused by name
 * before anything is written, with what is certain and what is not.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { type LivingStore, livingStores } from "../support/life.ts";
import { store as smallStore } from "../support/small-stores.ts";
import { program, runsOf } from "./program.ts";
import { stateAt } from "./targets.ts";

let store: LivingStore | null = null;
afterEach(async () => {
  await store?.close();
  store = null;
});

/** A store with two memories, and a run that brought two others. */
async function ran(open: () => Promise<LivingStore>) {
  store = await open();
  const { folder, to, env, config } = store;
  const before = smallStore(folder.file("before.db"), [{ id: "old" }, { id: "older" }]);
  await store.fill(before);
  const source = smallStore(folder.file("few.db"), [{ id: "one" }, { id: "two" }], [["link", "one", "two", 0.5]]);
  expect((await program(folder, ["migrate", "--from-path", source, ...to, "--quiet"], { env })).code).toBe(0);
  const [run] = (await runsOf(folder)) as { id: string; journal?: string }[];
  const undo = (...words: string[]) => program(folder, ["rollback", run!.id, "--yes", ...words], { env });
  const state = async () => (await stateAt(config)).split("\n")[0];
  return { store, before, run: run!.id, journal: run!.journal!, undo, state };
}

describe.each(await livingStores({ inMemory: true }))("undoing a run on %s is refused", (_, open) => {
  test("where its journal is missing, until it is put back", async () => {
    const { store, run, journal, undo, state } = await ran(open);
    const after = await state();
    const kept = `${dirname(journal)}/kept`;
    expect(existsSync(journal)).toBe(true);
    renameSync(journal, kept);
    for (const words of [[], ["--dry-run"]]) {
      const { code, stderr } = await undo(...words);
      expect([code, stderr]).toEqual([4, expect.stringContaining(`the journal of run ${run} is missing: ${journal}`)]);
      expect(stderr).toMatch(/certain: the run began .* nothing was written now\n.*not certain: which records/);
    }
    expect([await state(), await runsOf(store.folder)]).toMatchObject([after, [{ status: "done", can: [] }]]);
    renameSync(kept, journal);
    expect((await undo()).code).toBe(0);
  }, 180_000);

  test("where its target is another store, or older than the run", async () => {
    const { store, before, undo, state } = await ran(open);
    const other = smallStore(store.folder.file("other.db"), [{ id: "another" }]);
    for (const [content, added] of [
      [other, null],
      [before, "made-later"],
    ] as const) {
      await store.empty();
      await store.fill(content);
      if (added !== null) await store.add(added);
      const is = await state();
      const { code, stderr } = await undo();
      expect([code, stderr]).toEqual([4, expect.stringContaining("it is another store, or older than the run")]);
      expect(stderr).toMatch(
        /certain: the run began .* nothing was written now\n.*not certain: whether this is its target/,
      );
      expect(await state()).toBe(is);
    }
    expect(await runsOf(store.folder)).toMatchObject([{ status: "done", can: ["rollback"] }]);
  }, 180_000);

  test("where its journal is older than the target: of before the run was undone in part, or whole", async () => {
    const { store, run, journal, undo, state } = await ran(open);
    // With what belongs to it, as a backup has it.
    const names = readdirSync(dirname(journal)).filter((name) => name.includes(run));
    mkdirSync(store.folder.file("kept"));
    for (const name of names) copyFileSync(`${dirname(journal)}/${name}`, store.folder.file("kept", name));
    const putBack = () => {
      for (const name of names) copyFileSync(store.folder.file("kept", name), `${dirname(journal)}/${name}`);
    };
    await store.join("held", "one", "old");
    expect((await undo()).code).toBe(3);
    putBack();
    const after = await state();
    const { code, stderr } = await undo();
    expect([code, stderr]).toEqual([4, expect.stringContaining(`the journal of run ${run} is older than its target`)]);
    expect(stderr).toMatch(/certain: the run was partly rolled back .*\n.*not certain: which of its records/);
    expect(await state()).toBe(after);
  }, 180_000);
});
