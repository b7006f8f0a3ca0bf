/** Neo4j, 4.4 and later, community and enterprise. */
import { StoreKindError } from "../../errors.ts";
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";
import type { CopyElsewhere } from "../backend.ts";
import { type Activity, type Connection, rowsIfTold, STATEMENT } from "./connection.ts";
import type { Blocker, Dialect } from "./dialect.ts";
import { quoteNeo4j } from "./neo4j-names.ts";
import { isAtLeast, Neo4jSchema } from "./neo4j-schema.ts";
import { isRealTime } from "./temporal-validity.ts";
import { isLarge } from "./values.ts";

const OLDEST = [4, 4];
/** From here on a server can speak a Cypher in which `id()` is gone; it still speaks the older one when asked to. */
const TWO_CYPHERS = [2025, 0];
/** The first that gives a transaction the time that it asks for, also where that is more than its own limit. */
const TIME_AS_ASKED = [5, 3];
/** The first with vectors as property values. */
const VECTORS = [2025, 10];

/**
 * What differs in the Neo4j behind the connection, by its version and edition.
 * @throws UnsupportedError for one before 4.4
 */
export async function neo4jDialect(connection: Connection, location: string): Promise<Dialect> {
  const [row] = await connection.rows(
    "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' " +
      "RETURN versions[0], edition, toString(point({longitude: -0.0, latitude: 0.0}).longitude)",
  );
  const version = String(row?.[0] ?? "");
  const numbers = version.split(".").map((part) => Number.parseInt(part, 10));
  if (!isAtLeast(numbers, OLDEST)) {
    throw new StoreKindError(`${location} is Neo4j ${version}, which is too old`, {
      next: "Neo4j 4.4 and later can be opened; upgrade the server first.",
    });
  }
  const edition = String(row?.[1] ?? "");
  const hasVectors = isAtLeast(numbers, VECTORS) && (await storesVectors(connection));
  return new Neo4jDialect(`Neo4j ${version} ${edition}`.trim(), numbers, {
    isEnterprise: edition === "enterprise",
    hasVectors,
    // 2026.08 takes the sign off this zero, and no other one; it is asked, as nothing says which versions do.
    keepsLongitude: row?.[2] === "-0.0",
  });
}

/** Of the store formats, only `block` has room for vectors; those of the community edition have not. */
async function storesVectors(connection: Connection): Promise<boolean> {
  const [info] = await connection.rows("CALL db.info() YIELD name RETURN name");
  const databases = await connection.rows("SHOW DATABASES YIELD name, store RETURN name, store");
  return /block/.test(String(databases.find(([name]) => name === info?.[0])?.[1]));
}

/** What does not follow from the version alone. */
interface Abilities {
  readonly isEnterprise: boolean;
  readonly hasVectors: boolean;
  /** Whether the longitude -0.0 stays what it is. */
  readonly keepsLongitude: boolean;
}

class Neo4jDialect implements Dialect {
  readonly type = "neo4j";
  readonly engine: string;
  // Twice as much takes 30 MiB more, for the messages that are under way.
  readonly limits = { rows: 1_000, bytes: 1 << 20, inFlight: 2 };
  readonly joinsAtOnce = true;
  readonly indexesCheaply = true;
  readonly prefix: string;
  // A transaction sees what others commit while it runs.
  readonly snapshots = false;
  readonly limitsReadings: boolean;
  readonly schema: Neo4jSchema;
  readonly #has: Abilities;
  /** Whether it tells of each query what it takes: from 5.0 on. */
  readonly #namesQueries: boolean;

  constructor(engine: string, version: readonly number[], abilities: Abilities) {
    this.engine = engine;
    this.schema = new Neo4jSchema({ version, isEnterprise: abilities.isEnterprise });
    this.prefix = isAtLeast(version, TWO_CYPHERS) ? "CYPHER 5 " : "";
    this.limitsReadings = !isAtLeast(version, TIME_AS_ASKED);
    this.#has = abilities;
    this.#namesQueries = isAtLeast(version, [5, 0]);
  }

  quote(name: string): string {
    return quoteNeo4j(name);
  }

  async identity(connection: Connection): Promise<string | null> {
    const [row] = await connection.rows("CALL db.info() YIELD id, name, creationDate RETURN id, creationDate");
    // Each database is a store of its own, and has its own transactions.
    return row === undefined ? null : `${row[0]}/${row[1]} database`;
  }

  /** What the driver calls a bookmark: it names the last transaction that was committed in the database. */
  changeToken(connection: Connection): Promise<string | null> {
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
      next: `Remove the restriction (ALTER DATABASE ${name} SET ACCESS READ WRITE, or server.databases.default_to_read_only and server.databases.read_only in neo4j.conf), or choose another database.`,
    };
  }

  /** An index whose filling failed holds nothing, and is neither repaired nor made anew by the application. */
  async notes(connection: Connection): Promise<string[]> {
    const rows = await connection.rows("SHOW INDEXES YIELD name, state WHERE state = 'FAILED' RETURN name");
    return rows.map(
      ([name]) => `the index ${name} is in the state FAILED; drop it: DROP INDEX ${quoteNeo4j(String(name))}`,
    );
  }

  readonly activity: Activity = async (ask, statement) => {
    const figures = ["pageHits", "pageFaults"];
    if (this.#namesQueries) figures.push("currentQueryAllocatedBytes", "currentQueryPageHits");
    const rows = await ask(
      `SHOW TRANSACTIONS YIELD metaData, status, ${figures.join(", ")} WHERE metaData.${STATEMENT} = $statement RETURN status, ${figures.join(", ")}`,
      { statement },
    );
    const [row] = rows;
    if (row === undefined) return null;
    // It waits for others, who are at work.
    return /^Blocked/i.test(String(row[0])) ? `blocked at ${Date.now()}` : row.map(String).join(" ");
  };

  /** The server itself has none; those of APOC are there where its procedures are. */
  async triggers(connection: Connection): Promise<string[]> {
    const rows = await rowsIfTold(
      connection,
      "CALL apoc.trigger.list() YIELD name, paused WHERE NOT paused RETURN name",
    );
    return rows.map(([name]) => String(name));
  }

  async copies(connection: Connection): Promise<CopyElsewhere[]> {
    // Before 5.0 there is no such statement, and since then not everybody may use it.
    const rows = await rowsIfTold(connection, "SHOW SETTINGS YIELD name, value RETURN name, value");
    const settings = new Map(rows.map(([name, value]) => [String(name), String(value)]));
    const found: CopyElsewhere[] = [];
    const logs = settings.get("server.directories.transaction.logs.root");
    const retention = settings.get("db.tx_log.rotation.retention_policy");
    if (logs !== undefined && retention !== undefined) {
      const what = `what was written, in the transaction logs of the server under ${logs}, which it keeps by the policy "${retention}"`;
      const remove = "set db.tx_log.rotation.retention_policy to keep_none, then run CALL db.checkpoint()";
      found.push({ what, remove });
    }
    // Only this edition writes one, whatever the settings of the other say.
    const isLogged = this.#has.isEnterprise && settings.get("db.logs.query.enabled") !== "OFF";
    const folder = settings.get("server.directories.logs");
    if (isLogged && folder !== undefined) {
      const withTexts = settings.get("db.logs.query.parameter_logging_enabled") !== "false";
      const what = `the statements of the run${withTexts ? ", with the texts in them," : ""} in ${folder}/query.log on the server`;
      found.push({
        what,
        remove: "delete the lines of the time of the run from that file, and from its older generations",
      });
    }
    return found;
  }

  unsupported(value: Value): string | null {
    if (typeof value === "string") return value.isWellFormed() ? null : "text with a lone surrogate";
    if (typeof value === "bigint") return isLarge(value) ? "an integer of more than 64 bits" : null;
    if (value === null || typeof value !== "object") return null;
    if (value instanceof Map) return "a map";
    if (Array.isArray(value)) return this.#unsupportedList(value);
    if (value instanceof Vector) return this.#has.hasVectors ? null : "a vector";
    if (value instanceof Temporal) return !isRealTime(value) ? `a ${value.kind} like ${value.text}` : null;
    if (value instanceof Point) return unsupportedPoint(value, this.#has.keepsLongitude);
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

/** How many numbers a point of each reference system has, and whether they are degrees. */
const SYSTEMS: ReadonlyMap<number, { readonly dimensions: 2 | 3; readonly isGeographic: boolean }> = new Map([
  [4326, { dimensions: 2, isGeographic: true }],
  [4979, { dimensions: 3, isGeographic: true }],
  [7203, { dimensions: 2, isGeographic: false }],
  [9157, { dimensions: 3, isGeographic: false }],
]);

function unsupportedPoint({ srid, x, y, z }: Point, keepsLongitude: boolean): string | null {
  const system = SYSTEMS.get(srid);
  if (system === undefined) return `a point of the reference system ${srid}`;
  if ((z === undefined ? 2 : 3) !== system.dimensions) return `a point of ${srid} without ${system.dimensions} numbers`;
  if ([x, y, z ?? 0].some((number) => !Number.isFinite(number))) return "a point of what is no number";
  // Neo4j keeps none that are not on the globe.
  const isOnEarth = Math.abs(x) <= 180 && Math.abs(y) <= 90;
  if (system.isGeographic && !isOnEarth) return `a point at the longitude ${x} and latitude ${y}`;
  return system.isGeographic && !keepsLongitude && Object.is(x, -0) ? "a point at the longitude -0.0" : null;
}

function kindOf(value: Value): string {
  if (value instanceof Temporal) return value.kind;
  if (value instanceof Point) return `point ${value.srid}`;
  return typeof value === "bigint" ? "integer" : typeof value === "number" ? "float" : typeof value;
}
