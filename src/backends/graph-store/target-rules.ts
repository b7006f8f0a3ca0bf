/**
 * The rules by which a target refuses records: its constraints, and indexes with limits of their own. Every record that is
 * to be written is held against them first, since a server finds out only when part of the run is written.
 */
import { RefusedError } from "../../errors.ts";
import { canonicalValue } from "../../graph/canonical.ts";
import { hashText } from "../../graph/digest.ts";
import { type GraphRecord, nameWithoutId, relationshipId } from "../../graph/record.ts";
import type { Value } from "../../graph/value.ts";
import { type Scratch, storable } from "../../support/scratch.ts";

export interface TargetRule {
  /** The index or constraint that makes it, as SchemaItem.what has it. */
  readonly what: string;
  /** Its name on the server, where it has one. */
  readonly name: string | null;
  readonly entity: GraphRecord["kind"];
  /** The labels, or the types, of which a record has at least one. */
  readonly names: readonly string[];
  readonly properties: readonly string[];
  /** The statement that lifts it. */
  readonly drop: string;
  /** Two records must not have the same values. */
  readonly isUnique?: true;
  /** How the values, null where a property is absent, break the rule, as in "it has no title"; null where they do not. */
  violation(values: readonly Value[]): string | null;
}

const SHOWN = 10;

interface Broken {
  readonly rule: TargetRule;
  count: number;
  readonly examples: string[];
}

/** Holds records against the rules of a target: the values of those that are there, and of those that come. */
export class RuleCheck {
  readonly #location: string;
  readonly #rules: readonly TargetRule[];
  readonly #database: Scratch;
  readonly #broken = new Map<TargetRule, Broken>();

  /**
   * @param location the target, as messages name it
   * @param database a scratch database, which the caller closes
   */
  constructor(location: string, rules: readonly TargetRule[], database: Scratch) {
    this.#location = location;
    this.#rules = rules;
    this.#database = database;
    if (!rules.some(({ isUnique }) => isUnique)) return;
    database.run(
      "CREATE TEMP TABLE taken (rule INTEGER, hash BLOB, record TEXT NOT NULL, PRIMARY KEY (rule, hash)) WITHOUT ROWID",
    );
    database.run("CREATE INDEX temp.taken_record ON taken(record)");
  }

  /** A record of the target before the run: others must not have its values. */
  present(record: GraphRecord): void {
    for (const [at, rule] of this.#rules.entries()) {
      if (!rule.isUnique || !concerns(rule, record)) continue;
      const values = valuesOf(rule, record);
      if (!values.includes(null)) this.#take(at, values, identityOf(record));
    }
  }

  /** A record that is to be written, as the target will hold it. */
  admit(record: GraphRecord): void {
    for (const [at, rule] of this.#rules.entries()) {
      if (!concerns(rule, record)) continue;
      const values = valuesOf(rule, record);
      const why = rule.violation(values) ?? (rule.isUnique ? this.#takenBy(at, values, record) : null);
      if (why !== null) this.#note(rule, `${nameOf(record)}: ${why}`);
    }
  }

  /** @throws RefusedError naming every rule that is broken, the records, and what lifts the rules */
  assertKept(): void {
    const broken = [...this.#broken.values()];
    if (broken.length === 0) return;
    const total = broken.reduce((sum, { count }) => sum + count, 0);
    const statements = broken.map(({ rule: { drop } }) => drop).join("; ");
    throw new RefusedError(
      `${this.#location} would refuse ${total === 1 ? "1 record" : `${total.toLocaleString("en-US")} records`} of the source, by its own indexes and constraints`,
      {
        details: broken.flatMap(({ rule, count, examples }) => [
          `${nameOfRule(rule)}: ${count}`,
          ...examples.map((example) => `  ${example}`),
          ...(count > examples.length ? [`  and ${count - examples.length} more`] : []),
        ]),
        next: `Choose an empty database as the target, or run this in the target first: ${statements}. Nothing was written.`,
      },
    );
  }

  #takenBy(at: number, values: readonly Value[], record: GraphRecord): string | null {
    if (values.includes(null)) return null;
    const own = identityOf(record);
    this.#database.query("DELETE FROM taken WHERE rule = ? AND record = ?").run(at, own);
    return this.#take(at, values, own) ? null : `another record has the same ${this.#rules[at]!.properties.join(", ")}`;
  }

  #take(at: number, values: readonly Value[], record: string): boolean {
    const hash = hashText(values.map(equalityText).join(""));
    const { changes } = this.#database.query("INSERT OR IGNORE INTO taken VALUES (?, ?, ?)").run(at, hash, record);
    return changes > 0;
  }

  #note(rule: TargetRule, example: string): void {
    let broken = this.#broken.get(rule);
    if (broken === undefined) {
      broken = { rule, count: 0, examples: [] };
      this.#broken.set(rule, broken);
    }
    broken.count++;
    if (broken.examples.length < SHOWN) broken.examples.push(example);
  }
}

/** `memory_tags_index, index on :Memory(tags)`. */
function nameOfRule({ name, what }: TargetRule): string {
  return name === null ? what : `${name}, ${what}`;
}

function concerns({ entity, names }: TargetRule, record: GraphRecord): boolean {
  if (record.kind !== entity) return false;
  return record.kind === "node" ? record.labels.some((label) => names.includes(label)) : names.includes(record.type);
}

function valuesOf({ properties }: TargetRule, record: GraphRecord): Value[] {
  return properties.map((name) => record.properties.get(name));
}

/** Servers take 1 and 1.0 for the same value. */
function equalityText(value: Value): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return `i${value};`;
  return canonicalValue(value, "plain");
}

function identityOf(record: GraphRecord): string {
  if (record.kind === "node") return storable(record.key);
  const id = relationshipId(record);
  return storable(id === null ? `${record.from} ${record.type} ${record.to}` : `=${id}`);
}

function nameOf(record: GraphRecord): string {
  const id = record.properties.get("id");
  if (typeof id === "string") return id.slice(0, 80);
  return record.kind === "node" ? nameWithoutId(record) : `a relationship ${record.type} without id`;
}
