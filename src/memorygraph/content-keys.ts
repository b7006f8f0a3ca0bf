/** The keys of nodes that no id identifies: they are told apart by what they hold, and by their number among those that hold the same. */
import { type GraphNode, keyOfContent, type NodeKey } from "../graph/record.ts";
import type { Scratch } from "../support/scratch.ts";
import { hashOf } from "./canonicalizer.ts";

type Content = Pick<GraphNode, "labels" | "properties">;

/** The hash of what a node holds, in hexadecimal. */
export function contentOf({ labels, properties }: Content): string {
  return hashOf({ kind: "node", key: "#", labels, properties }).toHex();
}

/** Counts nodes of equal content in a scratch database, since there can be as many contents as nodes. */
export class ContentKeys {
  readonly #database: Scratch;

  /** @param database a scratch database, which the caller closes */
  constructor(database: Scratch) {
    this.#database = database;
    database.run("CREATE TEMP TABLE content (hash TEXT PRIMARY KEY, nodes INTEGER NOT NULL) WITHOUT ROWID");
  }

  /** The key of one more node that holds this. */
  next(node: Content): NodeKey {
    const content = contentOf(node);
    const count =
      "INSERT INTO content VALUES (?, 1) ON CONFLICT (hash) DO UPDATE SET nodes = nodes + 1 RETURNING nodes";
    const [row] = this.#database.query(count).values(content) as [number][];
    return keyOfContent(content, row![0]);
  }
}
