/** The names that compact replies leave out: labels, types and property names come as their numbers in the graph. */
import { SourceChangedError } from "../../errors.ts";
import type { Client } from "./client.ts";
import { decode, type Reply } from "./reply.ts";

const KINDS = {
  label: "CALL db.labels() YIELD label AS name",
  type: "CALL db.relationshipTypes() YIELD relationshipType AS name",
  property: "CALL db.propertyKeys() YIELD propertyKey AS name",
} as const;
export type NameKind = keyof typeof KINDS;

/**
 * Asked for again after every page: clients that keep them read a graph that somebody has deleted and made anew under its
 * old names, without an error. A graph never takes a name away, nor gives its number to another one.
 */
export class Names {
  readonly #client: Client;
  readonly #known: Record<NameKind, readonly string[]> = { label: [], type: [], property: [] };

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * After a page that has been read, before any name in it is asked for.
   * @param highest the highest number in the page, -1 for none
   * @throws SourceChangedError where the graph is not the one that the names known before belong to
   */
  async know(kind: NameKind, highest: number): Promise<void> {
    if (highest < 0) return;
    const [row] = await this.#client.read(`${KINDS[kind]} RETURN collect(name)`);
    const names = row === undefined ? [] : (decode(row[0]!) as string[]);
    // What was known before the page, and is there after it, was there with it.
    if (highest >= names.length || this.#known[kind].some((name, number) => names[number] !== name)) {
      throw new SourceChangedError(`${this.#client.location} was deleted and created again while it was read`, {
        next: "Run the same command again.",
      });
    }
    this.#known[kind] = names;
  }

  of(kind: NameKind, number: Reply): string {
    return this.#known[kind][Number(number)]!;
  }
}
