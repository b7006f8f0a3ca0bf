/** Indexes and constraints of Neo4j, read and made. */
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { RELEASES, type Release } from "../../memorygraph/releases.ts";
import { tellingRepeatedly } from "../../support/patience.ts";
import { sleep } from "../../support/time.ts";
import type { SchemaItem } from "../description.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import { type Connection, rowsIfTold } from "./connection.ts";
import type { SchemaDialect } from "./dialect.ts";
import { quoteNeo4j } from "./neo4j-names.ts";
import { rulesOf } from "./neo4j-rules.ts";
import { describeRow, isOnNodeId, isUnique, ROW } from "./neo4j-schema-rows.ts";
import type { Row } from "./rows.ts";
import { ownItems } from "./schema.ts";

const READY_PAUSE_MS = 50;

/** What a server must be to have an index or constraint of a kind, by what SHOW INDEXES and SHOW CONSTRAINTS call it. */
const NEEDS: readonly {
  kind: RegExp;
  since?: readonly [major: number, minor: number];
  enterprise?: true;
  what: string;
}[] = [
  { kind: /^RELATIONSHIP_(PROPERTY_)?UNIQUENESS$/, since: [5, 7], what: "unique constraints on relationships" },
  { kind: /^VECTOR$/, since: [5, 13], what: "vector indexes" },
  { kind: /PROPERTY_TYPE$/, since: [5, 9], enterprise: true, what: "type constraints" },
  { kind: /EXISTENCE$/, enterprise: true, what: "existence constraints" },
  { kind: /_KEY$/, enterprise: true, what: "key constraints" },
];

interface Neo4jRelease {
  /** Major and minor. */
  readonly version: readonly number[];
  readonly isEnterprise: boolean;
}

/** Compares versions part by part, as in [5, 26] and [4, 4]. */
export function isAtLeast(version: readonly number[], wanted: readonly number[]): boolean {
  const [major = 0, minor = 0] = version;
  return major > wanted[0]! || (major === wanted[0] && minor >= wanted[1]!);
}

/** Indexes and constraints of Neo4j: read, created, dropped, and what they refuse; it knows what a version and an edition lack. */
export class Neo4jSchema implements SchemaDialect {
  readonly #release: Neo4jRelease;

  constructor(release: Neo4jRelease) {
    this.#release = release;
  }

  async read(connection: Connection): Promise<SchemaItem[]> {
    const columns = "name, type, entityType, labelsOrTypes, properties, options, createStatement";
    const constraints = await connection.rows(
      `SHOW CONSTRAINTS YIELD ${columns} RETURN ${ROW}, createStatement, options`,
    );
    // What belongs to a constraint comes with it, and the look-up indexes come with every database.
    const owned = new Set((await rowsIfTold(connection, "SHOW CONSTRAINTS YIELD ownedIndex RETURN ownedIndex")).flat());
    const indexes = await connection.rows(
      `SHOW INDEXES YIELD ${columns} WHERE type <> 'LOOKUP' RETURN ${ROW}, createStatement, options, name`,
    );
    const own = new Set(
      [...RELEASES.flatMap((release) => this.own(release)), ...multiTenant()].map(({ what }) => what),
    );
    const taken = new Set(constraints.map((row) => JSON.stringify(row.slice(1, 4))));
    const item = (kind: "index" | "constraint") => (row: Row) => {
      const what = describeRow(kind, row);
      const options = optionsOf(row[5]);
      const base = { backend: "neo4j" as const, kind, what, statement: String(row[4]), own: own.has(what) };
      return { ...base, type: String(row[0]), ...(options !== null && { options }) };
    };
    return [
      ...constraints.map(item("constraint")),
      ...indexes.filter((row) => !owned.has(row[6]) && !isBacking(row, taken, owned)).map(item("index")),
    ];
  }

  own(_release: Release): SchemaItem[] {
    const unique = (name: string, label: string) =>
      [
        "unique constraint",
        label,
        ["id"],
        `CREATE CONSTRAINT ${name} IF NOT EXISTS FOR (m:${label}) REQUIRE m.id IS UNIQUE`,
      ] as const;
    const text = ["title", "content", "summary"];
    return ownItems("neo4j", [
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

  /**
   * A BTREE index, which 4.4 was the last to have, becomes the RANGE index that took its place, and, where the property holds
   * texts, a TEXT index as well: RANGE finds none by their middle or end.
   */
  adapt(item: SchemaItem): readonly SchemaItem[] | { readonly why: string } {
    const { type = "", statement } = item;
    const { version, isEnterprise } = this.#release;
    const need = NEEDS.find(({ kind }) => kind.test(type));
    if (need?.since !== undefined && !isAtLeast(version, need.since)) {
      return { why: `${need.what} need Neo4j ${need.since.join(".")} or later` };
    }
    if (need?.enterprise && !isEnterprise) return { why: `${need.what} need the enterprise edition` };
    if (!/BTREE|native-btree/.test(`${type} ${statement}`) || !isAtLeast(version, [5, 0])) return [item];
    const adapted = statement
      .replace(/^CREATE BTREE INDEX/, "CREATE RANGE INDEX")
      // Providers and settings of the old kind, which are its last part.
      .replace(/ OPTIONS \{.*\}\s*$/s, "");
    const { options: _, ...rest } = item;
    const range: SchemaItem = { ...rest, statement: adapted };
    const [, name, subject, property] = BTREE_ON_ONE.exec(adapted) ?? [];
    if (item.kind === "constraint" || name === undefined) return [range];
    const text = `${name.replaceAll("`", "")}_text`;
    const on = `FOR ${subject} ON (${property})`;
    const statementOfText = `CREATE TEXT INDEX ${quoteNeo4j(text)} ${on}`;
    const what = item.what.replace(/^index/, "text index");
    return [range, { ...rest, type: "TEXT", what, statement: statementOfText, forTexts: true }];
  }

  async holdsTexts(connection: Connection, { statement }: SchemaItem): Promise<boolean> {
    const [, subject, property] = / FOR (.*) ON \((.*)\)$/s.exec(statement) ?? [];
    if (subject === undefined) return false;
    // Of what is no text, it is null.
    const rows = await connection.rows(`MATCH ${subject} WHERE ${property} STARTS WITH '' RETURN 1 LIMIT 1`);
    return rows.length > 0;
  }

  /** Gives what a person should know of it: the name that it got, where its own was taken. */
  async create(connection: Connection, { statement, what }: SchemaItem): Promise<string | null> {
    const [, name] = /^CREATE (?:[A-Z]+ )*?(?:INDEX|CONSTRAINT) (`(?:[^`]|``)+`|\w+)/.exec(statement) ?? [];
    const listed = [
      ...(await connection.rows("SHOW INDEXES YIELD name RETURN name")),
      ...(await connection.rows("SHOW CONSTRAINTS YIELD name RETURN name")),
    ];
    const taken = new Set(listed.map(([each]) => String(each)));
    const plain = name?.startsWith("`") ? name.slice(1, -1).replaceAll("``", "`") : name;
    if (plain === undefined || !taken.has(plain)) {
      await connection.rows(statement);
      return null;
    }
    let other = `${plain}_2`;
    for (let number = 3; taken.has(other); number++) other = `${plain}_${number}`;
    await connection.rows(statement.replace(name!, () => quoteNeo4j(other)));
    return `the name ${plain} is taken by another index or constraint: ${what} is called ${other}`;
  }

  /** Indexes are filled all at once in the background. A value of more than about 8 kB makes one fail for good. */
  async ready(connection: Connection, created: readonly SchemaItem[]): Promise<{ item: SchemaItem; why: string }[]> {
    const wanted = new Map(created.map((item) => [item.what, item]));
    // Not db.awaitIndexes, which knows no difference between ours and others, and ends with the first that fails.
    const columns = "type, entityType, labelsOrTypes, properties, name, state";
    let built = "";
    const tell = tellingRepeatedly(
      (seconds) => `${connection.location} has been working on this for ${seconds} s: ${built}`,
    );
    while (true) {
      const rows = await connection.rows(`SHOW INDEXES YIELD ${columns} WHERE state <> 'ONLINE' RETURN ${columns}`);
      const open = rows.filter((row) => wanted.has(describeRow("index", row)));
      const populating = open.find((row) => row[5] === "POPULATING");
      if (populating !== undefined) {
        built = describeRow("index", populating);
        tell();
        await sleep(READY_PAUSE_MS);
        continue;
      }
      for (const row of open) await connection.rows(`DROP INDEX ${quoteNeo4j(String(row[4]))} IF EXISTS`);
      return open.map((row) => ({
        item: wanted.get(describeRow("index", row))!,
        why: "a value is too large to be indexed",
      }));
    }
  }

  async drop(connection: Connection, { kind, what }: SchemaItem): Promise<void> {
    const listing = kind === "constraint" ? "CONSTRAINTS" : "INDEXES";
    const rows = await connection.rows(
      `SHOW ${listing} YIELD name, type, entityType, labelsOrTypes, properties RETURN ${ROW}, name`,
    );
    for (const row of rows) {
      if (describeRow(kind, row) !== what) continue;
      await connection.rows(`DROP ${kind.toUpperCase()} ${quoteNeo4j(String(row[4]))} IF EXISTS`);
    }
  }

  async uniqueIdLabels(connection: Connection): Promise<string[]> {
    const rows = await connection.rows(
      `SHOW CONSTRAINTS YIELD type, entityType, labelsOrTypes, properties RETURN ${ROW}`,
    );
    return rows.filter((row) => isUnique(row) && isOnNodeId(row)).flatMap(([, , labels]) => labels as string[]);
  }

  rules(connection: Connection): Promise<TargetRule[]> {
    return rulesOf(connection, isAtLeast(this.#release.version, [5, 9]));
  }
}

/** An index over one property, as the server spells it once it is RANGE. */
const BTREE_ON_ONE = /^CREATE RANGE INDEX (`(?:[^`]|``)+`|\w+) FOR (\(.*\)) ON \((\w+\.(?:`(?:[^`]|``)+`|\w+))\)\s*$/s;

/** Settings of an index, each as text; null where it has none. */
function optionsOf(options: unknown): Record<string, string> | null {
  const config = (options as { indexConfig?: Record<string, unknown> } | null)?.indexConfig ?? {};
  const entries = Object.entries(config).map(([name, value]) => [name, JSON.stringify(value)] as const);
  return entries.length === 0 ? null : Object.fromEntries(entries.sort());
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

/** Where the server does not say which index a constraint owns: the one over the same properties. */
function isBacking(row: Row, taken: ReadonlySet<string>, owned: ReadonlySet<unknown>): boolean {
  return owned.size === 0 && /RANGE|BTREE/.test(String(row[0])) && taken.has(JSON.stringify(row.slice(1, 4)));
}
