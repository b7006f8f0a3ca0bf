import { variablesOf } from "../../memorygraph/opens.ts";
import type { BackendDescriptor } from "../descriptor.ts";

export const sqliteDescriptor: BackendDescriptor<"sqlite"> = {
  type: "sqlite",
  title: "SQLite",
  family: "sqlite",
  noun: "SQLite file",
  server: null,
  takes: [],
  capabilities: { target: "staged", idIsKey: true, cannotHold: [] },
  variables: variablesOf("sqlite"),
  signatures: [
    {
      what: "SQLite database",
      matches: ({ head }) => head.toString("latin1", 0, 16) === "SQLite format 3\0",
    },
  ],
  // Documents used to call FalkorDBLite "SQLite-based", and people believed it.
  mistakenFor: ["falkordblite"],
  load: async () => (await import("./sqlite.ts")).sqlite,
  identify: null,
};
