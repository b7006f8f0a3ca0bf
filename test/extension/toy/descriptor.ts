import type { BackendDescriptor } from "../descriptor.ts";
import { HEADER } from "./header.ts";

export const toyDescriptor: BackendDescriptor<"toy"> = {
  type: "toy",
  title: "Toy",
  family: "toy",
  noun: "toy store",
  server: null,
  takes: [],
  capabilities: { target: "staged", idIsKey: true, cannotHold: [] },
  variables: { path: { names: ["MEMORY_TOY_PATH"], otherwise: "~/.memorygraph/memories.toy" } },
  signatures: [{ what: "toy store", matches: ({ head }) => head.toString("utf8").startsWith(HEADER) }],
  mistakenFor: [],
  load: async () => (await import("./toy.ts")).toy,
  identify: null,
};
