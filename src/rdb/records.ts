/**
 * What stands before the properties of a record: in packed versions its id alone, in the direct ones labels, ends and type
 * as well.
 */
import { PACKED_SINCE } from "./header.ts";
import type { LabelSets } from "./label-sets.ts";
import { DirectPayload, type Payload } from "./payload.ts";

/** From here on, relationships of one type come in a run. */
const RUNS_SINCE = 16;

/** The heads of nodes, one after another. */
export class NodeHeads {
  id = 0;
  /** The number of its label set; of direct versions only. */
  labels = 0;
  readonly #payload: Payload;
  readonly #sets: LabelSets | null;

  constructor(
    payload: Payload,
    encoding: number,
    sets: LabelSets,
    private readonly labelCount: number,
  ) {
    this.#payload = payload;
    this.#sets = encoding < PACKED_SINCE ? sets : null;
  }

  next(): void {
    const payload = this.#payload;
    this.id = payload.unsigned();
    payload.subject = "node";
    payload.subjectId = this.id;
    if (this.#sets === null) return;
    let set = 0;
    for (let left = payload.unsigned(); left > 0; left--) {
      const label = payload.unsigned();
      if (label >= this.labelCount) payload.fail(`label ${label}, which is not there`);
      set = this.#sets.with(set, label) ?? payload.fail(`label ${label} twice`);
    }
    this.labels = set;
  }
}

/** The heads of relationships. */
export class RelationshipHeads {
  id = 0;
  /** Of direct versions only, as are the next two. */
  start = 0;
  end = 0;
  type = 0;
  readonly #payload: Payload;
  readonly #encoding: number;
  readonly #types: number;
  /** Of the run we are in; null before it. */
  #hasFlags: boolean | null = null;

  /** @param types how many there are */
  constructor(payload: Payload, encoding: number, types: number) {
    this.#payload = payload;
    this.#encoding = encoding;
    this.#types = types;
  }

  next(): void {
    const payload = this.#payload;
    if (this.#encoding >= PACKED_SINCE) this.id = payload.unsigned();
    else if (this.#encoding >= RUNS_SINCE && payload instanceof DirectPayload) this.#nextOfRun(payload);
    else {
      this.id = payload.unsigned();
      this.start = payload.unsigned();
      this.end = payload.unsigned();
      this.#readType();
    }
    payload.subject = "relationship";
    payload.subjectId = this.id;
  }

  /** Behind the last one: its run has an end of its own. */
  finish(): void {
    if (this.#hasFlags === null || !(this.#payload instanceof DirectPayload)) return;
    if (this.#payload.unsignedOrLast() !== null) this.#payload.fail("more relationships than the graph declares");
  }

  #nextOfRun(payload: DirectPayload): void {
    while (true) {
      if (this.#hasFlags === null) {
        this.#readType();
        this.#hasFlags = payload.unsigned() !== 0;
      }
      const id = payload.unsignedOrLast();
      if (id !== null) {
        this.id = id;
        break;
      }
      this.#hasFlags = null;
    }
    this.start = payload.unsigned();
    this.end = payload.unsigned();
    if (this.#hasFlags) payload.unsigned();
  }

  #readType(): void {
    this.type = this.#payload.unsigned();
    if (this.type >= this.#types) this.#payload.fail(`type ${this.type}, which is not there`);
  }
}
