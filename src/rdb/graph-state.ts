/**
 * A graph that changes as the effects of a log tell, on disk. Ids of new records are not in the effects: an engine takes
 * the one that was freed last, and else the next; so must whoever follows.
 */
import { parseJson, writeJson } from "../graph/json.ts";
import { Properties } from "../graph/properties.ts";
import { pairsOf, unpaired } from "../graph/record-map.ts";
import type { Value } from "../graph/value.ts";
import { openScratch } from "../support/scratch.ts";
import { ChangingSchema } from "./changing-schema.ts";
import type { DumpNode, DumpRelationship, GraphSchema } from "./dump.ts";
import { type Entity, UnreadableLog } from "./effect-reader.ts";
import { ALL_PROPERTIES, type Effect } from "./effects.ts";

type Change<What extends Effect["what"]> = Extract<Effect, { what: What }>;

/** On disk: a graph's records as far as the log has been replayed. */
export class GraphState implements Disposable {
  readonly #database = openScratch(
    "CREATE TEMP TABLE node (id INTEGER PRIMARY KEY, labels TEXT NOT NULL, properties TEXT NOT NULL)",
  );
  readonly #statements;
  readonly #schema = new ChangingSchema();
  readonly #nodeIds = new Ids();
  readonly #relationshipIds = new Ids();

  constructor() {
    this.#database.run(
      'CREATE TEMP TABLE relationship (id INTEGER PRIMARY KEY, type INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, properties TEXT NOT NULL)',
    );
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      addNode: prepare("INSERT INTO node VALUES (?, ?, ?)"),
      addRelationship: prepare("INSERT INTO relationship VALUES (?, ?, ?, ?, ?)"),
      labels: prepare("SELECT labels FROM node WHERE id = ?"),
      setLabels: prepare("UPDATE node SET labels = ? WHERE id = ?"),
      node: prepare("SELECT properties FROM node WHERE id = ?"),
      relationship: prepare("SELECT properties FROM relationship WHERE id = ?"),
      setNode: prepare("UPDATE node SET properties = ? WHERE id = ?"),
      setRelationship: prepare("UPDATE relationship SET properties = ? WHERE id = ?"),
      deleteNode: prepare("DELETE FROM node WHERE id = ? RETURNING 1"),
      deleteRelationship: prepare(
        'DELETE FROM relationship WHERE id = ? AND type = ? AND start = ? AND "end" = ? RETURNING 1',
      ),
    };
  }

  /** How many ids of nodes an engine may have room for. */
  get capacity(): number {
    return this.#nodeIds.total + ROOM;
  }

  get schema(): GraphSchema {
    return this.#schema.current;
  }

  /** What the log begins with. @param free ids of deleted records, in the order in which they were freed */
  begin(schema: GraphSchema, nodes: IdsOf, relationships: IdsOf): void {
    this.#schema.begin(schema);
    this.#nodeIds.begin(nodes);
    this.#relationshipIds.begin(relationships);
  }

  addNode({ id, labels, properties }: DumpNode): void {
    const numbers = labels.map((label) => this.#schema.numberOf("node", label));
    this.#statements.addNode.run(id, JSON.stringify(numbers), encode(properties.entries()));
  }

  addRelationship({ id, type, start, end, properties }: DumpRelationship): void {
    const number = this.#schema.numberOf("relationship", type);
    this.#statements.addRelationship.run(id, number, start, end, encode(properties.entries()));
  }

  /** @throws UnreadableLog for an effect on what is not there */
  apply(effect: Effect): void {
    switch (effect.what) {
      case "update":
        this.#update(effect);
        return;
      case "createNode": {
        for (const label of effect.labels) this.#schema.nameOf("node", label);
        const properties = this.#named(effect.properties);
        this.#statements.addNode.run(this.#nodeIds.take(), JSON.stringify(effect.labels), encode(properties));
        return;
      }
      case "createRelationship": {
        const { type, start, end } = effect;
        this.#schema.nameOf("relationship", type);
        for (const node of [start, end]) this.#labelsOf(node);
        const properties = encode(this.#named(effect.properties));
        this.#statements.addRelationship.run(this.#relationshipIds.take(), type, start, end, properties);
        return;
      }
      case "deleteNode":
        if (this.#statements.deleteNode.values(effect.id).length === 0) throw missing("node", effect.id);
        this.#nodeIds.free(effect.id);
        return;
      case "deleteRelationship": {
        const { id, type, start, end } = effect;
        const gone = this.#statements.deleteRelationship.values(id, type, start, end);
        if (gone.length === 0) throw missing("relationship", id);
        this.#relationshipIds.free(id);
        return;
      }
      case "label":
        this.#label(effect);
        return;
      default:
        this.#schema.apply(effect);
    }
  }

  *nodes(): Generator<DumpNode> {
    const rows = this.#database.query("SELECT id, labels, properties FROM node ORDER BY id").iterate();
    for (const row of rows as Iterable<{ id: number; labels: string; properties: string }>) {
      const labels = (JSON.parse(row.labels) as number[]).map((label) => this.#schema.nameOf("node", label));
      yield { id: row.id, labels, properties: Properties.from(decode(row.properties)) };
    }
  }

  *relationships(): Generator<DumpRelationship> {
    const query = 'SELECT id, type, start, "end", properties FROM relationship ORDER BY id';
    const rows = this.#database.query(query).iterate();
    for (const row of rows as Iterable<{ id: number; type: number; start: number; end: number; properties: string }>) {
      const { id, type, start, end } = row;
      const name = this.#schema.nameOf("relationship", type);
      yield { id, type: name, start, end, properties: Properties.from(decode(row.properties)) };
    }
  }

  [Symbol.dispose](): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }

  #update({ entity, id, property, value }: Change<"update">): void {
    const [read, write] =
      entity === "node"
        ? [this.#statements.node, this.#statements.setNode]
        : [this.#statements.relationship, this.#statements.setRelationship];
    const [row] = read.values(id) as [string][];
    if (row === undefined) throw missing(entity, id);
    const properties = new Map(property === ALL_PROPERTIES ? [] : decode(row[0]));
    if (property !== ALL_PROPERTIES) {
      const name = this.#schema.propertyOf(property);
      if (value === null) properties.delete(name);
      else properties.set(name, value);
    }
    write.run(encode(properties), id);
  }

  #label({ isSet, label, nodes }: Change<"label">): void {
    const number = this.#schema.numberOf("node", label);
    for (const node of nodes) {
      const others = this.#labelsOf(node).filter((one) => one !== number);
      this.#statements.setLabels.run(JSON.stringify(isSet ? [...others, number] : others), node);
    }
  }

  #labelsOf(node: number): number[] {
    const [row] = this.#statements.labels.values(node) as [string][];
    if (row === undefined) throw missing("node", node);
    return JSON.parse(row[0]) as number[];
  }

  #named(pairs: Change<"createNode">["properties"]): [string, Value][] {
    return pairs.map(([property, value]) => [this.#schema.propertyOf(property), value]);
  }
}

/** Engines make room for so many records at a time, at most. */
const ROOM = 1 << 20;

function missing(entity: Entity, id: number): UnreadableLog {
  return new UnreadableLog(`a change of ${entity} ${id}, which is not there`);
}

interface IdsOf {
  readonly total: number;
  readonly free: readonly number[];
}

class Ids {
  total = 0;
  #free: number[] = [];

  begin({ total, free }: IdsOf): void {
    this.total = total;
    this.#free = [...free];
  }

  take(): number {
    return this.#free.pop() ?? this.total++;
  }

  free(id: number): void {
    this.#free.push(id);
  }
}

function encode(entries: Iterable<readonly [string, Value]>): string {
  return writeJson(pairsOf(entries), "javascript");
}

function decode(text: string): [string, Value][] {
  return unpaired(parseJson(text));
}
