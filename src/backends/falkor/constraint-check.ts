/**
 * Whether what a dump is to hold satisfies its constraints. An engine does not look when it loads one: it would work
 * with a promise that does not hold, and falls over some texts as soon as it has to keep it.
 */
import { writeJson } from "../../graph/json.ts";
import type { Properties } from "../../graph/properties.ts";
import { tag } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import type { DumpNode, DumpRelationship } from "../../rdb/dump.ts";
import { openScratch, storable } from "../../support/scratch.ts";
import type { SchemaItem } from "../description.ts";
import type { Named } from "./schema.ts";
import { fatalWhenUnique } from "./values.ts";

interface Watched {
  readonly item: SchemaItem;
  readonly named: Named;
  /** The graph has had it all along: what stood there before is not held against it. */
  readonly isOld: boolean;
  violation: string | null;
}

/** Holds every record against the constraints of a graph before an engine would. */
export class ConstraintCheck {
  readonly #watched: readonly Watched[];
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE seen (watched INTEGER, key TEXT, ours INTEGER, PRIMARY KEY (watched, key)) WITHOUT ROWID",
  );
  readonly #see = this.#scratch.prepare("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)");
  readonly #seen = this.#scratch.prepare("SELECT ours FROM seen WHERE watched = ? AND key = ?");

  constructor(old: readonly SchemaItem[], wanted: readonly SchemaItem[]) {
    const watch = (isOld: boolean) => (item: SchemaItem) => {
      return { item, isOld, named: JSON.parse(item.statement) as Named, violation: null };
    };
    this.#watched = [...old.map(watch(true)), ...wanted.map(watch(false))].filter(
      ({ item }) => item.kind === "constraint",
    );
  }

  /** @param isOurs whether we wrote or changed it, and it did not merely stay */
  node({ labels, properties }: Pick<DumpNode, "labels" | "properties">, isOurs: boolean): void {
    this.#look("NODE", labels, properties, isOurs);
  }

  relationship({ type, properties }: Pick<DumpRelationship, "type" | "properties">, isOurs: boolean): void {
    this.#look("RELATIONSHIP", [type], properties, isOurs);
  }

  /** What is wrong with it, as in "2 of them have the id x"; null where nothing is. */
  violation({ what }: SchemaItem): string | null {
    return this.#watched.find(({ item }) => item.what === what)?.violation ?? null;
  }

  close(): void {
    this.#see.finalize();
    this.#seen.finalize();
    this.#scratch.close();
  }

  #look(entity: Named["entity"], names: readonly string[], properties: Properties, isOurs: boolean): void {
    for (const [at, watched] of this.#watched.entries()) {
      const { named, violation, isOld } = watched;
      if (violation !== null || named.entity !== entity || !names.includes(named.label)) continue;
      watched.violation = this.#violationOf(at, named, properties, isOurs || !isOld);
    }
  }

  #violationOf(at: number, { type, properties: names }: Named, properties: Properties, counts: boolean): string | null {
    const values = names.map((name) => properties.get(name));
    const missing = values.indexOf(null);
    if (type !== "UNIQUE") return missing === -1 || !counts ? null : `one has no ${names[missing]}`;
    if (missing !== -1) return null;
    for (const value of counts ? values : []) {
      const why = fatalWhenUnique(value);
      if (why !== null) return `${shown(value)} crashes FalkorDB: ${why}`;
    }
    // To an index a number is a number.
    const text = writeJson(
      values.map((value) => tag(typeof value === "bigint" ? Number(value) : value)),
      "javascript",
    );
    const key = storable(text);
    if (this.#see.run(at, key, counts ? 1 : 0).changes === 1) return null;
    const [[ours]] = this.#seen.values(at, key) as [[number]];
    return counts || ours === 1 ? `several have ${values.map(shown).join(", ")}` : null;
  }
}

function shown(value: Value): string {
  return writeJson(tag(value), "javascript").slice(0, 80);
}
