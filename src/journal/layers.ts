/**
 * A record under several runs is a stack: what was there before, and on it what each run made of it. Undoing runs takes their layers
 * off from the top, and stops at the first that somebody has changed since; what lies beneath it stays with it.
 */
import type { GraphRecord } from "../graph/record.ts";
import { type Fingerprint, fingerprintOf } from "../memorygraph/fingerprint.ts";
import type { RunTrace } from "./run-trace.ts";

/** Where a before-image is: which of the runs, and which entry of its journal. */
export interface ImagePlace {
  readonly run: number;
  readonly entry: number;
}

/** A version of a record that the layer of a run had covered. */
interface CoveredVersion {
  readonly record: GraphRecord;
  readonly image: ImagePlace;
}

/**
 * What is left of a record. `untouched`: no run has to do with it. `removed`: nothing, since `run` had created it. `restored`: the
 * `before` version. `kept`: the layer of `run`, which was changed since or whose before-image cannot return.
 */
export interface Uncovered {
  readonly outcome: "untouched" | "removed" | "restored" | "kept";
  /** The run at whose layer it ended. */
  readonly run: number;
  /** Of what is kept: the last run whose layer may lie beneath it. Where a run created what stays, that of an older one was gone. */
  readonly last: number;
  /** What the layers that were taken off had covered; null where none was, and the record is what it is now. */
  readonly before: CoveredVersion | null;
  /** A layer that was taken off had been changed in what the application keeps by itself. */
  readonly isBookkeeping: boolean;
  /** A layer that was taken off had been changed otherwise. */
  readonly isForced: boolean;
}

export interface LayerRules {
  /** Layers that somebody has changed since are taken off as well. */
  readonly changed: boolean;
  /** Whether a before-image can be there again, in the place of what is there now if anything is. */
  readonly canReturn: (before: GraphRecord, now: GraphRecord | null) => boolean;
}

interface Stop {
  readonly run: number;
  readonly before: CoveredVersion | null;
}

const UNTOUCHED: Uncovered = {
  outcome: "untouched",
  run: 0,
  last: 0,
  before: null,
  isBookkeeping: false,
  isForced: false,
};

/**
 * Of a record that is there now; each once, since a trace counts equal ones off.
 * @param traces of the runs, the latest first
 */
export function takeOffLayers(
  traces: readonly RunTrace[],
  now: GraphRecord,
  fingerprint: Fingerprint,
  rules: LayerRules,
): Uncovered {
  return descend(traces, { now, fingerprint, first: 0, before: null }, rules);
}

/** Of a record that is nowhere, and was there in the place of what the run at `before.image.run` made. */
export function takeOffLayersBelow(traces: readonly RunTrace[], before: CoveredVersion, rules: LayerRules): Uncovered {
  const below = { now: null, fingerprint: fingerprintOf(before.record), first: before.image.run + 1, before };
  const uncovered = descend(traces, below, rules);
  return uncovered.outcome === "untouched" ? { ...uncovered, outcome: "restored", before } : uncovered;
}

interface Start {
  readonly now: GraphRecord | null;
  readonly fingerprint: Fingerprint;
  /** The first of the runs to be asked. */
  readonly first: number;
  readonly before: CoveredVersion | null;
}

function descend(traces: readonly RunTrace[], start: Start, { changed, canReturn }: LayerRules): Uncovered {
  let [{ fingerprint, before: top }, isOurs, isBookkeeping, isForced] = [start, false, false, false];
  /** The layers from here on stay. */
  let stop = null as Stop | null;
  /** Before-images from here on cannot return. */
  let barred = null as Stop | null;
  for (let run = start.first; run < traces.length; run++) {
    const { standing, before } = traces[run]!.trace(fingerprint);
    if (standing === "other" || standing === "back") continue;
    isOurs = true;
    if (standing === "changed" && !changed) stop ??= { run, before: top };
    if (stop === null) {
      isBookkeeping ||= standing === "bookkeeping";
      isForced ||= standing === "changed";
    }
    if (before === null)
      return stop === null
        ? { outcome: "removed", run, last: run, before: top, ...{ isBookkeeping, isForced } }
        : kept(stop, run, { isBookkeeping, isForced });
    if (stop === null) {
      barred = canReturn(before.record, start.now) ? null : (barred ?? { run, before: top });
      top = { record: before.record, image: { run, entry: before.entry } };
    }
    if (run + 1 < traces.length) fingerprint = fingerprintOf(before.record);
  }
  if (!isOurs) return UNTOUCHED;
  const last = traces.length - 1;
  const end = stop ?? barred;
  if (end !== null) return kept(end, last, { isBookkeeping, isForced });
  return { outcome: "restored", run: last, last, before: top, isBookkeeping, isForced };
}

function kept({ run, before }: Stop, last: number, flags: Pick<Uncovered, "isBookkeeping" | "isForced">): Uncovered {
  return {
    outcome: "kept",
    run,
    last,
    before,
    ...(before === null ? { isBookkeeping: false, isForced: false } : flags),
  };
}
