/**
 * A FalkorDB engine of the tests' own, as both FalkorDBLite packages start one: it writes and loads the files that the
 * program is given and makes. It ends with the test run, however that ends.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { falkorBinaries } from "../../scripts/engines/falkordb.ts";
import { freePort } from "../../scripts/engines/ready.ts";
import { type EngineVersion, newest, wantedVersion } from "../../scripts/engines/versions.ts";
import type { TestServer } from "./servers.ts";

export interface Engine extends AsyncDisposable {
  readonly server: TestServer;
  readonly pid: number;
  /** Where it saves: `dump.rdb` in this folder. */
  readonly folder: string;
  /** Sends plain words, and gives the first line of the answer. */
  tell(...words: string[]): Promise<string>;
  /** Loads a file as it does at its start, in the place of what it holds. */
  load(path: string): Promise<void>;
  /** Saves what it holds into a file. */
  save(path: string): Promise<void>;
}

/** Ends the engine when this process is gone, and with it the folder. */
const WATCH =
  'trap "" TERM; "$@" & engine=$!; while kill -0 "$0" 2>/dev/null && kill -0 $engine 2>/dev/null; do sleep 0.5; done; ' +
  'kill -9 $engine 2>/dev/null; wait $engine 2>/dev/null; case "$FOLDER" in */migrate-engine-*) rm -rf "$FOLDER";; esac';

export function startEngine(...options: string[]): Promise<Engine> {
  return startRelease(wantedVersion("falkordb"), options);
}

async function startRelease(release: EngineVersion, options: readonly string[]): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "migrate-engine-"));
  const port = await freePort();
  const { server: binary, module } = falkorBinaries(release);
  const command = [binary, "--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  command.push("--enable-debug-command", "yes", "--pidfile", join(folder, "pid"), "--logfile", join(folder, "log"));
  // The last option with a list of arguments, as the module's own would be taken for its.
  command.push(...options, "--loadmodule", module);
  Bun.spawn(["sh", "-c", WATCH, String(process.pid), ...command], {
    env: { ...Bun.env, FOLDER: folder },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  }).unref();
  const tell = (...words: string[]) => tellEngine(port, words);
  for (let waited = 0; (await tell("PING").catch(() => "")) !== "+PONG"; waited++) {
    if (waited > 400) throw new Error(`no engine: ${readLog(folder)}`);
    await Bun.sleep(50);
  }
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  const dump = join(folder, "dump.rdb");
  return {
    server: { kind: "falkordb", number: 2, uri: `redis://127.0.0.1:${port}` },
    pid,
    folder,
    tell,
    async load(path) {
      copyFileSync(path, dump);
      const answer = await tell("DEBUG", "RELOAD", "NOSAVE").catch((error: Error) => error.message);
      if (answer !== "+OK") throw new Error(`the engine does not load ${path}: ${answer}\n${readLog(folder)}`);
    },
    async save(path) {
      const answer = await tell("SAVE");
      if (answer !== "+OK") throw new Error(`the engine does not save: ${answer}`);
      copyFileSync(dump, path);
    },
    async [Symbol.asyncDispose]() {
      if (isThere(pid)) process.kill(pid, "SIGKILL");
      while (isThere(pid)) await Bun.sleep(10);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

let shared: Promise<Engine> | null = null;

/** One for all who empty it first. */
export function sharedEngine(): Promise<Engine> {
  shared ??= startEngine();
  return shared;
}

let newestShared: Promise<Engine> | null = null;

/** One of the newest version, whichever the tests are for: older ones do not load the files that newer ones save. */
export function newestEngine(): Promise<Engine> {
  if (wantedVersion("falkordb") === newest("falkordb")) return sharedEngine();
  newestShared ??= startRelease(newest("falkordb"), []);
  return newestShared;
}

function readLog(folder: string): string {
  const path = join(folder, "log");
  return existsSync(path) ? readFileSync(path, "utf8").slice(-1_500) : "it left no log";
}

function tellEngine(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const end = answer.indexOf("\r\n");
      if (end === -1) return;
      socket.destroy();
      resolve(answer.slice(0, end));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the engine closed the connection")));
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
  });
}
