/** Homes as people have them, made of small parts, and following what doctor prints. */
import { expect } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { type Diagnosis, DiagnosisSchema } from "../../src/doctor/models.ts";
import { inProcess, pasted } from "../cli/in-process.ts";
import { document, type Outcome } from "../cli/program.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, type FixtureName, settle } from "../support/stores.ts";

/** Python's FalkorDBLite, as MemoryGraph 0.12.4 wrote it: 60 memories, the same as in the SQLite file of that release. */
const DUMP = join(import.meta.dir, "../fixtures/rdb/falkordblite-0.12.4.db");

export const IN_USE = [".memorygraph", "memory.db"] as const;
export const LITE = [".memorygraph", "falkordblite.db"] as const;

/** Made once for all homes. */
let lite: TemporaryFolder | undefined;

async function makeLite(): Promise<TemporaryFolder> {
  const folder = temporaryFolder();
  process.once("exit", () => folder[Symbol.dispose]());
  const source = copyFixture("0.13.0", folder);
  const args = ["--from-path", source, "--to", "falkordblite", "--to-path", folder.file("lite"), "--for", "0.13"];
  expect(await inProcess(folder, args)).toMatchObject({ code: 0, stderr: "" });
  return folder;
}

export class Home implements Disposable {
  readonly folder: TemporaryFolder = temporaryFolder();
  readonly env: Record<string, string> = {};

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }

  path(...names: readonly string[]): string {
    return this.folder.file("home", ...names);
  }

  file(text: string, ...names: readonly string[]): this {
    mkdirSync(dirname(this.path(...names)), { recursive: true });
    writeFileSync(this.path(...names), text);
    return this;
  }

  sqlite(fixture: FixtureName, ...names: readonly string[]): this {
    mkdirSync(dirname(this.path(...names)), { recursive: true });
    copyFixture(fixture, this.folder, join("home", ...names));
    return this;
  }

  /** A file of Python's FalkorDBLite. */
  liteFile(...names: readonly string[]): this {
    mkdirSync(dirname(this.path(...names)), { recursive: true });
    copyFileSync(DUMP, this.path(...names));
    settle(this.path(...names));
    return this;
  }

  /** A directory of TypeScript's, with the 30 memories of the fixture of 0.13. */
  async liteDirectory(...names: readonly string[]): Promise<this> {
    lite ??= await makeLite();
    mkdirSync(dirname(this.path(...names)), { recursive: true });
    cpSync(lite.file("lite"), this.path(...names), { recursive: true });
    return this;
  }

  /** What `uv tool install` leaves. */
  uv(version: string): this {
    const site = [".local", "share", "uv", "tools", "memorygraphmcp", "lib", "python3.12", "site-packages"];
    return this.file("Name: memorygraphMCP\n", ...site, `memorygraphmcp-${version}.dist-info`, "METADATA");
  }

  /** What `npm install -g` leaves under a prefix of one's own. */
  npm(version: string): this {
    const manifest = JSON.stringify({ name: "memorygraph", version });
    return this.file(manifest, ".npm-global", "lib", "node_modules", "memorygraph", "package.json");
  }

  claudeCode(entry: unknown): this {
    return this.file(JSON.stringify({ mcpServers: { memory: entry } }), ".claude.json");
  }

  run(args: readonly string[]): Promise<Outcome> {
    return inProcess(this.folder, args, this.env);
  }

  doctor(...args: readonly string[]): Promise<Outcome> {
    return this.run(["doctor", ...args]);
  }

  async diagnosis(...args: readonly string[]): Promise<Diagnosis & { code: number }> {
    const { code, stdout, stderr } = await this.doctor("--json", ...args);
    expect(stderr).toBe("");
    return { ...v.parse(DiagnosisSchema, document(stdout)), code };
  }

  /** Every file of the person's; what this program remembers of its runs is elsewhere. */
  files(): string[] {
    return listing(this.path());
  }

  /** The ids of all memories in a store, by reading it. */
  async memoriesIn(config: BackendConfig): Promise<string[]> {
    const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
    const ids: string[] = [];
    try {
      for await (const batch of store.read()) {
        for (const record of batch) {
          if (record.kind === "node" && record.labels.includes("Memory")) ids.push(String(record.properties.get("id")));
        }
      }
    } finally {
      await store.close();
    }
    return ids.sort();
  }

  memoriesAt(type: "sqlite" | "falkordblite", ...names: readonly string[]): Promise<string[]> {
    return this.memoriesIn(new BackendConfig({ type, path: this.path(...names) }));
  }
}

/** The commands as they are printed, continued lines joined as a shell does. */
export function commandsIn(stdout: string): string[] {
  const joined = stdout.replace(/ \\\n\s*/g, " ");
  return [...joined.matchAll(/^ +((?:mkdir|mv|memorygraph-migrate) .*)$/gm)]
    .map(([, command]) => command!)
    .filter((command) => !/memorygraph-migrate (doctor|inspect)/.test(command));
}

/** Types what doctor prints, word for word, until it says that all is well. */
export async function follow(home: Home, ...args: readonly string[]): Promise<number> {
  for (let typed = 0, round = 0; round < 3; round++) {
    const { code, stdout, stderr } = await home.doctor(...args);
    expect(stderr).toBe("");
    if (code === 0) {
      expect(stdout).toStartWith("All is well");
      return typed;
    }
    expect(code).toBe(9);
    const commands = commandsIn(stdout);
    expect(commands).not.toEqual([]);
    for (const command of commands) {
      expect(await pasted(home.folder, command, home.env)).toMatchObject({ code: 0, stderr: "" });
      typed++;
    }
  }
  throw new Error("doctor never says that all is well");
}
