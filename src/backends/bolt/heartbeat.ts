/** Asks a Bolt server on a connection of its own whether it lives, and what it does with a statement. */
import neo4j, { type Driver } from "neo4j-driver";
import type { Heartbeat } from "../graph-store/line-watch.ts";
import type { Activity } from "./connection.ts";

export class BoltHeartbeat implements Heartbeat {
  readonly #connect: () => Driver;
  readonly #database: string | null;
  readonly #activity: Activity;
  #driver: Driver | null = null;

  /** @param activity how this kind of server is asked */
  constructor(connect: () => Driver, database: string | null, activity: Activity) {
    this.#connect = connect;
    this.#database = database;
    this.#activity = activity;
  }

  async activity(statement: string): Promise<string | null> {
    // A new one each time: what it had open may be as dead as what is asked about.
    await this.close();
    this.#driver = this.#connect();
    const database = this.#database === null ? {} : { database: this.#database };
    const session = this.#driver.session({ ...database, defaultAccessMode: neo4j.session.READ });
    return this.#activity(async (text, parameters = {}) => {
      const { records } = await session.run(text, parameters);
      return records.map((record) => [...record.values()]);
    }, statement);
  }

  async close(): Promise<void> {
    const driver = this.#driver;
    this.#driver = null;
    // It may never answer.
    driver?.close().catch(() => {});
  }
}
