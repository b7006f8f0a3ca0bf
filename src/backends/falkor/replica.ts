/**
 * A snapshot of a whole server, asked for as a replica asks that has just joined: PSYNC, or SYNC where only that is
 * allowed. The server forks and sends what it would save, while it goes on serving.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AccessError, ConnectionError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { patience, tellWait } from "../../support/patience.ts";
import { TEMPORARY_VARIABLE } from "../../support/private-folder.ts";
import type { Address } from "../graph-store/address.ts";
import { tlsOptions } from "../graph-store/probe.ts";

const MARK_BYTES = 40;
const LONGEST_LINE = 1 << 16;

interface SnapshotRequest {
  readonly address: Address;
  /** As messages name the server. */
  readonly location: string;
  /** An empty file that only we can read. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the snapshot into the file.
 * @returns why the server does not send one, in its own words; null when it has sent it
 * @throws ConnectionError when the line breaks, AccessError when there is no room
 */
export async function fetchSnapshot(request: SnapshotRequest): Promise<string | null> {
  const { address, location, path, signal } = request;
  signal?.throwIfAborted();
  const socket = open(address);
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  const file = openSync(path, "w", 0o600);
  try {
    const wire = new Wire(socket, location);
    const refused = await greet(wire, address);
    if (refused !== null) return refused;
    await receive(wire, await announced(wire), file);
    return null;
  } catch (cause) {
    signal?.throwIfAborted();
    throw translate(cause, location, path);
  } finally {
    closeSync(file);
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function open(address: Address): Socket {
  const { scheme, host, port, socket: path } = address;
  if (path !== undefined) return connectTcp({ path });
  const encrypted = scheme === "rediss" || scheme === "falkors";
  return encrypted ? connectTls({ host, port, ...tlsOptions(address, false) }) : connectTcp({ host, port });
}

/** @returns why we are not let in or not answered; null when a snapshot is on its way */
async function greet(wire: Wire, { username, password }: Address): Promise<string | null> {
  if (password !== null) {
    const answer = await wire.ask("AUTH", ...(username ? [username] : []), password);
    if (answer.startsWith("-")) return answer.slice(1);
  }
  // Only to one who can tell the end by a mark does a server send without writing the snapshot to its own disk first.
  const capable = await wire.ask("REPLCONF", "capa", "eof");
  if (/^-NOPERM/.test(capable)) return capable.slice(1);
  // No commands after the snapshot, and no buffer for them (Redis 7); an older one does without.
  await wire.ask("REPLCONF", "rdb-only", "1");
  const answer = await wire.ask("PSYNC", "?", "-1");
  if (answer.startsWith("+")) return null;
  // Who may not PSYNC may SYNC at times, and old servers know only that.
  wire.send("SYNC");
  const announcement = await wire.peekLine();
  return announcement.startsWith("-") ? announcement.slice(1) : null;
}

type Announcement = { readonly bytes: number } | { readonly mark: Buffer };

/** `$<bytes>`, or `$EOF:<mark>` where the server does not know the length yet. */
async function announced(wire: Wire): Promise<Announcement> {
  const line = await wire.line();
  const mark = /^\$EOF:(.{40})$/.exec(line)?.[1];
  if (mark !== undefined) return { mark: Buffer.from(mark, "latin1") };
  if (/^\$\d+$/.test(line)) return { bytes: Number(line.slice(1)) };
  throw new Error(`an answer that is not a snapshot: ${line.slice(0, 80)}`);
}

async function receive(wire: Wire, announcement: Announcement, file: number): Promise<void> {
  if ("bytes" in announcement) {
    for (let left = announcement.bytes; left > 0; ) {
      const chunk = await wire.chunk(left);
      writeWhole(file, chunk);
      left -= chunk.length;
    }
    return;
  }
  // The mark can come in pieces: as many bytes as it has are held back until more follow.
  let held: Buffer = Buffer.alloc(0);
  while (!held.equals(announcement.mark)) {
    const chunk = Buffer.concat([held, await wire.chunk(Number.MAX_SAFE_INTEGER)]);
    const keep = Math.min(MARK_BYTES, chunk.length);
    writeWhole(file, chunk.subarray(0, chunk.length - keep));
    held = chunk.subarray(chunk.length - keep);
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Lines and bytes of one connection; reading sets the pace. */
class Wire {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #location: string;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, location: string) {
    this.#socket = socket;
    this.#location = location;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  send(...words: readonly string[]): void {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join("")}`);
  }

  ask(...words: readonly string[]): Promise<string> {
    this.send(...words);
    return this.line();
  }

  /** The next line that is not empty: those only say that the server is still there. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end === -1) {
        if (this.#rest.length > LONGEST_LINE) throw new Error("an answer that is not a line");
        this.#rest = Buffer.concat([this.#rest, await this.#more()]);
        continue;
      }
      const text = this.#rest.toString("latin1", 0, end).replace(/\r$/, "");
      this.#rest = this.#rest.subarray(end + 1);
      if (text !== "") return text;
    }
  }

  async peekLine(): Promise<string> {
    const text = await this.line();
    this.#rest = Buffer.concat([Buffer.from(`${text}\n`, "latin1"), this.#rest]);
    return text;
  }

  /** At least one byte, at most so many. */
  async chunk(most: number): Promise<Buffer> {
    if (this.#rest.length === 0) this.#rest = await this.#more();
    const chunk = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(chunk.length);
    return chunk;
  }

  /** A server that prepares a snapshot says so every second, with an empty line. */
  async #more(): Promise<Buffer> {
    const { silence, voice } = patience();
    const since = performance.now();
    const timer = setInterval(() => {
      const waited = performance.now() - since;
      const seconds = Math.round(waited / 1_000);
      tellWait(`no sign from ${this.#location} for ${seconds} s: the snapshot`);
      if (waited >= silence) this.#socket.destroy(new Error(`no sign for ${seconds} seconds`));
    }, voice);
    try {
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error("the server closed the connection");
      return value;
    } finally {
      clearInterval(timer);
    }
  }
}

function translate(cause: unknown, location: string, path: string): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/^(ENOSPC|EDQUOT|EFBIG|EIO)$/.test(codeOf(cause)) && cause instanceof Error && "syscall" in cause) {
    return new AccessError(`no space left for a private copy of ${location} at ${path} (${message})`, {
      next: `Set ${TEMPORARY_VARIABLE} to a folder with space for everything that the server holds, or read it with --read-by query.`,
      cause,
    });
  }
  return new ConnectionError(`the snapshot of ${location} was interrupted: ${message}`, {
    next: "Check that the server runs and can be reached from here, then run the same command again.",
    cause,
  });
}
