// @level normal
/** What doctor finds, says and refuses, and what it never does. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { registryOf } from "../../src/cli/state.ts";
import { commandLines } from "../../src/cli/text.ts";
import { carryOut, type Done } from "../../src/doctor/carry-out.ts";
import { examine } from "../../src/doctor/diagnose.ts";
import { machineOf } from "../../src/doctor/machine.ts";
import { environment, PROGRAM, program, shell } from "../cli/program.ts";
import { edited, titleOf } from "../cli/stores.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { commandsIn, follow, Home, IN_USE, LITE } from "./home.ts";

describe("doctor", () => {
  test("finds nothing in an empty home, says where it would be, and makes nothing", async () => {
    using folder = temporaryFolder();
    const { code, stdout, stderr } = await program(folder, ["doctor"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replace(/\s+/g, " ")).toContain(folder.file(".memorygraph", "falkordblite.db"));
    expect(stdout).toContain("memorygraph-migrate inspect --from-path FILE");
    expect(listing(folder.path)).toEqual(["home/ 755", "tmp/ 755"]);
  });

  test("only looks: nothing changes in a full home, and its exit code says that something is to be done", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .sqlite("0.13.0", ".claude-memory", "memory.db")
      .file("REDIS0011\xfa", ...LITE);
    const before = listing(home.folder.path);
    for (const args of [[], ["--json"], ["--verbose"], ["--for", "0.13"]]) {
      expect((await home.doctor(...args)).code).toBe(9);
    }
    expect(listing(home.folder.path).filter((line) => !line.startsWith("tmp/"))).toEqual(
      before.filter((line) => !line.startsWith("tmp/")),
    );
  });

  test("names every place with what is there, how much, and what it is to the store in use", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .sqlite("0.8.3", ".claude-memory", "memory.db")
      .liteFile(...LITE)
      .uv("0.12.4");
    home.sqlite("0.12.4", ".memorygraph", "memory.db.bak").file("", ".memorygraph", "ladybugdb.db", "catalog.kz");
    const { stores, current, installed } = await home.diagnosis();
    expect(current).toMatchObject({ backend: "sqlite", location: home.path(...IN_USE), release: "0.12", memories: 60 });
    expect(installed).toMatchObject([{ version: "0.12.4", by: "uv" }]);
    const at = (...names: string[]) => stores.find((store) => store.location === home.path(...names));
    expect(at(...IN_USE)).toMatchObject({
      memories: 60,
      relationships: 120,
      readableBy: ["0.12"],
      standing: "current",
    });
    expect(at(".claude-memory", "memory.db")).toMatchObject({ memories: 12, standing: "apart" });
    expect(at(".memorygraph", "memory.db.bak")).toMatchObject({ memories: 60, standing: "copy" });
    expect(at(...LITE)).toMatchObject({ backend: "falkordblite", what: "FalkorDBLite, file layout", memories: 60 });
    expect(at(".memorygraph", "ladybugdb.db")).toMatchObject({ backend: null, standing: "unread" });
    expect(stores).toHaveLength(5);
  });

  test("lists every place that it searched, with --verbose", async () => {
    using home = new Home();
    const quiet = await home.doctor();
    const { stdout } = await home.doctor("--verbose");
    for (const place of [[".claude.json"], [".cursor", "mcp.json"], [".codex", "config.toml"], IN_USE, LITE]) {
      expect(stdout).toContain(`  ${home.path(...place)}\n`);
      expect(quiet.stdout).not.toContain(`  ${home.path(".cursor", "mcp.json")}\n`);
    }
  });

  test("goes on past a file that is no store", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ".claude-memory", "memory.db")
      .file("not a database", ...IN_USE)
      .uv("0.12.4");
    const { stores } = await home.diagnosis();
    expect(stores.map(({ location, memories }) => [location, memories])).toContainEqual([home.path(...IN_USE), null]);
    expect(await follow(home)).toBe(2);
    expect(await home.memoriesAt("sqlite", ...IN_USE)).toHaveLength(60);
    expect(await Bun.file(home.path(".memorygraph", "memory-old.db")).text()).toBe("not a database");
  });

  test("a file of another program in the same folder is nobody's lost memory", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    const other = new Database(home.path(".memorygraph", "cookies.db"), { create: true });
    other.run("CREATE TABLE cookie (name TEXT)");
    other.close();
    const { well, stores } = await home.diagnosis();
    expect(well).toBe(true);
    expect(stores.map(({ location }) => location)).toEqual([home.path(...IN_USE)]);
  });

  test("does not take its own journals and what belongs to a store for stores", async () => {
    using home = new Home();
    home
      .sqlite("0.13.0", ".claude-memory", "memory.db")
      .sqlite("0.12.4", ...IN_USE)
      .uv("0.12.4");
    await follow(home);
    const { stores } = await home.diagnosis();
    expect(stores.map(({ location }) => location).sort()).toEqual(
      [home.path(".claude-memory", "memory.db"), home.path(...IN_USE)].sort(),
    );
    expect(stores.find(({ standing }) => standing === "current")!.notes.join()).toMatch(
      /run \w{8,} of this program wrote it/,
    );
  });

  test("a store that cannot be read is told, and all is not well before it can", async () => {
    using home = new Home();
    const dump = home.path(...LITE);
    home
      .sqlite("0.12.4", ...IN_USE)
      .liteFile(...LITE)
      .uv("0.12.4");
    const bytes = await Bun.file(dump).bytes();
    writeFileSync(dump, bytes.subarray(0, bytes.length / 2));
    const { code, stdout } = await home.doctor();
    expect(code).toBe(9);
    expect(stdout).toContain("A store could not be read");
    expect((await home.doctor("--fix", "--yes")).code).toBe(9);
  });

  test("what cannot come along is for the person to decide: --fix leaves it, the command says --allow-loss", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .uv("0.12.4")
      .file("", ".claude-memory", "keep");
    edited(home.folder, join("home", ".claude-memory", "memory.db"), (store) => store.add("own").damage("m-000002"));
    const { code, stdout } = await home.doctor();
    expect(code).toBe(9);
    const commands = commandsIn(stdout);
    expect(commands.some((command) => command.endsWith("--allow-loss"))).toBe(true);
    expect((await home.doctor("--fix", "--yes")).code).toBe(9);
    expect(await home.memoriesAt("sqlite", ...IN_USE)).not.toContain("own");
  });

  test("clients that open different stores are both named", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .uv("0.12.4")
      .claudeCode({ command: "memorygraph" });
    const env = { MEMORY_SQLITE_PATH: home.path("other.db") };
    home.file(JSON.stringify({ mcpServers: { mem: { command: "memorygraph", env } } }), ".cursor", "mcp.json");
    const { code, stdout } = await home.doctor();
    expect(code).toBe(9);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      `Cursor (${home.path(".cursor", "mcp.json")}, server mem) opens ${home.path("other.db")}`,
    );
  });

  test.each([
    ["turso", "Turso", "A local file of it can be read"],
    ["mysql", 'a backend that is unknown (MEMORY_BACKEND is "mysql")', "Set it to a backend of MemoryGraph."],
  ])("a client that opens %s is told in whole sentences, with what can be done", async (backend, what, next) => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    home.claudeCode({ command: "memorygraph", env: { MEMORY_BACKEND: backend } });
    const env = { MEMORY_SQLITE_PATH: home.path("other.db") };
    home.file(JSON.stringify({ mcpServers: { mem: { command: "memorygraph", env } } }), ".cursor", "mcp.json");
    const { code, stdout } = await home.doctor();
    const text = stdout.replace(/\s+/g, " ");
    expect(code).toBe(9);
    expect(text).toContain(`opens ${home.path("other.db")}, not ${what}. Give both the same variables there`);
    expect(text).toContain(`cannot open from here: ${what}. ${next}`);
    expect(text).not.toMatch(/\.\.|\.,/);
  });

  test("a folder mounted into a container is looked at, a volume is named", async () => {
    using home = new Home();
    home.sqlite("0.12.4", "data", "memory.db");
    const docker = (volume: string) => ({ command: "docker", args: ["run", "-i", "-v", volume, "memorygraph:0.12.4"] });
    home.claudeCode(docker(`${home.path("data")}:/root/.memorygraph`));
    expect((await home.diagnosis()).current).toMatchObject({ location: home.path("data", "memory.db"), memories: 60 });
    home.claudeCode(docker("mine:/root/.memorygraph"));
    const { current, code } = await home.diagnosis();
    expect(current.location).toContain("docker volume mine");
    expect(code).toBe(9);
  });

  test("a volume whose files can be reached is looked at, also one that no configuration names", async () => {
    using home = new Home();
    const volumes = [".local", "share", "containers", "storage", "volumes"];
    home.sqlite("0.12.4", ...volumes, "mine", "_data", "memory.db");
    home.sqlite("0.8.3", ...volumes, "old", "_data", ".memorygraph", "memory.db");
    home.file("", ...volumes, "other", "_data", "notes.txt");
    home.claudeCode({
      ...{ command: "podman", args: ["run", "-i", "-v", "mine:/root/.memorygraph", "memorygraph:0.12.4"] },
    });
    const { current, stores } = await home.diagnosis();
    expect(current).toMatchObject({ location: home.path(...volumes, "mine", "_data", "memory.db"), memories: 60 });
    expect(stores.find(({ reasons }) => reasons.includes("the podman volume old"))?.standing).toBe("apart");
    expect(await follow(home)).toBe(1);
    expect((await home.diagnosis()).current).toMatchObject({ memories: 72 });
  });

  test("on Windows, WSL is named and not looked into", async () => {
    using home = new Home();
    const disks = ["Packages/CanonicalGroupLimited.Ubuntu_79rhkp1fndgsc/LocalState", "wsl/{1f0c}"];
    for (const disk of disks) home.file("", "AppData", "Local", ...disk.split("/"), "ext4.vhdx");
    const machine = {
      ...machineOf({ HOME: home.path(), LOCALAPPDATA: home.path("AppData", "Local") }, "win32", home.path()),
    };
    const { diagnosis } = await examine(machine);
    const said = diagnosis.advice.find(({ text }) => text.startsWith("Stores in WSL"));
    expect(said?.text).toContain("CanonicalGroupLimited.Ubuntu_79rhkp1fndgsc and {1f0c}");
    expect(said?.command).toBe("wsl -- memorygraph-migrate doctor");
    expect((await examine({ ...machine, platform: "linux" })).diagnosis.advice).not.toContainEqual(said);
  });

  test("a client of Windows that starts MemoryGraph in WSL opens a store that is there", async () => {
    using home = new Home();
    home.claudeCode({ command: "wsl.exe", args: ["-d", "Debian", "--", "memorygraph"] });
    const { diagnosis } = await examine(machineOf({ HOME: home.path() }, "win32", home.path()));
    expect(diagnosis.current.location).toMatch(/^~\/\.memorygraph\/\w+\.db in the WSL distribution Debian$/);
    expect(diagnosis.well).toBe(false);
    expect(diagnosis.advice[0]!.text).toContain("Run this program where that is");
  });

  test("memories that the release will not show are counted, with the command that says why", async () => {
    using home = new Home();
    home.uv("0.12.4").file("", ".memorygraph", "keep");
    edited(home.folder, join("home", ...IN_USE), (store) => store.change("m-000003", { title: "x".repeat(201) }));
    const { current, well } = await home.diagnosis();
    expect({ well, memories: current.memories, notShown: current.notShown }).toEqual({
      ...{ well: true, memories: 60, notShown: 1 },
    });
    const { code, stdout } = await home.doctor();
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toContain("read by MemoryGraph 0.12, which will not show 1 of them.");
    const [, command] = /^ +(memorygraph-migrate inspect .*)$/m.exec(stdout.replace(/ \\\n\s*/g, " "))!;
    expect((await shell(home.folder, command!)).stdout).toContain("m-000003");
  });

  test("what is in the way of a new store is not counted as shown or not", async () => {
    using home = new Home();
    const { current, advice } = await home
      .liteFile(...LITE)
      .npm("0.13.0")
      .diagnosis();
    expect(current).toMatchObject({ memories: 0, notShown: 0 });
    expect(advice.map(({ text }) => text).join()).not.toContain("will not show");
  });

  test("where nothing shows what is installed, it says how to name the release", async () => {
    using home = new Home();
    const { stdout } = await home.sqlite("0.12.4", ...IN_USE).doctor();
    expect(stdout).toContain("  memorygraph-migrate doctor --for 0.13\n");
    expect((await home.uv("0.12.4").doctor()).stdout).not.toContain("doctor --for");
  });

  test("what this call was told, the advised one is told as well", async () => {
    using home = new Home();
    const { stdout } = await home
      .sqlite("0.12.4", ...IN_USE)
      .doctor("--for", "0.13", "--state-dir", home.path("my state"));
    expect(stdout).toContain(`memorygraph-migrate doctor --fix --for 0.13 --state-dir '${home.path("my state")}'\n`);
  });

  test("--for says which release it is", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE);
    expect((await home.diagnosis()).well).toBe(true);
    expect(await follow(home, "--for", "0.13")).toBe(1);
    expect(await home.memoriesAt("falkordblite", ...LITE)).toHaveLength(60);
  });
});

describe("--fix", () => {
  test("asks first, and without a yes nothing happens", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    const before = home.files();
    const { code, stderr } = await home.doctor("--fix");
    expect(code).toBe(4);
    expect(stderr).toContain("Carry out this step? It deletes nothing, and can be undone.");
    expect(home.files()).toEqual(before);
  });

  test("on a terminal one answer is enough", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    let screen = "";
    let answered = false;
    const child = Bun.spawn([...PROGRAM, "doctor", "--fix"], {
      cwd: home.folder.path,
      env: environment(home.folder, { TERM: "xterm" }),
      terminal: {
        cols: 80,
        rows: 40,
        data(terminal, data) {
          screen += new TextDecoder().decode(data);
          if (answered || !screen.includes("[y/N]")) return;
          answered = true;
          terminal.write("y\r");
        },
      },
    });
    expect(await child.exited).toBe(0);
    await Bun.sleep(20);
    child.terminal?.close();
    expect(screen).toContain("All is well: 60 memories in ONE place");
  });

  test("takes the later versions, and every step can be undone", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    edited(home.folder, join("home", ".memorygraph", "memory copy.db"), (store) =>
      store.change("m-000001", { title: "later", updated_at: "2099-01-01T00:00:00+00:00" }),
    );
    const before = home.files();
    const { code, stderr } = await home.doctor("--fix", "--yes");
    expect(code).toBe(0);
    expect(titleOf(home.path(...IN_USE), "m-000001")).toBe("later");
    const [, run] = /memorygraph-migrate rollback (\w{8,})/.exec(stderr)!;
    expect((await program(home.folder, ["rollback", run!, "--yes"])).code).toBe(0);
    expect(titleOf(home.path(...IN_USE), "m-000001")).not.toBe("later");
    expect(home.files().map((line) => line.split(" ")[0])).toEqual(before.map((line) => line.split(" ")[0]));
  });

  test("does not rename what an engine holds", async () => {
    using home = new Home();
    using sockets = temporaryFolder();
    home.liteFile(...LITE).npm("0.13.0");
    // All that shows of an engine: its socket answers.
    const socket = Bun.listen({ unix: sockets.file("s"), socket: { data() {} } });
    home.file(JSON.stringify({ unixsocket: sockets.file("s") }), ".memorygraph", "falkordblite.db.settings");
    const before = home.files();
    const { code, stderr } = await home.doctor("--fix", "--yes");
    socket.stop(true);
    expect(code).toBe(10);
    expect(stderr).toContain("an engine holds");
    expect(home.files()).toEqual(before);
  });

  test("a step that fails is the last: what was done before stays, and has been told", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .sqlite("0.13.0", ".memorygraph", "second.db")
      .sqlite("0.10.0", ".memorygraph", "third.db")
      .sqlite("0.8.3", ".memorygraph", "fourth.db")
      .uv("0.12.4");
    const { steps } = (await examine(machineOf({ HOME: home.path() }, "linux", home.path()))).plan;
    expect(steps).toHaveLength(3);
    const sources = steps.map((step) => (step.kind === "bring" ? step.from.path! : ""));
    rmSync(sources[1]!);
    const done: (string | undefined)[] = [];
    const registry = registryOf(home.path("state"), {});
    const each = ({ step }: Done) => void done.push(step.kind === "bring" ? step.from.path : undefined);
    await expect(carryOut(steps, registry, {}, each)).rejects.toThrow(`${sources[1]} does not exist`);
    expect(done).toEqual([sources[0]]);
    expect(await home.memoriesAt("sqlite", ...IN_USE)).toHaveLength(steps[0]!.memoriesAfter);
  });

  test("stops at the first step that fails, and shows no stack", async () => {
    using home = new Home();
    home
      .sqlite("0.12.4", ...IN_USE)
      .uv("0.12.4")
      .file("", "folder", "keep");
    // A folder that is a file by the time the target is to be made in it.
    home.claudeCode({ command: "memorygraph", env: { MEMORY_SQLITE_PATH: home.path("folder", "keep", "x.db") } });
    const { code, stderr } = await home.doctor("--fix", "--yes");
    expect(code).not.toBe(0);
    expect(stderr).not.toMatch(/^ +at .*:\d+/m);
    expect(existsSync(home.path(...IN_USE))).toBe(true);
  });
});

/** What the commands say that look at variables: once they are in the shell, once in the configuration of a client. */
async function* told(inShell: Record<string, string>, inClient: Record<string, string>) {
  for (const env of [inShell, null]) {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE);
    if (env === null) home.claudeCode({ command: "memorygraph", env: inClient });
    for (const args of [
      ["doctor", "--verbose"],
      ["doctor", "--json"],
      ["inspect", "--debug"],
    ]) {
      const { stdout, stderr } = await program(home.folder, args, env ?? {});
      yield { command: args[0], output: stdout + stderr, stdout };
    }
  }
}

describe("a password in an address or a configuration", () => {
  test.each([
    [{ NEO4J_URI: "bolt://admin:canary-55@127.0.0.1:1" }],
    [{ MEMORY_NEO4J_URI: "neo4j+s://admin:canary-55@127.0.0.1:1" }],
    [{ MEMORY_MEMGRAPH_URI: "bolt://canary-55@127.0.0.1:1" }],
    [{ MEMORY_BACKEND: "neo4j", NEO4J_URI: "bolt://admin:canary-55@127.0.0.1:1" }],
    [{ MEMORY_BACKEND: "memgraph", MEMORY_MEMGRAPH_URI: "bolt://admin:canary-55@127.0.0.1:1" }],
    [{ NEO4J_URI: "bolt://admin:canary-55/with@signs@127.0.0.1:1" }],
    [{ MEMORY_BACKEND: "neo4j", MEMORY_NEO4J_URI: "bolt://127.0.0.1:1", MEMORY_NEO4J_PASSWORD: "canary-55" }],
  ])("is never shown: %j", async (variables) => {
    const env = variables as unknown as Record<string, string>;
    for await (const { command, output, stdout } of told(env, { MEMORY_BACKEND: "neo4j", ...env })) {
      expect(output).not.toContain("canary-55");
      if (command === "doctor") expect(stdout).toContain("127.0.0.1:1");
    }
  });
});

test("an address with a login in the place of a path is told as such, and not shown", async () => {
  const variables = { MEMORY_BACKEND: "sqlite", MEMORY_SQLITE_PATH: "bolt://admin:canary-55@db.example" };
  for await (const { command, output, stdout } of told(variables, variables)) {
    expect(output).not.toContain("canary-55");
    if (command === "doctor") expect(stdout).toContain("MEMORY_SQLITE_PATH holds the address of a server");
  }
});

test("a long command is broken between words, and stays what it was for a shell", () => {
  const command =
    "memorygraph-migrate --from-path '/a b/it'\\''s here.db' --to sqlite --to-path /somewhere/else/entirely.db --yes";
  const lines = commandLines(command, 60, "  ", "linux");
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  expect(
    lines
      .join("\n")
      .replace(/ \\\n\s*/g, " ")
      .trim(),
  ).toBe(command);
  const print = Bun.spawnSync(["bash", "-c", lines.join("\n").replace("memorygraph-migrate", "printf '%s\\n'")]);
  expect(print.stdout.toString().split("\n")[1]).toBe("/a b/it's here.db");
});
