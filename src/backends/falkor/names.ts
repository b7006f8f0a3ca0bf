/** The names that compact replies leave out: labels, types and property names come as their numbers in the graph. */
import { ConnectionError } from "../../errors.ts";
import type { Client } from "./client.ts";
import { decode, type Reply } from "./reply.ts";

const KINDS = {
  label: "CALL db.labels() YIELD label AS name",
  type: "CALL db.relationshipTypes() YIELD relationshipType AS name",
  property: "CALL db.propertyKeys() YIELD propertyKey AS name",
} as const;
export type NameKind = keyof typeof KINDS;

export class Names {
  readonly #client: Client;
  readonly #known: Record<NameKind, readonly string[]> = { label: [], type: [], property: [] };

  constructor(client: Client) {
    this.#client = client;
  }

  /** Asks the server for names that are newer than what is known. Numbers are never given to another name. */
  async know(kind: NameKind, highest: number): Promise<void> {
    if (highest < this.#known[kind].length) return;
    const [row] = await this.#client.read(`${KINDS[kind]} RETURN collect(name)`);
    this.#known[kind] = row === undefined ? [] : (decode(row[0]!) as string[]);
    if (highest < this.#known[kind].length) return;
    throw new ConnectionError(`${this.#client.location} gave a ${kind} that it has no name for`, {
      next: "Run the same command again; if it fails again, report it to the project with the version of the server.",
    });
  }

  of(kind: NameKind, number: Reply): string {
    return this.#known[kind][Number(number)]!;
  }
}
