/** The indexes and constraints of a run's target: made after the records, waited for, and compared in the end. */
import { MigrateError, SchemaConflictError, VerificationError, WriteError } from "../../errors.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { WriteReport } from "../backend.ts";
import type { Finding, SchemaItem, StoreDescription } from "../description.ts";
import type { GraphServer } from "./server.ts";
import type { ServerJournal } from "./server-journal.ts";

type SchemaServer = Pick<GraphServer, "type" | "ownSchema" | "adaptSchema">;

/** What a target is to have beside what it has, and what of the source's it cannot have. */
interface WantedSchema {
  readonly items: readonly SchemaItem[];
  readonly notes: readonly Finding[];
}

/**
 * What MemoryGraph makes, and what a person has made in a source of the same kind.
 * @param carried the source's indexes and constraints
 */
export function wantedSchema(server: SchemaServer, release: Release, carried: readonly SchemaItem[]): WantedSchema {
  const items: SchemaItem[] = [...server.ownSchema(release)];
  const notes: Finding[] = [];
  const given = new Set(carried.map(({ what }) => what));
  for (const item of carried) {
    if (item.own || item.backend !== server.type) continue;
    const adapted = server.adaptSchema?.(item) ?? [item];
    if (!("why" in adapted)) {
      items.push(...adapted.filter(({ forTexts, what }) => !forTexts || !given.has(what)));
    } else {
      const kind = item.kind === "index" ? "an index" : "a constraint";
      const what = `${kind} of the source that the target cannot have: ${adapted.why}`;
      notes.push({ kind: "note", what, count: 1, examples: [item.what] });
    }
  }
  return { items, notes };
}

/** Creates the indexes and constraints of a target, waits until they are built, and checks them. */
export class TargetSchema {
  readonly #server: GraphServer;
  readonly #journal: ServerJournal;
  readonly #report: WriteReport & { notes: Finding[] };
  readonly #wanted: WantedSchema;
  readonly #leftOut = new Set<string>();
  #ready: Promise<void> = Promise.resolve();

  constructor(
    server: GraphServer,
    journal: ServerJournal,
    report: WriteReport & { notes: Finding[] },
    wanted: WantedSchema,
  ) {
    this.#server = server;
    this.#journal = journal;
    this.#report = report;
    this.#wanted = wanted;
  }

  /** Makes what is not there; gives whether that was anything. The server fills its indexes while others go on. */
  async create(): Promise<boolean> {
    const there = new Set((await this.#server.schema()).map(({ what }) => what));
    const missing = new Map(this.#wanted.items.map((item) => [item.what, item]));
    for (const what of there) missing.delete(what);
    for (const item of missing.values()) {
      if (!item.forTexts || (await this.#server.holdsTexts?.(item))) continue;
      missing.delete(item.what);
      this.#leftOut.add(item.what);
    }
    this.#journal.noteSchema([...missing.values()]);
    this.#report.notes.push(...this.#wanted.notes);
    for (const item of missing.values()) await this.#createOne(item);
    this.#ready = this.#awaitReady();
    this.#ready.catch(() => {});
    return missing.size > 0;
  }

  /** Returns when everything that was made works. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Waits no longer for what was made. */
  forget(): void {
    this.#ready = Promise.resolve();
  }

  /**
   * What is there in the end against what was to be there.
   * @throws VerificationError naming what is missing or has other settings
   */
  assertMade({ schema = [], location }: StoreDescription): void {
    const made = new Set(this.#journal.schema().map(({ what }) => what));
    const expected = this.#wanted.items.filter(({ what }) => !this.#leftOut.has(what));
    this.#report.schema = assertSchema(location, { expected, made, schema });
  }

  async #createOne(item: SchemaItem): Promise<void> {
    try {
      const note = await this.#server.createSchema(item);
      if (note !== null) this.#report.notes.push({ kind: "note", what: note, count: 1, examples: [item.what] });
    } catch (error) {
      // What a person made elsewhere may fail here for reasons of its own; MemoryGraph's may only where the data forbid it.
      const isRefused = error instanceof SchemaConflictError || (!item.own && error instanceof WriteError);
      if (!isRefused) throw error;
      this.#leaveOut(item, error instanceof MigrateError ? error.message : String(error));
    }
  }

  async #awaitReady(): Promise<void> {
    for (const { item, why } of await this.#server.schemaReady(this.#journal.schema())) this.#leaveOut(item, why);
  }

  #leaveOut({ kind, what }: SchemaItem, why: string): void {
    this.#leftOut.add(what);
    this.#report.notes.push({
      kind: "note",
      what: `${kind === "index" ? "index" : "constraint"} not created: ${why}`,
      count: 1,
      examples: [what],
    });
  }
}

/**
 * @param made what the run has made: what was there before keeps its own settings
 * @throws VerificationError naming what is missing or has other settings
 */
export function assertSchema(
  location: string,
  schemas: {
    readonly expected: readonly SchemaItem[];
    readonly made: ReadonlySet<string>;
    readonly schema: readonly SchemaItem[];
  },
): { expected: number; found: number } {
  const { expected, made, schema } = schemas;
  const there = new Map(schema.map((item) => [item.what, item]));
  const wrong = expected.flatMap((item) => {
    const found = there.get(item.what);
    if (found === undefined) return [`${item.what}: missing`];
    const others = made.has(item.what) ? otherSettings(item, found) : [];
    return others.length === 0 ? [] : [`${item.what}: ${others.join("; ")}`];
  });
  if (wrong.length === 0) return { expected: expected.length, found: expected.length };
  throw new VerificationError(`${wrong.length} indexes or constraints of ${location} differ from what was created`, {
    details: wrong,
    next: "Look for another program that changes the target, then run the same command again.",
  });
}

function otherSettings({ options = {} }: SchemaItem, found: SchemaItem): string[] {
  return Object.entries(options)
    .filter(([name, value]) => found.options?.[name] !== value)
    .map(([name, value]) => `${name} is ${found.options?.[name] ?? "not set"}, and should be ${value}`);
}
