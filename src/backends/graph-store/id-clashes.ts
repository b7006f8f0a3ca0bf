/** Nodes of the source whose ids the target would not take, or could not tell apart. */
import { RefusedError } from "../../errors.ts";

const SHOWN = 10;

class Clash {
  count = 0;
  readonly examples: string[] = [];

  push(example: string): void {
    this.count++;
    if (this.examples.length < SHOWN) this.examples.push(example);
  }
}

/** Counted in full, with the first ten as examples. */
export class IdClashes {
  /** Ids that a unique constraint of the target refuses. */
  readonly unique = new Clash();
  /** Ids that several nodes or relationships of the source share, and one of the target has too. */
  readonly shared = new Clash();

  /**
   * @param location the target, as messages name it
   * @param labels on which the target demands unique ids
   * @throws RefusedError naming the ids
   */
  assertNone(location: string, labels: readonly string[]): void {
    if (this.unique.count > 0) {
      throw new RefusedError(
        `${this.unique.count} nodes of the source have an id that ${location} does not take, since it demands unique ids`,
        {
          details: this.unique.examples,
          next: `Drop the constraint in the target (unique id on ${labels.join(", ")}), or give the nodes ids of their own. Nothing was written.`,
        },
      );
    }
    if (this.shared.count === 0) return;
    throw new RefusedError(
      `${this.shared.count} records of the source share their id with each other and with one of ${location}: their ids do not tell them apart`,
      {
        details: this.shared.examples,
        next: "Give them ids of their own, or choose an empty target. Nothing was written.",
      },
    );
  }
}
