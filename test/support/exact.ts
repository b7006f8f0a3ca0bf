/**
 * An independent view of values: one text for each, in which 1 and 1.0, and integers beyond 2^53, stay apart. Works
 * on JSON text with nothing but JSON.parse and its reviver's source, and on SQL values.
 */
type Exact = null | boolean | string | Exact[] | { [name: string]: Exact };

export function exactJson(text: string): Exact {
  return JSON.parse(text, function (this: unknown, _name: string, value: unknown, context?: { source?: string }) {
    if (typeof value === "number") return number(context!.source!);
    return typeof value === "string" ? `text ${value}` : value;
  } as (name: string, value: unknown) => unknown) as Exact;
}

function number(source: string): string {
  return /[.eE]/.test(source) ? float(Number(source)) : `integer ${source}`;
}

export function float(value: number): string {
  return `float ${Object.is(value, -0) ? "-0" : value}`;
}

export function exactSql(value: unknown): Exact {
  if (value === null) return null;
  if (typeof value === "bigint") return `integer ${value}`;
  if (typeof value === "number") return float(value);
  if (typeof value === "string") return `text ${value}`;
  if (value instanceof Uint8Array) return `bytes ${value.toHex()}`;
  throw new Error(`unexpected ${typeof value}`);
}

/** The program's own values in the same terms. */
export function exactValue(value: unknown): Exact {
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(exactValue);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, item]) => [String(name), exactValue(item)]));
  }
  return exactSql(value);
}

/** Text with sorted names, for comparing. */
export function spell(value: Exact): string {
  if (Array.isArray(value)) return `[${value.map(spell).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${spell(value[name]!)}`).join(",")}}`;
}

export type { Exact };
