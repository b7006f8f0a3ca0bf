/** Asks a Bolt server on a connection of its own whether it lives, and what it does with a statement. */
import neo4j, { type Driver } from "neo4j-driver";
import { codeOf } from "../../support/files.ts";
import { ALIVE, type Heartbeat } from "../graph-store/line-watch.ts";
import type { Activity, Ask } from "./connection.ts";

/** Asks on a connection of its own whether the server still works on a statement. */
export class BoltHeartbeat implements Heartbeat {
  readonly #connect: () => Driver;
  readonly #database: string | null;
  readonly #activity: Activity;
  /** One for each question: several can be asked at once, and what was open may be as dead as what is asked about. */
  readonly #drivers = new Set<Driver>();

  /** @param activity how this kind of server is asked */
  constructor(connect: () => Driver, database: string | null, activity: Activity) {
    this.#connect = connect;
    this.#database = database;
    this.#activity = activity;
  }

  async activity(statement: string): Promise<string | null> {
    const driver = this.#connect();
    this.#drivers.add(driver);
    const database = this.#database === null ? {} : { database: this.#database };
    const session = driver.session({ ...database, defaultAccessMode: neo4j.session.READ });
    const ask: Ask = async (text, parameters = {}) => {
      const { records } = await session.run(text, parameters);
      return records.map((record) => [...record.values()]);
    };
    try {
      return await this.#activity(ask, statement);
    } catch (error) {
      // An older server has not all that is asked for, and a user may not ask everything: it answers all the same.
      if (/^(Neo|Memgraph)\.ClientError/.test(codeOf(error))) return ALIVE;
      throw error;
    } finally {
      this.#drivers.delete(driver);
      leave(driver);
    }
  }

  async close(): Promise<void> {
    for (const driver of this.#drivers) leave(driver);
    this.#drivers.clear();
  }
}

/** Without waiting: it may never answer. */
function leave(driver: Driver): void {
  driver.close().catch(() => {});
}
