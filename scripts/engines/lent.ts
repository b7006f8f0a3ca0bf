/** Servers that are there already, and that somebody lends to the tests to fill and empty. */
import neo4j from "neo4j-driver";
import type { Instance, Kind } from "../servers.ts";

/**
 * Named by MEMGRAPH_TEST_URI, MEMGRAPH2_TEST_URI and so on; an empty Memgraph also by MEMGRAPH_URI.
 * @throws Error where that Memgraph is not empty: somebody's memories may stand behind it
 */
export async function lentServers(kind: Kind): Promise<readonly Instance[]> {
  const named = namedBy(kind, "_TEST");
  if (named.length > 0 || kind !== "memgraph") return named;
  const empty = namedBy(kind, "");
  for (const { uri, username = "", password = "" } of empty) {
    await using driver = neo4j.driver(uri, neo4j.auth.basic(username, password));
    const { records } = await driver.executeQuery("MATCH (n) RETURN n LIMIT 1");
    if (records.length > 0) {
      throw new Error(`${uri} is not empty, and tests empty it; call it MEMGRAPH_TEST_URI if what is there may go`);
    }
  }
  return empty;
}

function namedBy(kind: Kind, suffix: string): Instance[] {
  return ([1, 2] as const).flatMap((number) => {
    const name = `${kind.toUpperCase()}${number === 1 ? "" : number}${suffix}`;
    const [uri, username, password] = ["URI", "USER", "PASSWORD"].map((part) => Bun.env[`${name}_${part}`]);
    return uri ? [{ kind, number, uri, ...(username && { username }), ...(password && { password }) }] : [];
  });
}
