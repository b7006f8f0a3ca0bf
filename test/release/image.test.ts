// @level normal
/**
 * The container image, as far as it can be tried without an engine: a root folder with what its base has of a system (the C library of
 * this Debian, which is that of the base) and what the Dockerfile puts there, in which the documented command runs as an ordinary user.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPOSITORY, ROOT, VERSION } from "../../scripts/release/project.ts";
import { document } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture, digestOf } from "../support/stores.ts";
import { executable } from "./builds.ts";
import { runCommand } from "./program.ts";

const DOCKERFILE = readFileSync(join(ROOT, "packaging/Dockerfile"), "utf8");
const [documented] = /^docker run .*$/m.exec(readFileSync(join(ROOT, "README.md"), "utf8"))!;
const mayChange = process.platform === "linux" && process.getuid?.() === 0 && Bun.which("unshare") !== null;
if (!mayChange) console.warn("SKIPPED: the contents of the container image are not run: it takes root on Linux");
/** Of the person who types the command. */
const UID = 1000;

describe("the container image", () => {
  const said = (word: string) => new RegExp(`^${word} (.*)$`, "m").exec(DOCKERFILE)![1]!;

  test("runs the program as an ordinary user, with a base for each machine that has no shell", () => {
    expect(said("FROM")).toMatch(/^gcr\.io\/distroless\/\S+:nonroot$/);
    expect(said("USER")).toBe("nonroot");
    expect(JSON.parse(said("ENTRYPOINT"))).toEqual([said("COPY").split(" ").at(-1)!]);
  });

  test("the documented command names this project's image, and mounts the folder where the program starts", () => {
    expect(documented).toContain(` ghcr.io/${new URL(REPOSITORY).pathname.slice(1)} `);
    expect(documented).toContain(`--volume "$PWD:${said("WORKDIR")}"`);
    expect(documented).toContain('--user "$(id -u):$(id -g)"');
  });

  describe.skipIf(!mayChange)("what is in it", () => {
    const folder = temporaryFolder();
    afterAll(() => folder[Symbol.dispose]());
    const root = folder.file("root");
    const data = join(root, said("WORKDIR"));
    beforeAll(async () => {
      const program = await executable();
      const libraries = Bun.spawnSync(["ldd", program]).stdout.toString().match(/\/\S+/g)!;
      const [entry] = JSON.parse(said("ENTRYPOINT")) as [string];
      for (const [from, to] of [...libraries.map((path) => [path, path] as const), [program, entry] as const]) {
        mkdirSync(dirname(join(root, to)), { recursive: true });
        copyFileSync(from, join(root, to));
      }
      mkdirSync(join(root, "tmp"));
      chmodSync(join(root, "tmp"), 0o1777);
      for (const name of ["proc", "dev"]) mkdirSync(join(root, name));
      for (const path of [folder.path, data]) {
        mkdirSync(path, { recursive: true });
        chmodSync(path, 0o755);
      }
      chownSync(data, UID, UID);
      copyFixture("0.12.4", { ...folder, file: (...names) => join(data, ...names) }, "old.db");
    }, 120_000);

    /** Each time as in a container of its own, which is gone afterwards. */
    const inContainer = (...args: string[]) => {
      const entry = JSON.parse(said("ENTRYPOINT")) as string[];
      const as = [`--root=${root}`, `--wd=${said("WORKDIR")}`, "--setuid", `${UID}`, "--setgid", `${UID}`];
      const [, name, value] = /^(\w+)=(.*)$/.exec(said("ENV"))!;
      // What every engine mounts.
      const mounted = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec "$@"';
      const inside = ["unshare", ...as, ...entry, ...args];
      const command = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", mounted, root, ...inside];
      return runCommand(command, { cwd: "/", env: { PATH: Bun.env.PATH ?? "", [name!]: value! } });
    };

    test("the program says its version", async () => {
      const { code, stdout, stderr } = await inContainer("--version");
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(VERSION);
    });

    test("the documented command makes a store that belongs to who typed it, and another container can undo it", async () => {
      const args = documented.slice(documented.indexOf("ghcr.io")).split(" ").slice(1);
      const { code, stdout, stderr } = await inContainer(...args, "--json");
      expect([code, stderr]).toEqual([0, ""]);
      const { run } = document(stdout) as { run: string };
      const target = join(data, args.at(-1)!);
      expect(await digestOf(target)).toBe(await digestOf(join(data, args[0]!)));
      expect(statSync(target).uid).toBe(UID);
      expect((await inContainer("runs")).stdout).toContain(run);
      expect((await inContainer("rollback", run, "--yes")).code).toBe(0);
      expect(readdirSync(data).filter((name) => name !== ".local")).toEqual(["old.db"]);
    });
  });
});
