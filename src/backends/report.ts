/** What writing has made of the records so far: nothing yet. */
import type { Release } from "../memorygraph/releases.ts";
import { Showing } from "../memorygraph/showing.ts";
import type { WriteReport } from "./backend.ts";
import type { Finding } from "./description.ts";

/** The report of a target for that release, before anything was written; of a graph with its kind. */
export function emptyReport(release: Release, backend?: string): WriteReport & { notes: Finding[] } {
  return { respelled: 0, defaulted: {}, setAside: {}, showing: new Showing(release, backend), notes: [] };
}
