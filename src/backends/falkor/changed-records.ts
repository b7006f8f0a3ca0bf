/** Records of a dump that are to be others: on disk until the dump is written anew, since they may be all of them. */
import { parseJson, writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { pairsOf, unpaired } from "../../graph/record-map.ts";
import type { DumpNode, DumpRelationship } from "../../rdb/dump.ts";
import { openScratch } from "../../support/scratch.ts";

/** On disk, by the engine's number: what becomes of records that are replaced while a dump is rewritten. */
export class ChangedRecords {
  readonly #database = openScratch(
    "CREATE TEMP TABLE node (id INTEGER PRIMARY KEY, labels TEXT NOT NULL, properties TEXT NOT NULL)",
    4_000,
  );
  readonly #statements;
  #count = 0;

  constructor() {
    this.#database.run(
      'CREATE TEMP TABLE relationship (id INTEGER PRIMARY KEY, type TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, properties TEXT NOT NULL)',
    );
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      putNode: prepare("INSERT OR REPLACE INTO node VALUES (?, ?, ?)"),
      putRelationship: prepare("INSERT OR REPLACE INTO relationship VALUES (?, ?, ?, ?, ?)"),
      node: prepare("SELECT labels, properties FROM node WHERE id = ?"),
      relationship: prepare('SELECT type, start, "end", properties FROM relationship WHERE id = ?'),
    };
  }

  putNode({ id, labels, properties }: DumpNode): void {
    this.#count++;
    this.#statements.putNode.run(id, JSON.stringify(labels), encode(properties));
  }

  putRelationship({ id, type, start, end, properties }: DumpRelationship): void {
    this.#count++;
    this.#statements.putRelationship.run(id, type, start, end, encode(properties));
  }

  /** What the node is to be: another, or as it was. */
  node(node: DumpNode): DumpNode {
    if (this.#count === 0) return node;
    const [row] = this.#statements.node.values(node.id) as [labels: string, properties: string][];
    if (row === undefined) return node;
    return { id: node.id, labels: JSON.parse(row[0]) as string[], properties: decode(row[1]) };
  }

  relationship(relationship: DumpRelationship): DumpRelationship {
    if (this.#count === 0) return relationship;
    const { id } = relationship;
    const [row] = this.#statements.relationship.values(id) as [string, number, number, string][];
    if (row === undefined) return relationship;
    const [type, start, end, properties] = row;
    return { id, type, start, end, properties: decode(properties) };
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }
}

function encode(properties: Properties): string {
  return writeJson(pairsOf(properties.entries()), "javascript");
}

function decode(text: string): Properties {
  return Properties.from(unpaired(parseJson(text)));
}
