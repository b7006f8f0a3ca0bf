// @level normal
/** A run is undone in a target that an application has worked on since, as every real one is: on every kind, empty before or not. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RollbackResult } from "../../src/operations/run-models.ts";
import { contentOf, type LivingStore, livingStores } from "../support/life.ts";
import { store as smallStore } from "../support/small-stores.ts";
import { copyFixture } from "../support/stores.ts";
import { program, runsOf } from "./program.ts";
import { stateAt } from "./targets.ts";

/** Of the 0.10.0 fixture, which the run brings; of the 0.12.4 fixture, which was there before. */
const [NEW, ANOTHER, OLD] = ["old-0", "old-1", "m-000001"];
const STORES = await livingStores();
const BEFORE = ["an empty", "a filled"] as const;
const COMBINATIONS = STORES.flatMap(([name, open]) => BEFORE.map((before) => ({ name, before, open })));

let store: LivingStore | null = null;
afterEach(async () => {
  await store?.close();
  store = null;
});

interface Ran {
  readonly store: LivingStore;
  readonly run: string;
  /** The state before the run; null where nothing was there. */
  readonly before: string;
  /** A relationship that the run has created. */
  readonly relationship: string;
  /** The titles that the run has brought, by id. */
  readonly titles: Readonly<Record<string, unknown>>;
  /** What the application's new relationship leads to: something that was there before the run, if anything was. */
  readonly other: string;
}

async function migrated(open: () => Promise<LivingStore>, before: (typeof BEFORE)[number]): Promise<Ran> {
  store = await open();
  const { folder, to, env, config } = store;
  if (before === "a filled") await store.fill(copyFixture("0.12.4", folder));
  const state = await digest(store);
  const there = state === "nothing" ? [] : (await contentOf(config)).relationships;
  const ended = await program(folder, ["migrate", "--from-path", copyFixture("0.10.0", folder), ...to, "--quiet"], {
    env,
  });
  expect([ended.code, ended.stderr.includes("error")]).toEqual([0, false]);
  const [run] = await runsOf(folder);
  const { nodes, relationships, titles } = await contentOf(config);
  expect(nodes).toContain(NEW);
  const relationship = relationships.find((id) => !there.includes(id))!;
  return { store, run: run!.id, before: state, relationship, titles, other: before === "a filled" ? OLD : ANOTHER };
}

/** The first line of a state: indexes of a server come and go with what an application makes. */
async function digest({ config }: LivingStore): Promise<string> {
  if (config.path !== undefined && !existsSync(config.path)) return "nothing";
  return (await stateAt(config)).split("\n")[0]!;
}

async function undo({ store: { folder, env }, run }: Pick<Ran, "store" | "run">, ...more: string[]) {
  const { code, stdout, stderr } = await program(folder, ["rollback", run, "--yes", "--json", ...more], { env });
  return { code, stderr, result: stdout === "" ? null : (JSON.parse(stdout) as RollbackResult) };
}

describe.each(COMBINATIONS)("a run undone in $before $name target", ({ open, before }) => {
  test("to which something was joined since stays where it is held, and goes once nothing holds it", async () => {
    const ran = await migrated(open, before);
    await ran.store.join("joined-later", NEW, ran.other);
    const held = ran.other === OLD ? [NEW] : [NEW, ANOTHER];
    const shown = await undo(ran, "--dry-run");
    const first = await undo(ran);
    expect(first).toMatchObject({ code: 3, result: { counts: { held: held.length, changed: 0 }, exact: false } });
    expect(first.result!.kept.map(({ record }) => record)).toEqual(held.map((id) => `node ${id}`));
    expect(first.result!.kept[0]!.heldBy).toContain("joined-later");
    expect([shown.code, shown.result!.digestAfter, shown.result!.counts]).toEqual([
      ...[0, first.result!.digestAfter, first.result!.counts],
    ]);
    const { nodes, relationships, dangling } = await contentOf(ran.store.config);
    expect([dangling, relationships.includes("joined-later")]).toEqual([[], true]);
    expect(nodes.filter((id) => id.startsWith("old-"))).toEqual(held);
    expect(await runsOf(ran.store.folder)).toMatchObject([
      { status: "partly rolled back", left: held.length, can: ["rollback"] },
    ]);
    // The same command changes nothing, until nothing holds the node any more.
    const state = await digest(ran.store);
    expect((await undo(ran)).code).toBe(3);
    expect(await digest(ran.store)).toBe(state);
    await ran.store.unjoin("joined-later");
    const last = await undo(ran);
    expect([last.code, last.result?.exact, await digest(ran.store)]).toEqual([0, true, ran.before]);
    expect(await runsOf(ran.store.folder)).toMatchObject([{ status: "rolled back", can: [] }]);
  }, 180_000);

  test("takes with it what holds it, where that is wanted", async () => {
    const ran = await migrated(open, before);
    await ran.store.join("joined-later", NEW, ran.other);
    const { code, result } = await undo(ran, "--cascade");
    expect([code, result?.counts.cascaded, await digest(ran.store)]).toEqual([0, 1, ran.before]);
  }, 180_000);

  test("keeps what somebody has changed, until that is to go as well", async () => {
    const ran = await migrated(open, before);
    await ran.store.edit(NEW, "changed since");
    const { code, result } = await undo(ran);
    expect([code, result?.left, result?.kept[0]?.title]).toEqual([3, [`node ${NEW}`], "changed since"]);
    const { nodes, titles, dangling } = await contentOf(ran.store.config);
    expect([nodes.filter((id) => id.startsWith("old-")), titles[NEW], dangling]).toEqual([[NEW], "changed since", []]);
    expect([(await undo(ran, "--changed")).code, await digest(ran.store)]).toEqual([0, ran.before]);
  }, 180_000);

  test("is undone whole where the application has only counted its use", async () => {
    const ran = await migrated(open, before);
    await ran.store.use(NEW, ran.relationship);
    const { code, result } = await undo(ran);
    expect([code, result?.counts.bookkeeping, result?.exact, await digest(ran.store)]).toEqual([
      0,
      2,
      true,
      ran.before,
    ]);
  }, 180_000);

  test("misses nothing that was deleted or added since", async () => {
    const ran = await migrated(open, before);
    await ran.store.remove(NEW);
    await ran.store.add("made-later");
    const { code, result } = await undo(ran);
    expect([code, result!.counts.gone > 0, result!.left]).toEqual([0, true, []]);
    const { nodes, dangling } = await contentOf(ran.store.config);
    expect([nodes.includes("made-later"), nodes.filter((id) => id.startsWith("old-")), dangling]).toEqual([
      true,
      [],
      [],
    ]);
  }, 180_000);

  test("with a later run loses each run's own layer: what somebody made between them comes back and stays", async () => {
    const ran = await migrated(open, before);
    const { folder, to, env, config } = ran.store;
    await ran.store.edit(NEW, "between the runs");
    const memories = [NEW, ANOTHER].map((id) => ({ id, title: "by the later run" }));
    const later = ["--from-path", smallStore(folder.file("later.db"), memories), ...to, "--on-conflict", "overwrite"];
    expect((await program(folder, ["migrate", ...later, "--yes", "--quiet"], { env })).code).toBe(0);
    await ran.store.join("joined-later", ANOTHER, before === "a filled" ? OLD : NEW);
    expect((await undo(ran)).code).toBe(4);
    const first = await undo(ran, "--with-later");
    expect([first.code, first.result!.left.toSorted()]).toEqual([3, [`node ${NEW}`, `node ${ANOTHER}`]]);
    const { titles, dangling } = await contentOf(config);
    expect([titles[NEW], titles[ANOTHER], dangling]).toEqual(["between the runs", ran.titles[ANOTHER], []]);
    expect((await runsOf(folder)).map(({ status }) => status)).toEqual(["rolled back", "partly rolled back"]);
    const last = await undo(ran, "--changed", "--cascade");
    expect([last.code, await digest(ran.store)]).toEqual([0, ran.before]);
  }, 180_000);

  test("ends, once that is said, where others have deleted every record of it", async () => {
    store = await open();
    const { folder, to, env } = store;
    if (before === "a filled") await store.fill(copyFixture("0.12.4", folder));
    const source = smallStore(folder.file("few.db"), [{ id: "one" }, { id: "two" }], [["link", "one", "two", 0.5]]);
    expect((await program(folder, ["migrate", "--from-path", source, ...to, "--quiet"], { env })).code).toBe(0);
    await store.add("made-later");
    for (const id of ["one", "two"]) await store.remove(id);
    const state = await digest(store);
    const [run] = await runsOf(folder);
    const ran = { store, run: run!.id };
    const refused = await undo(ran);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("others have deleted every record")]);
    expect([await digest(store), (await runsOf(folder))[0]!.status]).toEqual([state, "done"]);
    const closed = await undo(ran, "--close");
    expect([closed.code, closed.result?.left, closed.result?.counts.gone]).toEqual([0, [], 3]);
    expect([await digest(store), await runsOf(folder)]).toMatchObject([state, [{ status: "rolled back", can: [] }]]);
  }, 180_000);
});
