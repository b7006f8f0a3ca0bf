import type { HardValue } from "../../graph/hard-values.ts";
import { releasesOfForm, variablesOf } from "../../memorygraph/opens.ts";
import type { BackendDescriptor, ServerDescriptor } from "../descriptor.ts";

/** How a dump can lie in a file: compressed, or one graph as Redis's DUMP gives it. */
export type Packing = "gzip" | "zstd" | "payload";

/** `graphdata`, the type of a graph, behind the sign of a module's value. */
const GRAPH_VALUE = "078182b6a985d6ad68";
/** A command as Redis's protocol has it, the time of one, or a line of a manifest. */
const LOG = /^(\*\d+\r\n\$\d+\r\n|#TS:\d|file \S+\.aof\.\S+ seq )/;

/** By the first bytes of a file, whatever follows. */
export function isDumpHead(head: Buffer): boolean {
  return /^(REDIS\d{4}|VALKEY\d{3})/.test(head.toString("latin1", 0, 9));
}

/** By the first bytes of a file: a manifest, or commands. */
export function isLogHead(head: Buffer): boolean {
  return LOG.test(head.toString("latin1", 0, 200));
}

/** Null for a dump as it is, or something else. */
export function packingOf(head: Buffer): Packing | null {
  const hex = head.toString("hex", 0, 9);
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("28b52ffd")) return "zstd";
  return hex === GRAPH_VALUE ? "payload" : null;
}

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
  capabilities: { target: "staged", idIsKey: false, cannotHold: CANNOT_HOLD },
  variables: variablesOf("falkordblite"),
  signatures: [
    {
      what: "FalkorDBLite directory",
      note: `MemoryGraph ${releasesOfForm("file").join(", ")} cannot open it: it expects a file`,
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
      matches: ({ head }) => isLogHead(head),
    },
    {
      what: "graph as Redis's DUMP gives it",
      matches: ({ head }) => packingOf(head) === "payload",
    },
    {
      what: "Redis dump (FalkorDBLite)",
      note: `MemoryGraph ${releasesOfForm("directory").join(", ")} cannot open it: it expects a directory`,
      matches: ({ head }) => isDumpHead(head),
    },
  ],
  mistakenFor: [],
  load: async () => (await import("./falkordblite.ts")).falkordblite,
  identify: null,
};

export const falkordbDescriptor: ServerDescriptor<"falkordb"> = {
  type: "falkordb",
  title: "FalkorDB",
  family: "falkor",
  noun: "FalkorDB server",
  server: {
    schemes: ["redis", "rediss", "falkor", "falkors", "unix"],
    encrypted: ["rediss", "falkors"],
    port: 6379,
    options: ["db", "graph"],
    socketScheme: "unix",
  },
  takes: ["username", "password", "database", "graph", "caFile", "certFile", "keyFile", "readBy"],
  capabilities: { target: "live", idIsKey: false, cannotHold: [...CANNOT_HOLD, "backtick"] },
  variables: variablesOf("falkordb"),
  signatures: [],
  mistakenFor: [],
  load: async () => (await import("./falkordb.ts")).falkordb,
  identify: null,
};
