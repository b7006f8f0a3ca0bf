/**
 * Which versions of the graph servers are tried, oldest to newest: what `npm run test:versions` runs, what the weekly
 * workflow runs as docker images, and the rows of docs/PLATFORMS.md. The tests run against one of each, unless
 * NEO4J_VERSION, MEMGRAPH_VERSION or FALKORDB_VERSION names another.
 */
import type { Kind } from "../servers.ts";

export interface EngineVersion {
  readonly kind: Kind;
  readonly version: string;
  /** The package that holds it: of Maven Central for Neo4j, of PyPI for FalkorDB; null where no registry has it. */
  readonly package: string | null;
  readonly image: string;
}

function neo4j(version: string): EngineVersion {
  return { kind: "neo4j", version, package: `org.neo4j.test:neo4j-harness:${version}`, image: `neo4j:${version}` };
}

function memgraph(version: string): EngineVersion {
  return { kind: "memgraph", version, package: null, image: `memgraph/memgraph:${version}` };
}

/** @param release the first one of falkordblite that holds the version */
function falkordb(version: string, release: string, tag = `v${version}`): EngineVersion {
  return {
    kind: "falkordb",
    version,
    package: `falkordblite==${release}`,
    image: `falkordb/falkordb-server:${tag}`,
  };
}

export const VERSIONS: readonly EngineVersion[] = [
  neo4j("4.4.48"),
  neo4j("5.1.0"),
  neo4j("5.26.0"),
  neo4j("5.26.30"),
  neo4j("2025.06.2"),
  neo4j("2025.10.1"),
  neo4j("2026.08.1"),
  falkordb("4.14.7", "0.3.0"),
  falkordb("4.14.11", "0.6.0"),
  falkordb("4.16.2", "0.8.0"),
  falkordb("4.18.3", "0.10.0"),
  falkordb("4.22.1", "0.11.0", "v4.22.0"),
  memgraph("2.14.1"),
  memgraph("2.22.1"),
  memgraph("3.0.0"),
  memgraph("latest"),
];

/** What all tests but those of versions run against. */
const USUAL: Record<Kind, string> = { neo4j: "5.26.0", memgraph: "2.22.1", falkordb: "4.22.1" };

/** @throws RangeError naming the versions that there are */
export function engineVersion(kind: Kind, version: string): EngineVersion {
  const found = VERSIONS.find((one) => one.kind === kind && one.version === version);
  if (found !== undefined) return found;
  const known = VERSIONS.filter((one) => one.kind === kind).map((one) => one.version);
  throw new RangeError(`no version ${version} of ${kind} is known here; these are: ${known.join(", ")}`);
}

/** The version that the tests of this process run against. */
export function wantedVersion(kind: Kind): EngineVersion {
  return engineVersion(kind, Bun.env[`${kind.toUpperCase()}_VERSION`] || USUAL[kind]);
}

/** The newest FalkorDB comes with the Redis that runs all of them. */
export function newest(kind: Kind): EngineVersion {
  return VERSIONS.findLast((one) => one.kind === kind)!;
}
