import type { HardValue } from "../../graph/hard-values.ts";
import { variablesOf } from "../../memorygraph/opens.ts";
import type { BackendConfig } from "../config.ts";
import type { ServerDescriptor } from "../descriptor.ts";

const SCHEMES = ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"];
const ENCRYPTED = SCHEMES.filter((scheme) => scheme.includes("+s"));
const NEITHER: readonly HardValue[] = ["large integer", "lone surrogate", "nameless property", "dangling relationship"];

/** What the two servers share, since both speak Bolt. */
const BOLT = {
  family: "bolt",
  server: { schemes: SCHEMES, encrypted: ENCRYPTED, port: 7687 },
  takes: ["username", "password", "database", "caFile", "certFile", "keyFile"],
  signatures: [],
  mistakenFor: [],
  identify: async (config: BackendConfig) => (await import("./open.ts")).identify(config),
} as const;

export const neo4jDescriptor: ServerDescriptor<"neo4j"> = {
  ...BOLT,
  type: "neo4j",
  title: "Neo4j",
  noun: "Neo4j server",
  capabilities: {
    target: "live",
    idIsKey: false,
    cannotHold: [...NEITHER, "map", "list of lists", "list with null", "list of several types"],
  },
  variables: variablesOf("neo4j"),
  load: async () => (await import("./open.ts")).neo4jBackend,
};

export const memgraphDescriptor: ServerDescriptor<"memgraph"> = {
  ...BOLT,
  type: "memgraph",
  title: "Memgraph",
  noun: "Memgraph server",
  capabilities: {
    target: "live",
    idIsKey: false,
    cannotHold: [...NEITHER, "bytes", "time with offset", "nanoseconds", "calendar duration", "vector"],
  },
  variables: variablesOf("memgraph"),
  load: async () => (await import("./open.ts")).memgraphBackend,
};
