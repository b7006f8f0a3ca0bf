/** Indexes and constraints of Memgraph, read and made; and the rules that they are for what is to be written. */
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { RELEASES, type Release } from "../../memorygraph/releases.ts";
import type { SchemaItem } from "../description.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import type { Connection } from "./connection.ts";
import type { SchemaDialect } from "./dialect.ts";
import { typeViolation } from "./property-types.ts";
import type { Row } from "./rows.ts";
import { ownItems, whatOf } from "./schema.ts";

/** `Memory` is a reserved word up to 2.15. */
export function quoteMemgraph(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Indexes and constraints of Memgraph: read, created, dropped, and what they refuse. */
export class MemgraphSchema implements SchemaDialect {
  async read(connection: Connection): Promise<SchemaItem[]> {
    const own = new Set(
      [...RELEASES.flatMap((release) => this.own(release)), ...multiTenant()].map(({ what }) => what),
    );
    const indexes = await connection.rows("SHOW INDEX INFO");
    const constraints = await connection.rows("SHOW CONSTRAINT INFO");
    return [...constraints.map((row) => constraintOf(row)), ...indexes.map((row) => indexOf(row))].map((item) => ({
      ...item,
      own: own.has(item.what),
    }));
  }

  own(_release: Release): SchemaItem[] {
    return ownItems("memgraph", [
      ["unique constraint", MEMORY_LABEL, ["id"], "CREATE CONSTRAINT ON (m:`Memory`) ASSERT m.id IS UNIQUE"],
      // The constraint makes no index: without this one the application scans everything for each memory.
      index("id"),
      ...["type", "created_at", "tags", "importance", "confidence"].map(index),
    ]);
  }

  adapt(item: SchemaItem): readonly SchemaItem[] | { readonly why: string } {
    const { type = "" } = item;
    if (!/vector|text/.test(type)) return [item];
    return { why: "Memgraph does not report the settings of text and vector indexes: create them again by hand" };
  }

  async create(connection: Connection, { statement }: SchemaItem): Promise<null> {
    await connection.rows(statement);
    return null;
  }

  /** Statements that create something return when it works. */
  async ready(): Promise<{ item: SchemaItem; why: string }[]> {
    return [];
  }

  async drop(connection: Connection, { statement }: SchemaItem): Promise<void> {
    await connection.rows(statement.replace(/^CREATE/, "DROP"));
  }

  async uniqueIdLabels(connection: Connection): Promise<string[]> {
    const rows = await connection.rows("SHOW CONSTRAINT INFO");
    return rows
      .filter(([type, , properties]) => type === "unique" && namesOf(properties).join() === "id")
      .map(([, label]) => String(label));
  }

  async rules(connection: Connection): Promise<TargetRule[]> {
    const rows = await connection.rows("SHOW CONSTRAINT INFO");
    return rows.map(ruleOf).filter((rule) => rule !== null);
  }
}

function ruleOf(row: Row): TargetRule | null {
  const [type, label, , dataType] = row;
  const { what, statement } = constraintOf(row);
  const properties = namesOf(row[2]);
  const drop = statement.replace(/^CREATE/, "DROP");
  const base = { what, name: null, entity: "node" as const, names: [String(label)], properties, drop };
  // Ids are compared where duplicates are decided about.
  if (type === "unique") return properties.join() === "id" ? null : { ...base, isUnique: true, violation: () => null };
  if (type === "exists")
    return { ...base, violation: ([value]) => (value === null ? `it has no ${properties[0]}` : null) };
  return { ...base, violation: ([value]) => typeViolation(String(dataType ?? ""), value!) };
}

function constraintOf([type, label, properties, dataType]: Row): Omit<SchemaItem, "own"> {
  const names = namesOf(properties);
  const on = { entity: "node", names: [String(label)], properties: names } as const;
  const subject = `(n:${quoteMemgraph(String(label))})`;
  const list = names.map((name) => `n.${quoteMemgraph(name)}`).join(", ");
  if (type === "unique") {
    const statement = `CREATE CONSTRAINT ON ${subject} ASSERT ${list} IS UNIQUE`;
    return { backend: "memgraph", kind: "constraint", what: whatOf("unique constraint", on), statement };
  }
  if (type === "exists") {
    const statement = `CREATE CONSTRAINT ON ${subject} ASSERT EXISTS (${list})`;
    return { backend: "memgraph", kind: "constraint", what: whatOf("existence constraint", on), statement };
  }
  const statement = `CREATE CONSTRAINT ON ${subject} ASSERT ${list} IS TYPED ${dataType ?? ""}`;
  return { backend: "memgraph", kind: "constraint", what: whatOf(`type constraint (${dataType})`, on), statement };
}

function indexOf([type, name, property]: Row): Omit<SchemaItem, "own"> {
  const properties = namesOf(property);
  const kind = String(type);
  const entity = kind.startsWith("edge") ? "relationship" : "node";
  const names = name == null || name === "" ? [] : [String(name)];
  const list = properties.length > 0 ? `(${properties.map((key) => quoteMemgraph(key)).join(", ")})` : "";
  const [word, keyword] = kind.includes("point")
    ? ["point index", "POINT INDEX"]
    : entity === "relationship"
      ? // Over a property of relationships of every type it has no name.
        ["index", names.length === 0 ? "GLOBAL EDGE INDEX" : "EDGE INDEX"]
      : ["index", "INDEX"];
  const statement = `CREATE ${keyword} ON :${names.map(quoteMemgraph).join("")}${list}`;
  const what = whatOf(word!, { entity, names, properties });
  return { backend: "memgraph", kind: "index", type: kind, what, statement };
}

/** Older servers give one name, newer ones a list. */
function namesOf(properties: unknown): string[] {
  if (properties === null || properties === undefined || properties === "") return [];
  return Array.isArray(properties) ? properties.map(String) : [String(properties)];
}

function index(property: string) {
  return ["index", MEMORY_LABEL, [property], `CREATE INDEX ON :\`Memory\`(${property})`] as const;
}

function multiTenant(): SchemaItem[] {
  const properties = ["context_tenant_id", "context_team_id", "context_visibility", "context_created_by", "version"];
  return ownItems("memgraph", properties.map(index));
}
