/** Memgraph, 2.14 and later. */
import { ConnectionError } from "../../errors.ts";
import { Point, Temporal, type TemporalKind, type Value, Vector } from "../../graph/value.ts";
import type { CopyElsewhere } from "../backend.ts";
import { type Activity, type Connection, rowsIfTold } from "./connection.ts";
import type { Blocker, Dialect } from "./dialect.ts";
import { MemgraphSchema, quoteMemgraph } from "./memgraph-schema.ts";
import { isRealTime } from "./temporal-validity.ts";
import { isLarge, temporalParts } from "./values.ts";

/** The first whose properties can be zoned date-times and points; older ones refuse such parameters. */
const ZONES_AND_POINTS = [2, 19];
/** Whole days in 2^63 microseconds, but for the last. */
const MOST_DAYS = 106_751_990;

/** What differs in the Memgraph behind the connection, by its version, storage mode and isolation level. @throws ConnectionError */
export async function memgraphDialect(connection: Connection): Promise<Dialect> {
  const [row] = await connection.rows("SHOW VERSION");
  const version = String(row?.[0] ?? "");
  const storage = await storageInfo(connection);
  const snapshots =
    /snapshot/i.test(String(storage.get("global_isolation_level") ?? "")) &&
    /transactional/i.test(String(storage.get("storage_mode") ?? ""));
  return new MemgraphDialect(version, snapshots);
}

/** Empty where the user may not ask. */
async function storageInfo(connection: Connection): Promise<Map<string, unknown>> {
  const rows = await rowsIfTold(connection, "SHOW STORAGE INFO");
  return new Map(rows.map(([name, value]) => [String(name), value]));
}

class MemgraphDialect implements Dialect {
  readonly type = "memgraph";
  readonly engine: string;
  readonly limits = { rows: 2_000, bytes: 1 << 20, inFlight: 2 };
  /** They conflict, and one of them fails. */
  readonly joinsAtOnce = false;
  readonly indexesCheaply = false;
  readonly prefix = "";
  readonly limitsReadings = false;
  readonly snapshots: boolean;
  readonly schema = new MemgraphSchema();
  readonly #hasZonesAndPoints: boolean;

  constructor(version: string, snapshots: boolean) {
    this.engine = `Memgraph ${version}`;
    this.snapshots = snapshots;
    const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
    const [wantedMajor, wantedMinor] = ZONES_AND_POINTS as [number, number];
    this.#hasZonesAndPoints = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  }

  quote(name: string): string {
    return quoteMemgraph(name);
  }

  async identity(connection: Connection): Promise<string | null> {
    const storage = await storageInfo(connection);
    const uuid = storage.get("database_uuid");
    return typeof uuid === "string" ? `${uuid} ${storage.get("name") ?? "memgraph"}` : null;
  }

  async changeToken(): Promise<string | null> {
    return null;
  }

  async blocker(connection: Connection): Promise<Blocker | null> {
    const role = (await rowsIfTold(connection, "SHOW REPLICATION ROLE"))[0]?.[0];
    if (role === "replica") return { what: "a read-only replica", next: "Name the main instance instead." };
    const mode = String((await storageInfo(connection)).get("storage_mode") ?? "");
    // A relationship cannot be found by its number there, so a run could be neither undone nor gone on with.
    if (/ON_DISK/i.test(mode)) {
      return {
        what: `in the storage mode ${mode}, in which a run cannot be undone`,
        next: "Start a Memgraph with --storage-mode=IN_MEMORY_TRANSACTIONAL, and name that one as the target. As a source this one can be read.",
      };
    }
    const config = await rowsIfTold(connection, "SHOW CONFIG");
    const setting = config.find(([name]) => name === "storage_properties_on_edges");
    if (!setting?.some((value, at) => at === 2 && String(value) === "false")) return null;
    return {
      what: "configured without properties on relationships",
      next: "Start Memgraph with --storage-properties-on-edges=true; otherwise it cannot hold MemoryGraph's relationships.",
    };
  }

  async closed(connection: Connection): Promise<string | null> {
    const understood = await connection.rows("MATCH (m:Memory) RETURN 1 LIMIT 1").then(
      () => true,
      (error: unknown) => {
        if (error instanceof ConnectionError) throw error;
        return !/Memory|mismatched input/i.test(String(error));
      },
    );
    if (understood) return null;
    return "MemoryGraph cannot use this Memgraph, whose word Memory is reserved: it needs a newer one (2.22 is known to work)";
  }

  readonly activity: Activity = async (ask, statement) => {
    const rows = await ask("SHOW TRANSACTIONS");
    return rows.some((row) => JSON.stringify(row).includes(statement)) ? "listed" : null;
  };

  async triggers(connection: Connection): Promise<string[]> {
    const rows = await rowsIfTold(connection, "SHOW TRIGGERS");
    return rows.map((row) => `${row[0]} (${String(row[3] ?? "").toLowerCase() || "no phase given"})`);
  }

  async copies(connection: Connection): Promise<CopyElsewhere[]> {
    const rows = await rowsIfTold(connection, "SHOW CONFIG");
    const settings = new Map(rows.map(([name, , current]) => [String(name), String(current)]));
    const folder = settings.get("data_directory");
    const hasLog = settings.get("storage_wal_enabled") === "true";
    const hasSnapshots = Number(settings.get("storage_snapshot_interval_sec") ?? 0) > 0;
    if (folder === undefined || (!hasLog && !hasSnapshots)) return [];
    const kept = [...(hasLog ? ["write-ahead logs"] : []), ...(hasSnapshots ? ["snapshots"] : [])].join(" and ");
    const count = settings.get("storage_snapshot_retention_count") ?? "the last";
    return [
      {
        what: `what was written, in the ${kept} of the server under ${folder}, of which it keeps ${count}`,
        remove: `run CREATE SNAPSHOT; ${count} times, so that newer ones take their place`,
      },
    ];
  }

  unsupported(value: Value): string | null {
    if (typeof value === "string") return value.isWellFormed() ? null : "text with a lone surrogate";
    if (typeof value === "bigint") return isLarge(value) ? "an integer of more than 64 bits" : null;
    if (value === null || typeof value !== "object") return null;
    if (Array.isArray(value)) return this.#within("a list", value);
    if (value instanceof Map) {
      // The driver gives a value of an enum as this map; written back, it would be a map and no enum.
      if (value.get("__type") === "mg_enum") return `the value ${String(value.get("__value"))} of an enum`;
      const name = [...value.keys()].find((key) => !key.isWellFormed());
      return name === undefined ? this.#within("a map", value.values()) : "a map with a name that has a lone surrogate";
    }
    if (value instanceof Uint8Array) return "bytes";
    if (value instanceof Vector) return "a vector";
    if (value instanceof Point) return this.#hasZonesAndPoints ? null : "a point";
    if (value instanceof Temporal) return this.#unsupportedTime(value);
    return value satisfies never;
  }

  #within(what: string, items: Iterable<Value>): string | null {
    for (const item of items) {
      const why = this.unsupported(item);
      if (why !== null) return `${what} that holds ${why}`;
    }
    return null;
  }

  #unsupportedTime(value: Temporal): string | null {
    const { kind, text } = value;
    const parts = temporalParts(value);
    if (parts === null || !isRealTime(value)) return `a ${kind} like ${text}`;
    if (kind === "time") return "a time with an offset";
    if (kind === "date-time" && !this.#hasZonesAndPoints) return "a date-time with a zone";
    if (kind === "duration" && !text.startsWith("P0M")) return "a duration with months";
    // Kept in microseconds.
    if (/\.\d{7}/.test(text)) return `a ${kind} with nanoseconds`;
    if (kind === "duration") return isKeptDuration(parts) ? null : "a duration that is not in days and part of a day";
    return kind === "local-time" ? null : unsupportedDate(kind, parts);
  }

  unsupportedName(name: string): string | null {
    if (name === "") return "it is empty";
    if (name.includes("\0")) return "it has a NUL character";
    return name.isWellFormed() ? null : "it has a lone surrogate";
  }
}

/** For some of these the server closes the connection without a word, others it gives back as something else. */
function unsupportedDate(kind: TemporalKind, parts: RegExpExecArray): string | null {
  const year = Number(parts[1]);
  if (year < 0 || year > 9999) return `a ${kind} outside the years 0 to 9999`;
  // It cuts off days towards 1970, and is left with a time of day below zero.
  if (kind === "local-date-time" && year < 1970 && !parts[0].endsWith("T00:00:00")) {
    return `a ${kind} before 1970 that is not at midnight`;
  }
  if (kind === "date-time" && /:\d\d:/.test(parts[8] ?? "")) return `a ${kind} with seconds in its offset`;
  return null;
}

/** A duration is one count of microseconds, 64 bits wide: given back as days and part of a day, both of one sign. */
function isKeptDuration([, , days, sign, seconds, fraction]: RegExpExecArray): boolean {
  const count = Number(days);
  const hasTime = Number(seconds) > 0 || fraction !== undefined;
  const hasOneSign = count === 0 || !hasTime || count < 0 === (sign === "-");
  return hasOneSign && Number(seconds) < 86_400 && Math.abs(count) <= MOST_DAYS;
}
