/** Opens a Bolt server of a kind, and makes sure that it is one of that kind. */
import { MigrateError, RefusedError, StoreKindError, UsageError } from "../../errors.ts";
import type { LiveBackend } from "../backend.ts";
import type { BackendConfig, BackendType } from "../config.ts";
import { addressOf } from "../graph-store/address.ts";
import { serverBackend } from "../graph-store/backend.ts";
import type { GraphServer, OpenServer } from "../graph-store/server.ts";
import type { Connection } from "./connection.ts";
import { memgraphDescriptor, neo4jDescriptor } from "./descriptor.ts";
import type { Dialect } from "./dialect.ts";
import { probe } from "./probe.ts";

/** Two protocols in one: the agent tells the servers apart. */
const KINDS = {
  neo4j: {
    descriptor: neo4jDescriptor,
    agent: /^Neo4j\/(?!.*Memgraph)/i,
    dialect: async (connection: Connection, location: string) =>
      (await import("./neo4j.ts")).neo4jDialect(connection, location),
  },
  memgraph: {
    descriptor: memgraphDescriptor,
    agent: /Memgraph/i,
    dialect: async (connection: Connection) => (await import("./memgraph.ts")).memgraphDialect(connection),
  },
} as const;
type BoltType = keyof typeof KINDS;

export const neo4jBackend: LiveBackend = serverBackend("neo4j", openerOf("neo4j"));
export const memgraphBackend: LiveBackend = serverBackend("memgraph", openerOf("memgraph"));

/**
 * Opens servers of that kind.
 * @throws StoreKindError for a server of the other one, UsageError, ConnectionError
 */
export function openerOf(type: BoltType): OpenServer {
  return async (config, { access, target = access === "write", signal }): Promise<GraphServer> => {
    signal?.throwIfAborted();
    const address = addressOf(config, KINDS[type].descriptor.server);
    const database = databaseOf(config, address.path);
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    const location = `${address.scheme}://${host}:${address.port}${database === null ? "" : `/${database}`}`;
    await probe(type, address);
    // The driver is large, and needed only now that somebody is there.
    const { Connection } = await import("./connection.ts");
    const connection = new Connection(config, address, { access, database, location, signal });
    try {
      assertKind(type, await connection.agent(), location);
      const dialect: Dialect = await KINDS[type].dialect(connection, location);
      connection.watchBy(dialect.activity);
      if (target) await assertWritable(dialect, connection, location);
      const { BoltServer } = await import("./bolt-server.ts");
      return new BoltServer(connection, dialect, location, target);
    } catch (error) {
      await connection.close();
      throw error;
    }
  };
}

/** Which kind answers; null where none does, or where it does not say. What is wrong then is found out when it is opened. */
export async function identify(config: BackendConfig): Promise<BoltType | null> {
  try {
    const address = addressOf(config, neo4jDescriptor.server);
    await probe(neo4jDescriptor.type, address);
    const { Connection } = await import("./connection.ts");
    const database = databaseOf(config, address.path);
    const connection = new Connection(config, address, { access: "read", database, location: address.host });
    try {
      return kindOf(await connection.agent());
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (error instanceof MigrateError) return null;
    throw error;
  }
}

function kindOf(agent: string): BoltType | null {
  return (Object.keys(KINDS) as BoltType[]).find((kind) => KINDS[kind].agent.test(agent)) ?? null;
}

async function assertWritable(dialect: Dialect, connection: Connection, location: string): Promise<void> {
  const blocker = await dialect.blocker(connection);
  if (blocker !== null) throw new RefusedError(`${location} is ${blocker.what}`, { next: blocker.next });
}

/** @throws UsageError when options and address name two databases */
function databaseOf({ database }: BackendConfig, path: string | null): string | null {
  if (database === undefined || path === null || database === path) return database ?? path;
  throw new UsageError(`the address names the database ${path}, the options name ${database}`, {
    next: "Give only one of the two.",
  });
}

function assertKind(type: BackendType & BoltType, agent: string, location: string): void {
  if (KINDS[type].agent.test(agent)) return;
  const other = kindOf(agent);
  throw new StoreKindError(
    other === null
      ? `what answers at ${location} is neither Neo4j nor Memgraph: ${agent || "it does not name its product"}`
      : `what answers at ${location} is ${KINDS[other].descriptor.title}, not ${KINDS[type].descriptor.title}`,
    { next: other === null ? "Check the address." : `Name its kind: ${other} instead of ${type}.` },
  );
}
