/** The statements of a Cypher script as cypher.ts writes them, read back; no other Cypher. */
import { Properties } from "../../graph/properties.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { Value } from "../../graph/value.ts";
import { LineError } from "./own-file.ts";

/** A node's own while the script runs. */
export const LABEL = "MemorygraphMigrateLoading";
export const KEY = "memorygraph_migrate_key";

const NUMBER = /-?\d+(\.\d+(e-?\d+)?)?/y;
/** The least integer of 64 bits. */
const LEAST = /\((-\d+) - 1\)/y;
const TEXT = /'((?:[^'\\]|\\.)*)'/y;
const NAME = /`([^`]*)`/y;

export function readerOf(): (line: string) => GraphRecord | null {
  return (line) => {
    if (line.startsWith("//") || line.startsWith(`MATCH (n:\`${LABEL}\`) REMOVE `)) return null;
    return new Statement(line).record();
  };
}

class Statement {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  record(): GraphRecord {
    if (this.#takes("CREATE (")) {
      const [, ...labels] = this.#labels();
      const { key, properties } = this.#map();
      this.#end(");");
      if (key === null) throw new LineError("a node without its key");
      return { kind: "node", key, labels, properties };
    }
    const [from, to] = [this.#endOf("MATCH (a"), this.#endOf("), (b")];
    this.#expect(") CREATE (a)-[:");
    const type = this.#match(NAME)[1]!;
    this.#expect(" ");
    const { properties } = this.#map();
    this.#expect("]->(b);");
    const isShared = this.#takes(" // shares its id");
    this.#end("");
    return { kind: "relationship", from, to, type, properties, ...(isShared && { hasDuplicateId: true }) };
  }

  #endOf(before: string): string {
    this.#expect(before);
    this.#labels();
    const { key } = this.#map();
    if (key === null) throw new LineError("an end without its key");
    return key;
  }

  #labels(): string[] {
    const labels: string[] = [];
    while (this.#takes(":")) labels.push(this.#match(NAME)[1]!);
    this.#expect(" ");
    return labels;
  }

  #map(): { readonly key: string | null; readonly properties: Properties } {
    const entries: [string, Value][] = [];
    let key: string | null = null;
    this.#expect("{");
    while (!this.#takes("}")) {
      this.#takes(", ");
      const name = this.#match(NAME)[1]!;
      this.#expect(": ");
      const value = this.#value();
      if (name !== KEY) entries.push([name, value]);
      else if (typeof value === "string") key = value;
    }
    return { key, properties: Properties.from(entries) };
  }

  #value(): Value {
    const next = this.#line[this.#at];
    if (next === "'") return this.#text();
    if (next === "(") return BigInt(this.#match(LEAST)[1]!) - 1n;
    if (this.#takes("true")) return true;
    if (this.#takes("false")) return false;
    if (!this.#takes("[")) {
      const [number] = this.#match(NUMBER);
      return number.includes(".") ? Number(number) : BigInt(number);
    }
    const list: Value[] = [];
    while (!this.#takes("]")) {
      this.#takes(", ");
      list.push(this.#value());
    }
    return list;
  }

  #text(): string {
    let text = "";
    do text += this.#match(TEXT)[1]!.replace(/\\(.)/g, (_, unit) => (unit === "n" ? "\n" : unit === "r" ? "\r" : unit));
    while (this.#takes(" + "));
    return text;
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line);
    if (found === null) throw new LineError("not a statement of ours");
    this.#at = pattern.lastIndex;
    return found;
  }

  #takes(text: string): boolean {
    if (!this.#line.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new LineError("not a statement of ours");
  }

  #end(text: string): void {
    this.#expect(text);
    if (this.#at !== this.#line.length) throw new LineError("something behind the statement");
  }
}
