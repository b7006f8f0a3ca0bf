/** What a kind of store may hold that another one cannot: known beforehand, for every pair of kinds. */
import type { BackendType } from "../backends/config.ts";
import { descriptorOf } from "../backends/descriptors.ts";
import { HARD_VALUES, type HardValue } from "../graph/hard-values.ts";

export interface Compatibility {
  readonly from: BackendType;
  readonly to: BackendType;
  /** What would be refused, or lost with `allowLoss`, where a store has such; empty where whatever the source holds fits. */
  readonly losses: readonly HardValue[];
}

/** Of the newest servers of each kind; whether one store has any of it is found by `dryRun`. */
export async function compatibility(from: BackendType, to: BackendType): Promise<Compatibility> {
  const source = descriptorOf(from).capabilities;
  const target = descriptorOf(to).capabilities;
  const known = Object.keys(HARD_VALUES) as HardValue[];
  const losses = known.filter((kind) => target.cannotHold.includes(kind) && !source.cannotHold.includes(kind));
  return { from, to, losses };
}
