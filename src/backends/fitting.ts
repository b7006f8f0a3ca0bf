/** What a target makes of the records of a source, found out before they are written. */
import type { GraphRecord } from "../graph/record.ts";
import type { Finding } from "./description.ts";

/** What a target cannot hold of one record. */
export interface Loss {
  readonly what: string;
  /** Where: an id, or an id and a property. */
  readonly example: string;
  readonly unit: NonNullable<Finding["unit"]>;
}

/** A record as a target will hold it. Without losses, it has the canonical text of the record itself. */
export interface Fitted {
  /** In the spelling of the target's release; null for one that the target cannot hold at all. */
  readonly record: GraphRecord | null;
  readonly losses: readonly Loss[];
  /** How many of its timestamps were respelled. */
  readonly respelled: number;
  /**
   * An id for which no target would take the record, whatever is allowed: one that the target's constraint refuses
   * (`unique`), or one that several records have in the source and one in the target (`shared`).
   */
  readonly clash: { readonly kind: "unique" | "shared"; readonly example: string } | null;
}

/** Makes of a record what a target can hold; a live target has to know all of it before anything is written. */
export interface Fitting {
  /** Changes nothing: a record gives the same whenever it is fitted. The ends of a relationship have been noted before. */
  fit(record: GraphRecord): Fitted;
  readonly rehearsal: Rehearsal;
}

/** Gathers what fitting says of the records of a source, in the first reading of it. */
export interface Rehearsal {
  /** For every record of the source once, nodes before relationships. */
  note(fitted: Fitted): void;
  /** For each of them that is to be written: checked against the rules of the target, and counted in its report. */
  admit(fitted: Fitted): void;
  /** What of the noted records the target cannot hold. */
  losses(): readonly Finding[];
  /** @throws RefusedError when a record is one that the target would not take whatever is allowed */
  assertPossible(): void;
}
