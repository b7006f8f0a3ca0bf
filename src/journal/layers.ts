/**
 * A record under several runs is a stack: what was there before, and on it what each run made of it. Undoing runs takes their layers
 * off from the top, and stops at the first that somebody has changed since; what lies beneath it stays with it.
 */
import type { GraphRecord } from "../graph/record.ts";
import { type Fingerprint, fingerprintOf } from "../memorygraph/fingerprint.ts";
import type { RunTrace } from "./run-trace.ts";

/** Where a former version is: which of the runs, and which entry of its journal. */
export interface ImagePlace {
  readonly run: number;
  readonly entry: number;
}

/** A version of a record that the layer of a run had covered. */
export interface FormerVersion {
  readonly record: GraphRecord;
  readonly image: ImagePlace;
}

/**
 * What is left of a record. `untouched`: no run has to do with it. `removed`: nothing, since `run` had created it. `restored`: the
 * `former` version. `kept`: the layer of `run`, which was changed since or whose former version cannot return.
 */
export interface Uncovered {
  readonly outcome: "untouched" | "removed" | "restored" | "kept";
  /** The run at whose layer it ended. */
  readonly run: number;
  /** What the layers that were taken off had covered; null where none was, and the record is what it is now. */
  readonly former: FormerVersion | null;
  /** A layer that was taken off had been changed in what the application keeps by itself. */
  readonly isBookkeeping: boolean;
  /** A layer that was taken off had been changed otherwise. */
  readonly isForced: boolean;
}

export interface LayerRules {
  /** Layers that somebody has changed since are taken off as well. */
  readonly changed: boolean;
  /** Whether a former version can be there again, in the place of what is there now if anything is. */
  readonly canReturn: (former: GraphRecord, now: GraphRecord | null) => boolean;
}

interface Stop {
  readonly run: number;
  readonly former: FormerVersion | null;
}

const UNTOUCHED: Uncovered = { outcome: "untouched", run: 0, former: null, isBookkeeping: false, isForced: false };

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
  return descend(traces, { now, fingerprint, first: 0, former: null }, rules);
}

/** Of a record that is nowhere, and was there in the place of what the run at `former.image.run` made. */
export function takeOffLayersBelow(traces: readonly RunTrace[], former: FormerVersion, rules: LayerRules): Uncovered {
  const below = { now: null, fingerprint: fingerprintOf(former.record), first: former.image.run + 1, former };
  const uncovered = descend(traces, below, rules);
  return uncovered.outcome === "untouched" ? { ...uncovered, outcome: "restored", former } : uncovered;
}

interface Start {
  readonly now: GraphRecord | null;
  readonly fingerprint: Fingerprint;
  /** The first of the runs to be asked. */
  readonly first: number;
  readonly former: FormerVersion | null;
}

function descend(traces: readonly RunTrace[], start: Start, { changed, canReturn }: LayerRules): Uncovered {
  let [{ fingerprint, former: top }, isOurs, isBookkeeping, isForced] = [start, false, false, false];
  /** The layers from here on stay. */
  let stop = null as Stop | null;
  /** Former versions from here on cannot return. */
  let barred = null as Stop | null;
  for (let run = start.first; run < traces.length; run++) {
    const { standing, before } = traces[run]!.trace(fingerprint);
    if (standing === "other" || standing === "back") continue;
    isOurs = true;
    if (standing === "changed" && !changed) stop ??= { run, former: top };
    if (stop === null) {
      isBookkeeping ||= standing === "bookkeeping";
      isForced ||= standing === "changed";
    }
    if (before === null)
      return stop === null
        ? { outcome: "removed", run, former: top, ...{ isBookkeeping, isForced } }
        : kept(stop, { isBookkeeping, isForced });
    if (stop === null) {
      barred = canReturn(before.record, start.now) ? null : (barred ?? { run, former: top });
      top = { record: before.record, image: { run, entry: before.entry } };
    }
    if (run + 1 < traces.length) fingerprint = fingerprintOf(before.record);
  }
  if (!isOurs) return UNTOUCHED;
  const end = stop ?? barred;
  if (end !== null) return kept(end, { isBookkeeping, isForced });
  return { outcome: "restored", run: traces.length - 1, former: top, isBookkeeping, isForced };
}

function kept({ run, former }: Stop, flags: Pick<Uncovered, "isBookkeeping" | "isForced">): Uncovered {
  return { outcome: "kept", run, former, ...(former === null ? { isBookkeeping: false, isForced: false } : flags) };
}
