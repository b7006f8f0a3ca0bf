import type { HardValue } from "../../graph/hard-values.ts";
import type { BackendDescriptor, ServerDescriptor } from "../descriptor.ts";

const CANNOT_HOLD: readonly HardValue[] = [
  "map",
  "list with null",
  "large integer",
  "bytes",
  "NUL",
  "lone surrogate",
  "time with offset",
  "zoned date-time",
  "fraction",
  "nanoseconds",
  "calendar duration",
  "point",
  "dangling relationship",
];

export const falkordbliteDescriptor: BackendDescriptor<"falkordblite"> = {
  type: "falkordblite",
  title: "FalkorDBLite",
  family: "falkor",
  noun: "FalkorDBLite store",
  server: null,
  takes: ["graph", "database"],
  // A dump has names in it that cannot be spelled in a statement.
  capabilities: { target: "staged", cannotHold: CANNOT_HOLD },
  variables: {
    path: {
      names: ["MEMORY_FALKORDBLITE_PATH", "FALKORDBLITE_PATH"],
      otherwise: "~/.memorygraph/falkordblite.db",
    },
  },
  formerPlaces: [],
  signatures: [
    {
      what: "FalkorDBLite directory",
      note: "MemoryGraph 0.12 cannot open it: it wants a file there",
      matches: ({ kind, has }) => kind === "directory" && has("dump.rdb"),
    },
    {
      // An engine that runs with an append-only log may never have saved a dump.
      what: "directory with FalkorDB's append-only log",
      matches: ({ kind, has }) =>
        kind === "directory" && ["appendonlydir", "appendonly.aof", "appendonly.aof.manifest"].some(has),
    },
    {
      what: "part of FalkorDB's append-only log",
      matches: ({ head }) =>
        /^(\*\d+\r\n\$\d+\r\n|#TS:\d|file \S+\.aof\.\S+ seq )/.test(head.toString("latin1", 0, 200)),
    },
    {
      what: "Redis dump (FalkorDBLite)",
      note: "MemoryGraph 0.13 cannot open it: it wants a directory there",
      matches: ({ head }) => /^(REDIS\d{4}|VALKEY\d{3})/.test(head.toString("latin1", 0, 9)),
    },
  ],
  mistakenFor: [],
  load: async () => (await import("./falkordblite.ts")).falkordblite,
};

export const falkordbDescriptor: ServerDescriptor<"falkordb"> = {
  type: "falkordb",
  title: "FalkorDB",
  family: "falkor",
  noun: "FalkorDB server",
  server: { schemes: ["redis", "rediss", "falkor", "falkors"], port: 6379 },
  takes: ["username", "password", "graph", "caFile", "readBy"],
  capabilities: { target: "live", cannotHold: [...CANNOT_HOLD, "backtick"] },
  variables: {
    host: { names: ["MEMORY_FALKORDB_HOST", "FALKORDB_HOST"], otherwise: "localhost" },
    port: { names: ["MEMORY_FALKORDB_PORT", "FALKORDB_PORT"], otherwise: "6379" },
    password: { names: ["MEMORY_FALKORDB_PASSWORD", "FALKORDB_PASSWORD"] },
  },
  formerPlaces: [],
  signatures: [],
  mistakenFor: [],
  load: async () => (await import("./falkordb.ts")).falkordb,
};
