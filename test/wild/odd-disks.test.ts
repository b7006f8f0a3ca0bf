// @level normal
/** Real mounts that refuse calls: a store on one is read, written, merged into and undone, or what cannot be done is said first. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { BackendConfig, type BackendType } from "../../src/backends/config.ts";
import { document, program } from "../cli/program.ts";
import { edited } from "../cli/stores.ts";
import { stateAt } from "../faults/targets.ts";
import { besidesJournals, listing, temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { type Lack, noOddDisk, type OddDisk, oddDisk } from "../support/odd-disk.ts";
import { copyFixture } from "../support/stores.ts";

if (noOddDisk !== null) {
  if (Bun.env.REQUIRE_FUSE) throw new Error(`no odd disk, which REQUIRE_FUSE asks for: ${noOddDisk}`);
  console.warn(`SKIPPED: no tests on mounts that refuse calls: ${noOddDisk}`);
}

/** With shared memory, and without anything; in the long level also what lacks one thing alone. */
const DISKS: readonly (readonly Lack[])[] = [
  ["links", "modes", "folder-flush"],
  ...(ALL_OF_IT ? [["shared-memory"] as const, ["case"] as const] : []),
  ["links", "modes", "folder-flush", "shared-memory", "case"],
];
const KINDS = ["sqlite", "falkordblite"] as const;

/** The journals, the home folder, temporary files: all of it is on the odd disk. */
async function ran(disk: OddDisk, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await program(disk, args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function undoLast(disk: OddDisk, path: string): Promise<void> {
  const { runs } = JSON.parse(await ran(disk, "runs", "--to-path", path, "--json")) as { runs: { id: string }[] };
  await ran(disk, "rollback", runs[0]!.id, "--yes");
}

const target = (type: BackendType, path: string) => ["--to", type, "--to-path", path];

describe.skipIf(noOddDisk !== null).each(DISKS.map((lacks) => ({ name: lacks.join(", "), lacks })))(
  "a mount without $name",
  ({ lacks }) => {
    test.each(KINDS)("takes a new %s store, which is a source there, and gives it back", async (type) => {
      using disk = await oddDisk(...lacks);
      using elsewhere = temporaryFolder();
      copyFixture("0.12.4", disk, "source.db");
      mkdirSync(disk.file("target"));
      const path = disk.file("target", "store");
      const before = listing(disk.path);
      await ran(disk, "migrate", "--from-path", disk.file("source.db"), ...target(type, path));
      // And on, from there.
      const away = elsewhere.file("away.db");
      await ran(disk, "migrate", "--from-path", path, ...target("sqlite", away));
      const compared = document((await program(disk, ["verify", path, away, "--json"])).stdout);
      expect(compared).toMatchObject({ identical: true });
      await undoLast(disk, path);
      expect(besidesJournals(disk.file("target"))).toEqual([]);
      expect(listing(disk.path).filter((line) => line.startsWith("source"))).toEqual(
        before.filter((line) => line.startsWith("source")),
      );
    });

    test.each(KINDS)("takes a merge into a %s store, and undoes it", async (type) => {
      using disk = await oddDisk(...lacks);
      const config = new BackendConfig({ type, path: disk.file("store") });
      const filling = edited(disk, "filling.db", (store) => store.change("m-000001", { title: "as it was" }));
      await ran(disk, "migrate", "--from-path", filling, ...target(type, config.path!));
      const before = await stateAt(config);
      const source = copyFixture("0.12.4", disk, "source.db");
      const merge = ["migrate", "--from-path", source, ...target(type, config.path!)];
      await ran(disk, ...merge, "--on-conflict", "overwrite", "--yes");
      expect(await stateAt(config)).not.toBe(before);
      await undoLast(disk, config.path!);
      expect(await stateAt(config)).toBe(before);
    });

    test("gives a store in WAL mode with what stands in its log", async () => {
      using disk = await oddDisk(...lacks);
      using elsewhere = temporaryFolder();
      copyFixture("0.13.0", disk, "store.db");
      copyFixture("0.13.0", elsewhere, "store.db");
      const before = readdirSync(disk.path).sort();
      const there = document((await program(elsewhere, ["inspect", disk.file("store.db"), "--json"])).stdout);
      const here = document((await program(elsewhere, ["inspect", elsewhere.file("store.db"), "--json"])).stdout);
      expect(there).toMatchObject({
        count: (here as { count: object }).count,
        digest: (here as { digest: string }).digest,
      });
      expect(readdirSync(disk.path).sort()).toEqual(before);
    });

    test("takes a merge into a store in WAL mode, or says beforehand why not, and how", async () => {
      using disk = await oddDisk(...lacks);
      const path = disk.file("store.db");
      const source = copyFixture("0.12.4", disk, "source.db");
      await ran(disk, "migrate", "--from-path", source, ...target("sqlite", path), "--for", "0.13");
      const before = listing(disk.path).filter((line) => line.startsWith("store"));
      const merge = [
        "migrate",
        "--from-path",
        edited(disk, "more.db", (store) => store.add("more")),
        ...target("sqlite", path),
      ];
      const { code, stderr } = await program(disk, merge);
      if (lacks.includes("shared-memory")) {
        expect([code, stderr]).toEqual([2, expect.stringContaining("copy")]);
        expect(listing(disk.path).filter((line) => line.startsWith("store"))).toEqual(before);
      } else {
        expect([code, stderr]).toEqual([0, ""]);
        await undoLast(disk, path);
      }
    });
  },
);

describe.skipIf(noOddDisk !== null)("names that differ in case alone, on a mount that takes them for one", () => {
  test("are one store: it is not copied into itself, and no second one is made beside it", async () => {
    using disk = await oddDisk("case");
    copyFixture("0.12.4", disk, "store.db");
    const other = copyFixture("0.10.0", disk);
    const before = listing(disk.path).filter((line) => line.startsWith("store"));
    const same = ["migrate", "--from-path", disk.file("store.db"), ...target("sqlite", disk.file("STORE.DB"))];
    const { code, stderr } = await program(disk, same);
    expect([code, stderr]).toEqual([4, expect.stringContaining("the same file")]);
    expect(listing(disk.path).filter((line) => line.startsWith("store"))).toEqual(before);
    // A merge goes into the store that is there.
    await ran(disk, "migrate", "--from-path", other, ...target("sqlite", disk.file("Store.DB")));
    expect(readdirSync(disk.path).filter((name) => name.toLowerCase() === "store.db")).toEqual(["store.db"]);
  });
});
