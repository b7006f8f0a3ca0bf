/** What of a Redis that carries FalkorDB would end a run that writes to it, asked before the first record is written. */
import { RefusedError } from "../../errors.ts";
import type { Client } from "./client.ts";

interface State {
  /** INFO, asked anew; empty for a user who may not ask, who then learns of it by writing. */
  readonly info: string;
  /** CONFIG GET; null likewise. */
  readonly settings: ReadonlyMap<string, string | null>;
}

interface Blocker {
  readonly what: string;
  readonly next: string;
}

const SETTINGS = ["min-replicas-to-write", "stop-writes-on-bgsave-error", "save"] as const;

const BLOCKERS: readonly ((state: State) => Blocker | null)[] = [
  ({ info }) => {
    const [limit, used] = [numberIn(info, "maxmemory"), numberIn(info, "used_memory")];
    // With another policy it makes room, of which a person is asked.
    if (limit === 0 || used < limit || evicts(info)) return null;
    const of = (bytes: number) => bytes.toLocaleString("en-US");
    return {
      what: `has no memory left: it uses ${of(used)} bytes, and maxmemory is ${of(limit)}`,
      next: "Raise maxmemory in the server (CONFIG SET maxmemory), or remove what nobody needs.",
    };
  },
  ({ info, settings }) => {
    const wanted = Number(settings.get("min-replicas-to-write") ?? 0);
    const there = numberIn(info, "min_slaves_good_slaves");
    if (wanted === 0 || there >= wanted) return null;
    return {
      what: `refuses writes, since it has fewer replicas than min-replicas-to-write requires: ${there} of ${wanted}`,
      next: "Start its replicas, or lower min-replicas-to-write in the server's configuration.",
    };
  },
  ({ info, settings }) => {
    const saves = settings.get("stop-writes-on-bgsave-error") === "yes" && (settings.get("save") ?? "") !== "";
    const hasFailed = (saves && /^rdb_last_bgsave_status:err/m.test(info)) || /^aof_last_write_status:err/m.test(info);
    if (!hasFailed) return null;
    return {
      what: "refuses writes, since it cannot save its data to disk",
      next: "Read the server's log, and repair the cause.",
    };
  },
];

/** @throws RefusedError naming the first thing for which it refuses writes */
export async function assertTakesWrites(client: Client): Promise<void> {
  const state = await stateOf(client);
  for (const blocker of BLOCKERS) {
    const found = blocker(state);
    if (found !== null) {
      throw new RefusedError(`${client.location} ${found.what}`, { next: `${found.next} Nothing was written.` });
    }
  }
}

/** Why what is written may be gone later; null where it stays. */
export async function eviction(client: Client): Promise<string | null> {
  const info = String((await client.tryCommand("INFO", "memory")) ?? "");
  if (numberIn(info, "maxmemory") === 0 || !evicts(info)) return null;
  return `the server evicts whole graphs when its memory is full (maxmemory-policy ${policyOf(info)}); set noeviction to prevent that`;
}

async function stateOf(client: Client): Promise<State> {
  const info = String((await client.tryCommand("INFO")) ?? "");
  const settings = new Map<string, string | null>();
  for (const name of SETTINGS) {
    const reply = await client.tryCommand("CONFIG", "GET", name);
    settings.set(name, Array.isArray(reply) && reply.length === 2 ? String(reply[1]) : null);
  }
  return { info, settings };
}

/** Zero where it is not told. */
function numberIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}

function policyOf(info: string): string {
  return /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1] ?? "noeviction";
}

/** Graphs without an expiry are dropped by these policies alone. */
function evicts(info: string): boolean {
  return policyOf(info).startsWith("allkeys");
}
