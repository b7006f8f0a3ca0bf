/**
 * A graph that is being written. Records are encoded as they come and kept in a file of our own (the spool), since the
 * head of a graph's data tells figures and names that are known only after the last record.
 */
import { RefusedError } from "../errors.ts";
import type { Properties } from "../graph/properties.ts";
import { remove } from "../support/files.ts";
import { Column } from "./columns.ts";
import type { DumpNode, DumpRelationship, GraphCounts, GraphSchema } from "./dump.ts";
import { writeGraph } from "./graph-writer.ts";
import { Joins } from "./joins.ts";
import { LabelSets } from "./label-sets.ts";
import { PackedWriter } from "./packed-writer.ts";
import { SchemaDraft } from "./schema-draft.ts";
import { FileSink } from "./sink.ts";
import { assertText, PropertiesWriter } from "./value-writer.ts";

/** The places of a matrix are signed numbers of 32 bits. */
const MOST_IDS = 2 ** 31 - 1;

interface GraphDraftOptions {
  readonly name: string;
  /** Names in it get their numbers first, in its order. */
  readonly schema?: GraphSchema;
}

/**
 * A graph to be written, spooled on disk: nodes first, then relationships.
 * @throws RefusedError for what FalkorDB cannot hold
 */
export class GraphDraft implements Disposable {
  readonly name: string;
  readonly #spool: string;
  readonly #sink: FileSink;
  readonly #writer: PackedWriter;
  readonly #properties: PropertiesWriter;
  readonly #schema = new SchemaDraft();
  readonly #sets = new LabelSets(this.#schema.labels);
  /** By node: one more than the number of its label set. */
  readonly #nodes = new Column();
  readonly #joins = new Joins();
  #nodeTotal = 0;
  #nodeCount = 0;
  #isClosed = false;
  #isBroken = false;

  /** @param spool the path of a file that is created or emptied, and removed with the draft */
  constructor(spool: string, { name, schema }: GraphDraftOptions) {
    assertText(name, "the name of the graph");
    this.name = name;
    this.#spool = spool;
    this.#sink = new FileSink(spool);
    this.#writer = new PackedWriter(this.#sink);
    this.#properties = new PropertiesWriter(this.#writer, this.#schema.attribute);
    if (schema !== undefined) this.#schema.set(schema);
  }

  /** Indexes and constraints take the place of those there were; names that are new get the next numbers. */
  setSchema(schema: GraphSchema): void {
    this.#schema.set(schema);
  }

  get counts(): GraphCounts {
    return {
      nodes: this.#nodeCount,
      relationships: this.#joins.count,
      deletedNodes: this.#nodeTotal - this.#nodeCount,
      deletedRelationships: this.#joins.total - this.#joins.count,
    };
  }

  /** @throws RefusedError for what FalkorDB cannot hold, and for an id that is there already */
  addNode({ id, labels, properties }: DumpNode): void {
    if (this.#joins.count > 0) throw new TypeError("nodes come before relationships");
    assertId(id, "node");
    if (this.#nodes.get(id) !== 0) throw taken(`node ${id}`);
    let set = 0;
    for (const label of labels) set = this.#sets.with(set, this.#schema.label(label)) ?? set;
    this.#nodes.set(id, set + 1);
    this.#nodeTotal = Math.max(this.#nodeTotal, id + 1);
    this.#nodeCount++;
    this.#write(id, properties, "node");
  }

  /** @throws RefusedError as addNode does, and for ends that have not been added */
  addRelationship({ id, type, start, end, properties }: DumpRelationship): void {
    assertId(id, "relationship");
    if (this.#nodes.get(start) === 0 || this.#nodes.get(end) === 0) {
      throw new RefusedError(`relationship ${id} joins nodes ${start} and ${end}, which are not both there`, {
        next: "Add its nodes, or leave it out.",
      });
    }
    if (!this.#joins.add(id, start, end, this.#schema.type(type))) throw taken(`relationship ${id}`);
    this.#write(id, properties, "relationship");
  }

  /** The graph's data, from the first to the last, as the parts of a module's value. */
  writeTo(target: FileSink): void {
    if (this.#isBroken) throw new TypeError("an earlier record of this graph was refused");
    this.#writer.flush();
    this.#sink.flush();
    writeGraph(target, {
      name: this.name,
      counts: this.counts,
      schema: this.#schema,
      sets: this.#sets,
      nodes: this.#nodes,
      nodeTotal: this.#nodeTotal,
      joins: this.#joins,
      spool: this.#spool,
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink.close();
    remove(this.#spool);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What is half written cannot be taken back. */
  #write(id: number, properties: Properties, kind: string): void {
    this.#isBroken = true;
    this.#writer.unsigned(id);
    this.#properties.write(properties, () => `${kind} ${id}`);
    this.#isBroken = false;
  }
}

function assertId(id: number, kind: string): void {
  if (Number.isInteger(id) && id >= 0 && id < MOST_IDS) return;
  throw new RefusedError(`a ${kind} cannot have the internal id ${id}`, { next: "Renumber the records." });
}

function taken(what: string): RefusedError {
  return new RefusedError(`there is a ${what} already`, { next: "Renumber the records." });
}
