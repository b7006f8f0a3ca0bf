/**
 * What must be in a store that an application and several runs have worked on, by the plainest model there is: for each record who
 * wrote it, in layers. Undoing a run takes its layer away, unless somebody has changed it or holds it.
 */

/** A record as a reader finds it. `content` is everything that it holds, as one text. */
export interface Seen {
  readonly content: string;
  /** Of a relationship: the names of the nodes that it joins. */
  readonly ends: readonly string[];
}
/** By `node ID` and `relationship ID`. */
export type Look = ReadonlyMap<string, Seen>;

interface Layer {
  /** A run, or `others`. */
  readonly by: string;
  content: string;
  isEdited: boolean;
}
interface Modelled {
  readonly ends: readonly string[];
  readonly layers: Layer[];
}
interface ModelledRun {
  readonly id: string;
  /** What was there before it. */
  readonly before: Look;
  readonly wrote: Set<string>;
  isOpen: boolean;
}

export interface UndoWishes {
  readonly withLater?: boolean;
  readonly cascade?: boolean;
  readonly changed?: boolean;
}

export class ModelOfLife {
  readonly runs: ModelledRun[] = [];
  readonly #records = new Map<string, Modelled>();

  constructor(look: Look) {
    for (const [name, { content, ends }] of look) this.#write(name, content, ends, "others");
  }

  names(kind: "node" | "relationship"): string[] {
    return [...this.#records.keys()].filter((name) => name.startsWith(kind));
  }

  /** Whether there is still a record that the run wrote. */
  holds(run: string): boolean {
    return [...this.#records.values()].some(({ layers }) => layers.some(({ by }) => by === run));
  }

  /** What must be there. */
  expected(): Map<string, Seen> {
    return new Map(
      [...this.#records].map(([name, { layers, ends }]) => [name, { content: layers.at(-1)!.content, ends }]),
    );
  }

  /** The application made, changed (`edited`) or counted (`used`) records; everything else must be as it was. */
  acted(look: Look, edited: string | null, used: readonly string[] = []): void {
    for (const [name, { content, ends }] of look) {
      const top = this.#records.get(name)?.layers.at(-1);
      if (top === undefined) this.#write(name, content, ends, "others");
      else if (name === edited || used.includes(name)) {
        top.content = content;
        top.isEdited ||= name === edited && top.by !== "others";
      }
    }
    expectSame(look, this.expected(), "after what the application did");
  }

  removed(node: string): void {
    this.#records.delete(node);
    for (const [name, { ends }] of this.#records) if (ends.includes(node)) this.#records.delete(name);
  }

  unjoined(relationship: string): void {
    this.#records.delete(relationship);
  }

  /** @param source what the run could bring */
  migrated(id: string, look: Look, source: Look, policy: "skip" | "overwrite", isWhole: boolean): void {
    const run: ModelledRun = { id, before: this.expected(), wrote: new Set(), isOpen: true };
    for (const [name, { content, ends }] of look) {
      const was = this.#records.get(name);
      if (was?.layers.at(-1)?.content === content) continue;
      if (!source.has(name)) throw new Error(`run ${id} wrote ${name}, which its source does not have`);
      if (was !== undefined && policy === "skip") throw new Error(`run ${id} changed ${name}, which was to be skipped`);
      run.wrote.add(name);
      this.#write(name, content, ends, id);
    }
    for (const name of source.keys()) {
      if (isWhole && !look.has(name)) throw new Error(`run ${id} left ${name} behind`);
    }
    this.runs.push(run);
    expectSame(look, this.expected(), `after run ${id}`);
  }

  /** Later runs that can be in the way of undoing a run, and those that must be. */
  later(id: string): { possible: string[]; certain: string[] } {
    const at = this.runs.findIndex((run) => run.id === id);
    const shared = (run: ModelledRun) => [...run.wrote].filter((name) => this.runs[at]!.wrote.has(name));
    const open = this.runs.slice(at + 1).filter((run) => run.isOpen);
    const covers = (run: ModelledRun) => shared(run).some((name) => this.#isAbove(name, run.id, id));
    return {
      possible: open.filter((run) => shared(run).length > 0).map((run) => run.id),
      certain: open.filter(covers).map((run) => run.id),
    };
  }

  #isAbove(name: string, upper: string, lower: string): boolean {
    const layers = (this.#records.get(name)?.layers ?? []).map(({ by }) => by);
    return layers.includes(lower) && layers.indexOf(upper) > layers.indexOf(lower);
  }

  /**
   * Undoes runs in the model, and compares it with what is there.
   * @returns how many records of them must stay
   */
  undone(runs: readonly string[], look: Look, { cascade = false, changed = false }: UndoWishes): number {
    const going = new Set<string>();
    const kept = new Set<string>();
    const shorter = new Map<string, number>();
    for (const [name, { layers }] of this.#records) {
      let rest = layers.length;
      const stays = ({ by, isEdited }: Layer) => !runs.includes(by) || (isEdited && !changed);
      while (rest > 0 && !stays(layers[rest - 1]!)) rest--;
      if (rest > 0 && runs.includes(layers[rest - 1]!.by)) kept.add(name);
      if (rest === 0) going.add(name);
      else if (rest < layers.length) shorter.set(name, rest);
    }
    const held = this.#held(going, kept, shorter, look, cascade);
    for (const name of going) this.#records.delete(name);
    for (const [name, rest] of shorter) this.#records.get(name)!.layers.length = rest;
    expectSame(look, this.expected(), `without ${runs.join(" and ")}`);
    return kept.size + held;
  }

  /** Takes the nodes that something holds out of those that go: they are as they were created. What hangs on them goes instead where that is wanted. */
  #held(going: Set<string>, kept: Set<string>, shorter: Map<string, number>, look: Look, cascade: boolean): number {
    const [nodes, cascaded] = [new Set([...going].filter((name) => name.startsWith("node"))), new Set<string>()];
    let held = 0;
    for (const [name, { ends }] of this.#records) {
      if (going.has(name) || !ends.some((end) => nodes.has(end))) continue;
      // Whether it goes when only a node that is held by something else is at its end depends on the order of reading.
      if (cascade && !kept.has(name) && !shorter.has(name) && !look.has(name)) cascaded.add(name);
      else {
        for (const end of ends) {
          if (!going.delete(end)) continue;
          held++;
          shorter.set(end, 1);
        }
      }
    }
    for (const name of cascaded) going.add(name);
    return held;
  }

  #write(name: string, content: string, ends: readonly string[], by: string): void {
    const record = this.#records.get(name) ?? { ends, layers: [] };
    record.layers.push({ by, content, isEdited: false });
    this.#records.set(name, record);
  }
}

/** @throws Error naming every record that is lost, changed or too many, and every relationship that leads nowhere */
export function expectSame(found: Look, expected: Look, when: string): void {
  const wrong: string[] = [];
  for (const [name, { content }] of expected) {
    const there = found.get(name)?.content;
    if (there !== content) wrong.push(`${name} is ${there ?? "lost"} instead of ${content}`);
  }
  for (const [name, { content, ends }] of found) {
    if (!expected.has(name)) wrong.push(`${name} is there (${content})`);
    for (const end of ends) if (!found.has(end)) wrong.push(`${name} leads to ${end}, which is not there`);
  }
  if (wrong.length > 0) throw new Error(`${when}: ${wrong.join("\n")}`);
}
