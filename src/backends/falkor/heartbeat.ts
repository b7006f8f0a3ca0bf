/** Asks a FalkorDB server on a connection of its own whether it lives, and what it does with a statement. */
import { ALIVE, type Heartbeat } from "../graph-store/line-watch.ts";
import { isForbidden, isUnknownCommand } from "./errors.ts";
import type { RawClient } from "./raw-client.ts";
import type { Reply } from "./reply.ts";

/** Asks on a connection of its own whether the server still works on a statement. */
export class FalkorHeartbeat implements Heartbeat {
  readonly #connect: () => Promise<RawClient>;
  readonly #watched: string | null;
  #raw: RawClient | null = null;

  /**
   * @param connect gives a connection that is open and logged in
   * @param watched the number by which the server knows the connection that is watched; null where it did not tell
   */
  constructor(connect: () => Promise<RawClient>, watched: string | null) {
    this.#connect = connect;
    this.#watched = watched;
  }

  /**
   * How long the server has been working on the statement, by GRAPH.INFO, and how many bytes of the watched connection
   * have passed, by CLIENT LIST: whichever of the two the user may ask. A long answer on a slow line is a sign of life, too.
   */
  async activity(statement: string): Promise<string | null> {
    // A new one each time: what it had open may be as dead as what is asked about.
    await this.close();
    const raw = await this.#connect();
    this.#raw = raw;
    await raw.sendCommand(["PING"]);
    const work = workOn(statement, await tried(raw, "GRAPH.INFO"));
    const id = this.#watched;
    const line = id === null ? null : await tried(raw, "CLIENT", "LIST", "ID", id);
    const passed = /tot-net-in=\d+|qbuf=\d+/.exec(String(line))?.[0] ?? "";
    const sent = /tot-net-out=\d+/.exec(String(line))?.[0] ?? /omem=\d+/.exec(String(line))?.[0] ?? "";
    const text = [work, passed, sent].filter(Boolean).join(" ");
    return text === "" ? ALIVE : text;
  }

  async close(): Promise<void> {
    const raw = this.#raw;
    this.#raw = null;
    if (raw?.isOpen) raw.destroy();
  }
}

/** What GRAPH.INFO says of the statement, which runs or waits for its turn; empty where it knows of none. */
function workOn(statement: string, info: Reply): string {
  if (statement === "" || !Array.isArray(info)) return "";
  const [, running, , waiting] = info as readonly (readonly (readonly string[])[])[];
  const known = [...(running ?? []), ...(waiting ?? [])].find((entry) => entry.includes(statement));
  return known === undefined ? "" : known.filter((part) => part !== statement).join(" ");
}

async function tried(raw: RawClient, ...words: readonly string[]): Promise<Reply> {
  try {
    return (await raw.sendCommand(words)) as Reply;
  } catch (error) {
    if (isForbidden(error) || isUnknownCommand(error)) return null;
    throw error;
  }
}
