/** What doctor finds and plans, as plain data; docs/schema/diagnosis.json is generated from it. */
import * as v from "valibot";
import { BACKEND_TYPES } from "../backends/config.ts";
import { RELEASES } from "../memorygraph/releases.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * What a store is to the one that MemoryGraph reads. `current`: it is that one. `copy`: everything in it is there.
 * `apart`: it holds what is not there. `empty`. `unread`: it could not be read, or is no store of the five kinds.
 */
export const STANDINGS = ["current", "copy", "apart", "empty", "unread"] as const;
export type Standing = (typeof STANDINGS)[number];

/** One place where a store of MemoryGraph's is, or should be. */
const FoundStoreSchema = v.object({
  backend: v.nullable(v.picklist(BACKEND_TYPES)),
  location: v.string(),
  /** Why we looked there. */
  reasons: v.array(v.string()),
  /** What stands there. */
  what: v.string(),
  memories: v.nullable(Count),
  relationships: v.nullable(Count),
  /** The MemoryGraph lines that see all of it. */
  readableBy: v.array(v.picklist(RELEASES)),
  standing: v.picklist(STANDINGS),
  notes: v.array(v.string()),
});
export type FoundStore = v.InferOutput<typeof FoundStoreSchema>;

const StepSchema = v.object({
  text: v.string(),
  /** To be typed in this order. */
  commands: v.array(v.string()),
  /** Memories in the store that MemoryGraph reads, once this is done. */
  memoriesAfter: Count,
});

export const DiagnosisSchema = v.object({
  /** All memories that were found are in the one store that MemoryGraph reads. */
  well: v.boolean(),
  /** The store that MemoryGraph opens, by what was found of its installation and configuration. */
  current: v.object({
    backend: v.nullable(v.picklist(BACKEND_TYPES)),
    location: v.string(),
    /** What says that it is this one. */
    reason: v.string(),
    /** The line of releases that opens it, and how that is known. */
    release: v.picklist(RELEASES),
    releaseReason: v.string(),
    /** Memories in it now. */
    memories: Count,
    /** Those of them that the release will not show, since its model refuses them; `inspect` says why. */
    notShown: Count,
  }),
  /** The last backup of that store that was made from this machine, as far as is known; null for none. */
  backup: v.nullable(
    v.object({
      place: v.string(),
      name: v.string(),
      created: v.string(),
      /** When the store was last found to be as the backup has it. */
      checked: v.string(),
      /** When it was last restored into a throw-away store; null if it never was. */
      proven: v.nullable(v.string()),
    }),
  ),
  installed: v.array(v.object({ version: v.string(), by: v.string(), path: v.string() })),
  /** The servers that MCP clients start as MemoryGraph, and the store that each opens. */
  clients: v.array(
    v.object({
      client: v.string(),
      file: v.string(),
      name: v.string(),
      project: v.nullable(v.string()),
      release: v.picklist(RELEASES),
      backend: v.nullable(v.picklist(BACKEND_TYPES)),
      location: v.string(),
    }),
  ),
  stores: v.array(FoundStoreSchema),
  /** In order; after the last one, all is well. */
  plan: v.array(StepSchema),
  /** What is to be done, step by step of the plan and beside it, each with the command that does it where there is one. */
  advice: v.array(v.object({ text: v.string(), command: v.nullable(v.string()) })),
  /** Configurations that could not be read. */
  problems: v.array(v.object({ file: v.string(), what: v.string() })),
  /** Every place where a store, a configuration or an installation was looked for. */
  searched: v.array(v.string()),
});
export type Diagnosis = v.InferOutput<typeof DiagnosisSchema>;
