/** The library: journals, locks and results as those of the command line. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { generateIdentity, identityToRecipient } from "age-encryption";
import {
  type BackendConfigFields,
  backup,
  backups,
  doctor,
  forget,
  inspect,
  MigrateError,
  migrate,
  restore,
  resume,
  rollback,
  runs,
  verify,
} from "../../src/index.ts";
import { titleOf } from "../cli/stores.ts";
import { program } from "../faults/program.ts";
import { stateAt } from "../faults/targets.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture } from "../support/stores.ts";
import { KILLED } from "../support/system.ts";

describe("the library", () => {
  test("migrates by plain objects, lists the run and undoes it", async () => {
    using folder = temporaryFolder();
    const stateDir = folder.file("state");
    const target = copyFixture("0.8.3", folder, "target.db");
    const before = await stateAt(at(target));
    const source = { type: "sqlite", path: copyFixture("0.12.4", folder) } as const;
    const result = await migrate(source, { type: "sqlite", path: target }, {}, undefined, undefined, { stateDir });
    expect([result.success, typeof result.run]).toEqual([true, "string"]);
    expect(await runs({ stateDir })).toMatchObject([{ id: result.run!, status: "done", can: ["rollback"] }]);
    expect(await rollback(result.run!, { stateDir, dryRun: true })).toMatchObject({ dryRun: true, exact: true });
    expect(titleOf(target, "m-000001")).toBeDefined();
    expect(await rollback(result.run!, { stateDir })).toMatchObject({ exact: true, left: [] });
    expect(await stateAt(at(target))).toBe(before);
    expect(await forget(result.run!, { stateDir })).toMatchObject({ dryRun: false, forgotten: [{ id: result.run }] });
    expect(await runs({ stateDir })).toEqual([]);
  });

  test("goes on with a run that the command line began and a kill ended", async () => {
    using folder = temporaryFolder();
    const stateDir = folder.file("runs");
    const target = folder.file("target.db");
    const source = copyFixture("0.12.4", folder);
    const args = ["--from-path", source, "--to", "sqlite", "--to-path", target, "--state-dir", stateDir];
    expect((await program(folder, ["migrate", ...args], { stop: "verified#1" })).code).toBe(KILLED);
    const [stopped] = await runs({ stateDir });
    expect(stopped).toMatchObject({ status: "stopped", can: ["resume", "rollback"] });
    const resumed = await resume(stopped!.id, { stateDir });
    expect([resumed.success, resumed.verified, existsSync(target)]).toEqual([true, true, true]);
  });

  test("backs a store up for a recipient, lists that, restores it by the identity and undoes the restore", async () => {
    using folder = temporaryFolder();
    const stateDir = folder.file("state");
    const kept = folder.file("kept");
    const store = { type: "sqlite", path: copyFixture("0.12.4", folder) } as const;
    const identity = await generateIdentity();
    const recipients = [await identityToRecipient(identity)];
    const identityFile = folder.file("key.txt");
    writeFileSync(identityFile, `# a key\n${identity}\n`, { mode: 0o600 });
    const options = { recipients, stateDir, keep: { last: 1 } };
    expect(await backup(store, kept, { ...options, dryRun: true })).toMatchObject({ outcome: "planned" });
    expect(existsSync(kept)).toBe(false);
    const { outcome, name, digest } = await backup(store, kept, options);
    expect([outcome, name]).toEqual(["made", expect.stringMatching(/\.age$/)]);
    expect(await backup(store, kept, options)).toMatchObject({ outcome: "unchanged", name });
    expect((await backups(kept, { stateDir })).backups).toMatchObject([
      { name, digest, memories: 60, encrypted: true },
    ]);
    const target = { type: "sqlite", path: folder.file("back.db") } as const;
    const locked = await restore(kept, target, {}, { stateDir });
    expect([locked.success, existsSync(target.path)]).toEqual([false, false]);
    const { success, run, verification } = await restore(kept, target, {}, { stateDir, identityFile });
    expect([success, verification!.targetDigest]).toEqual([true, digest!]);
    await rollback(run!, { stateDir });
    expect(existsSync(target.path)).toBe(false);
    await expect(backup(store, folder.file("one.jsonl.zst"), { stateDir })).rejects.toThrow("is one archive");
  });

  test("inspects and compares stores, and looks for them", async () => {
    using folder = temporaryFolder();
    const [one, other] = [copyFixture("0.12.4", folder), copyFixture("0.8.3", folder)];
    const store = { type: "sqlite", path: one } as const;
    const { count, digest } = await inspect(store);
    expect([count.memories, await verify(store, store)]).toMatchObject([60, { identical: true, source: { digest } }]);
    expect((await verify(store, { type: "sqlite", path: other })).identical).toBe(false);
    expect((await doctor({ stateDir: folder.file("state") })).stores).toBeArray();
  });

  test("says by name what is wrong with what it is given", async () => {
    using folder = temporaryFolder();
    const wrong = { type: "oracle", path: "x" } as unknown as BackendConfigFields;
    const target = { type: "sqlite", path: folder.file("target.db") } as const;
    const caught = await migrate(wrong, target).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(MigrateError);
    expect((caught as MigrateError).code).toBe("usage");
    await expect(rollback("0000000000", { stateDir: folder.file("state") })).rejects.toThrow("there is no run");
    expect(readdirSync(folder.path).filter((name) => name.startsWith("target"))).toEqual([]);
  });
});
