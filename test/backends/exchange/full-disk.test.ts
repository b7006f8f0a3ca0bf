/** A target of every exchange format on a disk that is full. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { BACKENDS } from "../../../src/backends/descriptors.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { withSmallDisk } from "../../support/small-disk.ts";
import { at, copyFixture } from "../../support/stores.ts";

const FORMATS = BACKENDS.flatMap(({ type, family }) => (family === "exchange" ? [type] : []));
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const fixture = copyFixture("0.12.4", folder);

test.each(FORMATS)("a disk that is full leaves nothing of %s", async (type) => {
  for (const kibibytes of [8, 40, 68]) {
    await withSmallDisk(kibibytes, async (disk) => {
      const target = new BackendConfig({ type, path: join(disk, "new") });
      const { errors } = (await runMigration(at(fixture), target, {}, {})).result;
      expect(errors.map(({ code }) => code)).toEqual(["write_failed"]);
      expect(errors[0]!.message).toContain("no space left");
      expect(readdirSync(disk)).toEqual([]);
    });
  }
});
