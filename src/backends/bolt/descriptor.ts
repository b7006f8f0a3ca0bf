import type { HardValue } from "../../graph/hard-values.ts";
import { variablesOf } from "../../memorygraph/opens.ts";
import type { BackendConfig } from "../config.ts";
import type { ServerDescriptor } from "../descriptor.ts";

const SCHEMES = ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"];
const ENCRYPTED = SCHEMES.filter((scheme) => scheme.includes("+s"));
const NEITHER: readonly HardValue[] = ["large integer", "lone surrogate", "nameless property", "dangling relationship"];

const identify = async (config: BackendConfig) => (await import("./open.ts")).identify(config);

export const neo4jDescriptor: ServerDescriptor<"neo4j"> = {
  type: "neo4j",
  title: "Neo4j",
  family: "bolt",
  noun: "Neo4j server",
  server: { schemes: SCHEMES, encrypted: ENCRYPTED, port: 7687 },
  takes: ["username", "password", "database", "caFile", "certFile", "keyFile"],
  capabilities: {
    target: "live",
    idIsKey: false,
    cannotHold: [...NEITHER, "map", "list of lists", "list with null", "list of several types"],
  },
  variables: variablesOf("neo4j"),
  signatures: [],
  mistakenFor: [],
  load: async () => (await import("./open.ts")).neo4jBackend,
  identify,
};

export const memgraphDescriptor: ServerDescriptor<"memgraph"> = {
  type: "memgraph",
  title: "Memgraph",
  family: "bolt",
  noun: "Memgraph server",
  server: { schemes: SCHEMES, encrypted: ENCRYPTED, port: 7687 },
  takes: ["username", "password", "database", "caFile", "certFile", "keyFile"],
  capabilities: {
    target: "live",
    idIsKey: false,
    cannotHold: [...NEITHER, "bytes", "time with offset", "nanoseconds", "calendar duration", "vector"],
  },
  variables: variablesOf("memgraph"),
  signatures: [],
  mistakenFor: [],
  load: async () => (await import("./open.ts")).memgraphBackend,
  identify,
};
