/** The properties of a record as a graph server will hold them: times in the form of the release, and no value that it cannot hold. */
import { parseInstant } from "../../graph/instant.ts";
import { writeJson } from "../../graph/json.ts";
import { Properties, type Shape } from "../../graph/properties.ts";
import { readIsoInstant } from "../../graph/read-instant.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { tag } from "../../graph/tagged.ts";
import { isMap, Temporal, type Value } from "../../graph/value.ts";
import { CONTEXT_PREFIX, isTimestampField } from "../../memorygraph/fields.ts";
import { contextValue, toPlain } from "../../memorygraph/plain.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import { namedFor, ownProperties, spellTimestamp, withOriginals } from "../../memorygraph/spelling.ts";
import type { FittingNotes } from "./fitting.ts";
import type { Holder } from "./server.ts";

type Kind = GraphRecord["kind"];

interface FieldPlan {
  readonly time: boolean;
  readonly context: boolean;
  readonly unsupported: string | null;
}

/** For one server and one release. What a shape needs is found once for all records of the shape. */
export class PropertyFitter {
  readonly #server: Holder;
  readonly #release: Release;
  readonly #plans = new WeakMap<Shape, readonly FieldPlan[]>();

  constructor(server: Holder, release: Release) {
    this.#server = server;
    this.#release = release;
  }

  /**
   * @param names the labels of a node, or the type of a relationship
   * @param record names the record, for messages
   * @param notes gets what is lost, and how many timestamps were respelled
   * @returns the same object where nothing had to change
   */
  fit(kind: Kind, names: readonly string[], given: Properties, record: () => string, notes: FittingNotes): Properties {
    const properties = ownProperties(given);
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
        const what = `a property whose name ${this.#server.engine} cannot have: ${unsupported}`;
        notes.losses.push({ what, example: `${record()}.${key}`, unit: "property" });
        fitted = null;
      } else {
        if (time) fitted = this.#time(kind, names, key, value, originals, notes);
        else if (context) fitted = contextValue(value);
        const why = this.#server.unsupported(fitted);
        if (why !== null) {
          const what = `a property that ${this.#server.engine} cannot hold unchanged: ${why}`;
          notes.losses.push({ what, example: `${record()}.${key}`, unit: "property" });
          fitted = this.#nearest(key, fitted);
        }
      }
      if (fitted === value) continue;
      changed ??= [...values];
      changed[at] = fitted;
    }
    const fitted = changed === null ? properties : withOriginals(new Properties(shape, changed), originals);
    return namedFor(fitted, this.#release);
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
    kind: Kind,
    names: readonly string[],
    key: string,
    value: Value,
    originals: Map<string, string>,
    notes: FittingNotes,
  ): Value {
    if (typeof value === "string") {
      const native = this.#server.keepsNative(this.#release, kind, names, key) ? dateTimeOf(value) : null;
      if (native !== null && this.#server.unsupported(native) === null) {
        if (parseInstant(value) === null) originals.set(key, value);
        return native;
      }
      const { text, kept } = spellTimestamp(value, this.#release);
      if (text !== value) notes.respelled++;
      if (kept) originals.set(key, value);
      return text;
    }
    if (!(value instanceof Temporal)) return value;
    // Where only text is read it becomes text; elsewhere a native value stays what it is, if it can.
    if (releaseLine(this.#release).nativeTimes !== null && this.#server.unsupported(value) === null) return value;
    const { value: text, exact } = toPlain(key, value, this.#release);
    if (!exact || typeof text !== "string") return value;
    notes.respelled++;
    return text;
  }

  /** The nearest value that the server can hold; null where there is none. */
  #nearest(key: string, value: Value): Value {
    const spell = key === "id" ? escaped : wellFormed;
    const plain = typeof value === "string" ? spell(value) : toPlain("", value, this.#release).value;
    if (this.#server.unsupported(plain) === null) return plain;
    const text = wellFormed(isMap(value) || Array.isArray(value) ? writeJson(tag(value), "javascript") : String(plain));
    return this.#server.unsupported(text) === null ? text : null;
  }
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
