/** The ends that a migration can have in the tests: each can be filled, read and emptied by plain means. */
import { BackendConfig } from "../../src/backends/config.ts";
import { availableServers, type TestServer } from "../support/servers.ts";
import { emptyBolt, fillBolt, readBolt, withDriver } from "./bolt.ts";
import type { PlainGraph } from "./corpus.ts";
import { emptyFalkor, fillFalkor, readFalkor } from "./falkor.ts";

export interface End {
  /** As a test's name has it. */
  readonly name: string;
  readonly server: TestServer;
  readonly config: BackendConfig;
  fill(graph: PlainGraph): Promise<void>;
  read(): Promise<PlainGraph>;
  empty(): Promise<void>;
  /** As empty, but indexes stay where making them takes longer than all else in a test. */
  clear(): Promise<void>;
}

export function endOf(server: TestServer, graph = "tests"): End {
  const { kind, number, uri, username, password } = server;
  const name = `${kind} ${number}`;
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  if (kind === "falkordb") {
    return {
      name,
      server,
      config: new BackendConfig({ type: kind, uri, graph, ...login }),
      fill: (content) => fillFalkor(server, graph, content),
      read: () => readFalkor(server, graph),
      empty: () => emptyFalkor(server, graph),
      clear: () => emptyFalkor(server, graph),
    };
  }
  return {
    name,
    server,
    config: new BackendConfig({ type: kind, uri, ...login }),
    fill: (content) => fillBolt(server, content),
    read: () => readBolt(server),
    empty: () => emptyBolt(server),
    clear: () => withDriver(server, async (run) => void (await run("MATCH (n) DETACH DELETE n"))),
  };
}

/** One end of each kind, and of each kind a second one where there is one. */
export async function allEnds(): Promise<{ readonly first: readonly End[]; readonly second: readonly End[] }> {
  const servers = [...(await availableServers()).values()];
  return {
    first: servers.map((list) => endOf(list[0]!)),
    second: servers.map((list) => endOf(list.at(-1)!)),
  };
}
