/**
 * A server that speaks Bolt 5.2 and plays another one, for kinds that are in no registry: it greets, takes statements, and
 * gives rows piece by piece. What it answers is somebody else's to say (played-memgraph.ts). Integers are bigint on both sides,
 * floats numbers, maps are Map, and values with a tag of their own (times, points) go back as they came.
 */
import { createServer, type Socket } from "node:net";

export type Rows = readonly (readonly unknown[])[];

/** A value with a tag of PackStream: a time, a point. */
export class Tagged {
  constructor(
    readonly tag: number,
    readonly fields: readonly unknown[],
  ) {}
}

/** What the server answers in the place of rows; the client has to reset the connection after it. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

export interface Asked {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, unknown>;
  /** As the client gave it with the statement or its transaction. */
  readonly metadata: ReadonlyMap<string, unknown>;
}

/** Whoever is played. Each connection has at most one transaction, explicit or around a statement of its own. */
export interface Played {
  readonly agent: string;
  /** After how many milliseconds without a byte a connection is closed; 0 for never. */
  readonly inactivity: number;
  begin(connection: object, metadata: Asked["metadata"]): void;
  /** @throws Refusal */
  run(connection: object, asked: Asked): Promise<Rows>;
  /** The rows of a statement of its own have been taken, or a transaction has ended. */
  end(connection: object): void;
}

export interface BoltDouble extends AsyncDisposable {
  readonly uri: string;
  /** It keeps its connections, accepts others, and does nothing. */
  stand(): void;
  go(): void;
}

const [RESET, RUN, BEGIN, COMMIT, ROLLBACK, DISCARD, PULL] = [0x0f, 0x10, 0x11, 0x12, 0x13, 0x2f, 0x3f];
const [SUCCESS, RECORD, IGNORED, FAILURE] = [0x70, 0x71, 0x7e, 0x7f] as const;
const GOODBYE = 0x02;
const MOST_OF_CHUNK = 0xffff;

export async function boltDouble(played: Played): Promise<BoltDouble> {
  const open = new Set<Socket>();
  let standing: Promise<void> | null = null;
  let goOn = () => {};
  const server = createServer((socket) => {
    open.add(socket);
    const client = new Client(socket, played, () => standing);
    socket.setTimeout(played.inactivity, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => client.take(data));
    socket.on("close", () => {
      open.delete(socket);
      played.end(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    uri: `bolt://127.0.0.1:${port}`,
    stand() {
      standing = new Promise((resolve) => {
        goOn = resolve;
      });
    },
    go() {
      standing = null;
      goOn();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One connection: its messages are answered one after another. */
class Client {
  readonly #socket: Socket;
  readonly #played: Played;
  readonly #standing: () => Promise<void> | null;
  #waiting = Buffer.alloc(0);
  #isGreeted = false;
  #line: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #isExplicit = false;
  #metadata: Asked["metadata"] = new Map();
  #results: { rows: Rows; at: number }[] = [];

  constructor(socket: Socket, played: Played, standing: () => Promise<void> | null) {
    this.#socket = socket;
    this.#played = played;
    this.#standing = standing;
  }

  take(data: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, data]);
    // Magic number and four proposals.
    if (!this.#isGreeted && this.#waiting.length >= 20) {
      this.#isGreeted = true;
      this.#waiting = this.#waiting.subarray(20);
      this.#later(async () => this.#socket.write(Uint8Array.of(0, 0, 2, 5)));
    }
    if (!this.#isGreeted) return;
    let chunks: Buffer[] = [];
    // A message is chunks with their lengths; one of length 0 ends it.
    for (let at = 0; at + 2 <= this.#waiting.length; ) {
      const length = this.#waiting.readUInt16BE(at);
      if (at + 2 + length > this.#waiting.length) break;
      chunks.push(this.#waiting.subarray(at + 2, at + 2 + length));
      at += 2 + length;
      if (length > 0) continue;
      const message = unpacked(Buffer.concat(chunks));
      this.#waiting = this.#waiting.subarray(at);
      [chunks, at] = [[], 0];
      if (message instanceof Tagged) this.#later(() => this.#answer(message));
    }
  }

  #later(work: () => Promise<unknown>): void {
    this.#line = this.#line.then(async () => {
      for (let standing = this.#standing(); standing !== null; standing = this.#standing()) await standing;
      if (!this.#socket.destroyed) await work();
    });
  }

  async #answer(message: Tagged): Promise<void> {
    if (message.tag === GOODBYE) {
      this.#socket.end();
      return;
    }
    if (message.tag === RESET) {
      this.#hasFailed = false;
      this.#end();
    }
    if (this.#hasFailed) {
      this.#say(IGNORED);
      return;
    }
    try {
      this.#say(SUCCESS, await this.#done(message));
    } catch (error) {
      this.#hasFailed = true;
      const code = error instanceof Refusal ? error.code : "Memgraph.DatabaseError.Double.Broken";
      this.#say(FAILURE, { code, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #done({ tag, fields }: Tagged): Promise<object> {
    const extra = fields.at(-1) instanceof Map ? (fields.at(-1) as Map<string, unknown>) : new Map<string, unknown>();
    const metadata = (extra.get("tx_metadata") as Asked["metadata"] | undefined) ?? new Map();
    if (tag === BEGIN) {
      this.#isExplicit = true;
      this.#metadata = metadata;
      this.#played.begin(this, metadata);
    } else if (tag === RUN) {
      const [text, parameters] = fields as [string, Map<string, unknown>];
      const own = this.#isExplicit ? this.#metadata : metadata;
      const rows = await this.#played.run(this, { text, parameters, metadata: own });
      this.#results.push({ rows, at: 0 });
      return { fields: (rows[0] ?? [null]).map((_, at) => `c${at}`), qid: BigInt(this.#results.length - 1) };
    } else if (tag === PULL || tag === DISCARD) return this.#pieces(tag === PULL, extra);
    else if (tag === COMMIT || tag === ROLLBACK) this.#end();
    // To a greeting; others do not look at it.
    return { server: this.#played.agent, connection_id: "bolt-1" };
  }

  #pieces(isWanted: boolean, extra: ReadonlyMap<string, unknown>): object {
    const query = Number(extra.get("qid") ?? -1);
    const result = this.#results.at(query);
    if (result === undefined) throw new Error("no such result");
    const wanted = Number(extra.get("n") ?? -1);
    const until = wanted < 0 ? result.rows.length : Math.min(result.at + wanted, result.rows.length);
    for (; result.at < until; result.at++) if (isWanted) this.#say(RECORD, result.rows[result.at]);
    const hasMore = result.at < result.rows.length;
    if (!hasMore && !this.#isExplicit) this.#end();
    return hasMore ? { has_more: true } : { type: "r", db: "memgraph" };
  }

  #end(): void {
    this.#isExplicit = false;
    this.#results = [];
    this.#played.end(this);
  }

  #say(tag: number, ...fields: unknown[]): void {
    const message = packed(new Tagged(tag, fields));
    const parts: Uint8Array[] = [];
    for (let at = 0; at < message.length; at += MOST_OF_CHUNK) {
      const chunk = message.subarray(at, at + MOST_OF_CHUNK);
      parts.push(Uint8Array.of(chunk.length >> 8, chunk.length & 255), chunk);
    }
    this.#socket.write(Buffer.concat([...parts, Uint8Array.of(0, 0)]));
  }
}

/** With lengths of 32 bits throughout, which every reader takes. */
function packed(value: unknown): Buffer {
  const headed = (marker: number, length: number, ...rest: Uint8Array[]) => {
    const head = Buffer.alloc(5);
    head[0] = marker;
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, ...rest]);
  };
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === "bigint" || typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes[0] = typeof value === "bigint" ? 0xcb : 0xc1;
    if (typeof value === "bigint") bytes.writeBigInt64BE(value, 1);
    else bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === "string") return headed(0xd2, Buffer.byteLength(value), Buffer.from(value));
  if (Array.isArray(value)) return headed(0xd6, value.length, ...value.map(packed));
  if (value instanceof Tagged) {
    return Buffer.concat([Buffer.from([0xb0 + value.fields.length, value.tag]), ...value.fields.map(packed)]);
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return headed(0xda, entries.length, ...entries.flatMap((entry) => entry.map(packed)));
}

function unpacked(bytes: Buffer): unknown {
  let at = 0;
  const taken = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const count = (width: number) => taken(width).readUIntBE(0, width);
  const list = (length: number) => Array.from({ length }, value);
  const kinds: readonly ((length: number) => unknown)[] = [
    (length) => taken(length).toString("utf8"),
    list,
    (length) => new Map(Array.from({ length }, () => [value() as string, value()])),
    (length) => new Tagged(count(1), list(length)),
  ];
  function value(): unknown {
    const marker = count(1);
    if (marker < 0x80) return BigInt(marker);
    if (marker >= 0xf0) return BigInt(marker - 0x100);
    // Texts, lists, maps and tagged values with fewer than 16 parts.
    if (marker < 0xc0) return kinds[(marker - 0x80) >> 4]!(marker & 0x0f);
    if (marker === 0xc0) return null;
    if (marker === 0xc1) return taken(8).readDoubleBE();
    if (marker === 0xc2 || marker === 0xc3) return marker === 0xc3;
    // Of 1, 2, 4 or 8 bytes, or with a length of so many.
    const width = 1 << (marker & 0x03);
    if (marker === 0xcb) return taken(8).readBigInt64BE();
    if (marker >= 0xc8 && marker < 0xcb) return BigInt(taken(width).readIntBE(0, width));
    if (marker >= 0xcc && marker < 0xcf) return taken(count(width));
    if (marker >= 0xd0 && marker < 0xdb) return kinds[(marker - 0xd0) >> 2]!(count(width));
    throw new Error(`marker ${marker}`);
  }
  return value();
}
