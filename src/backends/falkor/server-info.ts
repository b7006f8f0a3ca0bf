/** What a server says of itself in INFO, which is asked once for each connection, and what follows from it. */

export interface ServerInfo {
  /** `standalone`, `cluster` or `sentinel`, in Redis's words. */
  readonly mode: string;
  /** As a person reads it: `FalkorDB 4.22.1 on Redis 8.2.3`. */
  readonly engine: string;
  /** Another one after each start of the server; null where it does not say. */
  readonly run: string | null;
  readonly isReplica: boolean;
  /** Of a replica: whether it has a master, and has all that it had. */
  readonly hasMaster: boolean;
}

/** @param text what INFO answers; null where the user may not ask, who then knows nothing of the server */
export function serverInfo(text: string | null): ServerInfo {
  const of = (name: string) => new RegExp(`^${name}:(.*)$`, "m").exec(text ?? "")?.[1]?.trim() ?? null;
  const redis = of("redis_version");
  return {
    mode: of("redis_mode") ?? "standalone",
    engine: `FalkorDB${graphVersion(text ?? "")}${redis === null ? "" : ` on Redis ${redis}`}`,
    run: of("run_id"),
    isReplica: of("role") === "slave",
    hasMaster: of("master_link_status") === "up",
  };
}

/** Modules spell their version as one number: 42201 is 4.22.1. */
function graphVersion(text: string): string {
  const version = Number(/^module:name=graph,ver=(\d+)/m.exec(text)?.[1] ?? 0);
  return version > 0 ? ` ${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}` : "";
}
