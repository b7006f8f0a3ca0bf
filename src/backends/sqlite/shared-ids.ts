/** A hybrid file can hold one id in both of its tables. The newer version counts; that the other is lost is said. */
import type { Database } from "bun:sqlite";
import { compareInstants, parseInstant } from "../../graph/instant.ts";
import { type GraphNode, idOfKey } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import type { OddityLog } from "../findings.ts";
import { rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";

export class SharedIds {
  readonly #ids: ReadonlySet<string>;
  readonly #findings: OddityLog;

  constructor(database: Database, layout: FileLayout, findings: OddityLog) {
    const both = layout.nodeTables.length > 1;
    const found = both ? rows(database, "SELECT m.id FROM memories m JOIN nodes n ON n.id = m.id") : [];
    this.#ids = new Set(found.map(([id]) => String(id)));
    this.#findings = findings;
  }

  /** Whether this is the version of the node that counts. */
  counts(table: string, node: GraphNode, find: (table: string, id: string) => GraphNode | null): boolean {
    const id = idOfKey(node.key);
    if (id === null || !this.#ids.has(id)) return true;
    const old = table === "nodes" ? node : find("nodes", id);
    const recent = table === "memories" ? node : find("memories", id);
    if (old === null || recent === null) return true;
    const winner = newer(old, recent);
    if (table === "nodes") {
      const same = canonicalizer.text(old) === canonicalizer.text(recent);
      const what = same
        ? "one id in both tables of the file, with the same content"
        : "one id in both tables of the file, with different content: the newer one is taken, the other left behind";
      this.#findings.add(
        same ? "note" : "loss",
        what,
        `${id} (${timeOf(old) ?? "no time"} in nodes, ${timeOf(recent) ?? "no time"} in memories)`,
      );
    }
    return winner === (table === "nodes" ? old : recent);
  }
}

function newer(old: GraphNode, recent: GraphNode): GraphNode {
  const a = timeOf(old);
  const b = timeOf(recent);
  return a !== null && (b === null || compareInstants(a, b) > 0) ? old : recent;
}

function timeOf(node: GraphNode): string | null {
  const text = node.properties.get("updated_at") ?? node.properties.get("created_at");
  return typeof text === "string" ? parseInstant(text) : null;
}
