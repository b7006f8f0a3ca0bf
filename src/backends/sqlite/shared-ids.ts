/** Ids that several records of a file have: in both tables of a hybrid one, in rows beside others, whole in the side table. */
import type { Database } from "bun:sqlite";
import { type GraphNode, idOfKey } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { compareStamps, stampOf, UNREADABLE } from "../../memorygraph/times.ts";
import type { SharedIds } from "../backend.ts";
import type { FindingLog } from "../findings.ts";
import { quoted, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { SIDE_TABLE } from "./side-table.ts";
import { doublesOf } from "./tables.ts";

/** One of the records of each is in a table of the layout, and read as the record of that id. */
export function sharedIdsIn(database: Database, layout: FileLayout): SharedIds {
  const { nodeTables, relationships, doubled, hasSideTable } = layout;
  const idsOf = (query: string) => rows(database, query).map(([id]) => String(id));
  const find = (kind: "node" | "relationship", tables: readonly string[]) => {
    const doubles = tables.filter((table) => doubled.includes(table)).map((table) => quoted(doublesOf(table)));
    const whole = hasSideTable ? tables.map((table) => wholeWithIdOf(kind, table)) : [];
    const queries = [...doubles.map((table) => `SELECT CAST(id AS TEXT) FROM ${table}`), ...whole];
    return new Set(queries.flatMap(idsOf));
  };
  const nodes = find(
    "node",
    nodeTables.map(({ name }) => name),
  );
  for (const id of hybridIds(database, layout)) nodes.add(id);
  const joins = find("relationship", relationships === null ? [] : [relationships.name]);
  return { nodes: [...nodes], relationships: [...joins], oneIsTheRecord: true };
}

/** Of the records in the side table those that are told apart by content, and have the id of a row or of another one there. */
function wholeWithIdOf(kind: "node" | "relationship", table: string): string {
  const isTold = kind === "node" ? "e.key GLOB '#*'" : `coalesce(${member("e.record", "$.sharesId")} = 1, 0)`;
  const wholes = `SELECT ${member("p.value", "$[1]")} AS own
    FROM ${SIDE_TABLE} e, json_each(CASE WHEN json_valid(e.record) THEN e.record END, '$.properties') p
    WHERE e.kind = '${kind}' AND e.id IS NULL AND ${member("p.value", "$[0]")} = 'id'`;
  return `SELECT DISTINCT own FROM (${wholes} AND ${isTold})
    WHERE EXISTS (SELECT 1 FROM ${quoted(table)} t WHERE t.id = own) OR own IN (${wholes} AND NOT (${isTold}))`;
}

function member(json: string, path: string): string {
  return `json_extract(CASE WHEN json_valid(${json}) THEN ${json} END, '${path}')`;
}

function hybridIds(database: Database, { nodeTables }: FileLayout): string[] {
  if (nodeTables.length < 2) return [];
  return rows(database, "SELECT m.id FROM memories m JOIN nodes n ON n.id = m.id").map(([id]) => String(id));
}

/** A hybrid file can hold one id in both of its tables. The newer version is the record of that id; the other is kept beside it. */
export class HybridIds {
  readonly #ids: ReadonlySet<string>;
  readonly #findings: FindingLog;

  constructor(database: Database, layout: FileLayout, findings: FindingLog) {
    this.#ids = new Set(hybridIds(database, layout));
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
        : "one id in both tables of the file, with different content: the newer one is the record of that id, the other is kept in the side table";
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
