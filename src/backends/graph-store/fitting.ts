/** Records as a graph server will hold them: spelled for its release, and whatever it cannot hold found beforehand. */
import { parseInstant } from "../../graph/instant.ts";
import { writeJson } from "../../graph/json.ts";
import { Properties, type Shape } from "../../graph/properties.ts";
import { readIsoInstant } from "../../graph/read-instant.ts";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  idOfKey,
  keyOfId,
  nameWithoutId,
  relationshipId,
  sharesId,
} from "../../graph/record.ts";
import { tag } from "../../graph/tagged.ts";
import { isMap, Temporal, type Value } from "../../graph/value.ts";
import { CONTEXT_PREFIX, isTimestampField, MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { contextValue, toPlain } from "../../memorygraph/plain.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import { namedFor, ownProperties, spellTimestamp, withOriginals } from "../../memorygraph/spelling.ts";
import type { Finding, Fitting, WriteReport } from "../backend.ts";
import { FindingLog } from "../findings.ts";
import { FittedKeys } from "./fitted-keys.ts";
import { IdClashes } from "./id-clashes.ts";
import type { KnownRecords } from "./known-records.ts";
import type { Holder, NameKind } from "./server.ts";
import { RuleCheck, type TargetRule } from "./target-rules.ts";

/** What a name becomes that the server cannot have, where that was allowed. */
const NAMELESS = "unnamed";

interface FieldPlan {
  readonly time: boolean;
  readonly context: boolean;
  readonly unsupported: string | null;
}

export interface FittingOptions {
  readonly release: Release;
  readonly report: WriteReport;
  /** The labels on which the target demands a unique id. */
  readonly uniqueIds: readonly string[];
  /** Ids that several nodes of the target have. */
  readonly sharedIds: readonly string[];
  /** Ids that several of its relationships have. */
  readonly sharedRelationshipIds?: readonly string[];
  /** The nodes that the target has, or the source has shown. */
  readonly known: KnownRecords;
  /** What else would make the target refuse a record. */
  readonly rules?: readonly TargetRule[];
}

export class Fitter implements Fitting {
  readonly #server: Holder;
  readonly #options: FittingOptions;
  readonly #keys: FittedKeys;
  readonly #log = new FindingLog();
  readonly #plans = new WeakMap<Shape, readonly FieldPlan[]>();
  readonly #names = new Map<string, string | null>();
  readonly #clashes = new IdClashes();
  readonly #rules: RuleCheck;
  readonly #sharedRelationshipIds: ReadonlySet<string>;

  constructor(server: Holder, options: FittingOptions) {
    this.#server = server;
    this.#options = options;
    this.#sharedRelationshipIds = new Set(options.sharedRelationshipIds);
    this.#rules = new RuleCheck(server.location, options.rules ?? [], options.known.database);
    this.#keys = new FittedKeys(options.known.database, new Set(options.sharedIds));
  }

  fit(record: GraphRecord): GraphRecord | null {
    return record.kind === "node" ? this.#node(record) : this.#relationship(record);
  }

  losses(): readonly Finding[] {
    return this.#log.list();
  }

  /** A record that the target held before the run. */
  present(record: GraphRecord): void {
    if (record.kind === "relationship") this.#keys.presentRelationship(record);
    this.#rules.present(record);
  }

  admit(record: GraphRecord): void {
    this.#rules.admit(record);
    if (record.kind === "node" && record.labels.includes(MEMORY_LABEL)) {
      this.#options.report.showing.add(record.properties, sharesId(record));
    }
  }

  assertPossible(): void {
    this.#rules.assertKept();
    this.#clashes.assertNone(this.#server.location, this.#options.uniqueIds);
  }

  #node(node: GraphNode): GraphNode {
    this.#checkId(node);
    const name = () => idOfKey(node.key) ?? nameWithoutId(node);
    const labels = node.labels.map((label) => this.#name("label", label, name));
    const properties = this.#properties("node", labels, node.properties, name);
    const key = this.#keys.node(node, labels, properties);
    this.#options.known.expectNode(key);
    const isSame = properties === node.properties && same(labels, node.labels) && key === node.key;
    if (isSame && node.native === undefined) return node;
    // Two names that the server cannot have become one.
    return { kind: "node", key, labels: [...new Set(labels)], properties };
  }

  #checkId(node: GraphNode): void {
    const id = node.properties.get("id");
    if (typeof id !== "string") return;
    const isShared = idOfKey(node.key) === null;
    const demandsUnique = node.labels.some((label) => this.#options.uniqueIds.includes(label));
    if (demandsUnique) {
      const why = isShared ? "others have it too" : (this.#server.unsupportedId?.(id) ?? null);
      if (why !== null) this.#clashes.unique.push(`${id.slice(0, 80)}: ${why}`);
    } else if (isShared && this.#options.known.knowsNode(keyOfId(id))) {
      this.#clashes.shared.push(id.slice(0, 80));
    }
  }

  #relationship(relationship: GraphRelationship): GraphRelationship | null {
    const name = () => relationshipId(relationship) ?? `a relationship ${relationship.type} without id`;
    const [from, to] = [this.#keys.end(relationship.from), this.#keys.end(relationship.to)];
    if (![from, to].every((key) => this.#options.known.knowsNode(key))) {
      this.#log.add("loss", "a relationship with an end that does not exist, which no graph server can hold", name());
      return null;
    }
    const type = this.#name("relationship type", relationship.type, name);
    const properties = this.#properties("relationship", [type], relationship.properties, name);
    const hasDuplicateId = relationship.hasDuplicateId ?? this.#isShared(relationship);
    if (relationship.hasDuplicateId) this.#checkRelationshipId(relationship);
    const isSame =
      hasDuplicateId === relationship.hasDuplicateId &&
      from === relationship.from &&
      to === relationship.to &&
      type === relationship.type;
    if (isSame && properties === relationship.properties && relationship.native === undefined) return relationship;
    const { native: _, ...rest } = relationship;
    return { ...rest, from, to, type, properties, ...(hasDuplicateId && { hasDuplicateId }) };
  }

  /** An id that several relationships of the target have identifies none of them. */
  #isShared({ properties }: GraphRelationship): true | undefined {
    const id = properties.get("id");
    return typeof id === "string" && this.#sharedRelationshipIds.has(id) ? true : undefined;
  }

  #checkRelationshipId({ properties }: GraphRelationship): void {
    const id = properties.get("id");
    if (typeof id !== "string" || this.#sharedRelationshipIds.has(id)) return;
    if (this.#keys.hasRelationship(id)) this.#clashes.shared.push(id.slice(0, 80));
  }

  #properties(
    kind: "node" | "relationship",
    names: readonly string[],
    record: Properties,
    name: () => string,
  ): Properties {
    const properties = ownProperties(record);
    const { shape, values } = properties;
    const plan = this.#plan(shape);
    const originals = new Map<string, string>();
    let changed: Value[] | null = null;
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      if (value === null) continue;
      const { time, context, unsupported } = plan[at]!;
      const key = shape.keys[at]!;
      let fitted: Value = value;
      if (unsupported !== null) {
        this.#log.add(
          "loss",
          `a property whose name ${this.#server.engine} cannot have: ${unsupported}`,
          `${name()}.${key}`,
          "property",
        );
        fitted = null;
      } else {
        if (time) fitted = this.#time(kind, names, key, value, originals);
        else if (context) fitted = contextValue(value);
        const why = this.#server.unsupported(fitted);
        if (why !== null) fitted = this.#instead(key, fitted, why, () => `${name()}.${key}`);
      }
      if (fitted === value) continue;
      changed ??= [...values];
      changed[at] = fitted;
    }
    const fitted = changed === null ? properties : withOriginals(new Properties(shape, changed), originals);
    return namedFor(fitted, this.#options.release);
  }

  #plan(shape: Shape): readonly FieldPlan[] {
    let plan = this.#plans.get(shape);
    if (plan === undefined) {
      plan = shape.keys.map((key) => ({
        time: isTimestampField(key),
        context: key.startsWith(CONTEXT_PREFIX),
        unsupported: this.#server.unsupportedName(key, "property"),
      }));
      this.#plans.set(shape, plan);
    }
    return plan;
  }

  /** As the release itself would keep it there: native, or text in its own spelling. */
  #time(
    kind: "node" | "relationship",
    names: readonly string[],
    key: string,
    value: Value,
    originals: Map<string, string>,
  ): Value {
    const { release, report } = this.#options;
    if (typeof value === "string") {
      const native = this.#server.keepsNative(release, kind, names, key) ? dateTimeOf(value) : null;
      if (native !== null && this.#server.unsupported(native) === null) {
        if (parseInstant(value) === null) originals.set(key, value);
        return native;
      }
      const { text, kept } = spellTimestamp(value, release);
      if (text !== value) report.respelled++;
      if (kept) originals.set(key, value);
      return text;
    }
    if (!(value instanceof Temporal)) return value;
    // Where text alone is read it becomes text; elsewhere a native value stays what it is, if it can.
    if (releaseLine(release).nativeTimes !== null && this.#server.unsupported(value) === null) return value;
    const { value: text, exact } = toPlain(key, value, release);
    if (!exact || typeof text !== "string") return value;
    report.respelled++;
    return text;
  }

  #name(what: Exclude<NameKind, "property">, name: string, record: () => string): string {
    let why = this.#names.get(name);
    if (why === undefined) {
      why = this.#server.unsupportedName(name, what);
      if (this.#names.size < 10_000) this.#names.set(name, why);
    }
    if (why === null) return name;
    this.#log.add("loss", `a ${what} that ${this.#server.engine} cannot have: ${why}`, record(), what);
    return NAMELESS;
  }

  /** The nearest that the server can hold. */
  #instead(key: string, value: Value, why: string, where: () => string): Value {
    const what = `a property that ${this.#server.engine} cannot hold unchanged: ${why}`;
    this.#log.add("loss", what, where(), "property");
    const spell = key === "id" ? escaped : wellFormed;
    const plain = typeof value === "string" ? spell(value) : toPlain("", value, this.#options.release).value;
    if (this.#server.unsupported(plain) === null) return plain;
    const text = wellFormed(isMap(value) || Array.isArray(value) ? writeJson(tag(value), "javascript") : String(plain));
    return this.#server.unsupported(text) === null ? text : null;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.every((label, at) => label === b[at]);
}

function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** Two ids must not become one. */
function escaped(text: string): string {
  return text.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\0/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Null for text that names no instant, or one that only its offset would tell from another spelling. */
function dateTimeOf(text: string): Temporal | null {
  const reading = readIsoInstant(text);
  return reading === null ? null : new Temporal("date-time", reading.instant);
}
