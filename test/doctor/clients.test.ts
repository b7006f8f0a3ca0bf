/** Configurations of MCP clients, commands that start MemoryGraph, and what installers write down: read as data. */
import { describe, expect, test } from "bun:test";
import { readClients } from "../../src/doctor/client-configurations.ts";
import { CLIENTS, filesOf } from "../../src/doctor/clients.ts";
import { compareVersions, installedReleases, installedWith } from "../../src/doctor/installed.ts";
import { recogniseLaunch } from "../../src/doctor/launch.ts";
import { machineOf, placeOn } from "../../src/doctor/machine.ts";
import { Home } from "./home.ts";

const machineIn = (home: Home, more: Record<string, string> = {}, platform = "linux") =>
  machineOf({ HOME: home.path(), ...more }, platform, home.path("work", "project"));

/** One entry in each client's own spelling: uvx, version 0.12.4, MEMORY_SQLITE_PATH. */
const PLAIN = { command: "uvx", args: ["memorygraphMCP==0.12.4"], env: { MEMORY_SQLITE_PATH: "/s/store.db" } };
const SPELLED: Record<string, string> = {
  vscode: `{ // the new file\n "servers": { "memory": ${JSON.stringify({ type: "stdio", ...PLAIN })}, }, }`,
  zed: JSON.stringify({
    context_servers: { memory: { source: "custom", command: { path: "uvx", args: PLAIN.args, env: PLAIN.env } } },
  }),
  opencode: JSON.stringify({
    mcp: { memory: { type: "local", command: ["uvx", ...PLAIN.args], environment: PLAIN.env, enabled: true } },
  }),
  codex: `model = "x"\n[mcp_servers.memory]\ncommand = "uvx"\nargs = ["memorygraphMCP==0.12.4"]\nenv = { MEMORY_SQLITE_PATH = "/s/store.db" }\n`,
};
/** As the clients write a variable, which is no template of ours. */
const variable = (inside: string, after = "") => `$\{${inside}}${after}`;
const others = JSON.stringify({ mcpServers: { other: { command: "npx", args: ["other"] }, memory: PLAIN } });

test("these are the clients whose configurations are read", () => {
  expect(CLIENTS.map(({ title }): string => title).sort()).toEqual([
    ...["Claude Code", "Claude Desktop", "Cline", "Codex", "Cursor", "Gemini CLI"],
    ...["VS Code", "Windsurf", "Zed", "opencode"],
  ]);
});

describe.each(CLIENTS.map(({ id }) => id))("%s", (id) => {
  const client = CLIENTS.find((one) => one.id === id)!;
  const text = SPELLED[id] ?? others;

  test.each(["linux", "darwin", "win32"])("is read on %s, in each of its places", (platform) => {
    for (const template of filesOf(client, platform)) {
      using home = new Home();
      const env = { APPDATA: home.path("Roaming"), USERPROFILE: home.path() };
      const machine = machineIn(home, env, platform);
      const path = placeOn(machine, template)!;
      expect(path).toStartWith(home.path());
      home.file(text, path.slice(home.path().length));
      const { setups, problems } = readClients(machine);
      expect(problems).toEqual([]);
      const found = setups.filter(({ file }) => file === path);
      expect(found.map(({ client: { id: own }, name }) => [own, name])).toContainEqual([id, "memory"]);
      const setup = found.find(({ client: own }) => own.id === id)!;
      expect(setup.launch).toMatchObject({ runner: "uvx", version: "0.12.4" });
      expect(setup.env).toEqual({ MEMORY_SQLITE_PATH: "/s/store.db" });
    }
  });

  test("is read from the project, and from the folders above", () => {
    for (const name of client.projectFiles) {
      using home = new Home();
      home.file(text, "work", name);
      home.file("", "work", "project", "keep");
      const { setups } = readClients(machineIn(home));
      const found = setups.filter((setup) => setup.client.id === id);
      expect(found.map(({ file, cwd }) => [file, cwd])).toEqual([[home.path("work", name), home.path("work")]]);
    }
  });

  test("a damaged file is named and skipped, and nothing of it is repeated", () => {
    using home = new Home();
    const path = placeOn(machineIn(home), filesOf(client, "linux")[0]!)!;
    home.file(`{ "x": "canary-55`, path.slice(home.path().length));
    const { setups, problems } = readClients(machineIn(home));
    expect(setups).toEqual([]);
    expect(problems).toEqual([{ file: path, what: client.format === "toml" ? "not valid TOML" : "not valid JSON" }]);
  });
});

describe("entries", () => {
  const read = (home: Home, entry: unknown, env: Record<string, string> = {}) =>
    readClients(machineIn(home.claudeCode(entry), env)).setups;

  test("Claude Code's projects have their own", () => {
    using home = new Home();
    home.file(
      JSON.stringify({ projects: { "/p/one": { mcpServers: { memory: PLAIN } }, "/p/two": {} } }),
      ".claude.json",
    );
    const { setups, projects } = readClients(machineIn(home));
    expect(setups.map(({ project, cwd }) => [project, cwd])).toEqual([["/p/one", "/p/one"]]);
    expect(projects).toEqual(["/p/one", "/p/two"]);
  });

  test.each([
    [null],
    ["text"],
    [[]],
    [{}],
    [{ command: 7 }],
    [{ url: "https://example.org/mcp" }],
    [{ command: "memorygraph", disabled: true }],
    [{ command: "memorygraph", enabled: false }],
    [{ command: "memorygraph", args: "all" }],
  ])("%j is none", (entry) => {
    using home = new Home();
    expect(read(home, entry)).toEqual([]);
  });

  test("variables are replaced as the clients do it, and --backend decides", () => {
    using home = new Home();
    const entry = {
      command: "memorygraph",
      args: ["--profile", "extended", "--backend=neo4j"],
      env: {
        A: variable("ONE"),
        B: variable("TWO:-other"),
        C: variable("env:ONE", "/x"),
        D: variable("input:secret"),
        MEMORY_BACKEND: "sqlite",
        E: null,
      },
    };
    const [setup] = read(home, entry, { ONE: "1", MEMORY_NEO4J_URI: "bolt://shell:7687" });
    expect(setup!.env).toEqual({
      ...{ A: "1", B: "other", C: "1/x", D: variable("input:secret"), MEMORY_BACKEND: "neo4j" },
      MEMORY_NEO4J_URI: "bolt://shell:7687",
    });
  });

  test("a client without a shell does not pass the shell's variables on", () => {
    using home = new Home();
    home.file(JSON.stringify({ mcpServers: { memory: { command: "memorygraph" } } }), ".cursor", "mcp.json");
    const { setups } = readClients(machineIn(home, { MEMORY_BACKEND: "neo4j" }));
    expect(setups.map(({ env }) => env)).toEqual([{}]);
  });

  test("what node runs is MemoryGraph where the package above says so", () => {
    using home = new Home();
    home.npm("0.13.1").file("", ".npm-global", "lib", "node_modules", "memorygraph", "dist", "index.js");
    home.file('{"name":"other","version":"1.0.0"}', "other", "package.json");
    const script = home.path(".npm-global", "lib", "node_modules", "memorygraph", "dist", "index.js");
    expect(read(home, { command: "node", args: [script] })).toHaveLength(1);
    expect(read(home, { command: "node", args: [home.path("other", "index.js")] })).toEqual([]);
    expect(installedWith(script)).toMatchObject({ version: "0.13.1" });
  });
});

describe("a command that starts MemoryGraph", () => {
  test.each([
    ["memorygraph", [], null],
    ["/home/u/.venv/bin/memorygraph", ["--backend", "sqlite"], null],
    ["C:\\Users\\u\\memorygraph.exe", [], null],
    ["uvx", ["memorygraphMCP"], null],
    ["uvx", ["--from", "memorygraphMCP==0.12.4", "memorygraph", "--profile", "core"], "0.12.4"],
    ["uvx", ["memorygraph@0.11.0"], "0.11.0"],
    ["uv", ["tool", "run", "--python", "3.12", "memorygraphMCP[falkordb]==0.12.0"], "0.12.0"],
    ["pipx", ["run", "--spec", "memorygraphMCP==0.11.12", "memorygraph"], "0.11.12"],
    ["npx", ["-y", "memorygraph@0.13.0"], "0.13.0"],
    ["npx", ["-y", "@someone/memorygraph@latest"], null],
    ["bunx", ["memorygraph"], null],
    ["pnpm", ["dlx", "memorygraph@0.14.2"], "0.14.2"],
    ["cmd", ["/c", "npx", "-y", "memorygraph"], null],
    ["wsl", ["-d", "Debian", "--", "memorygraph"], null],
    ["env", ["A=b", "memorygraph"], null],
    ["python3", ["-m", "memorygraph"], null],
    ["/v/bin/python3.12", ["-m", "memorygraph"], null],
    [
      "docker",
      ["run", "-i", "--rm", "-e", "A=b", "-v", "/data:/root/.memorygraph", "someone/memorygraph:0.12.4"],
      "0.12.4",
    ],
    ["podman", ["run", "--rm", "registry.example.org/x/memory-graph"], null],
  ])("%s %j", (command, args, version) => {
    expect(recogniseLaunch(command, args)?.version).toBe(version);
  });

  test.each([
    ["npx", ["-y", "other", "--name", "memorygraph"]],
    ["uvx", ["memory-graph"]],
    ["memorygraph-migrate", ["mcp"]],
    ["docker", ["run", "--name", "memorygraph", "other"]],
    ["docker", ["ps", "memorygraph"]],
    ["python", ["memorygraph.py"]],
    ["sh", ["-c", "memorygraph"]],
    ["", []],
    ["uvx", []],
  ])("%s %j is another", (command, args) => {
    expect(recogniseLaunch(command, args)).toBeNull();
  });

  test("tells what a container is given", () => {
    const args = [
      "run",
      "-e",
      "MEMORY_BACKEND=sqlite",
      "--env=X=y=z",
      "-v",
      "/data:/d:ro",
      "--mount",
      "type=volume,source=named,target=/n",
    ];
    const launch = recogniseLaunch("docker", [...args, "memorygraph", "--backend", "neo4j"])!;
    expect(launch.variables).toEqual({ MEMORY_BACKEND: "sqlite", X: "y=z" });
    expect([...launch.mounts]).toEqual([
      ["/d", "/data"],
      ["/n", "named"],
    ]);
    expect(launch.args).toEqual(["--backend", "neo4j"]);
  });
});

test("installations by uv, pipx, pip, npm, npx and uvx are found, the newest first", () => {
  using home = new Home();
  home.uv("0.12.4").npm("0.14.0");
  const site = ["lib", "python3.11", "site-packages"];
  home.file(
    "",
    ".local",
    "share",
    "pipx",
    "venvs",
    "memorygraphmcp",
    ...site,
    "memorygraphmcp-0.11.12.dist-info",
    "METADATA",
  );
  home.file("", ".local", ...site, "memorygraphMCP-0.9.6.dist-info", "METADATA");
  home.file("", ".local", ...site, "memory_graph-0.3.91.dist-info", "METADATA");
  home.file(
    '{"name":"memorygraph","version":"0.100.2"}',
    ".npm",
    "_npx",
    "abc",
    "node_modules",
    "memorygraph",
    "package.json",
  );
  home.file("", ".cache", "uv", "wheels-v5", "pypi", "memorygraphmcp", "0.12.1-py3-none-any", "x");
  home.file("not json", ".bun", "install", "global", "node_modules", "memorygraph", "package.json");
  const { installed } = installedReleases(machineIn(home));
  expect(
    installed.filter(({ path }) => path.startsWith(home.path())).map(({ version, by }) => `${version} ${by}`),
  ).toEqual([...["0.100.2 npx", "0.14.0 npm", "0.12.4 uv", "0.12.1 uvx", "0.11.12 pipx", "0.9.6 pip"]]);
});

test("versions are compared by their numbers", () => {
  expect(["0.14.0", "0.100.0", "0.9.6", "0.12"].sort(compareVersions)).toEqual(["0.9.6", "0.12", "0.14.0", "0.100.0"]);
});
