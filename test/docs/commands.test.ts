// @level normal
/** The commands in the documents, run as they stand there, in their order; only addresses are those of the test servers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { scripts } from "../../package.json";
import { PROGRAM } from "../cli/program.ts";
import { endOf } from "../conformance/ends.ts";
import { availableServers } from "../support/servers.ts";

const root = join(import.meta.dir, "../..");
const DOCUMENTS = ["README.md", "docs/CLI.md", "docs/MIGRATION_GUIDE.md", "docs/BACKUPS.md"];
/** The files that the commands in the documents name. */
const STAGE: Record<string, string> = {
  "old.db": "sqlite-0.12.4.db",
  "ancient.db": "sqlite-0.8.3.db",
  "laptop.db": "sqlite-0.10.0.db",
  "hybrid.db": "sqlite-hybrid-0.12-0.13.db",
  "falkordblite.db": "rdb/falkordblite-0.12.4.db",
  "export.json": "export-2.0-from-0.12.4.json",
  "memory.jsonl": "mcp-memory.jsonl",
  ".memorygraph/memory.db": "sqlite-0.12.4.db",
};

/** The addresses in the documents, and the files with the passwords. */
const SERVERS = [
  { kind: "neo4j", address: "bolt://localhost:7687", password: "neo4j-password.txt" },
  { kind: "memgraph", address: "bolt://localhost:7688", password: "memgraph-password.txt" },
  { kind: "falkordb", address: "redis://localhost:6379", password: "falkordb-password.txt" },
] as const;
const servers = await availableServers();

function commandsOf(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line.trim() !== "");
}

describe("README.md", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");

  test("keeps ways to install apart: whoever pastes a block does one thing", () => {
    const blocks = [...readme.matchAll(/```(?:sh|powershell) install\n([\s\S]*?)```/g)].map(([, block]) => block!);
    const ways = blocks.map((block) => new Set(block.match(/^(curl|brew|irm|scoop|docker|sha256sum)\b/gm)).size);
    expect(ways).toEqual(blocks.map(() => 1));
    expect(blocks.length).toBeGreaterThanOrEqual(5);
  });

  test("names what whoever has Bun alone types, and no script of those starts anything else", () => {
    const [, build, run] = /`bun install`, `bun run (\w+)`\s+and `bun run (\w+)`/.exec(readme)!;
    for (const name of [build!, run!]) {
      const command = scripts[name as keyof typeof scripts];
      expect(command).toMatch(/^bun scripts\/\w+\.ts$/);
      expect(readFileSync(join(root, command.slice("bun ".length)), "utf8")).not.toMatch(/["'](node|npm|npx)["' ]/);
    }
  });
});

describe.each(DOCUMENTS)("every command in %s does what it says", (document) => {
  let folder: string;
  const empty = async () => {
    for (const [kind, [server]] of servers) {
      // The graph that is meant where none is named.
      await endOf(server!, kind === "falkordb" ? "memorygraph" : undefined).empty();
    }
  };
  beforeAll(async () => {
    await empty();
    folder = mkdtempSync(join(tmpdir(), "memorygraph-docs-"));
    for (const [name, fixture] of Object.entries(STAGE)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      copyFileSync(join(root, "test/fixtures", fixture), join(folder, name));
    }
    for (const { kind, password } of SERVERS) {
      writeFileSync(join(folder, password), `${servers.get(kind)?.[0]?.password ?? "none"}\n`, { mode: 0o600 });
    }
    mkdirSync(join(folder, "examples"));
    copyFileSync(join(root, "examples/memory-0.12.db"), join(folder, "examples/memory-0.12.db"));
  });
  afterAll(async () => {
    await empty();
    rmSync(folder, { recursive: true, force: true });
  });

  // `npm ci`, `npm run build` and `npm test` are what runs this test; the executable is tried by test/release.
  const commands = commandsOf(document)
    .map((line) => line.replace(/^npm ci && npm run build && dist\//, ""))
    .filter((line) => !line.startsWith("npm "));

  test("there are some", () => expect(commands.length).toBeGreaterThan(0));

  /** What one command brings to FalkorDB comes from Neo4j, where another one brought it. */
  const needed = (line: string) => {
    const kinds = SERVERS.filter(({ address }) => line.includes(address)).map(({ kind }) => kind);
    return kinds.includes("falkordb") ? [...kinds, "neo4j" as const] : kinds;
  };
  const missing = (line: string) => needed(line).find((kind) => !servers.has(kind));
  for (const line of commands.filter(missing)) {
    test.skip(`${line} (there is no ${missing(line)} here)`, () => {});
  }

  test.each(commands.filter((line) => missing(line) === undefined))("%s", (line) => {
    expect(line).toStartWith("memorygraph-migrate ");
    const args = SERVERS.reduce(
      (text, { kind, address }) => text.replaceAll(address, servers.get(kind)?.[0]?.uri ?? address),
      line,
    )
      .split(" ")
      .slice(1);
    const { exitCode, stdout, stderr } = Bun.spawnSync([...PROGRAM, ...args], {
      cwd: folder,
      env: { HOME: folder, PATH: process.env.PATH ?? "" },
    });
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.toString()).not.toBe("");
    const target = args[args.indexOf("--to-path") + 1];
    if (args.includes("--to-path"))
      expect(existsSync(join(folder, target!))).toBe(!args.includes("--dry-run") || line.includes("never"));
  });
});
