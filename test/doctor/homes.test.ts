/** In every home: what doctor prints, typed word for word, ends in "All is well", and so does `doctor --fix --yes`. */
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig, type BackendConfigFields } from "../../src/backends/config.ts";
import { storeWords } from "../../src/doctor/commands.ts";
import { RELEASES } from "../../src/memorygraph/releases.ts";
import { inProcess, pasted } from "../cli/in-process.ts";
import { edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { availableServers } from "../support/servers.ts";
import { commandsIn, follow, Home, IN_USE, LITE } from "./home.ts";

const servers = await availableServers();

interface Situation {
  readonly name: string;
  /** Makes the home, and gives the store in which everything has to be in the end. */
  make(home: Home): Promise<BackendConfig>;
  readonly memories: number;
  readonly release: string;
  /** Commands to type; 0 where all is well at once. */
  readonly commands: number;
}

const sqlite = (home: Home, ...names: string[]) => new BackendConfig({ type: "sqlite", path: home.path(...names) });
const lite = (home: Home, ...names: string[]) => new BackendConfig({ type: "falkordblite", path: home.path(...names) });

const SITUATIONS: Situation[] = [
  {
    name: "a file of 0.12, and 0.12 is installed",
    make: async (home) => sqlite(home.sqlite("0.12.4", ...IN_USE).uv("0.12.4"), ...IN_USE),
    ...{ memories: 60, release: "0.12", commands: 0 },
  },
  {
    name: "a file of 0.12, and nothing shows what is installed",
    make: async (home) => sqlite(home.sqlite("0.12.4", ...IN_USE), ...IN_USE),
    ...{ memories: 60, release: "0.12", commands: 0 },
  },
  {
    name: "a file of 0.12 after an upgrade to 0.13",
    make: async (home) =>
      lite(
        home
          .sqlite("0.12.4", ...IN_USE)
          .uv("0.12.4")
          .npm("0.13.0"),
        ...LITE,
      ),
    ...{ memories: 60, release: "0.13", commands: 1 },
  },
  {
    name: "a directory of 0.13",
    make: async (home) => lite(await home.npm("0.13.0").liteDirectory(...LITE), ...LITE),
    ...{ memories: 30, release: "0.13", commands: 0 },
  },
  {
    name: "a file of 0.12 and a directory of 0.13",
    make: async (home) =>
      lite(
        await home
          .sqlite("0.12.4", ...IN_USE)
          .npm("0.13.0")
          .liteDirectory(...LITE),
        ...LITE,
      ),
    ...{ memories: 90, release: "0.13", commands: 1 },
  },
  {
    name: "a hybrid, and 0.13 by default",
    make: async (home) => lite(home.sqlite("hybrid-0.12-0.13", ...IN_USE).npm("0.13.0"), ...LITE),
    ...{ memories: 15, release: "0.13", commands: 1 },
  },
  {
    name: "a hybrid that a client opens as sqlite with 0.13",
    make: async (home) => {
      home.sqlite("hybrid-0.12-0.13", ...IN_USE).npm("0.13.0");
      home.claudeCode({ command: "memorygraph", args: ["--backend", "sqlite"] });
      return sqlite(home, ...IN_USE);
    },
    ...{ memories: 15, release: "0.13", commands: 2 },
  },
  {
    name: "a hybrid, back on 0.12",
    make: async (home) => sqlite(home.sqlite("hybrid-0.12-0.13", ...IN_USE).uv("0.12.4"), ...IN_USE),
    ...{ memories: 15, release: "0.12", commands: 2 },
  },
  {
    name: "a file from before 0.10 under 0.12",
    make: async (home) => sqlite(home.sqlite("0.8.3", ...IN_USE).uv("0.12.4"), ...IN_USE),
    ...{ memories: 12, release: "0.12", commands: 2 },
  },
  {
    name: "a FalkorDBLite file of 0.12 and memory.db, under 0.13",
    make: async (home) =>
      lite(
        home
          .liteFile(...LITE)
          .sqlite("0.8.3", ...IN_USE)
          .npm("0.13.0"),
        ...LITE,
      ),
    ...{ memories: 72, release: "0.13", commands: 3 },
  },
  {
    // The same 60 ids with later versions.
    name: "a FalkorDBLite file of 0.12 and memory.db, under 0.12",
    make: async (home) =>
      sqlite(
        home
          .liteFile(...LITE)
          .sqlite("0.12.4", ...IN_USE)
          .uv("0.12.4"),
        ...IN_USE,
      ),
    ...{ memories: 60, release: "0.12", commands: 1 },
  },
  {
    name: "three old copies in different states, one of them conflicted, one a backup, one in the folder of 2025",
    make: async (home) => {
      home
        .sqlite("0.8.3", ".claude-memory", "memory.db")
        .uv("0.12.4")
        .sqlite("0.12.4", ...IN_USE);
      edited(home.folder, join("home", ".memorygraph", "memory (conflicted copy 2026-01-31).db"), (store) =>
        store.add("only-here").change("m-000001", { title: "later", updated_at: "2099-01-01T00:00:00+00:00" }),
      );
      edited(home.folder, join("home", ".memorygraph", "memory.db.bak"), (store) =>
        store.change("m-000001", { title: "earlier", updated_at: "2001-01-01T00:00:00+00:00" }),
      );
      return sqlite(home, ...IN_USE);
    },
    ...{ memories: 73, release: "0.12", commands: 2 },
  },
  {
    name: "a client with a path elsewhere, in a home with a space and a quote",
    make: async (home) => {
      home
        .sqlite("0.12.4", ...IN_USE)
        .sqlite("0.13.0", ".claude-memory", "memory.db")
        .uv("0.12.4");
      const path = home.path("it's my folder", "deep", "store.db");
      home.claudeCode({ command: "uvx", args: ["memorygraphMCP==0.12.4"], env: { MEMORY_SQLITE_PATH: path } });
      return new BackendConfig({ type: "sqlite", path });
    },
    ...{ memories: 90, release: "0.12", commands: 3 },
  },
  {
    name: "an upgrade from 0.13 to 0.14, which looks in the folder of the project",
    make: async (home) => {
      await home.liteDirectory(...LITE);
      home.claudeCode({ command: "npx", args: ["-y", "memorygraph@0.14.0"], cwd: home.path("project") });
      return lite(home, "project", ...LITE);
    },
    ...{ memories: 30, release: "0.14", commands: 2 },
  },
  {
    name: "a variable with a literal tilde, which the application takes for a folder",
    make: async (home) => {
      home.sqlite("0.12.4", "mine.db");
      const env = { MEMORY_SQLITE_PATH: "~/mine.db" };
      home.claudeCode({ command: "uvx", args: ["memorygraphMCP==0.12.4"], env, cwd: home.path("work") });
      return sqlite(home, "work", "~", "mine.db");
    },
    ...{ memories: 60, release: "0.12", commands: 2 },
  },
  {
    name: "nothing",
    // The newest release keeps its store in the working folder.
    make: async (home) => new BackendConfig({ type: "falkordblite", path: home.folder.file(...LITE) }),
    ...{ memories: 0, release: RELEASES.at(-1)!, commands: 0 },
  },
];

describe.each(SITUATIONS)("$name", ({ make, memories, release, commands }) => {
  const outcome = async (home: Home, target: BackendConfig) => {
    const ids = existsSync(target.path ?? "") ? await home.memoriesIn(target) : [];
    expect(new Set(ids).size).toBe(memories);
    const { current, well, code, plan } = await home.diagnosis();
    expect({ well, code, plan }).toEqual({ well: true, code: 0, plan: [] });
    expect(current).toMatchObject({ backend: target.type, location: target.path!, release, memories });
    const before = home.files();
    const { stdout } = await home.doctor();
    const headline = stdout.replace(/\n(?!\n)/g, " ");
    expect(headline).toContain(
      memories === 0
        ? "All is well"
        : `All is well: ${memories} memories in ONE place, read by MemoryGraph ${release}.`,
    );
    await home.doctor("--fix", "--yes");
    expect(home.files()).toEqual(before);
  };

  test("the printed commands", async () => {
    using home = new Home();
    const target = await make(home);
    expect(await follow(home)).toBe(commands);
    await outcome(home, target);
  });

  test("doctor --fix --yes", async () => {
    using home = new Home();
    const target = await make(home);
    const { code, stdout } = await home.doctor("--fix", "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("All is well");
    // What each step was said to leave, the last one what there is.
    const told = [...stdout.matchAll(/^ {5}Then it holds ([\d,]+) memor/gm)].map(([, count]) => Number(count));
    expect(told.at(-1) ?? memories).toBe(memories);
    expect(told.length > 0).toBe(commands > 0);
    await outcome(home, target);
  });
});

/** As MemoryGraph's clients have them. */
function variablesOf(
  { uri, password, username }: Pick<BackendConfigFields, "uri" | "password" | "username">,
  kind: string,
): Record<string, string> {
  const { hostname, port } = new URL(uri!.replace(/^\w+:/, "http:"));
  if (kind === "falkordb") {
    return { MEMORY_FALKORDB_HOST: hostname, MEMORY_FALKORDB_PORT: port, MEMORY_FALKORDB_PASSWORD: password ?? "" };
  }
  const name = `MEMORY_${kind.toUpperCase()}`;
  return { [`${name}_URI`]: uri!, [`${name}_USER`]: username ?? "", [`${name}_PASSWORD`]: password ?? "" };
}

describe("a client configured for a server", () => {
  for (const kind of ["neo4j", "memgraph", "falkordb"] as const) {
    const [server] = servers.get(kind) ?? [];
    test.skipIf(server === undefined)(
      `${kind}: what lies in files goes there, its password is never shown`,
      async () => {
        const { password } = server!;
        const end = endOf(server!, kind === "falkordb" ? "memorygraph" : undefined);
        for (const fix of [false, true]) {
          await end.empty();
          try {
            using home = new Home();
            home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
            home.claudeCode({ command: "memorygraph", args: ["--backend", kind], env: variablesOf(server!, kind) });
            const { stdout } = await home.doctor();
            if (password) expect(stdout).not.toContain(password);
            if (fix) expect(await home.doctor("--fix", "--yes")).toMatchObject({ code: 0 });
            else expect(await follow(home)).toBe(1);
            const { well, current } = await home.diagnosis();
            expect({ well, backend: current.backend, memories: current.memories }).toEqual({
              ...{ well: true, backend: kind, memories: 60 },
            });
          } finally {
            await end.empty();
          }
        }
      },
    );

    test.skipIf(server === undefined)(
      `${kind}: one that another release wrote is copied to a file that shows all`,
      async () => {
        const end = endOf(server!, kind === "falkordb" ? "memorygraph" : undefined);
        await end.empty();
        try {
          using home = new Home();
          home.sqlite("0.12.4", "old.db").npm("0.13.0");
          home.claudeCode({ command: "memorygraph", args: ["--backend", kind], env: variablesOf(server!, kind) });
          const target = storeWords("to", end.config);
          const password = { MEMORYGRAPH_TO_PASSWORD: server!.password ?? "" };
          const filled = await inProcess(home.folder, ["--from-path", home.path("old.db"), ...target], password);
          expect(filled).toMatchObject({ code: 0 });
          // Else it is what is brought there.
          rmSync(home.path("old.db"));
          const { code, stdout } = await home.doctor();
          expect([code, stdout]).toEqual([9, expect.stringMatching(/which\s+another release wrote/)]);
          const [command] = commandsIn(stdout);
          expect(await pasted(home.folder, command!, home.env)).toMatchObject({ code: 0 });
          const inspected = await home.run(["inspect", home.path("memory-for-0.13.db")]);
          expect(inspected.stdout).toMatch(/visible to +MemoryGraph 0\.13/);
          expect(inspected.stdout).not.toContain("will not show");
        } finally {
          await end.empty();
        }
      },
    );
  }
});
