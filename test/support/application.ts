/** MemoryGraph 0.12.4 itself at work on a store, by its own tools, in the Python that scripts/oracle has set up. */
import type { BackendConfig } from "../../src/backends/config.ts";
import { hasOracle, listening } from "../oracle/oracle.ts";
import { settle } from "./stores.ts";

/** What the application's tools do; the ids of what it makes are its own. */
export type Tool = "store" | "update" | "delete" | "relate" | "outcome" | "version" | "mention";

const ON_SQLITE = ["store", "update", "delete", "relate"] as const;
const ON_NEO4J = [...ON_SQLITE, "outcome", "version", "mention"] as const;

export interface Application {
  /** The tools that this release has for that kind of store: outcomes, versions and entities are made by Cypher alone. */
  readonly tools: readonly Tool[];
  /** @returns what the tool says */
  use(tool: Tool, request?: { id?: string; other?: string; made?: string }): Promise<string>;
  /** Those of the memories that it finds, after it has opened the store anew. */
  find(ids: readonly string[]): Promise<string[]>;
}

let process: ReturnType<typeof listening> | null = null;

/** Null where the application is not there, or is not tried on that kind of store. */
export function applicationOn(config: BackendConfig): Application | null {
  const { type, path, uri, username, password } = config;
  if ((type !== "sqlite" && type !== "neo4j") || !hasApplication()) return null;
  // A server that asks for no login takes any.
  const login = { user: username ?? "neo4j", password: password ?? "none" };
  const store = path === undefined ? { uri, ...login } : { path };
  const ask = async (request: object) => {
    process ??= listening("live_store.py");
    const answer = (await process.ask({ store, ...request })) as { text: string; found: string[] };
    // Our reading waits until a file has come to rest.
    if (path !== undefined) settle(path);
    return answer;
  };
  return {
    tools: type === "sqlite" ? ON_SQLITE : ON_NEO4J,
    use: async (tool, request = {}) => (await ask({ do: tool, ...request })).text,
    find: async (ids) => (await ask({ do: "find", ids })).found,
  };
}

let isHere: boolean | null = null;

function hasApplication(): boolean {
  isHere ??= hasOracle("neo4j");
  return isHere;
}

export async function closeApplication(): Promise<void> {
  await process?.close();
  process = null;
}
