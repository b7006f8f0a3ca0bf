/**
 * Nodes and relationships into a FalkorDB graph. Every statement collects what it gives into one row, since a server can
 * be set to cut answers off (RESULTSET_SIZE), and those of writes, too.
 */
import { WriteError } from "../../errors.ts";
import { Properties } from "../../graph/properties.ts";
import type {
  GraphWriter,
  InternalId,
  NewNodes,
  NewRelationships,
  NodeChange,
  RelationshipChange,
  RelationshipRef,
} from "../graph-store/server.ts";
import type { Client } from "./client.ts";
import { mapLiteral, needsExpression, type Place, quote } from "./literals.ts";
import { boundsOf, groupsOf } from "./reader.ts";
import { decode } from "./reply.ts";

const PART = 1_000;
/** Relationships of `g`: a node, bounds of internal ids, and the ids. Found from the node, all at once. */
const GROUPED = "MATCH (a)-[r]->() WHERE id(a) = g[0] AND id(r) >= g[1] AND id(r) <= g[2]";

/** Creates, changes and deletes records of a graph on a server, by its numbers. */
export class Writer implements GraphWriter {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async createNodes({ labels, rows }: NewNodes): Promise<InternalId[]> {
    const statement = `CREATE (n${labelsText(labels)}) SET n = row[1] RETURN collect([row[0], id(n)])`;
    const pairs = await this.#write(rows, statement, (properties, at, place) => {
      return `[${at},${mapLiteral(properties, place)}]`;
    });
    return this.#inOrder(pairs as [bigint, bigint][], rows.length);
  }

  async createRelationships({ type, rows }: NewRelationships): Promise<InternalId[]> {
    const statement =
      "MATCH (a) WHERE id(a) = row[1] MATCH (b) WHERE id(b) = row[2] " +
      `CREATE (a)-[r:${quote(type)}]->(b) SET r = row[3] RETURN collect([row[0], id(r)])`;
    const pairs = await this.#write(rows, statement, ({ from, to, properties }, at, place) => {
      return `[${at},${from},${to},${mapLiteral(properties, place)}]`;
    });
    return this.#inOrder(pairs as [bigint, bigint][], rows.length);
  }

  async changeNodes(changes: readonly NodeChange[]): Promise<void> {
    const groups = Map.groupBy(changes, ({ labelsBefore, labels }) => JSON.stringify([labelsBefore, labels]));
    for (const group of groups.values()) {
      const { labels, labelsBefore } = group[0]!;
      const removed = labelsBefore.filter((label) => !labels.includes(label));
      const added = labels.filter((label) => !labelsBefore.includes(label));
      const add = added.length > 0 ? ` SET n${labelsText(added)}` : "";
      const remove = removed.length > 0 ? ` REMOVE n${labelsText(removed)}` : "";
      const statement = `MATCH (n) WHERE id(n) = row[0] SET n = row[1]${add}${remove} RETURN collect(id(n))`;
      const found = await this.#write(group, statement, ({ id, properties }, _, place) => {
        return `[${id},${mapLiteral(properties, place)}]`;
      });
      this.#assertAll(found.length, group.length);
    }
  }

  async changeRelationships(changes: readonly RelationshipChange[]): Promise<void> {
    if (changes.length === 0) return;
    const groups = [...Map.groupBy(changes, ({ from }) => from).values()];
    const statement =
      "WITH row AS g MATCH (a)-[r]->() WHERE id(a) = g[0] AND id(r) >= g[1] AND id(r) <= g[2] AND id(r) IN g[3] " +
      "SET r = [p IN g[4] WHERE p[0] = id(r) | p[1]][0] RETURN collect(id(r))";
    const found = await this.#write(
      groups,
      statement,
      (group, _, place) => {
        const ids = group.map(({ id }) => id);
        const [least, most] = boundsOf(ids);
        const maps = group.map(({ id, properties }) => `[${id},${mapLiteral(properties, place)}]`);
        return `[${group[0]!.from},${least},${most},[${ids.join(",")}],[${maps.join(",")}]]`;
      },
      changes,
    );
    this.#assertAll(found.length, changes.length);
  }

  async deleteNodes(ids: readonly InternalId[]): Promise<InternalId[]> {
    const gone: InternalId[] = [];
    // Deleting a node takes its relationships along without a word, whosesoever they are.
    for (const part of parts(ids)) {
      const found = await this.#list(
        `CYPHER ids=[${part.join(",")}] UNWIND $ids AS i MATCH (n) WHERE id(n) = i OPTIONAL MATCH (n)-[r]-() ` +
          "WITH n, i, count(r) AS degree WHERE degree = 0 DELETE n RETURN collect(i)",
      );
      gone.push(...(found as bigint[]));
    }
    return gone;
  }

  async deleteRelationships(refs: readonly RelationshipRef[]): Promise<void> {
    for (const part of parts(refs)) {
      const groups = groupsOf(part).map(([from, ids]) => {
        const [least, most] = boundsOf(ids);
        return `[${from},${least},${most},[${ids.join(",")}]]`;
      });
      await this.#client.write(
        `CYPHER refs=[${groups.join(",")}] UNWIND $refs AS g ${GROUPED} AND id(r) IN g[3] DELETE r`,
      );
    }
  }

  /** In parameters where all rows can be such, else within the statement. */
  async #write<R>(
    rows: readonly R[],
    statement: string,
    spell: (row: R, at: number, place: Place) => string,
    records: readonly (Properties | { readonly properties: Properties })[] = rows as never,
  ): Promise<readonly unknown[]> {
    const place: Place = records.some(hasExpressions) ? "statement" : "parameter";
    const list = `[${rows.map((row, at) => spell(row, at, place)).join(",")}]`;
    return this.#list(
      place === "statement"
        ? `UNWIND ${list} AS row ${statement}`
        : `CYPHER rows=${list} UNWIND $rows AS row ${statement}`,
    );
  }

  async #list(statement: string): Promise<readonly unknown[]> {
    const [row] = await this.#client.write(statement);
    return row === undefined ? [] : (decode(row[0]!) as unknown[]);
  }

  #inOrder(pairs: readonly (readonly [bigint, bigint])[], expected: number): InternalId[] {
    this.#assertAll(pairs.length, expected);
    const ids: InternalId[] = [];
    for (const [at, id] of pairs) ids[Number(at)] = id;
    return ids;
  }

  #assertAll(found: number, expected: number): void {
    if (found === expected) return;
    throw new WriteError(`${this.#client.location} took ${found} of ${expected} records`, {
      next: "Stop the applications that use the graph, since one deletes records; then run the same command again.",
    });
  }
}

function hasExpressions(record: Properties | { readonly properties: Properties }): boolean {
  const { values } = record instanceof Properties ? record : record.properties;
  return values.some((value) => value !== null && needsExpression(value));
}

function labelsText(labels: readonly string[]): string {
  return labels.map((label) => `:${quote(label)}`).join("");
}

function* parts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += PART) yield items.slice(at, at + PART);
}
