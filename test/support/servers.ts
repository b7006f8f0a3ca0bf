/**
 * The servers that tests run against: started when first asked for, stopped when the test run ends (preload.ts).
 * TEST_BACKENDS narrows the kinds; one that REQUIRE_BACKENDS names must be there.
 */
import { type Instance, KINDS, type Kind, start, stop } from "../../scripts/servers.ts";

export type TestServer = Instance;

const started = new Map<Kind, Promise<readonly TestServer[]>>();

/** Both instances of a kind; the first asks for a password where we started it. None where there is no such server. */
export function serversOf(kind: Kind): Promise<readonly TestServer[]> {
  const known = started.get(kind) ?? begin(kind);
  started.set(kind, known);
  return known;
}

async function begin(kind: Kind): Promise<readonly TestServer[]> {
  if (!isWanted(kind)) return skipped(kind, "TEST_BACKENDS leaves it out");
  try {
    return await start(kind);
  } catch (error) {
    return skipped(kind, error instanceof Error ? error.message : String(error));
  }
}

function skipped(kind: Kind, reason: string): readonly TestServer[] {
  if (listOf("REQUIRE_BACKENDS").includes(kind)) throw new Error(`REQUIRE_BACKENDS names ${kind}, but: ${reason}`);
  console.warn(`SKIPPED: no tests against ${kind}: ${reason}`);
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
  const found = new Map<Kind, readonly TestServer[]>();
  for (const kind of KINDS) {
    const servers = await serversOf(kind);
    if (servers.length > 0) found.set(kind, servers);
  }
  return found;
}

/** Ends what this process has started, or found running. */
export async function stopServers(): Promise<void> {
  if (started.size > 0 && !Bun.env.KEEP_SERVERS) await stop();
}
