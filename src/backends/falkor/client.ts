/** A connection to a FalkorDB server: statements in, typed cells out, failures as errors that a person can act on. */
import { isUtf8 } from "node:buffer";
import { createClient, RESP_TYPES } from "redis";
import { StoreKindError } from "../../errors.ts";
import type { BackendConfig } from "../config.ts";
import type { Address } from "../graph-store/address.ts";
import { probeServer, tlsOptions } from "../graph-store/probe.ts";
import type { ServerOptions } from "../graph-store/server.ts";
import { type Failure, isForbidden, isMissingGraph, isUnknownCommand, translate } from "./errors.ts";
import { type Reply, rowsOf } from "./reply.ts";

const CONNECT_MS = 5_000;
/** An hour for one statement, where the server sets no limit that cannot be exceeded. */
const LONGEST_MS = 3_600_000;
/** Without it the client makes JavaScript numbers of 64-bit integers. */
const EXACT = { typeMapping: { [RESP_TYPES.NUMBER]: String } };
const AS_BYTES = { typeMapping: { [RESP_TYPES.NUMBER]: String, [RESP_TYPES.BLOB_STRING]: Buffer } };

/** As much of the client as is needed: it has no types for commands that are sent as they are. */
interface RawClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  sendCommand(words: readonly string[], options?: object): Promise<unknown>;
  destroy(): void;
}

export class Client {
  readonly #raw: RawClient;
  readonly #failure: Failure;
  readonly #graph: string;
  /** Goes after every statement. */
  #patience: readonly string[] = [];

  private constructor(raw: RawClient, graph: string, failure: Failure) {
    this.#raw = raw;
    this.#graph = graph;
    this.#failure = failure;
  }

  /** @throws ConnectionError, StoreKindError */
  static async connect(
    config: BackendConfig,
    address: Address,
    graph: string,
    { location, access }: { readonly location: string; readonly access: ServerOptions["access"] },
  ): Promise<Client> {
    const { scheme, host, port, username, password } = address;
    const encrypted = scheme === "rediss" || scheme === "falkors";
    await probeServer(address, {
      type: config.type,
      encrypted,
      trusting: false,
      hello: Buffer.from("PING\r\n"),
      protocol: "Redis's protocol",
      schemes: scheme.startsWith("redis") ? ["redis", "rediss"] : ["falkor", "falkors"],
      understood: (answer) => /^[-+][A-Z]/.test(Buffer.from(answer).toString("latin1")),
    });
    // Not FalkorDB.connect: it needs INFO, and where the user may not it leaves a connection open that nobody can close.
    const raw = createClient({
      socket: {
        host,
        port,
        connectTimeout: CONNECT_MS,
        reconnectStrategy: false,
        ...(encrypted && { tls: true, ...tlsOptions(address, false) }),
      } as NonNullable<Parameters<typeof createClient>[0]>["socket"] & object,
      ...(username !== null && username !== "" && { username }),
      ...(password !== null && { password }),
      disableClientInfo: true,
    });
    // Every failure also reaches whoever waits for an answer.
    raw.on("error", () => {});
    const client = new Client(raw as unknown as RawClient, graph, {
      location,
      access,
      hasPassword: password !== null,
      username,
    });
    try {
      await client.#raw.connect();
      return client;
    } catch (error) {
      client.close();
      throw translate(error, client.#failure);
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
      return (await this.#raw.sendCommand(words, EXACT)) as Reply;
    } catch (error) {
      throw translate(error, this.#failure);
    }
  }

  /** As command; null where the user may not, or the server does not know it. */
  async tryCommand(...words: readonly string[]): Promise<Reply> {
    try {
      return (await this.#raw.sendCommand(words, EXACT)) as Reply;
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
    return rowsOf(await this.change("GRAPH.QUERY", this.#graph, statement, "--compact", ...this.#patience));
  }

  async #query(statement: string, options: object): Promise<unknown> {
    try {
      const words = ["GRAPH.RO_QUERY", this.#graph, statement, "--compact", ...this.#patience];
      return await this.#raw.sendCommand(words, options);
    } catch (error) {
      if (isMissingGraph(error)) return null;
      if (/WRONGTYPE/.test(String(error))) {
        throw new StoreKindError(`${this.location} is there, but it is not a graph`, {
          next: "Check the name of the graph: --from-graph or --to-graph, or the last part of the address.",
          cause: error,
        });
      }
      throw translate(error, this.#failure);
    }
  }

  /** At once: nobody waits for an answer any more, and a server that hangs would never give one. */
  close(): void {
    if (this.#raw.isOpen) this.#raw.destroy();
  }
}

/** Names of columns, rows, statistics. */
function isAnswer(reply: Reply): boolean {
  return Array.isArray(reply) && reply.length === 3 && reply.every(Array.isArray);
}

function isWhole(reply: unknown): boolean {
  if (Buffer.isBuffer(reply)) return isUtf8(reply);
  return !Array.isArray(reply) || reply.every(isWhole);
}
