/** A connection to a Bolt server: statements in, rows out, failures as errors that a person can act on. */
import neo4j, { type Driver, type Session, type Transaction } from "neo4j-driver";
import { AccessError, RefusedError, WriteError } from "../../errors.ts";
import { patience } from "../../support/patience.ts";
import { atMost, sleep } from "../../support/time.ts";
import type { BackendConfig } from "../config.ts";
import type { Address } from "../graph-store/address.ts";
import { ALIVE, LineWatch, type WaitOptions } from "../graph-store/line-watch.ts";
import { driverTo } from "./driver.ts";
import { type Failure, translate } from "./errors.ts";
import { BoltHeartbeat } from "./heartbeat.ts";
import { aboutStatement, type Row, rowOf, rowsOf } from "./rows.ts";

/**
 * A statement takes as long as it takes. Neo4j's own limit (db.transaction.timeout) is for those who ask for nothing else, from
 * 5.3 on; before, it holds for everybody (pieces.ts).
 */
const NO_TIMEOUT = { timeout: 0 };
/** What the server keeps with a transaction of ours, so that it can be asked for it by another connection. */
export const STATEMENT = "memorygraph_migrate_statement";
const ATTEMPTS = 5;
/** What is gathered anyway is not to be asked for piece by piece: the server is done with it once it has answered. */
const FETCH_ALL = -1;

interface ConnectionOptions {
  readonly access: "read" | "write";
  readonly database: string | null;
  /** As messages name the store. */
  readonly location: string;
  /** Ends every wait. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows of a statement, on whatever connection. */
export type Ask = (statement: string, parameters?: Record<string, unknown>) => Promise<Row[]>;
/** As Heartbeat.activity, of a statement by its STATEMENT. */
export type Activity = (ask: Ask, statement: string) => Promise<string | null>;

/**
 * Statements on one server, each with a retry where that is safe, and watched for a line that has died.
 * @throws errors of errors.ts
 */
export class Connection {
  readonly #driver: Driver;
  readonly #options: ConnectionOptions;
  readonly #failure: Failure;
  readonly #watch: LineWatch;
  /** Until it is known what server this is, that it lives. */
  #activity: Activity = async (ask) => {
    await ask("RETURN 1");
    return ALIVE;
  };
  readonly #name = crypto.randomUUID();
  #statements = 0;
  /** The end of the writing that is the last in line. */
  #line: Promise<unknown> = Promise.resolve();
  /** While several readings are to be of one moment. */
  #moment: { readonly session: Session; readonly transaction: Transaction; readonly statement: string } | null = null;

  constructor(config: BackendConfig, address: Address, options: ConnectionOptions) {
    this.#options = options;
    this.#failure = { location: options.location, address, hasPassword: address.password !== null };
    const connect = () => driverTo(config, address);
    this.#driver = connect();
    const heartbeat = new BoltHeartbeat(connect, options.database, (ask, statement) => this.#activity(ask, statement));
    this.#watch = new LineWatch(options.location, options.signal, heartbeat);
  }

  /** As messages name the store. */
  get location(): string {
    return this.#options.location;
  }

  /** How the server says what it does with a statement. */
  watchBy(activity: Activity): void {
    this.#activity = activity;
  }

  /** The agent that answers, such as `Neo4j/5.26.0`. @throws ConnectionError */
  async agent(): Promise<string> {
    return this.#waiting("connecting", async () => {
      const { database } = this.#options;
      const info = await this.#driver.getServerInfo(database === null ? {} : { database });
      return info.agent ?? "";
    });
  }

  /** All rows of a statement that gives few. */
  rows(statement: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    const moment = this.#moment;
    if (moment === null) return this.rowsApart(statement, parameters);
    return this.#guard(() =>
      this.#watch.wait({ what: aboutStatement(statement), statement: moment.statement, isStream: true }, async () =>
        rowsOf(await moment.transaction.run(statement, parameters)),
      ),
    );
  }

  /** As rows, beside whatever else is read at the moment. */
  rowsApart(statement: string, parameters: Record<string, unknown>, database?: string): Promise<Row[]> {
    return this.#waiting(aboutStatement(statement), (settings) =>
      this.#withSession(
        async (session) => rowsOf(await session.run(statement, parameters, settings)),
        FETCH_ALL,
        database,
      ),
    );
  }

  /**
   * The other databases of the server that hold something. A server with a single one, and a user who may not ask, have
   * none.
   * @param listing gives the name of each database in its first column
   * @param count gives how much one of them holds
   */
  async otherDatabases(listing: string, count: string): Promise<{ name: string; nodes: number }[]> {
    const names = (await this.rowsApart(listing, {}).catch(noneIfRefused)).map(([name]) => String(name));
    const found: { name: string; nodes: number }[] = [];
    for (const name of new Set(names)) {
      if (name === "system" || name === this.#options.database) continue;
      const rows = await this.rowsApart(count, {}, name).catch(() => []);
      const nodes = Number(rows[0]?.[0] ?? 0);
      if (nodes > 0) found.push({ name, nodes });
    }
    return found;
  }

  /** As rows, but tried again when the server says that it undid everything and that another try may succeed. */
  async write(statement: string, parameters: Record<string, unknown>): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#waitingRaw(
          aboutStatement(statement),
          (settings) =>
            this.#withSession(async (session) => rowsOf(await session.run(statement, parameters, settings)), FETCH_ALL),
          { isWrite: true },
        );
      } catch (error) {
        if (attempt === ATTEMPTS || !isUndoneByServer(error)) throw translate(error, this.#failure);
        await sleep(50 * 2 ** attempt);
      }
    }
  }

  /** As write, once those that came before have ended. */
  writeInLine(statement: string, parameters: Record<string, unknown>): Promise<Row[]> {
    const written = this.#line.then(() => this.write(statement, parameters));
    this.#line = written.catch(() => {});
    return written;
  }

  /** Rows as they come; the server is held back while nobody asks. */
  async *stream(statement: string, signal?: AbortSignal): AsyncGenerator<Row> {
    const moment = this.#moment;
    const own = moment === null ? this.#session() : null;
    const name = moment?.statement ?? this.#nextStatement();
    const watched = this.#watch.stream({ what: aboutStatement(statement), statement: name, isStream: true });
    try {
      const result = own?.run(statement, {}, settingsOf(name)) ?? moment!.transaction.run(statement);
      const rows = result[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await watched.next(() => rows.next());
        if (done) break;
        signal?.throwIfAborted();
        yield rowOf(value);
      }
    } catch (error) {
      throw signal?.aborted ? signal.reason : translate(error, this.#failure);
    } finally {
      watched.end();
      if (own !== null) await closed(own);
    }
  }

  /** From here to endMoment everything is read in one transaction. */
  async beginSnapshot(): Promise<void> {
    await this.#waiting("beginning a transaction", async (settings) => {
      const session = this.#session();
      const statement = settings.metadata[STATEMENT];
      this.#moment = { session, transaction: await session.beginTransaction(settings), statement };
    });
  }

  async endMoment(): Promise<void> {
    const moment = this.#moment;
    this.#moment = null;
    // Closing rolls back, which a reading transaction does not mind; nor what has failed before.
    if (moment !== null) await closed(moment.session);
  }

  /** The text by which the server knows the last transaction that it committed; null where it has none. */
  async bookmark(): Promise<string | null> {
    return this.#waiting("reading its last commit time", (settings) =>
      this.#withSession(async (session) => {
        await session.run("RETURN 1", {}, settings);
        return session.lastBookmarks().join(" ") || null;
      }),
    );
  }

  #session(fetchSize?: number, other?: string): Session {
    const { access } = this.#options;
    const database = other ?? this.#options.database;
    return this.#driver.session({
      ...(fetchSize !== undefined && { fetchSize }),
      defaultAccessMode: access === "read" ? neo4j.session.READ : neo4j.session.WRITE,
      ...(database !== null && { database }),
    });
  }

  async close(): Promise<void> {
    await this.#watch.close();
    // What has failed may fail once more while it is closed; there is nothing left to do about it.
    await atMost(
      patience().close,
      this.#driver.close().catch(() => {}),
    );
  }

  #nextStatement(): string {
    return `${this.#name}/${++this.#statements}`;
  }

  #waiting<T>(
    what: string,
    work: (settings: Settings) => Promise<T>,
    options: Pick<WaitOptions, "isWrite"> = {},
  ): Promise<T> {
    return this.#guard(() => this.#waitingRaw(what, work, options));
  }

  /** With the driver's own failures. */
  #waitingRaw<T>(
    what: string,
    work: (settings: Settings) => Promise<T>,
    options: Pick<WaitOptions, "isWrite"> = {},
  ): Promise<T> {
    const statement = this.#nextStatement();
    return this.#watch.wait({ what, statement, ...options }, () => work(settingsOf(statement)));
  }

  async #withSession<T>(work: (session: Session) => Promise<T>, fetchSize?: number, database?: string): Promise<T> {
    const session = this.#session(fetchSize, database);
    try {
      return await work(session);
    } finally {
      await closed(session);
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw translate(error, this.#failure);
    }
  }
}

/**
 * Rows of a question that not every server knows and not every user may ask: none then. A line that fails is no answer: taken
 * for one, a target would pass an examination that nobody has made.
 */
export async function rowsIfTold(connection: Pick<Connection, "rows">, statement: string): Promise<Row[]> {
  return connection.rows(statement).catch(noneIfRefused);
}

function noneIfRefused(error: unknown): Row[] {
  if (error instanceof AccessError || error instanceof WriteError || error instanceof RefusedError) return [];
  throw error;
}

interface Settings {
  readonly timeout: number;
  readonly metadata: Record<typeof STATEMENT, string>;
}

function settingsOf(statement: string): Settings {
  return { ...NO_TIMEOUT, metadata: { [STATEMENT]: statement } };
}

/** A session whose line is dead cannot be closed; its connection goes with the driver. */
function closed(session: Session): Promise<void> {
  return atMost(
    patience().close,
    session.close().catch(() => {}),
  );
}

function isUndoneByServer(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /TransientError/.test(code) && !/OutOfMemory|MemoryPool|DatabaseUnavailable/.test(code);
}
