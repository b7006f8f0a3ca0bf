/** Gathers rows into batches that a server takes well: of one kind each, and bounded in rows and bytes. */
import type { Properties } from "../../graph/properties.ts";
import { isMap, type Value, Vector } from "../../graph/value.ts";

/** Roughly the bytes that a value takes on the wire. */
export function sizeOf(value: Value): number {
  if (typeof value === "string") return value.length + 4;
  if (value === null || typeof value !== "object") return 9;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 4);
  if (isMap(value)) return [...value].reduce((sum, [name, item]) => sum + name.length + sizeOf(item), 4);
  if (value instanceof Uint8Array) return value.length + 4;
  return value instanceof Vector ? value.elements.length * 9 : 40;
}

/** About their bytes on the wire. */
export function sizeOfProperties({ shape, values }: Properties): number {
  let size = 16;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value !== null) size += shape.keys[at]!.length + sizeOf(value);
  }
  return size;
}

/** What is worth a call of its own when the server has nothing else to do. */
const WORTHWHILE_ROWS = 400;

/** Rows by group (labels, or a type), each group sent when it is full; bounded in rows and bytes over all groups. */
export class Batches<Row> {
  readonly #send: (group: string, rows: Row[]) => Promise<void>;
  readonly #limits: { readonly rows: number; readonly bytes: number };
  readonly #isIdle: () => boolean;
  readonly #groups = new Map<string, { rows: Row[]; bytes: number }>();
  #bytes = 0;

  constructor(
    limits: { readonly rows: number; readonly bytes: number },
    send: (group: string, rows: Row[]) => Promise<void>,
    isIdle: () => boolean,
  ) {
    this.#limits = limits;
    this.#isIdle = isIdle;
    this.#send = send;
  }

  async add(group: string, row: Row, bytes: number): Promise<void> {
    let gathered = this.#groups.get(group);
    if (gathered === undefined) {
      gathered = { rows: [], bytes: 0 };
      this.#groups.set(group, gathered);
    }
    gathered.rows.push(row);
    gathered.bytes += bytes;
    this.#bytes += bytes;
    if (gathered.rows.length >= this.#limits.rows || gathered.bytes >= this.#limits.bytes) await this.#flush(group);
    else if (gathered.rows.length >= WORTHWHILE_ROWS && this.#isIdle()) await this.#flush(group);
    // Many groups that are each far from full must not add up.
    else if (this.#bytes >= 8 * this.#limits.bytes) await this.flush();
  }

  async flush(): Promise<void> {
    for (const group of [...this.#groups.keys()]) await this.#flush(group);
  }

  async #flush(group: string): Promise<void> {
    const { rows, bytes } = this.#groups.get(group)!;
    this.#groups.delete(group);
    this.#bytes -= bytes;
    await this.#send(group, rows);
  }
}

/** So many calls under way at once; the first failure is thrown by the next call, and nothing new begins after it. */
export class InFlight {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Returns once the call has begun. */
  async start(call: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = call()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Returns when all have ended. */
  async drain(): Promise<void> {
    await this.quiet();
    this.#throwFailure();
  }

  /** As drain, but failures are nobody's concern any more. */
  async quiet(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
