/**
 * Whether an engine holds a FalkorDBLite store now. It reads the file when it starts and writes it anew when it saves
 * or ends: what somebody else has put there meanwhile is gone, and what it has taken since is not in the file.
 *
 * Python's leaves `<file>.settings` beside the file, with its pid file and its socket; TypeScript's has its socket in
 * the directory. Both stay behind when an engine is killed, so that only an answer counts.
 */
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { BusyError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { isRunning } from "../../support/processes.ts";
import type { LitePlace } from "./lite-place.ts";

const WAIT_MS = 2_000;

/**
 * @param dump the file itself, links followed
 * @returns what shows that an engine runs, as in "its socket /tmp/x/redis.socket answers"; null where none does
 */
export async function runningEngine(dump: string): Promise<string | null> {
  for (const socket of socketsBeside(dump)) {
    if (await answers(socket)) return `its socket ${socket} answers`;
  }
  const { unixsocket, pidfile } = settingsOf(dump);
  if (unixsocket !== null && (await answers(unixsocket))) return `its socket ${unixsocket} answers`;
  // Cleaners of temporary folders take the socket from a living engine.
  const pid = pidfile === null ? null : pidOf(pidfile);
  return pid !== null && isRunning(pid) && mayBeRedis(pid) ? `its process ${pid} runs` : null;
}

/** An engine would write what it holds over whatever we put there. @throws BusyError */
export async function assertNoEngine({ path, dump }: Pick<LitePlace, "path" | "dump">): Promise<void> {
  const sign = await runningEngine(dump);
  if (sign === null) return;
  throw new BusyError(`an engine holds ${path} (${sign}); when it ends it would overwrite what we write`, {
    next: "Close MemoryGraph, so that its engine saves and ends, then run the same command again.",
  });
}

function socketsBeside(dump: string): string[] {
  if (basename(dump) !== "dump.rdb") return [];
  const folder = dirname(dump);
  try {
    const names = readdirSync(folder).filter((name) => /^fdb-[0-9a-f]+\.sock$/.test(name));
    return names.map((name) => join(folder, name));
  } catch {
    // A folder that may be entered but not listed: no sign of an engine can be had there.
    return [];
  }
}

interface Settings {
  readonly unixsocket: string | null;
  readonly pidfile: string | null;
}

function settingsOf(dump: string): Settings {
  const text = readOrNull(`${dump}.settings`);
  const found: Record<string, unknown> = {};
  try {
    Object.assign(found, JSON.parse(text ?? "{}"));
  } catch {
    // Cut short while it was written: the engine is only starting, and its socket is not there yet either.
  }
  const path = (name: string) => {
    const value = found[name];
    return typeof value === "string" && value !== "" ? resolve(dirname(dump), value) : null;
  };
  return { unixsocket: path("unixsocket"), pidfile: path("pidfile") };
}

function pidOf(path: string): number | null {
  const pid = Number(readOrNull(path)?.trim());
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** Numbers are used again: a process of another name is not the one that was meant. Only Linux lets us ask. */
function mayBeRedis(pid: number): boolean {
  const name = readOrNull(`/proc/${pid}/comm`);
  return name === null || name.startsWith("redis");
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Whoever takes the connection is alive; so is who is too busy to, or does not let us in. */
function answers(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ path });
    const end = (alive: boolean) => {
      clearTimeout(wait);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.destroy();
      settle(alive);
    };
    const wait = setTimeout(() => end(true), WAIT_MS);
    socket.once("connect", () => end(true));
    socket.once("error", (error) => end(!/^(ECONNREFUSED|ENOENT|ENOTSOCK|ENOTDIR|EINVAL)$/.test(codeOf(error))));
  });
}
