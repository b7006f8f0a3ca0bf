/** The rules of an engine that loads a dump, as far as what we add to one can break them (tried with FalkorDB 4.14 to 4.22). */
import type { DumpScan } from "./dump.ts";

/** The encoding of the first engine that tells graphs of one name in two databases apart. */
const APART_SINCE = 20;

/** Whether a dump can be written anew with a graph in its first database; null when it can, else why not. */
export function blockerOf(scan: DumpScan, name: string): { readonly why: string; readonly next: string } | null {
  const { family, version, isNewer } = scan;
  if (family !== "Redis" || isNewer) {
    return {
      why: `it is a ${family} dump of version ${version}, which is only read`,
      next: "Migrate into a new path, or start its engine and migrate into it as a server: --to falkordb.",
    };
  }
  const expires = scan.graphs.find((graph) => graph.db === 0 && graph.name === name)?.expires ?? null;
  if (expires !== null) {
    return {
      why: `the key of the graph ${name} expires at ${timeOf(expires)}: the engine deletes the graph then`,
      next: `Start its engine, send it PERSIST ${name} and SAVE, stop it, and run the same command again.`,
    };
  }
  const double = scan.graphs.find((graph) => graph.db !== 0 && graph.name === name && graph.encoding < APART_SINCE);
  if (double !== undefined) {
    return {
      why: `it has a graph ${name} in database ${double.db}, and FalkorDB before 4.22 merges graphs with the same name`,
      next: "Migrate into a new path; or move that graph to another store first (--from-database reads it) and delete it.",
    };
  }
  return null;
}

/** What an engine would stumble over in a dump of ours; null for nothing. */
export function unloadable(scan: DumpScan, name: string): string | null {
  const own = scan.graphs.filter((graph) => graph.db === 0 && graph.name === name);
  if (own.length !== 1) return `the graph ${name} is there ${own.length} times`;
  const [{ keys, keyCount, expires }] = own as [DumpScan["graphs"][number]];
  if (keys.length !== keyCount) return `of the ${keyCount} keys of the graph ${name} there are ${keys.length}`;
  if (expires !== null) return `the key of the graph ${name} expires`;
  // A schema of an older encoding is loaded into that of the same name, whatever its database, if that came first.
  const earlier = scan.graphs.find((graph) => graph.name === name && graph.keys[0]!.offset < keys[0]!.offset);
  if (earlier !== undefined) return `the graph ${name} of database ${earlier.db} comes before that of database 0`;
  return null;
}

/** @param milliseconds since 1970 */
export function timeOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms since 1970` : date.toISOString().replace(/\.000Z$/, "Z");
}
