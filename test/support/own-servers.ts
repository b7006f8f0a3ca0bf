/** Servers that one test has to itself: set up in ways of its own, killed, and started again with what they had saved. */

import { falkorCommand } from "../../scripts/engines/falkordb.ts";
import { neo4jCommand } from "../../scripts/engines/neo4j.ts";
import { freePort, untilReady } from "../../scripts/engines/ready.ts";
import type { EngineVersion } from "../../scripts/engines/versions.ts";
import type { Kind } from "../../scripts/servers.ts";
import { temporaryFolder } from "./folder.ts";
import type { TestServer } from "./servers.ts";

export interface OwnServer extends AsyncDisposable {
  /** Both numbers are one server here. */
  readonly server: TestServer;
  /** Like a power cut. */
  kill(): Promise<void>;
  /** In an orderly way: it saves what it has. */
  stop(): Promise<void>;
  /** It keeps its connections, and does nothing. */
  stand(): void;
  /** It goes on where it stood. */
  go(): void;
  /** On the same port, with the same data. */
  start(settings: readonly string[]): Promise<void>;
}

/** @param settings arguments of redis-server; those after `MODULE` are the module's */
export function ownFalkor(...settings: string[]): Promise<OwnServer> {
  return own("falkordb", settings, falkorCommand);
}

/** @param settings lines of neo4j.conf */
export function ownNeo4j(...settings: string[]): Promise<OwnServer> {
  return own("neo4j", settings, neo4jCommand);
}

/** One of this version, as it comes. @throws Error saying what is missing where no registry has it */
export function ownOfVersion(release: EngineVersion): Promise<OwnServer> {
  const { kind } = release;
  if (kind === "memgraph") throw new Error("it comes only as a docker image");
  const command = kind === "neo4j" ? neo4jCommand : falkorCommand;
  return own(kind, [], (folder, port, settings) => command(folder, port, settings, "", release));
}

async function own(
  kind: Kind,
  first: readonly string[],
  command: (folder: string, port: number, settings: readonly string[]) => string[],
): Promise<OwnServer> {
  const folder = temporaryFolder();
  const port = await freePort();
  const uri = `${kind === "falkordb" ? "redis" : "bolt"}://127.0.0.1:${port}`;
  let child: Bun.Subprocess | null = null;
  const kill = async () => {
    child?.kill("SIGKILL");
    await child?.exited;
  };
  const start = async (settings: readonly string[]) => {
    child = Bun.spawn(command(folder.path, port, settings), { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    await untilReady(kind, uri, () => child?.exitCode !== null);
  };
  const own: OwnServer = {
    server: { kind, number: 2, uri },
    kill,
    async stop() {
      child?.kill("SIGTERM");
      await child?.exited;
    },
    stand: () => child?.kill("SIGSTOP"),
    go: () => child?.kill("SIGCONT"),
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      folder[Symbol.dispose]();
    },
  };
  try {
    await start(first);
  } catch (error) {
    await own[Symbol.asyncDispose]();
    throw error;
  }
  return own;
}
