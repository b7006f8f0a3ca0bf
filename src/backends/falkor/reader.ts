/** Nodes and relationships out of a FalkorDB graph, exactly. */
import { DamagedStoreError } from "../../errors.ts";
import { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";
import type { InternalId, RelationshipRef, ServerNode, ServerRelationship } from "../graph-store/server.ts";
import type { Client } from "./client.ts";
import { byFractions, byMantissas, doublesOf, FRACTIONS } from "./doubles.ts";
import { type NameKind, Names } from "./names.ts";
import { assertComplete, collected, type PageQuery, pages, type Rows } from "./pages.ts";
import { decode, type Reply } from "./reply.ts";

/** Characters; of records with longer texts only the weight is told at first, so that no page is larger than memory. */
const LONG = 1 << 13;
/** Characters of records asked for once more, all at once. */
const PORTION = 1 << 21;
/** What any other record counts as. */
const LIGHT = 1 << 11;
const PART = 500;
/** Records that wait to be asked for once more. */
const MOST_OPEN = 5_000;

/**
 * The characters of the long texts in the record `x`. Asked for before the record itself: FalkorDB evaluates every branch
 * of a CASE, but sends only one.
 */
const WEIGHT = `reduce(w = 0, n IN [k IN keys(x) WHERE typeOf(x[k]) = 'String' AND size(x[k]) > ${LONG} | size(x[k])] | w + n)`;

/**
 * As a compact reply has a node or relationship: its number, those of its labels or of its type, for a relationship the
 * numbers of its ends, and the properties, each as the number of its name, the type of its value, and the value.
 */
type Entity = readonly Reply[];
type Property = readonly [name: string, type: string, value: Reply];

interface Shape<R> {
  readonly query: Omit<PageQuery, "columns">;
  /** Before the last one, which holds the record. */
  readonly columns: string;
  /** Finds the records again: the groups of `refs` and what they match. */
  readonly again: string;
  readonly fromOf: (cells: readonly Reply[]) => InternalId;
  readonly named: NameKind;
  /** The numbers of its labels, or of its type. */
  readonly namesOf: (entity: Entity) => readonly string[];
  readonly record: (cells: readonly Reply[], entity: Entity, names: readonly string[], properties: Properties) => R;
}

/** Ids by the node where they start: a relationship is found from there, all of one node at once. */
export type Group = readonly [from: InternalId, ids: readonly InternalId[]];

const NODE: Shape<ServerNode> = {
  query: { match: "MATCH (x)", names: "x", anchor: "x" },
  columns: "id(x)",
  again: "UNWIND $refs AS i MATCH (x) WHERE id(x) = i",
  fromOf: () => 0n,
  named: "label",
  namesOf: (entity) => entity[1] as readonly string[],
  record: (_, [id], labels, properties) => ({ id: BigInt(id as string), labels, properties }),
};

/** Ids that are doubles stay as they are printed: nobody is told apart by one. */
const RELATIONSHIP: Shape<ServerRelationship> = {
  query: { match: "MATCH (a)-[x]->(b)", names: "a, x, b", anchor: "a" },
  columns: "id(x), id(a), a.id, b.id",
  again:
    "UNWIND $refs AS g MATCH (a)-[x]->(b) WHERE id(a) = g[0] AND id(x) >= g[1] AND id(x) <= g[2] AND id(x) IN g[3]",
  fromOf: ([, from]) => decode(from!) as bigint,
  named: "type",
  namesOf: (entity) => [entity[1] as string],
  record: ([, , fromId, toId], [id, , from, to], [type], properties) => ({
    id: BigInt(id as string),
    from: BigInt(from as string),
    to: BigInt(to as string),
    fromId: decode(fromId!),
    toId: decode(toId!),
    type: type!,
    properties,
  }),
};

/** Reads a graph of a server in pages, and asks again for what FalkorDB does not give exactly. */
export class Reader {
  readonly #client: Client;
  readonly #names: Names;

  constructor(client: Client) {
    this.#client = client;
    this.#names = new Names(client);
  }

  async counts(): Promise<{ nodes: number; relationships: number }> {
    const nodes = await this.#count("MATCH (x) RETURN count(x)");
    const relationships = await this.#count("MATCH ()-[x]->() RETURN count(x)");
    return { nodes, relationships };
  }

  async *nodes(signal?: AbortSignal): AsyncGenerator<readonly ServerNode[]> {
    const expected = (await this.counts()).nodes;
    yield* this.#all(NODE, (ids) => ids.map(({ id }) => String(id)), expected, signal);
  }

  async *relationships(signal?: AbortSignal): AsyncGenerator<readonly ServerRelationship[]> {
    const expected = (await this.counts()).relationships;
    yield* this.#all(RELATIONSHIP, groupsText, expected, signal);
  }

  async nodesById(ids: readonly InternalId[]): Promise<ServerNode[]> {
    const refs = ids.map((id) => ({ id, from: 0n }));
    return this.#byRef(NODE, refs, (part) => part.map(({ id }) => String(id)));
  }

  relationshipsById(refs: readonly RelationshipRef[]): Promise<ServerRelationship[]> {
    return this.#byRef(RELATIONSHIP, refs, groupsText);
  }

  async *#all<R>(shape: Shape<R>, spell: Spell, expected: number, signal?: AbortSignal): AsyncGenerator<readonly R[]> {
    let found = 0;
    let open: Weighed[] = [];
    const names = `${shape.query.names}, ${WEIGHT} AS weight`;
    const columns = `${shape.columns}, CASE WHEN weight > 0 THEN weight ELSE [x, ${FRACTIONS}] END`;
    for await (const { rows, statement } of pages(this.#client, { ...shape.query, names, columns }, signal)) {
      await this.#assertText(rows, statement);
      const { records, again } = await this.#told(shape, rows, byFractions);
      if (records.length > 0) yield records;
      found += rows.length;
      // A few from each page: asked for at once, they do not hold up the pages.
      open.push(...again);
      if (open.length < MOST_OPEN) continue;
      yield* this.#again(shape, spell, open, signal);
      open = [];
    }
    yield* this.#again(shape, spell, open, signal);
    assertComplete(this.#client.location, found, expected);
  }

  async *#again<R>(
    shape: Shape<R>,
    spell: Spell,
    records: readonly Weighed[],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly R[]> {
    for (const portion of portions(records)) {
      signal?.throwIfAborted();
      const found = await this.#byRef(shape, portion, spell);
      assertComplete(this.#client.location, found.length, portion.length);
      yield found;
    }
  }

  async #byRef<R>(shape: Shape<R>, refs: readonly RelationshipRef[], spell: Spell): Promise<R[]> {
    const all: R[] = [];
    for (let at = 0; at < refs.length; at += PART) {
      let open: readonly RelationshipRef[] = refs.slice(at, at + PART);
      for (let depth = 1; open.length > 0; depth *= 2) {
        const statement =
          `CYPHER refs=[${spell(open).join(",")}] ${shape.again} ` +
          `RETURN collect([${shape.columns}, [x, ${doublesOf(depth)}]])`;
        const rows = await collected(this.#client, statement);
        await this.#assertText(rows, statement);
        const { records, again } = await this.#told(shape, rows, (printed, doubles) =>
          byMantissas(printed, doubles, depth),
        );
        all.push(...records);
        open = again;
      }
    }
    return all;
  }

  async #count(statement: string): Promise<number> {
    const [row] = await this.#client.read(statement);
    return row === undefined ? 0 : Number(decode(row[0]!));
  }

  /** The records that are whole, and those to be asked for again. */
  async #told<R>(
    shape: Shape<R>,
    rows: Rows,
    exact: (printed: Properties, doubles: readonly Value[]) => Properties | null,
  ): Promise<{ records: R[]; again: Weighed[] }> {
    const whole: { cells: readonly Reply[]; entity: Entity; doubles: Reply }[] = [];
    const again: Weighed[] = [];
    const note = (cells: readonly Reply[], weight: number) =>
      again.push({ id: decode(cells[0]!) as bigint, from: shape.fromOf(cells), weight });
    for (const cells of rows) {
      const [type, last] = cells.at(-1) as readonly [string, Reply];
      // An integer in the place of the record is its weight.
      if (type === "3") note(cells, Number(last));
      else {
        const [[, entity], doubles] = last as readonly [readonly [string, Entity], Reply];
        whole.push({ cells, entity, doubles });
      }
    }
    await this.#knowNames(
      shape.named,
      whole.map(({ entity }) => shape.namesOf(entity)),
    );
    await this.#knowNames(
      "property",
      whole.map(({ entity }) => propertiesIn(entity).map(([name]) => name)),
    );
    const records: R[] = [];
    for (const { cells, entity, doubles } of whole) {
      const properties = exact(this.#properties(entity), decode(doubles) as Value[]);
      const names = shape.namesOf(entity).map((number) => this.#names.of(shape.named, number));
      if (properties === null) note(cells, LIGHT);
      else records.push(shape.record(cells, entity, names, properties));
    }
    return { records, again };
  }

  async #knowNames(kind: NameKind, numbers: readonly (readonly string[])[]): Promise<void> {
    let highest = -1;
    for (const list of numbers) for (const number of list) highest = Math.max(highest, Number(number));
    await this.#names.know(kind, highest);
  }

  #properties(entity: Entity): Properties {
    const keys: string[] = [];
    const values: Value[] = [];
    for (const [name, type, value] of propertiesIn(entity)) {
      keys.push(this.#names.of("property", name));
      values.push(decode([type, value]));
    }
    return Properties.of(keys, values);
  }

  /** FalkorDB takes any bytes as text. @throws DamagedStoreError for what is not UTF-8 */
  async #assertText(rows: Rows, statement: string): Promise<void> {
    for (const row of rows) {
      if (!hasReplacement(row)) continue;
      if (await this.#client.isReadWhole(statement)) return;
      throw new DamagedStoreError(
        `${this.#client.location} holds text that is not UTF-8, near internal id ${row[0]![1]}`,
        {
          next: "Replace such properties in the graph, then run the same command again.",
        },
      );
    }
  }
}

type Spell = (refs: readonly RelationshipRef[]) => string[];

interface Weighed extends RelationshipRef {
  readonly weight: number;
}

function propertiesIn(entity: Entity): readonly Property[] {
  return entity.at(-1) as unknown as readonly Property[];
}

function* portions(records: readonly Weighed[]): Generator<readonly Weighed[]> {
  let portion: Weighed[] = [];
  let sum = 0;
  for (const record of records) {
    if (portion.length > 0 && sum + record.weight > PORTION) {
      yield portion;
      portion = [];
      sum = 0;
    }
    portion.push(record);
    sum += record.weight;
  }
  if (portion.length > 0) yield portion;
}

/** Relationships by the node where they begin: FalkorDB finds them only from there. */
export function groupsOf(refs: readonly RelationshipRef[]): Group[] {
  return [...Map.groupBy(refs, ({ from }) => from)].map(([from, group]) => [from, group.map(({ id }) => id)]);
}

/** The bounds spare the server most comparisons. */
function groupsText(refs: readonly RelationshipRef[]): string[] {
  return groupsOf(refs).map(([from, ids]) => {
    const [least, most] = boundsOf(ids);
    return `[${from},${least},${most},[${ids.join(",")}]]`;
  });
}

/** The least and the greatest of some ids; at least one is given. */
export function boundsOf(ids: readonly InternalId[]): readonly [InternalId, InternalId] {
  return ids.reduce<readonly [bigint, bigint]>(
    ([least, most], id) => [id < least ? id : least, id > most ? id : most],
    [ids[0]!, ids[0]!],
  );
}

function hasReplacement(reply: Reply): boolean {
  if (typeof reply === "string") return reply.includes("\ufffd");
  return reply?.some(hasReplacement) ?? false;
}
