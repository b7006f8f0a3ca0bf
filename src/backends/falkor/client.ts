/** A connection to a FalkorDB server: statements in, typed cells out, failures as errors that a person can act on. */
import { isUtf8 } from "node:buffer";
import { RESP_TYPES } from "@redis/client";
import { StoreKindError } from "../../errors.ts";
import { LineWatch } from "../graph-store/line-watch.ts";
import { probeServer } from "../graph-store/probe.ts";
import type { ServerOptions } from "../graph-store/server.ts";
import { type Failure, isForbidden, isMissingGraph, isUnknownCommand, translate } from "./errors.ts";
import { FalkorHeartbeat } from "./heartbeat.ts";
import type { Place } from "./place.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";
import { type Reply, rowsOf } from "./reply.ts";
import { type ServerInfo, serverInfo } from "./server-info.ts";

/** An hour for one statement, where the server sets no limit that cannot be exceeded. */
const LONGEST_MS = 3_600_000;
/**
 * Begins every statement of this program, as a parameter that none uses: by it the server's log of queries tells them from
 * those of others. The log keeps the first 2,048 bytes of a statement, and of its parameters apart (4.14.11 to 4.22.1).
 */
export const OWN_STATEMENT = "CYPHER memorygraph_migrate=1 ";
/** Without it the client makes JavaScript numbers of 64-bit integers. */
const EXACT = { typeMapping: { [RESP_TYPES.NUMBER]: String } };
const AS_BYTES = { typeMapping: { [RESP_TYPES.NUMBER]: String, [RESP_TYPES.BLOB_STRING]: Buffer } };

/**
 * One connection to a graph of a FalkorDB server. One that was opened to read refuses commands that write.
 * @throws errors of errors.ts
 */
export class Client {
  readonly #raw: RawClient;
  readonly #failure: Failure;
  readonly #graph: string;
  readonly #watch: LineWatch;
  readonly place: Place;
  readonly database: number;
  /** Goes after every statement. */
  #patience: readonly string[] = [];

  /** As it was when the connection was opened. */
  readonly info: ServerInfo;

  private constructor(raw: RawClient, info: ServerInfo, place: Place, failure: Failure, watch: LineWatch) {
    this.#raw = raw;
    this.info = info;
    this.place = place;
    this.#graph = place.graph;
    this.database = place.database;
    this.#failure = failure;
    this.#watch = watch;
  }

  /** @throws ConnectionError, StoreKindError */
  static async connect(place: Place, { access, signal }: Pick<ServerOptions, "access" | "signal">): Promise<Client> {
    const { address, database, location } = place;
    const { scheme, username, password } = address;
    const encrypted = scheme === "rediss" || scheme === "falkors";
    await probeServer(address, {
      type: "falkordb",
      encrypted,
      trusting: false,
      hello: Buffer.from("PING\r\n"),
      protocol: "Redis's protocol",
      schemes: scheme.startsWith("falkor") ? ["falkor", "falkors"] : ["redis", "rediss"],
      understood: (answer) => /^[-+][A-Z]/.test(Buffer.from(answer).toString("latin1")),
    });
    const failure = { location, access, hasPassword: password !== null, username };
    try {
      const connect = () => connectRaw(address, database, location);
      const { client, info, id } = await connect();
      const heartbeat = new FalkorHeartbeat(async () => (await connect()).client, id);
      return new Client(client, serverInfo(info), place, failure, new LineWatch(location, signal, heartbeat));
    } catch (error) {
      throw translate(error, failure);
    }
  }

  /** What the work gives on a connection of its own to another database of the server, opened to read. */
  async inDatabase<T>(database: number, work: (client: Client) => Promise<T>): Promise<T> {
    const other = await Client.connect({ ...this.place, database }, { access: "read" });
    try {
      return await work(other);
    } finally {
      other.close();
    }
  }

  get location(): string {
    return this.#failure.location;
  }

  /**
   * Asks for as much time for each statement as the server is set to grant: what it takes by default may be far less.
   * Half of an undo would be worse than a long one.
   */
  async takeTime(): Promise<void> {
    const limitOf = async (name: string) => {
      const reply = await this.tryCommand("GRAPH.CONFIG", "GET", name);
      return Array.isArray(reply) ? Number(reply[1]) : 0;
    };
    const most = await limitOf("TIMEOUT_MAX");
    if (most > 0) this.#patience = ["TIMEOUT", String(most)];
    else if ((await limitOf("TIMEOUT_DEFAULT")) > 0 || (await limitOf("TIMEOUT")) > 0) {
      this.#patience = ["TIMEOUT", String(LONGEST_MS)];
    }
  }

  /** A command of Redis or of the module that changes nothing. */
  async command(...words: readonly string[]): Promise<Reply> {
    try {
      return (await this.#send(words, EXACT)) as Reply;
    } catch (error) {
      throw translate(error, this.#failure);
    }
  }

  /** As command; null where the user may not, or the server does not know it. */
  async tryCommand(...words: readonly string[]): Promise<Reply> {
    try {
      return (await this.#send(words, EXACT)) as Reply;
    } catch (error) {
      if (isForbidden(error) || isUnknownCommand(error)) return null;
      throw translate(error, this.#failure);
    }
  }

  /** As tryCommand, for what is no text. */
  async tryBytes(...words: readonly string[]): Promise<Buffer | null> {
    try {
      const reply = await this.#send(words, AS_BYTES);
      return Buffer.isBuffer(reply) ? reply : null;
    } catch (error) {
      if (isForbidden(error) || isUnknownCommand(error)) return null;
      throw translate(error, this.#failure);
    }
  }

  /** A command that changes something. */
  change(...words: readonly string[]): Promise<Reply> {
    if (this.#failure.access === "write") return this.command(...words);
    throw new TypeError(`${words[0]} on a connection that was opened to read`);
  }

  /** Rows of a statement that changes nothing; none where there is no such graph. */
  async read(statement: string): Promise<readonly (readonly Reply[])[]> {
    const reply = (await this.#query(statement, EXACT)) as Reply;
    // Taken for an empty answer, nonsense would be taken for an empty graph.
    if (reply === null || isAnswer(reply)) return reply === null ? [] : rowsOf(reply);
    throw new StoreKindError(`what answers at ${this.location} does not answer like FalkorDB`, {
      next: "Check host and port.",
    });
  }

  /** Whether every text in what a statement gives is UTF-8: of what is not, the client makes U+FFFD. */
  async isReadWhole(statement: string): Promise<boolean> {
    return isWhole(await this.#query(statement, AS_BYTES));
  }

  async write(statement: string): Promise<readonly (readonly Reply[])[]> {
    return rowsOf(await this.change("GRAPH.QUERY", this.#graph, own(statement), "--compact", ...this.#patience));
  }

  async #query(statement: string, options: object): Promise<unknown> {
    try {
      const words = ["GRAPH.RO_QUERY", this.#graph, own(statement), "--compact", ...this.#patience];
      return await this.#send(words, options);
    } catch (error) {
      if (isMissingGraph(error)) return null;
      if (/WRONGTYPE/.test(String(error))) {
        throw new StoreKindError(`${this.location} exists, but is not a graph`, {
          next: "Check the name of the graph: --from-graph or --to-graph, or the last part of the address.",
          cause: error,
        });
      }
      throw translate(error, this.#failure);
    }
  }

  #send(words: readonly string[], options: object): Promise<unknown> {
    const [name = "", , statement = ""] = words;
    const isQuery = name === "GRAPH.QUERY" || name === "GRAPH.RO_QUERY";
    const isWrite = this.#failure.access === "write" && name !== "GRAPH.RO_QUERY";
    const what = name === "GRAPH.RO_QUERY" ? "reading records" : name === "GRAPH.QUERY" ? "writing records" : name;
    // Only progress counts as a sign of life: an answer comes whole, and the server forgets what it has sent.
    const wait = { what, statement: isQuery ? statement : "", isWrite, isStream: true };
    return this.#watch.wait(wait, () => this.#raw.sendCommand(words, options));
  }

  /** At once: nobody waits for an answer any more, and a server that hangs would never give one. */
  close(): void {
    void this.#watch.close();
    if (this.#raw.isOpen) this.#raw.destroy();
  }
}

function own(statement: string): string {
  return OWN_STATEMENT + statement.replace(/^CYPHER /, "");
}

/** Names of columns, rows, statistics. */
function isAnswer(reply: Reply): boolean {
  return Array.isArray(reply) && reply.length === 3 && reply.every(Array.isArray);
}

function isWhole(reply: unknown): boolean {
  if (Buffer.isBuffer(reply)) return isUtf8(reply);
  return !Array.isArray(reply) || reply.every(isWhole);
}
