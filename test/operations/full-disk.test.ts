import { describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig, migrate } from "../../src/index.ts";
import { withSmallDisk } from "../support/small-disk.ts";

const root = join(import.meta.dir, "../..");
const config = (path: string) => new BackendConfig({ type: "sqlite", path });

describe("a full disk", () => {
  for (const [what, kibibytes] of [
    ["too small from the start is told before anything is written", 64],
    ["that fills while we write ends the run, and leaves nothing", 200],
  ] as const) {
    test(`${what}`, async () => {
      await withSmallDisk(kibibytes, async (disk) => {
        const result = await migrate(
          config(join(root, "test/fixtures/sqlite-0.12.4.db")),
          config(join(disk, "new.db")),
        );
        expect(result.errors.map(({ code }) => code)).toEqual(["write_failed"]);
        expect(result.errors[0]!.message).toContain("no space left");
        expect(readdirSync(disk)).toEqual([]);
      });
    });
  }

  test("leaves nothing of a FalkorDBLite store that was to be made, nor anything beside one that is there", async () => {
    const lite = (path: string) => new BackendConfig({ type: "falkordblite", path });
    const source = join(root, "test/fixtures/rdb/falkordblite-0.12.4.db");
    await withSmallDisk(64, async (disk) => {
      for (const release of ["0.12", "0.13"] as const) {
        const { errors } = await migrate(lite(source), lite(join(disk, "new")), { for: release });
        expect(errors.map(({ code }) => code)).toEqual(["write_failed"]);
        expect(errors[0]!.message).toStartWith(`no space left to write ${disk}`);
        expect(readdirSync(disk)).toEqual([]);
      }
      copyFileSync(join(root, "test/fixtures/rdb/v20-4.22.1-other-keys.rdb"), join(disk, "there.db"));
      const { errors } = await migrate(
        lite(source),
        new BackendConfig({ ...lite(join(disk, "there.db")), graph: "new" }),
      );
      expect(errors.map(({ code }) => code)).toEqual(["write_failed"]);
      expect(readdirSync(disk)).toEqual(["there.db"]);
    });
  });

  test("leaves an existing target as it was", async () => {
    await withSmallDisk(264, async (disk) => {
      const target = join(disk, "there.db");
      copyFileSync(join(root, "test/fixtures/sqlite-0.8.3.db"), target);
      const before = Bun.SHA256.hash(await Bun.file(target).bytes(), "hex");
      const result = await migrate(config(join(root, "test/fixtures/sqlite-0.12.4.db")), config(target));
      expect(result.errors.map(({ code }) => code)).toEqual(["write_failed"]);
      expect(readdirSync(disk)).toEqual(["there.db"]);
      expect(Bun.SHA256.hash(await Bun.file(target).bytes(), "hex")).toBe(before);
    });
  });
});
