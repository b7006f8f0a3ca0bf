/**
 * FalkorDB engines that load a dump from a file, old ones included: the module is another, the Redis around it the same.
 * The newest is the one that the other tests use; older ones are taken from the user's cache, where
 * `bun test/rdb/fetch-engines.ts` puts them. REQUIRE_ENGINES=1 turns a missing one into a failure.
 */
import { existsSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { falkorBinaries } from "../../scripts/engines/falkordb.ts";
import { freePort } from "../../scripts/engines/ready.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { openFalkor } from "../../src/backends/falkor/falkor-server.ts";
import type { GraphServer, ServerNode, ServerRelationship } from "../../src/backends/graph-store/server.ts";
import type { DumpNode, DumpRelationship } from "../../src/rdb/dump.ts";
import { serversOf } from "../support/servers.ts";

export const MODULES = join(
  Bun.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "memorygraph-migrate-tests/falkordb-modules",
);
/** With the release of falkordblite that each comes from, and the encoding that it writes. */
export const OLDER = [
  { version: "4.14.2", package: "0.1.0", encoding: 18 },
  { version: "4.16.2", package: "0.9.0", encoding: 18 },
  { version: "4.18.3", package: "0.10.0", encoding: 19 },
] as const;
const NEWEST = { version: "4.22.1", encoding: 20 } as const;

export interface EngineKind {
  readonly version: string;
  readonly encoding: number;
  readonly module: string;
}

/** Those that can be started here; a skip is said aloud. */
export async function engines(): Promise<readonly EngineKind[]> {
  // Fetches the newest one where it is not there yet.
  if ((await serversOf("falkordb")).length === 0) return missing("any FalkorDB");
  const found: EngineKind[] = [];
  for (const { version, encoding } of OLDER) {
    const module = join(MODULES, version, "falkordb.so");
    if (existsSync(module)) found.push({ version, encoding, module });
    else missing(`FalkorDB ${version}`);
  }
  return [...found, { ...NEWEST, module: falkorBinaries().module }];
}

function missing(what: string): readonly EngineKind[] {
  if (Bun.env.REQUIRE_ENGINES) throw new Error(`REQUIRE_ENGINES, but there is no ${what}`);
  console.warn(`SKIPPED: no tests with ${what}: bun test/rdb/fetch-engines.ts gets the older ones`);
  return [];
}

type Answer = string | number | null | Answer[];

interface RawClient {
  sendCommand(words: readonly string[]): Promise<unknown>;
  destroy(): void;
}

/** Null while it does not listen yet, or still loads. */
async function connected(port: number): Promise<RawClient | null> {
  const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: false } });
  client.on("error", () => {});
  try {
    await client.connect();
    const raw = client as unknown as RawClient;
    if ((await raw.sendCommand(["PING"])) === "PONG") return raw;
  } catch {
    // What it says instead does not matter: it is asked again.
  }
  if (client.isOpen) client.destroy();
  return null;
}

export class Engine implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  readonly #port: number;
  readonly #folder: string;
  readonly #client: RawClient;

  private constructor(child: Bun.Subprocess, port: number, folder: string, client: RawClient) {
    this.#child = child;
    this.#port = port;
    this.#folder = folder;
    this.#client = client;
  }

  /** Loads `file` of the folder, where there is one. @throws Error with the log, when it does not come up */
  static async start(module: string, folder: string, file: string, options: readonly string[] = []): Promise<Engine> {
    const port = await freePort();
    const log = openSync(join(folder, `log-${port}`), "w");
    const child = Bun.spawn(
      [
        falkorBinaries().server,
        ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--dbfilename", file],
        ...["--loadmodule", module, ...options],
      ],
      { stdin: "ignore", stdout: log, stderr: log },
    );
    try {
      for (let waited = 0; waited < 1_200 && child.exitCode === null && child.signalCode === null; waited++) {
        const client = await connected(port);
        if (client !== null) return new Engine(child, port, folder, client);
        await Bun.sleep(50);
      }
      throw new Error(
        `the engine does not load ${file}: ${readFileSync(join(folder, `log-${port}`), "utf8").slice(-3_000)}`,
      );
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  async command(...words: string[]): Promise<Answer> {
    return (await this.#client.sendCommand(words)) as Answer;
  }

  query(graph: string, statement: string): Promise<Answer> {
    return this.command("GRAPH.QUERY", graph, statement);
  }

  /** The graph as the FalkorDB backend reads it by Cypher, in the terms of a dump. */
  async read(graph: string): Promise<{ nodes: DumpNode[]; relationships: DumpRelationship[] }> {
    const server = await this.#open(graph);
    try {
      const nodes = (await Array.fromAsync(server.nodes())).flat();
      const relationships = (await Array.fromAsync(server.relationships())).flat();
      return { nodes: nodes.map(dumpNode), relationships: relationships.map(dumpRelationship) };
    } finally {
      await server.close();
    }
  }

  #open(graph: string): Promise<GraphServer> {
    const uri = `redis://127.0.0.1:${this.#port}`;
    return openFalkor(new BackendConfig({ type: "falkordb", uri, graph }), { access: "read" });
  }

  get port(): number {
    return this.#port;
  }

  get folder(): string {
    return this.#folder;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

function dumpNode({ id, labels, properties }: ServerNode): DumpNode {
  return { id: Number(id), labels, properties };
}

function dumpRelationship({ id, from, to, type, properties }: ServerRelationship): DumpRelationship {
  return { id: Number(id), type, start: Number(from), end: Number(to), properties };
}
