/** Neo4j, 4.4 and later, community and enterprise. */
import { StoreKindError } from "../../errors.ts";
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { RELEASES, type Release } from "../../memorygraph/releases.ts";
import { sleep } from "../../support/time.ts";
import type { SchemaItem } from "../backend.ts";
import type { Connection } from "./connection.ts";
import type { Blocker, Dialect } from "./dialect.ts";
import { ownItems, whatOf } from "./schema.ts";
import { isLarge, temporalParts } from "./values.ts";

const OLDEST = [4, 4];
/** From here on a server can speak a Cypher in which `id()` is gone; it still speaks the older one when asked to. */
const TWO_CYPHERS = [2025, 0];
/** The first with vectors as property values. */
const VECTORS = [2025, 10];
const READY_PAUSE_MS = 50;

export async function neo4jDialect(connection: Connection, location: string): Promise<Dialect> {
  const [row] = await connection.rows(
    "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' RETURN versions[0], edition",
  );
  const version = String(row?.[0] ?? "");
  const numbers = version.split(".").map((part) => Number.parseInt(part, 10));
  if (!atLeast(numbers, OLDEST)) {
    throw new StoreKindError(`${location} is Neo4j ${version}, which is too old`, {
      next: "Neo4j 4.4 and later can be opened; upgrade the server first.",
    });
  }
  return new Neo4jDialect(`Neo4j ${version} ${row?.[1] ?? ""}`.trim(), numbers);
}

function atLeast(version: readonly number[], wanted: readonly number[]): boolean {
  const [major = 0, minor = 0] = version;
  return major > wanted[0]! || (major === wanted[0] && minor >= wanted[1]!);
}

class Neo4jDialect implements Dialect {
  readonly type = "neo4j";
  readonly engine: string;
  readonly limits = { rows: 2_000, bytes: 2 << 20, inFlight: 2 };
  readonly joinsAtOnce = true;
  readonly indexesCheaply = true;
  readonly prefix: string;
  // A transaction sees what others commit while it runs.
  readonly snapshots = false;
  readonly #hasVectors: boolean;

  constructor(engine: string, version: readonly number[]) {
    this.engine = engine;
    this.prefix = atLeast(version, TWO_CYPHERS) ? "CYPHER 5 " : "";
    this.#hasVectors = atLeast(version, VECTORS);
  }

  /**
   * Neo4j replaces `\u0060` by the character even within a quoted name, before it reads the statement; but not where
   * another backslash stands before it. So there is none but those of our own.
   */
  quote(name: string): string {
    return `\`${name.replaceAll("\\", "\\u005C").replaceAll("`", "``")}\``;
  }

  async identity(connection: Connection): Promise<string | null> {
    const [row] = await connection.rows("CALL db.info() YIELD id, name, creationDate RETURN id, creationDate");
    // Each database is a store of its own, and has its own transactions.
    return row === undefined ? null : `${row[0]}/${row[1]} database`;
  }

  /** What the driver calls a bookmark: it names the last transaction that was committed in the database. */
  mark(connection: Connection): Promise<string | null> {
    return connection.bookmark();
  }

  async blocker(connection: Connection): Promise<Blocker | null> {
    // The address need not name the database.
    const [info] = await connection.rows("CALL db.info() YIELD name RETURN name");
    const databases = await connection.rows("SHOW DATABASES YIELD name, access RETURN name, access");
    const current = databases.find(([name]) => name === info?.[0]);
    if (current?.[1] !== "read-only") return null;
    const name = String(current[0]);
    return {
      what: "read-only",
      next: `Lift it (ALTER DATABASE ${name} SET ACCESS READ WRITE, or server.databases.default_to_read_only and server.databases.read_only in neo4j.conf), or choose another database.`,
    };
  }

  async schema(connection: Connection): Promise<SchemaItem[]> {
    const columns = "name, type, entityType, labelsOrTypes, properties";
    const constraints = await connection.rows(
      `SHOW CONSTRAINTS YIELD ${columns}, createStatement RETURN type, entityType, labelsOrTypes, properties, createStatement`,
    );
    // What belongs to a constraint comes with it, and the look-up indexes come with every database.
    const owned = new Set(
      (await connection.rows("SHOW CONSTRAINTS YIELD ownedIndex RETURN ownedIndex").catch(() => [])).flat(),
    );
    const indexes = await connection.rows(
      `SHOW INDEXES YIELD ${columns}, createStatement WHERE type <> 'LOOKUP' RETURN type, entityType, labelsOrTypes, properties, createStatement, name`,
    );
    const own = new Set(
      [...RELEASES.flatMap((release) => this.ownSchema(release)), ...multiTenant()].map(({ what }) => what),
    );
    const taken = new Set(constraints.map((row) => JSON.stringify(row.slice(1, 4))));
    const item = (kind: "index" | "constraint") => (row: readonly unknown[]) => {
      const what = describeRow(kind, row);
      return { backend: "neo4j" as const, kind, what, statement: String(row[4]), own: own.has(what) };
    };
    return [
      ...constraints.map(item("constraint")),
      ...indexes.filter((row) => !owned.has(row[5]) && !isBacking(row, taken, owned)).map(item("index")),
    ];
  }

  ownSchema(_release: Release): SchemaItem[] {
    const unique = (name: string, label: string) =>
      [
        "unique constraint",
        label,
        ["id"],
        `CREATE CONSTRAINT ${name} IF NOT EXISTS FOR (m:${label}) REQUIRE m.id IS UNIQUE`,
      ] as const;
    const text = ["title", "content", "summary"];
    return ownItems(this.type, [
      unique("memory_id_unique", MEMORY_LABEL),
      // Sic: a label, although relationships are meant. MemoryGraph 0.12 creates it so.
      unique("relationship_id_unique", "RELATIONSHIP"),
      ...["type", "created_at", "tags"].map((name) => index(`memory_${name}_index`, name)),
      [
        "full-text index",
        MEMORY_LABEL,
        text,
        `CREATE FULLTEXT INDEX memory_content_index IF NOT EXISTS FOR (m:Memory) ON EACH [${text.map((name) => `m.${name}`).join(", ")}]`,
      ],
      ...["importance", "confidence"].map((name) => index(`memory_${name}_index`, name)),
      index("memory_project_path_index", "context_project_path"),
    ]);
  }

  async createSchema(connection: Connection, { statement }: SchemaItem): Promise<void> {
    await connection.rows(statement);
  }

  /** Indexes are filled all at once in the background. A value of more than about 8 kB makes one fail for good. */
  async schemaReady(
    connection: Connection,
    created: readonly SchemaItem[],
  ): Promise<{ item: SchemaItem; why: string }[]> {
    const wanted = new Map(created.map((item) => [item.what, item]));
    // Not db.awaitIndexes, which knows no difference between ours and others, and ends with the first that fails.
    const columns = "type, entityType, labelsOrTypes, properties, name, state";
    while (true) {
      const rows = await connection.rows(`SHOW INDEXES YIELD ${columns} WHERE state <> 'ONLINE' RETURN ${columns}`);
      const open = rows.filter((row) => wanted.has(describeRow("index", row)));
      if (open.some((row) => row[5] === "POPULATING")) {
        await sleep(READY_PAUSE_MS);
        continue;
      }
      for (const row of open) await connection.rows(`DROP INDEX ${this.quote(String(row[4]))} IF EXISTS`);
      return open.map((row) => ({
        item: wanted.get(describeRow("index", row))!,
        why: "a value is too large to be indexed",
      }));
    }
  }

  async dropSchema(connection: Connection, { kind, what }: SchemaItem): Promise<void> {
    const listing = kind === "constraint" ? "CONSTRAINTS" : "INDEXES";
    const rows = await connection.rows(
      `SHOW ${listing} YIELD name, type, entityType, labelsOrTypes, properties RETURN type, entityType, labelsOrTypes, properties, name`,
    );
    for (const row of rows) {
      if (describeRow(kind, row) !== what) continue;
      await connection.rows(`DROP ${kind.toUpperCase()} ${this.quote(String(row[4]))} IF EXISTS`);
    }
  }

  async uniqueIdLabels(connection: Connection): Promise<string[]> {
    const rows = await connection.rows(
      "SHOW CONSTRAINTS YIELD type, entityType, labelsOrTypes, properties RETURN type, entityType, labelsOrTypes, properties",
    );
    return rows
      .filter(
        ([type, entity, , properties]) =>
          /UNIQUE|NODE_KEY/.test(String(type)) && entity === "NODE" && String(properties) === "id",
      )
      .flatMap(([, , labels]) => labels as string[]);
  }

  unsupported(value: Value): string | null {
    if (typeof value === "string") return value.isWellFormed() ? null : "text with a lone surrogate";
    if (typeof value === "bigint") return isLarge(value) ? "an integer of more than 64 bits" : null;
    if (value === null || typeof value !== "object") return null;
    if (value instanceof Map) return "a map";
    if (Array.isArray(value)) return this.#unsupportedList(value);
    if (value instanceof Vector) return this.#hasVectors ? null : "a vector";
    if (value instanceof Temporal) return temporalParts(value) === null ? `a ${value.kind} like ${value.text}` : null;
    if (value instanceof Point) return SRIDS.has(value.srid) ? null : `a point of the reference system ${value.srid}`;
    return null;
  }

  #unsupportedList(list: readonly Value[]): string | null {
    const kinds = new Set<string>();
    for (const item of list) {
      if (item === null) return "a list that holds null";
      if (Array.isArray(item)) return "a list of lists";
      if (item instanceof Uint8Array) return "a list of bytes";
      if (item instanceof Vector) return "a list of vectors";
      const why = this.unsupported(item);
      if (why !== null) return `a list that holds ${why}`;
      kinds.add(kindOf(item));
    }
    // Integers among floats become floats without a word, others are refused.
    return kinds.size > 1 ? `a list of several types (${[...kinds].join(", ")})` : null;
  }

  unsupportedName(name: string): string | null {
    if (name === "") return "it is empty";
    if (name.includes("\0")) return "it has a NUL character";
    return name.isWellFormed() ? null : "it has a lone surrogate";
  }
}

const SRIDS = new Set([4326, 4979, 7203, 9157]);

function kindOf(value: Value): string {
  if (value instanceof Temporal) return value.kind;
  if (value instanceof Point) return `point ${value.srid}`;
  return typeof value === "bigint" ? "integer" : typeof value === "number" ? "float" : typeof value;
}

function index(name: string, property: string) {
  return [
    "index",
    MEMORY_LABEL,
    [property],
    `CREATE INDEX ${name} IF NOT EXISTS FOR (m:Memory) ON (m.${property})`,
  ] as const;
}

function multiTenant(): SchemaItem[] {
  const properties = ["context_tenant_id", "context_team_id", "context_visibility", "context_created_by", "version"];
  return ownItems(
    "neo4j",
    properties.map((name) => index(`memory_${name.replace("context_", "")}_index`, name)),
  );
}

const KINDS: Record<string, string> = {
  RANGE: "index",
  BTREE: "index",
  FULLTEXT: "full-text index",
  UNIQUENESS: "unique constraint",
  NODE_PROPERTY_UNIQUENESS: "unique constraint",
  RELATIONSHIP_UNIQUENESS: "unique constraint",
  RELATIONSHIP_PROPERTY_UNIQUENESS: "unique constraint",
  NODE_KEY: "key constraint",
  RELATIONSHIP_KEY: "key constraint",
  NODE_PROPERTY_EXISTENCE: "existence constraint",
  RELATIONSHIP_PROPERTY_EXISTENCE: "existence constraint",
};

/** Of a row `type, entityType, labelsOrTypes, properties`. */
function describeRow(kind: "index" | "constraint", [type, entity, names, properties]: readonly unknown[]): string {
  const word = KINDS[String(type)] ?? `${String(type).toLowerCase().replaceAll("_", " ")} ${kind}`;
  return whatOf(word, {
    entity: entity === "NODE" ? "node" : "relationship",
    names: (names as string[] | null) ?? [],
    properties: (properties as string[] | null) ?? [],
  });
}

/** Where the server does not say which index a constraint owns: the one over the same properties. */
function isBacking(row: readonly unknown[], taken: ReadonlySet<string>, owned: ReadonlySet<unknown>): boolean {
  return owned.size === 0 && /RANGE|BTREE/.test(String(row[0])) && taken.has(JSON.stringify(row.slice(1, 4)));
}
