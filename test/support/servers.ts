/**
 * The servers that tests run against: started when first asked for, stopped when the test run ends (preload.ts), however
 * it ends. Each run has its own, unless `scripts/servers start` keeps some for the checkout. TEST_BACKENDS narrows the
 * kinds; one that REQUIRE_BACKENDS names must be there.
 */
import { resolve } from "node:path";
import { type Instance, KINDS, type Kind, start, status, stop } from "../../scripts/servers.ts";
import { ALL_OF_IT } from "./level.ts";

export type TestServer = Instance;

const started = new Map<Kind, Promise<readonly TestServer[]>>();
const skipped = new Set<Kind>();
let hasOwn: boolean | null = null;

/** Both instances of a kind; the first asks for a password where we started it. None where there is no such server. */
export function serversOf(kind: Kind): Promise<readonly TestServer[]> {
  const known = started.get(kind) ?? begin(kind);
  started.set(kind, known);
  return known;
}

async function begin(kind: Kind): Promise<readonly TestServer[]> {
  if (!isWanted(kind)) return skip(kind, "TEST_BACKENDS leaves it out");
  try {
    hasOwn ??= haveOwn();
    return await start(kind);
  } catch (error) {
    return skip(kind, error instanceof Error ? error.message : String(error));
  }
}

/** Other runs of this checkout, at the same time, empty their servers too. */
function haveOwn(): boolean {
  if (status().length > 0 || Bun.env.KEEP_SERVERS) return false;
  Bun.env.SERVERS_RUN = `test-${process.pid}`;
  // After --bail, Ctrl-C or a kill no hook is called: this one sees that the run is over.
  const watch = 'while kill -0 "$0" 2>/dev/null; do sleep 1; done; exec "$@"';
  const command = [resolve(import.meta.dir, "../../scripts/servers"), "stop"];
  const options = { stdin: "ignore", stdout: "ignore", stderr: "ignore", detached: true } as const;
  Bun.spawn(["sh", "-c", watch, String(process.pid), ...command], { ...options, env: { ...Bun.env } }).unref();
  return true;
}

function skip(kind: Kind, reason: string): readonly TestServer[] {
  if (listOf("REQUIRE_BACKENDS").includes(kind)) throw new Error(`REQUIRE_BACKENDS names ${kind}, but: ${reason}`);
  console.warn(`SKIPPED: no tests against ${kind}: ${reason}`);
  skipped.add(kind);
  return [];
}

function isWanted(kind: Kind): boolean {
  const wanted = listOf("TEST_BACKENDS");
  return wanted.length === 0 || wanted.includes(kind);
}

function listOf(variable: string): string[] {
  return (Bun.env[variable] ?? "").split(/[\s,]+/).filter((name) => name !== "");
}

/** Every kind that is there. */
export async function availableServers(): Promise<ReadonlyMap<Kind, readonly TestServer[]>> {
  const all = await Promise.all(KINDS.map(async (kind) => [kind, await serversOf(kind)] as const));
  return new Map(all.filter(([, servers]) => servers.length > 0));
}

/**
 * Where runs are killed, held up or robbed of their disk: one server of each kind in the long level. Below it only of the kind that
 * is the quickest to start and to empty, where there is one, since what is tried is what all of them share: journal, list, locks.
 */
export async function faultServers(): Promise<readonly TestServer[]> {
  const quickest = ALL_OF_IT ? [] : await serversOf("falkordb");
  const servers = quickest.length > 0 ? [quickest] : [...(await availableServers()).values()];
  return servers.map((list) => list.at(-1)!);
}

/** Those that were asked for and are not there. */
export function skippedKinds(): readonly Kind[] {
  return [...skipped];
}

/** Ends what this process has started, and leaves empty what was lent empty (MEMGRAPH_URI). */
export async function stopServers(): Promise<void> {
  if (hasOwn) await stop();
  if (!Bun.env.MEMGRAPH_URI || Bun.env.MEMGRAPH_TEST_URI) return;
  const { emptyBolt } = await import("../conformance/bolt.ts");
  for (const server of (await started.get("memgraph")) ?? []) await emptyBolt(server);
}
