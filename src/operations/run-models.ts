/** What is told of runs: undone, listed and forgotten. The schemas are documented ones, as those in models.ts. */
import * as v from "valibot";
import { Count } from "./models.ts";

/** How many records of a run have which fate when it is undone. */
const RollbackCountsSchema = v.object({
  /** Created by the run, and deleted. */
  removed: v.object({ nodes: Count, relationships: Count }),
  /** Overwritten by the run, and what they were before again. */
  restored: v.object({ nodes: Count, relationships: Count }),
  /** Of those removed and restored: changed since only in what the application keeps by itself, such as usage_count. */
  bookkeeping: Count,
  /** Of those removed and restored: changed since by somebody, and undone because of --changed. */
  forced: Count,
  /** Changed since by somebody, and kept. */
  changed: Count,
  /** Nodes that are kept because something that is not of the run is attached to them. */
  held: Count,
  /** Relationships of others that are deleted with nodes of the run, because of --cascade. */
  cascaded: Count,
  /** Deleted since by somebody. */
  gone: Count,
  /** Records that have nothing to do with the run. */
  others: Count,
});

/** What `rollback` tells. */
export const RollbackResultSchema = v.object({
  run: v.string(),
  /** All runs that are undone, the latest first. */
  runs: v.array(v.string()),
  target: v.string(),
  /** Nothing was written: this is what would be done. */
  dryRun: v.boolean(),
  /** The target is exactly what it was before the run; otherwise others have changed it since. */
  exact: v.boolean(),
  counts: RollbackCountsSchema,
  /** Records of the run that stay, since somebody has changed them or attached something to them: the first 1,000. */
  left: v.array(v.string()),
  /** The same with their titles and what is attached to them; null for one that was changed. */
  kept: v.array(v.object({ record: v.string(), title: v.nullable(v.string()), heldBy: v.nullable(v.string()) })),
  /** Null for a run that was stopped before it had read the target. */
  digestBefore: v.nullable(v.string()),
  /** Of a dry run: the digest that the target would have. */
  digestAfter: v.string(),
  /** What the server keeps of the run's data beside the store, such as the texts of its queries, and what removes it. */
  copies: v.array(v.object({ what: v.string(), remove: v.string() })),
  /** Out of which this program's own part was removed. */
  cleaned: v.array(v.string()),
});
export type RollbackResult = v.InferOutput<typeof RollbackResultSchema>;

/** One line of `runs`. */
const ListedRunSchema = v.object({
  id: v.string(),
  started: v.string(),
  /**
   * `stopped`: ended before its time, to be resumed or undone; `running`: a process works on it; `partly rolled back`: undone
   * but for records that somebody has changed or attached something to.
   */
  status: v.picklist(["running", "stopped", "done", "partly rolled back", "rolled back", "kept", "lost"]),
  source: v.string(),
  target: v.string(),
  /** Records written, where the run is complete and its journal is there; 0 where it needed none. */
  written: v.nullable(v.object({ nodes: Count, relationships: Count })),
  /** From its beginning to its end, as far as the journal has both. */
  durationSeconds: v.nullable(v.pipe(v.number(), v.minValue(0))),
  /** The file without which the run can be neither resumed nor undone; null where nothing is left to undo. */
  journal: v.nullable(v.string()),
  /** What the journal takes up on the disk. */
  journalBytes: Count,
  /** The file that was asked for, where that is the target and not where the run left it. */
  movedTo: v.nullable(v.string()),
  /** Of a run that was undone in part: how many of its records are left in the target. */
  left: v.nullable(Count),
  /** What can be done with it. */
  can: v.array(v.picklist(["resume", "rollback"])),
});
export type ListedRun = v.InferOutput<typeof ListedRunSchema>;
export const RunListSchema = v.object({ runs: v.array(ListedRunSchema) });

/** What `runs prune` and `runs forget` did, or with dryRun would do. */
export const ForgetResultSchema = v.object({
  dryRun: v.boolean(),
  /** As they were in the list. */
  forgotten: v.array(ListedRunSchema),
  bytesFreed: Count,
  /** Journals that could not be removed, and why: their runs stay in the list. */
  warnings: v.array(v.string()),
});
export type ForgetResult = v.InferOutput<typeof ForgetResultSchema>;
