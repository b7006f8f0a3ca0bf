/** A hybrid file can hold one id in both of its tables. The newer version is the record of that id; the other is kept beside it. */
import type { Database } from "bun:sqlite";
import { type GraphNode, idOfKey } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { compareStamps, stampOf, UNREADABLE } from "../../memorygraph/times.ts";
import type { FindingLog } from "../findings.ts";
import { rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";

export class SharedIds {
  readonly #ids: ReadonlySet<string>;
  readonly #findings: FindingLog;

  constructor(database: Database, layout: FileLayout, findings: FindingLog) {
    const both = layout.nodeTables.length > 1;
    const found = both ? rows(database, "SELECT m.id FROM memories m JOIN nodes n ON n.id = m.id") : [];
    this.#ids = new Set(found.map(([id]) => String(id)));
    this.#findings = findings;
  }

  /** What the version of a node in a table is: the record of its id, one beside it, or the same once more. */
  place(
    table: string,
    node: GraphNode,
    find: (table: string, id: string) => GraphNode | null,
  ): "record" | "beside" | "again" {
    const id = idOfKey(node.key);
    if (id === null || !this.#ids.has(id)) return "record";
    const old = table === "nodes" ? node : find("nodes", id);
    const recent = table === "memories" ? node : find("memories", id);
    if (old === null || recent === null) return "record";
    const same = canonicalizer.text(old) === canonicalizer.text(recent);
    if (table === "nodes") {
      const what = same
        ? "one id in both tables of the file, with the same content"
        : "one id in both tables of the file, with different content: the newer one is the record of that id, the other is kept beside it";
      this.#findings.add("note", what, `${id} (${shown(old)} in nodes, ${shown(recent)} in memories)`);
    }
    if (newer(old, recent) === (table === "nodes" ? old : recent)) return "record";
    return same ? "again" : "beside";
  }
}

/** Where a time cannot be read nobody can tell: what the newer release has written counts. */
function newer(old: GraphNode, recent: GraphNode): GraphNode {
  const [a, b] = [stampOf(old), stampOf(recent)];
  if (a !== null && a !== UNREADABLE && b === null) return old;
  return (compareStamps(a, b) ?? 0) > 0 ? old : recent;
}

function shown(node: GraphNode): string {
  const stamp = stampOf(node);
  return stamp === UNREADABLE ? "a time that cannot be read" : (stamp ?? "no time");
}
