/**
 * The keys of nodes as the target will read them. A node without an id of its own is known by what it holds, so a value
 * that the target cannot hold, or holds in another form, changes its key, and that of every relationship at it.
 */
import type { Properties } from "../../graph/properties.ts";
import {
  type GraphNode,
  type GraphRelationship,
  idOfKey,
  keyOfId,
  type NodeKey,
  relationshipId,
} from "../../graph/record.ts";
import { ContentKeys } from "../../memorygraph/content-keys.ts";
import { type Scratch, storable } from "../../support/scratch.ts";

/** In a scratch database, since it grows with the nodes that have no id of their own. */
export class FittedKeys {
  readonly #database: Scratch;
  readonly #contents: ContentKeys;
  readonly #sharedIds: ReadonlySet<string>;
  /** Whether a node that is known by its id has got another key: rarely, so that most relationships need no look-up. */
  #hasRenamed = false;

  /**
   * @param database a scratch database, which the caller closes
   * @param sharedIds ids that several nodes of the target have: there, they identify none
   */
  constructor(database: Scratch, sharedIds: ReadonlySet<string>) {
    this.#database = database;
    this.#sharedIds = sharedIds;
    database.run("CREATE TEMP TABLE fitted (source TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID");
    database.run("CREATE TEMP TABLE present_relationship (id TEXT PRIMARY KEY) WITHOUT ROWID");
    this.#contents = new ContentKeys(database);
  }

  /**
   * The key of a node of the source that the target holds with these labels and properties. The same in every reading of
   * the source: nodes of equal content are numbered once.
   */
  node({ key: source }: GraphNode, labels: readonly string[], properties: Properties): NodeKey {
    const own = idOfKey(source);
    const id = properties.get("id");
    if (own !== null && id === own && !this.#sharedIds.has(own)) return source;
    const noted = this.#noted(source);
    if (noted !== null) return noted;
    const isNamed = own !== null && typeof id === "string" && !this.#sharedIds.has(id);
    const key = isNamed ? keyOfId(id) : this.#contents.next({ labels, properties });
    this.#database.query("INSERT INTO fitted VALUES (?, ?)").run(storable(source), storable(key));
    if (own !== null) this.#hasRenamed = true;
    return key;
  }

  /** A relationship that the target held before the run. */
  presentRelationship(relationship: GraphRelationship): void {
    const id = relationshipId(relationship);
    if (id !== null) this.#database.query("INSERT OR IGNORE INTO present_relationship VALUES (?)").run(storable(id));
  }

  /** Whether one relationship of the target, and no other, has that id. */
  hasRelationship(id: string): boolean {
    return this.#database.query("SELECT 1 FROM present_relationship WHERE id = ?").values(storable(id)).length > 0;
  }

  /** The key of an end of a relationship of the source. */
  end(source: NodeKey): NodeKey {
    if (idOfKey(source) !== null && !this.#hasRenamed) return source;
    return this.#noted(source) ?? source;
  }

  #noted(source: NodeKey): NodeKey | null {
    const [row] = this.#database.query("SELECT key FROM fitted WHERE source = ?").values(storable(source)) as [
      string,
    ][];
    return row?.[0] ?? null;
  }
}
