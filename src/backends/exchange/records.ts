/** The records of a JSON file, by the same keys as from a graph server. */
import { createHash } from "node:crypto";
import { JsonSyntaxError } from "../../graph/json.ts";
import type { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { goesBefore, type Rank, rankOf } from "../../memorygraph/rank.ts";
import { openScratch, storable } from "../../support/scratch.ts";
import { FindingLog } from "../findings.ts";
import type { RecordStore, ServerNode, ServerRelationship } from "../graph-store/server.ts";
import type { Aside, Format, Item, Survey } from "./format.ts";
import { isRecord } from "./format.ts";

const LABELS = [MEMORY_LABEL];
const NOWHERE = -1n;

/** A place in the file that could not be read, told once however often it is read. */
type Tell = (aside: Aside) => void;

/** The records of a file of an exchange format, read again for every pass. Findings are complete after a whole pass. */
export class ExchangeRecords implements RecordStore {
  readonly #file: number;
  readonly #format: Format;
  readonly #ids = new Ids();
  #survey: Survey | null = null;
  readonly #aside = new FindingLog();
  #dangling = new FindingLog();
  #numbered = new FindingLog();

  constructor(file: number, format: Format) {
    this.#file = file;
    this.#format = format;
  }

  /** Reads the whole file once. */
  async survey(signal?: AbortSignal): Promise<Survey> {
    if (this.#survey !== null) return this.#survey;
    const headers = new Map<string, string>();
    const nodeFields = new Set<string>();
    const relationshipFields = new Set<string>();
    let [nodes, relationships, unnamed] = [0, 0, 0];
    const tell: Tell = (aside) => {
      if (aside.kind === "header") headers.set(aside.what, aside.value);
      else this.#aside.add(aside.kind, aside.what, aside.value);
    };
    for await (const batch of this.#items(signal, undefined, tell)) {
      for (const item of batch) {
        const id = item.properties.get("id");
        see(item.properties, item.kind === "node" ? nodeFields : relationshipFields);
        if (item.kind === "node") {
          nodes++;
          if (typeof id === "string") this.#ids.add("node", id, BigInt(nodes));
        } else {
          relationships++;
          if (typeof id === "string") this.#ids.add("relationship", id, BigInt(relationships));
          else unnamed++;
        }
      }
    }
    await this.#chooseEnds(signal);
    this.#survey = { nodes, relationships, headers, nodeFields, relationshipFields, unnamed };
    return this.#survey;
  }

  /** A relationship names its ends by their ids: of several memories of one id it means the one that counts. */
  async #chooseEnds(signal: AbortSignal | undefined): Promise<void> {
    const shared = new Set(this.#format.renamesDuplicates ? [] : this.#ids.shared("node"));
    if (shared.size === 0) return;
    const best = new Map<string, Rank>();
    let number = 0n;
    for await (const batch of this.#items(signal, "node")) {
      for (const item of batch) {
        if (item.kind !== "node") continue;
        number++;
        const id = item.properties.get("id");
        if (typeof id !== "string" || !shared.has(id)) continue;
        const node = { kind: "node", key: "#", labels: LABELS, properties: item.properties } as const;
        const rank = rankOf(node, hashOf(node));
        const known = best.get(id);
        if (known !== undefined && !goesBefore(rank, known)) continue;
        best.set(id, rank);
        this.#ids.setNumber(id, number);
      }
    }
  }

  /** What could not be read, and what no record is. */
  findings(): FindingLog {
    const log = new FindingLog();
    for (const finding of [...this.#aside.list(), ...this.#numbered.list(), ...this.#dangling.list()])
      log.merge(finding);
    return log;
  }

  async sharedIds(): Promise<string[]> {
    await this.survey();
    return this.#format.renamesDuplicates ? [] : this.#ids.shared("node");
  }

  async sharedRelationshipIds(): Promise<string[]> {
    await this.survey();
    return this.#ids.shared("relationship");
  }

  /** `created_at` and `updated_at` of up to so many memories. */
  async sampleTimes(memories: number): Promise<Value[]> {
    const times: Value[] = [];
    for await (const batch of this.nodes()) {
      for (const { properties } of batch) times.push(properties.get("created_at"), properties.get("updated_at"));
      if (times.length >= 2 * memories) break;
    }
    return times.filter((time) => time !== null);
  }

  async *nodes(signal?: AbortSignal): AsyncGenerator<readonly ServerNode[]> {
    await this.survey(signal);
    this.#numbered = new FindingLog();
    let number = 0n;
    const again = new Map<string, number>();
    for await (const batch of this.#items(signal, "node")) {
      const nodes: ServerNode[] = [];
      for (const item of batch) {
        if (item.kind !== "node") continue;
        number++;
        nodes.push({ id: number, labels: LABELS, properties: this.#named(item.properties, number, again) });
      }
      if (nodes.length > 0) yield nodes;
    }
  }

  async *relationships(signal?: AbortSignal): AsyncGenerator<readonly ServerRelationship[]> {
    await this.survey(signal);
    this.#dangling = new FindingLog();
    const joined = new Occurrences();
    let number = 0n;
    try {
      for await (const batch of this.#items(signal, "relationship")) {
        const relationships: ServerRelationship[] = [];
        for (const item of batch) {
          if (item.kind !== "relationship") continue;
          const { from, to, type } = item;
          const id = item.properties.get("id") ?? idFor(from, to, type, joined);
          const [start, end] = [this.#ids.numberOf(from), this.#ids.numberOf(to)];
          if (start === null || end === null) {
            this.#dangling.add(
              "note",
              "a relationship with an end that is not in the file; the relationship is kept",
              String(id),
            );
          }
          relationships.push({
            ...{ id: ++number, from: start ?? NOWHERE, to: end ?? NOWHERE, fromId: from, toId: to, type },
            properties: item.properties.with("id", id),
          });
        }
        if (relationships.length > 0) yield relationships;
      }
    } finally {
      joined.close();
    }
  }

  close(): void {
    this.#ids.close();
  }

  /** A name that occurs again is followed by a number that makes it another one. */
  #named(properties: Properties, number: bigint, again: Map<string, number>): Properties {
    const id = properties.get("id");
    if (!this.#format.renamesDuplicates || typeof id !== "string" || this.#ids.numberOf(id) === number)
      return properties;
    this.#numbered.add(
      "note",
      "an entity whose name occurs more than once; a number after the name tells them apart",
      id,
    );
    let count = again.get(id) ?? 1;
    let name: string;
    do name = `${id}#${++count}`;
    while (this.#ids.numberOf(name) !== null);
    again.set(id, count);
    return properties.with("id", name);
  }

  async *#items(
    signal: AbortSignal | undefined,
    kind?: Item["kind"],
    tell: Tell = () => {},
  ): AsyncGenerator<readonly Item[]> {
    const pieces = this.#format.pieces(this.#file, signal, kind);
    for (;;) {
      let next: Awaited<ReturnType<typeof pieces.next>>;
      try {
        next = await pieces.next();
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error;
        tell({
          kind: "damage",
          what: "the JSON text is damaged; nothing after that position is read",
          value: error.message,
        });
        return;
      }
      if (next.done) return;
      const items: Item[] = [];
      for (const piece of next.value) {
        try {
          const item = this.#format.item(piece);
          if (item !== null && isRecord(item)) items.push(item);
          else if (item !== null) tell(item);
        } catch (error) {
          if (!(error instanceof JsonSyntaxError)) throw error;
          tell({ kind: "damage", what: `an entry that cannot be read: ${reason(error)}`, value: piece.where });
        }
      }
      yield items;
    }
  }
}

/** Damage is counted by its reason; offsets would make every one its own. */
function reason(error: JsonSyntaxError): string {
  return error.message.replace(/ at offset \d+$/, "");
}

function see({ shape }: Properties, fields: Set<string>): void {
  for (const key of shape.keys) fields.add(key);
}

/** Of a relationship that has none: the same in every reading, and in every file that holds it. */
export function idFor(from: string, to: string, type: string, joined: Occurrences): string {
  const text = JSON.stringify([from, to, type]);
  const count = joined.next(text);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return count === 1 ? hash : `${hash}-${count}`;
}

/** How often a text has come so far. */
export class Occurrences {
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE seen (text TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
  );
  readonly #next = this.#scratch.prepare(
    "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
  );

  next(text: string): number {
    const [row] = this.#next.values(storable(text)) as [number][];
    return row![0];
  }

  close(): void {
    this.#next.finalize();
    this.#scratch.close();
  }
}

/** The ids in the file: which is whose, and which several records share. */
class Ids {
  readonly #scratch = openScratch(
    `CREATE TEMP TABLE known (kind TEXT, id TEXT, number INTEGER NOT NULL, count INTEGER NOT NULL, plain TEXT,
      PRIMARY KEY (kind, id)) WITHOUT ROWID`,
  );
  readonly #put = this.#scratch.prepare(
    "INSERT INTO known VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1",
  );
  readonly #get = this.#scratch.prepare("SELECT number FROM known WHERE kind = 'node' AND id = ?");

  add(kind: Item["kind"], id: string, number: bigint): void {
    this.#put.run(kind, storable(id), number, JSON.stringify(id));
  }

  setNumber(id: string, number: bigint): void {
    this.#scratch.query("UPDATE known SET number = ? WHERE kind = 'node' AND id = ?").run(number, storable(id));
  }

  /** The number of the node that is meant by that id, counted from 1: at first the first one; null where there is none. */
  numberOf(id: string): bigint | null {
    const [row] = this.#get.values(storable(id)) as [number | bigint][];
    return row === undefined ? null : BigInt(row[0]);
  }

  shared(kind: Item["kind"]): string[] {
    const rows = this.#scratch.query("SELECT plain FROM known WHERE kind = ? AND count > 1").values(kind) as [string][];
    return rows.map(([plain]) => JSON.parse(plain) as string);
  }

  close(): void {
    this.#put.finalize();
    this.#get.finalize();
    this.#scratch.close();
  }
}
