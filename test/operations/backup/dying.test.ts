// @level normal
/** Backups that end at any step: what counts stays whole, nothing is removed wrongly, and the next backup cleans up. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { BackendConfig } from "../../../src/backends/config.ts";
import { type BackupRequest, backUp } from "../../../src/operations/backup/backup.ts";
import { FolderPlace } from "../../../src/operations/backup/folder.ts";
import { KnownBackups } from "../../../src/operations/backup/known.ts";
import { listBackups } from "../../../src/operations/backup/list.ts";
import { ARCHIVE, archiveOfNote, hasArchiveName } from "../../../src/operations/backup/names.ts";
import type { Place } from "../../../src/operations/backup/place.ts";
import { shelved, writeNote } from "../../../src/operations/backup/shelf.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { createLike, settle } from "../../support/stores.ts";
import { buckets } from "./buckets.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const { inBucket, newBucket } = await buckets();

const made = new Set<string>();
/** A store that holds one memory, of this title. */
function storeOf(title: string): BackendConfig {
  const path = folder.file("store.db");
  const database = made.has(path) ? new Database(path) : createLike("0.13.0", path);
  made.add(path);
  const now = "2026-01-01T00:00:00.000Z";
  const columns = "id, type, title, content, created_at, updated_at";
  database.run(`INSERT OR REPLACE INTO memories (${columns}) VALUES ('a', 'general', ?, 'c', ?, ?)`, [title, now, now]);
  database.close();
  settle(path);
  return new BackendConfig({ type: "sqlite", path });
}

class Died extends Error {}

/** Ends at its nth step, before or after that has had its effect, and does nothing from then on. */
function dyingAt(place: Place, last: number, after: boolean): { readonly place: Place; readonly died: () => boolean } {
  let steps = 0;
  let dead = false;
  const dying = new Proxy(place, {
    get(own, name) {
      const value = Reflect.get(own, name);
      if (typeof value !== "function") return value;
      /** @returns whether this is the last step, which still has its effect */
      const step = (): boolean => {
        if (dead) throw new Died();
        dead = ++steps === last;
        if (dead && !after) throw new Died();
        return dead;
      };
      if (name === "read") {
        return async function* (...args: unknown[]) {
          const isLast = step();
          yield* value.apply(own, args);
          if (isLast) throw new Died();
        };
      }
      return async (...args: unknown[]) => {
        const isLast = step();
        const result = await value.apply(own, args);
        if (isLast) throw new Died();
        return result;
      };
    },
  });
  return { place: dying, died: () => dead };
}

function requestFor(source: BackendConfig, state: string, last: number): BackupRequest {
  return {
    source,
    target: { type: ARCHIVE },
    encrypted: false,
    policy: { last },
    allowLoss: false,
    allowEmpty: false,
    program: "test",
    known: new KnownBackups(folder.file(state)),
    // The process of the test lives on; that of the backup is what ended.
    runs: () => false,
  };
}

/** Notes, and whatever else of ours, without their archive. */
async function leftOver(place: Place): Promise<string[]> {
  const names = (await place.list()).map(({ name }) => name);
  const archives = names.filter(hasArchiveName);
  return names.filter((name) => !hasArchiveName(name) && !archives.includes(archiveOfNote(name) ?? ""));
}

const PLACES = [
  ["folder", test, async (name: string): Promise<Place> => new FolderPlace(folder.file(name))],
  ["bucket", inBucket, newBucket],
] as const;

describe.each(PLACES)("a backup into a %s", (kind, test, open) => {
  for (const after of [false, true]) {
    test(`that ends ${after ? "after" : "before"} any of its steps leaves what counted, and the next one puts all in order`, async () => {
      let reached = 0;
      for (let step = 1; ; step++) {
        const name = `dying-${kind}-${after}-${step}`;
        const place = await open(name);
        await backUp(requestFor(storeOf("one"), name, 2), place, {});
        await backUp(requestFor(storeOf("two"), name, 2), place, {});
        const [second] = await shelved(place);
        const dying = dyingAt(place, step, after);
        const third = storeOf("three");
        const ended = await backUp(requestFor(third, name, 2), dying.place, {}).then(
          () => null,
          (error: unknown) => error,
        );
        if (!dying.died()) break;
        reached = step;
        expect(ended).toBeInstanceOf(Died);
        // At every moment the two latest that counted are there, or the new one with the latest.
        const whole = (await shelved(place)).filter(({ state }) => state === "whole").map(({ note }) => note!.digest);
        expect(whole).toContain(second!.note!.digest);
        expect(whole.length).toBeGreaterThanOrEqual(2);
        const next = await backUp(requestFor(third, name, 2), place, {});
        const there = await shelved(place);
        expect(there.map(({ state }) => state)).toEqual(["whole", "whole"]);
        expect(there.map(({ note }) => note!.digest)).toEqual([next.digest!, second!.note!.digest]);
        expect(await leftOver(place)).toEqual([]);
      }
      // The workshop, two listings for what is left, note, archive, note, a listing, a header, two removals.
      expect(reached).toBeGreaterThan(9);
    }, 120_000);
  }

  test("keeps what is not of this program, and archives of other stores", async () => {
    const place = await open(`foreign-${kind}`);
    const other = await backUp(requestFor(storeOf("other"), "foreign", 1), place, {});
    await place.write("memorygraph-2020-01-01T000000Z-aaaaaa.jsonl.zst", "nothing of ours");
    await place.write("holiday.txt", "sun");
    const moved = folder.file("moved.db");
    await Bun.write(moved, Bun.file(storeOf("one").path!));
    settle(moved);
    await backUp(requestFor(new BackendConfig({ type: "sqlite", path: moved }), "foreign", 1), place, {});
    const names = (await place.list()).map(({ name }) => name);
    expect(names).toContain("holiday.txt");
    expect(names).toContain("memorygraph-2020-01-01T000000Z-aaaaaa.jsonl.zst");
    expect(names).toContain(other.name!);
  });

  test("after a clock was ahead, and with equal times, removes neither the new one nor what a rule keeps, and tells", async () => {
    const place = await open(`clock-${kind}`);
    const first = await backUp(requestFor(storeOf("one"), "clock", 1), place, {});
    const note = (await shelved(place))[0]!.note!;
    await writeNote(place, { ...note, created: "2999-01-01T00:00:00.000Z" });
    const second = await backUp(requestFor(storeOf("two"), "clock", 1), place, {});
    expect(second.warnings.join()).toContain(`${first.name} is dated later than this backup`);
    const known = new KnownBackups(folder.file("clock"));
    const { backups, warnings } = await listBackups(place, { type: ARCHIVE }, known);
    expect(backups.map(({ name }) => name)).toEqual([first.name!, second.name!]);
    expect(warnings).toEqual([expect.stringContaining(`${first.name} is dated in the future`)]);
    // Both of one moment: the next one keeps itself, and one of them by its rule.
    const { created } = (await shelved(place)).at(-1)!.note!;
    await writeNote(place, { ...note, created });
    const third = await backUp(requestFor(storeOf("three"), "clock", 2), place, {});
    const left = (await shelved(place)).map(({ name }) => name);
    expect([left.length, left[0]]).toEqual([2, third.name!]);
  });

  test("leaves a file alone that was put in the place of an archive", async () => {
    const place = await open(`swapped-${kind}`);
    const first = await backUp(requestFor(storeOf("one"), "swapped", 1), place, {});
    const text = "x".repeat(first.bytes!);
    await place.write(first.name!, text);
    await backUp(requestFor(storeOf("two"), "swapped", 1), place, {});
    expect(await place.text(first.name!)).toBe(text);
  });

  test("side by side with others does not harm them", async () => {
    const place = await open(`both-${kind}`);
    const alive = { ...requestFor(storeOf("both"), "both", 3), runs: () => true };
    const all = await Promise.all([1, 2, 3].map(() => backUp(alive, place, {})));
    const there = await shelved(place);
    expect(there.every(({ state }) => state === "whole")).toBe(true);
    for (const { name } of all) expect(there.map((one) => one.name)).toContain(name!);
    expect(await leftOver(place)).toEqual([]);
  });
});
