// @level normal
/** `backup`, `restore`, `backups` and `verify --restore`, as a person types them. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Diagnosis } from "../../src/doctor/models.ts";
import { BackupListSchema, BackupResultSchema, DrillResultSchema } from "../../src/operations/backup/models.ts";
import { endOf } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { inProcess } from "./in-process.ts";
import { document, environment, expectError, PROGRAM, program, shell, start } from "./program.ts";

const folders: TemporaryFolder[] = [];
afterAll(() => {
  for (const folder of folders) folder[Symbol.dispose]();
});

function fresh(): TemporaryFolder {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
}

/** The program in this folder; it has to succeed, and to say nothing on standard error. */
async function done(folder: TemporaryFolder, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess(folder, args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}
const result = async <S extends v.GenericSchema>(schema: S, folder: TemporaryFolder, ...args: string[]) =>
  v.parse(schema, document(await done(folder, ...args, "--json")));

const archivesIn = (path: string) => readdirSync(path).filter((name) => name.endsWith(".jsonl.zst"));

/** Memories that others add to a store. */
function change(path: string, title: string): void {
  const database = new (require("bun:sqlite").Database)(path);
  database.run("UPDATE nodes SET properties = json_set(properties, '$.title', ?) WHERE rowid = 1", [title]);
  database.close();
  settle(path);
}

test("somebody new makes a backup, looks at it, tries it, breaks the store, and has it back", async () => {
  const folder = fresh();
  const home = folder.file("home/.memorygraph/memory.db");
  mkdirSync(dirname(home), { recursive: true });
  copyFixture("0.12.4", folder);
  copyFileSync(folder.file("0.12.4.db"), settle(folder.file("0.12.4.db")) && home);
  settle(home);
  const kept = folder.file("home/.local/share/memorygraph-migrate/backups");
  const lines = (text: string) =>
    text
      .replaceAll(folder.path, "…")
      .replace(/memorygraph-20\d\d-\S+Z-[0-9a-f]{6}/g, "NAME")
      .split("\n");

  expect(lines(await done(folder, "backups"))).toEqual([
    "No backup is in …/home/.local/share/memorygraph-migrate/backups. This makes one: memorygraph-migrate backup",
    "",
  ]);
  const first = lines(await done(folder, "backup"));
  expect(first.slice(0, 4)).toEqual([
    "Backed up …/home/.memorygraph/memory.db: 60 memories and 120 relationships, read back and proven.",
    "",
    "  in       …/home/.local/share/memorygraph-migrate/backups",
    "  archive  NAME.jsonl.zst",
  ]);
  expect(first.at(-2)).toBe(
    "To try that it can be restored: memorygraph-migrate verify --restore …/home/.local/share/memorygraph-migrate/backups",
  );
  expect(statSync(kept).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(kept)) expect(statSync(`${kept}/${name}`).mode & 0o777).toBe(0o600);

  expect(lines(await done(folder, "backup"))[0]).toBe(
    "Nothing has changed in …/home/.memorygraph/memory.db since the last backup, NAME.jsonl.zst: no new one was made.",
  );
  expect(archivesIn(kept)).toHaveLength(1);

  const untried = lines(await done(folder, "backups"));
  expect(untried[0]).toBe("1 backup in …/home/.local/share/memorygraph-migrate/backups");
  expect(untried[2]).toBe("Of …/home/.memorygraph/memory.db");
  expect(untried[4]).toMatch(/^ {2}NAME\.jsonl\.zst +0 min +\d+\.\d KiB +60 +120 +…[0-9a-f]{12} +never$/);
  expect(untried.at(-2)).toStartWith("None of them was ever tried.");

  const tried = lines(await done(folder, "verify", "--restore", kept));
  expect(tried[0]).toBe("Proven: 1 archive restored into a throw-away store and read back, every record equal.");
  expect(tried.at(-2)).toBe("    the store that it is of holds exactly this now");
  expect(lines(await done(folder, "backups"))[4]).toMatch(/20\d\d-\d\d-\d\d$/);

  writeFileSync(home, "broken");
  const back = await done(folder, "restore", kept, "back.db");
  expect(back).toStartWith("Done: 60 nodes and 120 relationships written, verified");
  const digests = [...back.matchAll(/digest {2}(mg1-\S+)/g)].map(([, digest]) => digest);
  expect(new Set(digests).size).toBe(1);
  expect(await done(folder, "verify", folder.file("0.12.4.db"), "back.db")).toStartWith("The same");
}, 60_000);

test("doctor tells of a store without a backup, of one that was never tried, and of one that was", async () => {
  const folder = fresh();
  const home = folder.file("home/.memorygraph/memory.db");
  mkdirSync(dirname(home), { recursive: true });
  copyFileSync(copyFixture("0.12.4", folder), home);
  settle(home);
  const backupLine = async () => {
    const { stdout } = await inProcess(folder, ["doctor", "--for", "0.12"]);
    return stdout.slice(stdout.indexOf("Backup "), stdout.indexOf("Found")).replace(/\s+/g, " ");
  };
  const last = async () => (document((await inProcess(folder, ["doctor", "--json"])).stdout) as Diagnosis).backup;
  expect(await backupLine()).toBe('Backup none is known on this machine; "memorygraph-migrate backup" makes one ');
  expect(await last()).toBeNull();
  const { name, place } = await result(BackupResultSchema, folder, "backup");
  expect(await backupLine()).toContain('never tried, which "verify --restore" with that place does');
  expect(await last()).toMatchObject({ name, place, proven: null });
  await done(folder, "verify", "--restore", place);
  expect(await backupLine()).toMatch(/; proven 20\d\d-\d\d-\d\d $/);
  expect(await last()).toMatchObject({ name, proven: expect.any(String) });
});

describe("one digest at every step", () => {
  test.each([
    "0.8.3",
    "0.10.0",
    "0.12.4",
    "0.13.0",
    "hybrid-0.12-0.13",
  ] as const)("of a SQLite store of %s", async (name) => {
    const folder = fresh();
    copyFixture(name, folder, "old.db");
    const { digest } = document(await done(folder, "inspect", "old.db", "--json")) as { digest: string };
    const made = await result(BackupResultSchema, folder, "backup", "old.db", "kept/");
    const proof = await result(DrillResultSchema, folder, "verify", "--restore", "kept");
    await done(folder, "restore", `kept/${made.name}`, "new.db");
    const back = document(await done(folder, "inspect", "new.db", "--json")) as { digest: string };
    expect([made.digest, proof.proofs[0]!.digest, proof.proofs[0]!.restoredDigest, back.digest]).toEqual(
      Array(4).fill(digest),
    );
    expect(proof.proofs[0]!.source).toBe("same");
  });

  test("of a FalkorDBLite store, there and back", async () => {
    const folder = fresh();
    copyFileSync("test/fixtures/rdb/falkordblite-0.12.4.db", folder.file("lite.db"));
    settle(folder.file("lite.db"));
    const { digest } = document(await done(folder, "inspect", "lite.db", "--json")) as { digest: string };
    const made = await result(BackupResultSchema, folder, "backup", "lite.db", "kept");
    await done(folder, "restore", "kept", "back.db", "--to", "falkordblite");
    const back = document(await done(folder, "inspect", "back.db", "--json")) as { digest: string };
    expect([made.digest, back.digest]).toEqual([digest, digest]);
  });
});

describe("where it goes", () => {
  test("a file, standard output, and standard input again", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    const made = await result(BackupResultSchema, folder, "backup", "old.db", "one.jsonl.zst");
    expect([made.name, made.place]).toEqual([null, folder.file("one.jsonl.zst")]);
    const piped = await shell(
      folder,
      "memorygraph-migrate backup old.db - | memorygraph-migrate restore - new.db --quiet",
    );
    expect([piped.code, piped.stdout]).toMatchObject([0, expect.stringContaining("60 nodes and 120 relationships")]);
    expect(await done(folder, "verify", "one.jsonl.zst", "new.db")).toStartWith("The same");
  }, 60_000);

  test("standard output that nobody reads to its end is a failure, not a wait", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    const { stderr } = await shell(folder, "{ memorygraph-migrate backup old.db - ; echo $? >code ; } | false");
    expect(stderr).toContain("standard output was closed before the whole archive was written");
    expect(readFileSync(folder.file("code"), "utf8")).toBe("1\n");
  }, 60_000);

  test("a file that is there already is left alone", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    await done(folder, "backup", "old.db", "one.jsonl.zst");
    const before = readFileSync(folder.file("one.jsonl.zst"));
    const { code } = await inProcess(folder, ["backup", "old.db", "one.jsonl.zst"]);
    expect(code).not.toBe(0);
    expect(readFileSync(folder.file("one.jsonl.zst"))).toEqual(before);
  });

  test.each([
    [["backup", "old.db", "bolt://localhost"], 2, "backups go into a folder, a file or a bucket"],
    [["backup", "old.db", "notes.txt"], 2, "notes.txt is a file, and no archive by its name"],
    [
      ["backup", "old.db", "one.jsonl.zst", "--keep-last", "2"],
      2,
      "--keep-… and --dry-run are for folders and buckets",
    ],
    [["backup", "old.db", "kept", "--keep-last", "0"], 2, "--keep-last: not a whole number from 1"],
    [["backup", "old.db", "kept", "--for-system", "launchd"], 2, "--for-system belongs to --print-schedule"],
    [["backup", "missing.db"], 2, "missing.db does not exist"],
    [["backup", "old.db", "old.db/below"], 2, "is not a folder that backups can be put into"],
    [["backup", "old.db", "s3://"], 2, "that is not the address of a bucket"],
    [["backup", "old.db", "s3://some-bucket/x"], 2, "there are no keys for S3"],
    [["restore", "kept-nowhere", "new.db"], 2, "there is no archive in"],
    [["restore", "missing.jsonl.zst", "new.db"], 2, "missing.jsonl.zst does not exist"],
    [["restore", "notes.txt", "new.db"], 2, "notes.txt"],
    [["restore", "missing.jsonl.zst"], 2, "no target is given"],
    [["verify", "--restore", "missing.jsonl.zst"], 2, "missing.jsonl.zst does not exist"],
    [["verify", "old.db", "--restore", "kept"], 2, "--restore stands alone"],
    [["backups", "old.db"], 2, "old.db is a file, and no archive by its name"],
  ] as const)("%p is refused with %d", async (args, code, message) => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    writeFileSync(folder.file("notes.txt"), "nothing of ours");
    const outcome = await inProcess(folder, args);
    expect([outcome.stderr, outcome.code]).toEqual([expect.stringContaining(message), code]);
    expectError(outcome, code, message.replace(/[…]/g, "…"));
    for (const made of ["kept", "new.db", "kept-nowhere"]) expect(existsSync(folder.file(made))).toBe(false);
  });

  test("a folder that others may look into gets a warning, a private one none", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    mkdirSync(folder.file("open"), { mode: 0o755 });
    const { code, stderr } = await inProcess(folder, ["backup", "old.db", "open"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("the archive is not encrypted, and other users of this machine may look into"),
    ]);
    expect(await done(folder, "backup", "old.db", "private/")).toStartWith("Backed up");
  });
});

describe("rules for what stays", () => {
  test("are told by a dry run, which writes nothing, and then carried out", async () => {
    const folder = fresh();
    const path = copyFixture("0.12.4", folder, "old.db");
    for (const title of ["one", "two", "three"]) {
      change(path, title);
      await done(folder, "backup", "old.db", "kept");
    }
    change(path, "four");
    const before = readdirSync(folder.file("kept")).sort();
    const plan = await result(BackupResultSchema, folder, "backup", "old.db", "kept", "--keep-last", "2", "--dry-run");
    expect(readdirSync(folder.file("kept")).sort()).toEqual(before);
    expect([plan.outcome, plan.kept.length, plan.removed.length]).toEqual(["planned", 1, 2]);
    const real = await result(BackupResultSchema, folder, "backup", "old.db", "kept", "--keep-last", "2");
    expect(real.removed).toEqual(plan.removed);
    expect(real.kept.map(({ name }) => name)).toEqual([real.name!, plan.kept[0]!.name]);
    expect(archivesIn(folder.file("kept")).sort()).toEqual([plan.kept[0]!.name, real.name!].sort());
    expect(readdirSync(folder.file("kept"))).toHaveLength(4);
  });

  test("hold for an unchanged store too, and the last one always stays", async () => {
    const folder = fresh();
    const path = copyFixture("0.12.4", folder, "old.db");
    for (const title of ["one", "two"]) {
      change(path, title);
      await done(folder, "backup", "old.db", "kept");
    }
    const plan = await result(
      BackupResultSchema,
      folder,
      "backup",
      "old.db",
      "kept",
      "--keep-yearly",
      "1",
      "--dry-run",
    );
    const real = await result(BackupResultSchema, folder, "backup", "old.db", "kept", "--keep-yearly", "1");
    expect([plan.name, real.outcome, real.removed]).toEqual([real.name, "unchanged", plan.removed]);
    expect(archivesIn(folder.file("kept"))).toEqual([real.name!]);
  });
});

describe("damage", () => {
  test("of an archive is found by the list and by the drill, and a new backup is made", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    const made = await result(BackupResultSchema, folder, "backup", "old.db", "kept");
    const path = folder.file("kept", made.name!);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 100));
    const listed = await inProcess(folder, ["backups", "kept", "--json"]);
    expect([listed.code, v.parse(BackupListSchema, document(listed.stdout)).backups[0]!.state]).toEqual([8, "damaged"]);
    const again = await result(BackupResultSchema, folder, "backup", "old.db", "kept");
    expect(again.outcome).toBe("made");
    // Of the same size, and other bytes: only reading tells.
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    writeFileSync(path, flipped);
    const drill = await inProcess(folder, ["verify", "--restore", "kept", "--all", "--json"]);
    const { success, proofs } = v.parse(DrillResultSchema, document(drill.stdout));
    expect([drill.code, success, proofs.map(({ proven }) => proven)]).toEqual([3, false, [true, false]]);
    writeFileSync(path, whole.subarray(0, whole.length - 100));
    const alone = await inProcess(folder, ["verify", "--restore", path]);
    expect([alone.code, alone.stdout]).toEqual([8, ""]);
  });

  test("of an archive that is gone takes its note with the next backup, also while who made it lives", async () => {
    const folder = fresh();
    const path = copyFixture("0.12.4", folder, "old.db");
    await done(folder, "backup", "old.db", "kept");
    const [archive] = archivesIn(folder.file("kept"));
    rmSync(join(folder.file("kept"), archive!));
    change(path, "another");
    await done(folder, "backup", "old.db", "kept");
    const names = readdirSync(folder.file("kept"));
    expect([names.length, names.some((name) => name.startsWith(archive!))]).toEqual([2, false]);
  });

  test("of a process that ended while it wrote a note leaves nothing behind the next backup", async () => {
    const folder = fresh();
    const path = copyFixture("0.12.4", folder, "old.db");
    await done(folder, "backup", "old.db", "kept");
    const kept = folder.file("kept");
    const note = readdirSync(kept).find((name) => name.endsWith(".note.json"))!;
    const whole = JSON.parse(readFileSync(join(kept, note), "utf8"));
    const at = (pid: number) => join(kept, `.${note}.${pid}-0123abcd.tmp`);
    const ended = Bun.spawnSync(["true"]).pid;
    writeFileSync(at(ended), JSON.stringify({ ...whole, owner: { ...whole.owner, pid: ended, start: "" } }));
    writeFileSync(at(process.pid), JSON.stringify(whole));
    // One that ended before it had written who it is, and one that is about to.
    const workshop = (pid: number) => join(kept, `.memorygraph-backup-${pid}-0aB1cD`);
    for (const pid of [ended, process.pid]) mkdirSync(workshop(pid));
    change(path, "another");
    await done(folder, "backup", "old.db", "kept");
    for (const left of [at, workshop])
      expect([existsSync(left(ended)), existsSync(left(process.pid))]).toEqual([false, true]);
  });

  test("of a kill at any moment leaves nothing that counts and is not whole", async () => {
    const folder = fresh();
    const path = copyFixture("0.12.4", folder, "old.db");
    await done(folder, "backup", "old.db", "kept");
    let killed = 0;
    for (let round = 0; round < 12; round++) {
      change(path, `round ${round}`);
      const child = start(folder, ["backup", "old.db", "kept", "--keep-last", "2"]);
      await Bun.sleep(150 + round * 40);
      child.kill("SIGKILL");
      await child.exited;
      if (child.signalCode === "SIGKILL") killed++;
      const { code, stdout } = await inProcess(folder, ["verify", "--restore", "kept", "--all", "--json"]);
      const { proofs } = v.parse(DrillResultSchema, document(stdout));
      expect([code, proofs.every(({ proven }) => proven), proofs.length > 0]).toEqual([0, true, true]);
    }
    expect(killed).toBeGreaterThan(3);
    await done(folder, "backup", "old.db", "kept", "--keep-last", "2");
    const names = readdirSync(folder.file("kept"));
    expect(names.filter((name) => !/^memorygraph-.*\.jsonl\.zst(\.note\.json)?$/.test(name))).toEqual([]);
    expect(names.length).toBe(archivesIn(folder.file("kept")).length * 2);
    expect(archivesIn(folder.file("kept")).length).toBeLessThanOrEqual(2);
  }, 120_000);
});

test("export and import are other words for backup and restore", async () => {
  const folder = fresh();
  copyFixture("0.12.4", folder, "old.db");
  await done(folder, "export", "old.db", "one.jsonl.zst");
  expect(await done(folder, "import", "one.jsonl.zst", "new.db")).toStartWith("Done");
});

test("an archive that was put there by hand is listed by what it says of itself, and never removed", async () => {
  const folder = fresh();
  const path = copyFixture("0.12.4", folder, "old.db");
  await done(folder, "backup", "old.db", "by-hand.jsonl.zst");
  mkdirSync(folder.file("kept"), { mode: 0o700 });
  copyFileSync(folder.file("by-hand.jsonl.zst"), folder.file("kept/by-hand.jsonl.zst"));
  change(path, "later");
  await done(folder, "backup", "old.db", "kept", "--keep-last", "1");
  const { backups } = await result(BackupListSchema, folder, "backups", "kept");
  const found = backups.find(({ name }) => name === "by-hand.jsonl.zst")!;
  expect(found).toMatchObject({ state: "no note", nodes: 60, memories: 60, relationships: 120, store: null });
});

test("a restore shows its plan first, and can be undone like every run", async () => {
  const folder = fresh();
  copyFixture("0.12.4", folder, "old.db");
  await done(folder, "backup", "old.db", "kept");
  expect(await done(folder, "restore", "kept", "new.db", "--dry-run")).toContain("60");
  expect(existsSync(folder.file("new.db"))).toBe(false);
  const { run } = document(await done(folder, "restore", "kept", "new.db", "--json")) as { run: string };
  const undone = await program(folder, ["rollback", run, "--yes"]);
  expect([undone.code, existsSync(folder.file("new.db"))]).toEqual([0, false]);
});

describe("an encrypted backup", () => {
  const secret = "canary passphrase";

  test("is made, skipped, tried and restored with a passphrase, which stands nowhere", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    writeFileSync(folder.file("key"), `${secret}\n`, { mode: 0o600 });
    mkdirSync(folder.file("open"), { mode: 0o755 });
    const key = ["--to-password-file", "key"];
    const made = await result(BackupResultSchema, folder, "backup", "old.db", "open", ...key);
    expect([made.encrypted, made.name]).toEqual([true, expect.stringMatching(/\.jsonl\.zst\.age$/)]);
    expect((await result(BackupResultSchema, folder, "backup", "old.db", "open", ...key)).outcome).toBe("unchanged");
    for (const name of readdirSync(folder.file("open"))) {
      const bytes = readFileSync(folder.file("open", name));
      expect([name, bytes.includes(secret), name.endsWith(".age") && !bytes.includes("age-encryption.org")]).toEqual([
        name,
        false,
        false,
      ]);
    }
    const locked = await inProcess(folder, ["verify", "--restore", "open"]);
    expectError(locked, locked.code, "is encrypted with a passphrase");
    const opened = ["--from-password-file", "key"];
    const proof = await result(DrillResultSchema, folder, "verify", "--restore", "open", "--all", ...opened);
    expect([proof.success, proof.proofs[0]!.digest]).toEqual([true, made.digest]);
    await done(folder, "restore", "open", "new.db", ...opened);
    expect(await done(folder, "verify", "old.db", "new.db")).toStartWith("The same");
  });

  test("asks for the passphrase twice on a terminal, and is refused where nobody can be asked", async () => {
    const folder = fresh();
    copyFixture("0.12.4", folder, "old.db");
    expectError(
      await inProcess(folder, ["backup", "old.db", "kept", "--encrypt"]),
      2,
      "there is nothing to encrypt the archive with",
    );
    const unit = await inProcess(folder, ["backup", "old.db", "kept", "--encrypt", "--print-schedule", "daily"]);
    expectError(unit, 2, "a unit cannot be asked for the passphrase");
    const questions = ["Passphrase for the new", "The same once more"];
    let screen = "";
    const decoder = new TextDecoder();
    const child = Bun.spawn([...PROGRAM, "backup", "old.db", "kept/", "--encrypt"], {
      cwd: folder.path,
      env: environment(folder, { TERM: "xterm" }),
      terminal: {
        cols: 120,
        rows: 24,
        data(terminal, data) {
          screen += decoder.decode(data, { stream: true });
          if (questions[0] === undefined || !screen.includes(questions[0])) return;
          questions.shift();
          terminal.write(`${secret}\n`);
        },
      },
    });
    const code = await child.exited;
    await Bun.sleep(20);
    child.terminal?.close();
    expect([code, screen.includes(secret)]).toEqual([0, false]);
    expect(screen).toContain("The same once more");
    expect(screen).toContain("Backed up");
  });
});

test.each([
  "falkordb",
  "neo4j",
  "memgraph",
] as const)("a %s server is backed up, and a backup restored into it, with one digest", async (kind) => {
  const [, server] = await serversOf(kind);
  if (server === undefined) return;
  const folder = fresh();
  copyFixture("0.12.4", folder, "old.db");
  const end = endOf(server, kind === "falkordb" ? "memorygraph" : undefined);
  await end.empty();
  const { digest } = await result(BackupResultSchema, folder, "backup", "old.db", "kept");

  await done(folder, "restore", "kept", server.uri, "--to", kind, "--quiet");
  const again = await result(BackupResultSchema, folder, "backup", server.uri, "of-server", "--from", kind);
  const proof = await result(DrillResultSchema, folder, "verify", "--restore", "of-server");
  expect([again.digest, proof.proofs[0]!.restoredDigest, proof.proofs[0]!.source]).toEqual([digest, digest, "same"]);
  await end.empty();
}, 120_000);

test("a temporary folder that is not there is told by its name, whatever needs one", async () => {
  using folder = temporaryFolder();
  const source = copyFixture("0.12.4", folder);
  const archive = folder.file("kept.jsonl.zst");
  expect((await program(folder, ["backup", source, archive, "--quiet"])).code).toBe(0);
  const env = Object.fromEntries(["TMPDIR", "TEMP", "TMP"].map((name) => [name, folder.file("nowhere")]));
  const variable = process.platform === "win32" ? "TEMP" : "TMPDIR";
  const words = `no temporary folder can be made in ${folder.file("nowhere")}`;
  for (const [args, input] of [
    [["verify", "--restore", archive], ""],
    [["restore", "-", folder.file("new.db")], "anything"],
    [["backup", source, "-"], ""],
  ] as const) {
    const outcome = await program(folder, [...args], env, input);
    expectError(outcome, 2, words);
    expect(outcome.stderr).toContain(`next: Set ${variable} to a folder that you may write to`);
  }
});
