/** A connection to a Bolt server: statements in, rows out, failures as errors that a person can act on. */
import neo4j, { type Driver, type Session, type Transaction } from "neo4j-driver";
import { atMost, sleep } from "../../support/time.ts";
import type { BackendConfig } from "../config.ts";
import type { Address } from "../graph-store/address.ts";
import { type Failure, translate } from "./errors.ts";
import { fromWireInteger, isBroken } from "./values.ts";

const CONNECT_MS = 5_000;
/**
 * A store takes as long as it takes to be read in one transaction. Neo4j's own limit (db.transaction.timeout) is for those
 * who ask for nothing else, from 5.3 on; before, it holds for everybody.
 */
const NO_TIMEOUT = { timeout: 0 };
/** A server that has gone cannot say goodbye. */
const CLOSE_MS = 2_000;
const ATTEMPTS = 5;
/** Records that the server may send ahead: each can hold a text of a megabyte. */
const FETCH_SIZE = 250;
/** What a writing gives is few and small, and is not to be asked for piece by piece. */
const FETCH_ALL = -1;

export type Row = readonly unknown[];

export interface ConnectionOptions {
  readonly access: "read" | "write";
  readonly database: string | null;
  /** As messages name the store. */
  readonly location: string;
}

export class Connection {
  readonly #driver: Driver;
  readonly #options: ConnectionOptions;
  readonly #failure: Failure;
  /** The end of the writing that is the last in line. */
  #line: Promise<unknown> = Promise.resolve();
  /** While several readings are to be of one moment. */
  #moment: { readonly session: Session; readonly transaction: Transaction } | null = null;

  constructor(config: BackendConfig, address: Address, options: ConnectionOptions) {
    this.#options = options;
    this.#failure = { location: options.location, address, hasPassword: address.password !== null };
    const { scheme, host, port, username, password } = address;
    const auth =
      password === null && username === null ? undefined : neo4j.auth.basic(username ?? "neo4j", password ?? "");
    // With certificates of one's own, encryption is a setting and not part of the scheme.
    const own = address.certificates !== null && config.caFile !== undefined && scheme.endsWith("+s");
    const plain = own ? scheme.replace("+s", "") : scheme;
    this.#driver = neo4j.driver(`${plain}://${host.includes(":") ? `[${host}]` : host}:${port}`, auth, {
      telemetryDisabled: true,
      connectionTimeout: CONNECT_MS,
      connectionAcquisitionTimeout: 2 * CONNECT_MS,
      maxConnectionPoolSize: 8,
      fetchSize: FETCH_SIZE,
      ...(own && {
        encrypted: "ENCRYPTION_ON" as const,
        trust: "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES" as const,
        trustedCertificates: [config.caFile!],
      }),
    });
  }

  /** The agent that answers, such as `Neo4j/5.26.0`. @throws ConnectionError */
  async agent(): Promise<string> {
    return this.#guard(async () => {
      const { database } = this.#options;
      const info = await this.#driver.getServerInfo(database === null ? {} : { database });
      return info.agent ?? "";
    });
  }

  /** All rows of a statement that gives few. */
  rows(statement: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return this.#guard(async () => {
      if (this.#moment !== null) return rowsOf(await this.#moment.transaction.run(statement, parameters));
      return this.#withSession(async (session) => rowsOf(await session.run(statement, parameters, NO_TIMEOUT)));
    });
  }

  /** As rows, beside whatever else is read at the moment. */
  rowsApart(statement: string, parameters: Record<string, unknown>): Promise<Row[]> {
    return this.#guard(() =>
      this.#withSession(async (session) => rowsOf(await session.run(statement, parameters, NO_TIMEOUT))),
    );
  }

  /** As rows, but tried again when the server says that it undid everything and that another try may succeed. */
  async write(statement: string, parameters: Record<string, unknown>): Promise<Row[]> {
    const work = async (session: Session) => rowsOf(await session.run(statement, parameters, NO_TIMEOUT));
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withSession(work, FETCH_ALL);
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
    const own = this.#moment === null ? this.#session() : null;
    try {
      const result = own?.run(statement, {}, NO_TIMEOUT) ?? this.#moment!.transaction.run(statement);
      for await (const record of result) {
        signal?.throwIfAborted();
        yield rowOf(record);
      }
    } catch (error) {
      throw signal?.aborted ? signal.reason : translate(error, this.#failure);
    } finally {
      await own?.close();
    }
  }

  /** From here to endMoment everything is read in one transaction. */
  async beginSnapshot(): Promise<void> {
    await this.#guard(async () => {
      const session = this.#session();
      this.#moment = { session, transaction: await session.beginTransaction(NO_TIMEOUT) };
    });
  }

  async endMoment(): Promise<void> {
    const moment = this.#moment;
    this.#moment = null;
    // Closing rolls back, which a reading transaction does not mind; nor what has failed before.
    await moment?.session.close().catch(() => {});
  }

  /** The text by which the server knows the last transaction that it committed; null where it has none. */
  async bookmark(): Promise<string | null> {
    return this.#guard(async () => {
      const session = this.#session();
      try {
        await session.run("RETURN 1");
        return session.lastBookmarks().join(" ") || null;
      } finally {
        await session.close();
      }
    });
  }

  #session(fetchSize = FETCH_SIZE): Session {
    const { access, database } = this.#options;
    return this.#driver.session({
      fetchSize,
      defaultAccessMode: access === "read" ? neo4j.session.READ : neo4j.session.WRITE,
      ...(database !== null && { database }),
    });
  }

  async close(): Promise<void> {
    // What has failed may fail once more while it is closed; there is nothing left to do about it.
    await atMost(
      CLOSE_MS,
      this.#driver.close().catch(() => {}),
    );
  }

  async #withSession<T>(work: (session: Session) => Promise<T>, fetchSize?: number): Promise<T> {
    const session = this.#session(fetchSize);
    try {
      return await work(session);
    } finally {
      await session.close();
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

interface DriverRecord {
  readonly length: number;
  get(at: number): unknown;
}

function rowsOf({ records }: { readonly records: readonly DriverRecord[] }): Row[] {
  return records.map(rowOf);
}

/** Integers as bigint, lists and maps as they are. Not by the record's iterator, which is slow. */
function rowOf(record: DriverRecord): Row {
  const row: unknown[] = [];
  for (let at = 0; at < record.length; at++) {
    const cell = record.get(at);
    row.push(!isBroken(cell) && neo4j.isInt(cell) ? fromWireInteger(cell) : cell);
  }
  return row;
}

function isUndoneByServer(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /TransientError/.test(code) && !/OutOfMemory|MemoryPool|DatabaseUnavailable/.test(code);
}
