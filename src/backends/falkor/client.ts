/** A connection to a FalkorDB server: statements in, typed rows out, failures as errors that a person can act on. */
import { FalkorDB } from "falkordb";
import { RESP_TYPES } from "redis";
import { StoreKindError } from "../../errors.ts";
import type { BackendConfig } from "../config.ts";
import type { Address } from "../server/address.ts";
import { knock, tlsOptions } from "../server/knock.ts";
import { type Failure, translate } from "./errors.ts";
import { type Reply, rowsOf } from "./reply.ts";

const CONNECT_MS = 5_000;
/** Without it the client makes JavaScript numbers of 64-bit integers. */
const EXACT = { typeMapping: { [RESP_TYPES.NUMBER]: String } };

/** As much of the client as is needed: it has no types for commands that are sent as they are. */
interface RawClient {
  sendCommand(words: readonly string[], options?: object): Promise<Reply>;
}

export class Client {
  readonly #database: FalkorDB;
  readonly #raw: RawClient;
  readonly #failure: Failure;
  readonly #graph: string;

  private constructor(database: FalkorDB, raw: RawClient, graph: string, failure: Failure) {
    this.#database = database;
    this.#raw = raw;
    this.#graph = graph;
    this.#failure = failure;
  }

  /** @throws ConnectionError, StoreKindError */
  static async connect(config: BackendConfig, address: Address, graph: string, location: string): Promise<Client> {
    const { scheme, host, port, username, password } = address;
    const encrypted = scheme === "rediss" || scheme === "falkors";
    await knock(address, {
      type: config.type,
      encrypted,
      trusting: false,
      hello: Buffer.from("PING\r\n"),
      protocol: "what Redis speaks",
      schemes: scheme.startsWith("redis") ? ["redis", "rediss"] : ["falkor", "falkors"],
      understood: (answer) => /^[-+][A-Z]/.test(Buffer.from(answer).toString("latin1")),
    });
    const failure = { location, hasPassword: password !== null, username };
    try {
      const database = await FalkorDB.connect({
        socket: {
          host,
          port,
          connectTimeout: CONNECT_MS,
          reconnectStrategy: false,
          ...(encrypted && { tls: true, ...tlsOptions(address, false) }),
        } as NonNullable<Parameters<typeof FalkorDB.connect>[0]>["socket"] & object,
        ...(username !== null && username !== "" && { username }),
        ...(password !== null && { password }),
        disableClientInfo: true,
      });
      // Every failure also reaches whoever waits for an answer.
      database.on("error", () => {});
      const raw = (await database.connection) as unknown as RawClient;
      return new Client(database, raw, graph, failure);
    } catch (error) {
      throw translate(error, failure);
    }
  }

  /** A command of Redis or of the module. */
  async command(...words: readonly string[]): Promise<Reply> {
    try {
      return await this.#raw.sendCommand(words, EXACT);
    } catch (error) {
      throw translate(error, this.#failure);
    }
  }

  /** As command; null where the user may not, or the server does not know it. */
  async tryCommand(...words: readonly string[]): Promise<Reply> {
    return this.#raw.sendCommand(words, EXACT).catch(() => null);
  }

  /** Rows of a statement that changes nothing; none where there is no such graph. */
  async read(statement: string): Promise<readonly (readonly Reply[])[]> {
    try {
      return rowsOf(await this.#raw.sendCommand(["GRAPH.RO_QUERY", this.#graph, statement, "--compact"], EXACT));
    } catch (error) {
      if (isMissingGraph(error)) return [];
      if (/WRONGTYPE/.test(String(error))) {
        throw new StoreKindError(`${this.#failure.location} is there, but it is not a graph`, {
          next: "Check the name of the graph: --from-graph or --to-graph, or the last part of the address.",
          cause: error,
        });
      }
      throw translate(error, this.#failure);
    }
  }

  async write(statement: string): Promise<readonly (readonly Reply[])[]> {
    return rowsOf(await this.command("GRAPH.QUERY", this.#graph, statement, "--compact"));
  }

  async close(): Promise<void> {
    // What has failed may fail once more while it is closed; there is nothing left to do about it.
    await this.#database.close().catch(() => {});
  }
}

function isMissingGraph(error: unknown): boolean {
  return /empty key/i.test(String(error));
}
