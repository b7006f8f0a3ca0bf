/** Records out of a graph server: internal ids become the keys that hold in every store. */
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  keyOfContent,
  keyOfId,
  type NodeKey,
  nameWithoutId,
} from "../../graph/record.ts";
import type { Value } from "../../graph/value.ts";
import { contentOf } from "../../memorygraph/content-keys.ts";
import { openScratch } from "../../support/scratch.ts";
import type { SharedIds } from "../backend.ts";
import type { FindingLog } from "../findings.ts";
import type { InternalId, RecordStore, ServerNode, ServerRelationship } from "./server.ts";

/** Told of every record that has been read, with what the server knows it by. */
interface RecordObserver {
  node(record: GraphNode, id: InternalId): void;
  relationship(record: GraphRelationship, ref: ServerRelationship): void;
}

/**
 * Batches of records, nodes before relationships.
 * @param findings gets what could not be read as it is
 * @param observer gets each record with the server's number of it
 */
export async function* readRecords(
  server: RecordStore,
  findings: FindingLog,
  signal: AbortSignal | undefined,
  observer?: RecordObserver,
): AsyncGenerator<readonly GraphRecord[]> {
  await server.beginSnapshot?.();
  const keys = new KeyMaker(await server.sharedIds());
  try {
    for await (const batch of server.nodes(signal)) {
      yield batch.map((node) => {
        const record = keys.node(node);
        for (const { name, why } of node.undecoded ?? []) noteUndecoded(findings, record, name, why);
        if (!record.key.startsWith("=") && typeof record.properties.get("id") === "string") {
          findings.add(
            "note",
            "nodes that share their id with others: identified by content",
            String(record.properties.get("id")),
          );
        }
        observer?.node(record, node.id);
        return record;
      });
    }
    const shared = new Set(await server.sharedRelationshipIds());
    for await (const batch of server.relationships(signal)) {
      yield batch.map((relationship) => {
        const record = keys.relationship(relationship, shared);
        for (const { name, why } of relationship.undecoded ?? []) noteUndecoded(findings, record, name, why);
        if (record.hasDuplicateId) {
          findings.add(
            "note",
            "relationships that share their id with others: identified by content",
            String(record.properties.get("id")),
          );
        }
        observer?.relationship(record, relationship);
        return record;
      });
    }
  } finally {
    keys.close();
    await server.endMoment?.();
  }
}

export async function sharedIdsOf(server: RecordStore): Promise<SharedIds> {
  const nodes = await server.sharedIds();
  return { nodes, relationships: await server.sharedRelationshipIds(), oneIsTheRecord: false };
}

function noteUndecoded(findings: FindingLog, record: GraphRecord, name: string, why: string): void {
  const id = record.properties.get("id");
  const named = record.kind === "node" ? nameWithoutId(record) : `a relationship ${record.type} without id`;
  const where = `${typeof id === "string" ? id : named}.${name}`;
  findings.add("damage", `a property that the driver cannot decode: ${why}`, where, "property");
}

/** Gives nodes their keys, and remembers those of nodes that have no id of their own until the relationships come. */
class KeyMaker {
  readonly #shared: ReadonlySet<string>;
  readonly #scratch = openScratch("CREATE TEMP TABLE unnamed (internal INTEGER PRIMARY KEY, key TEXT NOT NULL)");
  readonly #put = this.#scratch.prepare("INSERT OR REPLACE INTO unnamed VALUES (?, ?)");
  readonly #get = this.#scratch.prepare("SELECT key FROM unnamed WHERE internal = ?");
  readonly #numbers = new Map<string, number>();

  constructor(shared: readonly string[]) {
    this.#shared = new Set(shared);
  }

  node({ id, labels, properties }: ServerNode): GraphNode {
    const named = this.#named(properties.get("id"));
    if (named !== null) return { kind: "node", key: named, labels, properties };
    const content = contentOf({ labels, properties });
    const number = (this.#numbers.get(content) ?? 0) + 1;
    this.#numbers.set(content, number);
    const key = keyOfContent(content, number);
    this.#put.run(id, key);
    return { kind: "node", key, labels, properties };
  }

  relationship(
    { from, to, fromId, toId, type, properties }: ServerRelationship,
    shared: ReadonlySet<string>,
  ): GraphRelationship {
    const id = properties.get("id");
    return {
      kind: "relationship",
      from: this.#end(from, fromId),
      to: this.#end(to, toId),
      type,
      properties,
      ...(typeof id === "string" && shared.has(id) && { hasDuplicateId: true }),
    };
  }

  close(): void {
    this.#put.finalize();
    this.#get.finalize();
    this.#scratch.close();
  }

  #named(id: Value): NodeKey | null {
    return typeof id === "string" && !this.#shared.has(id) ? keyOfId(id) : null;
  }

  #end(internal: InternalId, id: Value): NodeKey {
    const named = this.#named(id);
    if (named !== null) return named;
    const [row] = this.#get.values(internal) as [string][];
    // A node that came after the nodes were read: the store changed, which is found out at the end.
    return row?.[0] ?? `#${internal}`;
  }
}
