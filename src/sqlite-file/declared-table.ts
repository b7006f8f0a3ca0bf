/**
 * What a CREATE TABLE statement says of its columns, also where it has words that this SQLite does not know: columns
 * are told apart by commas and parentheses, and only what decides about how rows are stored is read.
 */

import type { StoredValue } from "./record.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";

export interface DeclaredColumn {
  readonly name: string;
  /** As written, in capitals; empty for none. */
  readonly type: string;
  /** Computed from other columns; a `virtual` one is not in the row at all. */
  readonly generated: "virtual" | "stored" | null;
  /** What a row has that is older than the column. */
  readonly fallback: StoredValue;
}

export interface DeclaredTable {
  readonly columns: readonly DeclaredColumn[];
  readonly withoutRowid: boolean;
  /** The column that is another name of the row's number, and NULL in the record. */
  readonly rowidColumn: string | null;
  /** The names in the primary key, in its order. */
  readonly key: readonly string[];
}

/** SQLite's own limit. */
const MOST_COLUMNS = 2_000;
const TABLE_CONSTRAINTS = new Set(["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]);
const COLUMN_CONSTRAINTS = new Set(
  "CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS ON".split(" "),
);

/** Null for what is no CREATE TABLE with a list of columns. */
export function readDeclaration(sql: string): DeclaredTable | null {
  const tokens = tokensOf(sql);
  const open = tokens.findIndex(({ kind, text }) => kind === "mark" && text === "(");
  if (open === -1 || !isWord(tokens[0], "CREATE")) return null;
  const { parts, next } = splitList(tokens, open + 1);
  const columns = parts.filter(([first]) => first !== undefined && !isTableConstraint(first));
  if (columns.length === 0 || columns.length > MOST_COLUMNS) return null;
  const keys = parts.filter(([first]) => first !== undefined && isTableConstraint(first)).map(keyOfConstraint);
  const declared = columns.map(columnOf);
  const own = columns.filter(isPrimaryKey).map(([name]) => name!.text);
  const key = own.length > 0 ? own : (keys.find((names) => names.length > 0) ?? []);
  const options = tokens.slice(next);
  const without = options.findIndex((token) => isWord(token, "WITHOUT"));
  const withoutRowid = without !== -1 && isWord(options[without + 1], "ROWID");
  return {
    columns: declared,
    withoutRowid,
    key,
    rowidColumn: withoutRowid ? null : rowidColumn(declared, columns, key),
  };
}

function rowidColumn(
  declared: readonly DeclaredColumn[],
  parts: readonly Token[][],
  key: readonly string[],
): string | null {
  const at = declared.findIndex(({ name, type }) => type === "INTEGER" && sameName(name, key[0] ?? ""));
  if (key.length !== 1 || at === -1) return null;
  // "INTEGER PRIMARY KEY DESC" on the column itself has been no name of the rowid since an early mistake of SQLite's.
  const descending = isPrimaryKey(parts[at]!) && parts[at]!.some((token) => isWord(token, "DESC"));
  return descending ? null : declared[at]!.name;
}

/** The parts between commas up to the closing parenthesis; what is in parentheses inside stays together. */
function splitList(tokens: readonly Token[], from: number): { parts: Token[][]; next: number } {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at]!;
    const mark = token.kind === "mark" ? token.text : "";
    if (mark === ")" && depth === 0) return { parts, next: at + 1 };
    if (mark === "(") depth++;
    if (mark === ")") depth--;
    if (mark === "," && depth === 0) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return { parts, next: tokens.length };
}

function columnOf(tokens: readonly Token[]): DeclaredColumn {
  const end = tokens.findIndex(
    (token, at) => at > 0 && token.kind === "word" && COLUMN_CONSTRAINTS.has(token.text.toUpperCase()),
  );
  const type = tokens.slice(1, end === -1 ? tokens.length : end);
  const constraints = end === -1 ? [] : tokens.slice(end);
  return {
    name: tokens[0]!.text,
    type: type.map(({ text }) => text.toUpperCase()).join(" "),
    generated: generatedAs(constraints),
    fallback: defaultOf(constraints),
  };
}

function generatedAs(constraints: readonly Token[]): DeclaredColumn["generated"] {
  const at = constraints.findIndex((token, index) => isWord(token, "AS") && constraints[index + 1]?.text === "(");
  if (at === -1) return null;
  return constraints.slice(at).some((token) => isWord(token, "STORED")) ? "stored" : "virtual";
}

/** Only a literal: an expression is no default of a column that is added to rows. */
function defaultOf(constraints: readonly Token[]): StoredValue {
  const at = constraints.findIndex((token) => isWord(token, "DEFAULT"));
  const signed = constraints[at + 1]?.text === "-" || constraints[at + 1]?.text === "+";
  const value = at === -1 ? undefined : constraints[at + (signed ? 2 : 1)];
  if (value === undefined) return null;
  if (value.kind === "text" || value.kind === "name") return value.text;
  if (value.kind !== "number") return isWord(value, "TRUE") ? 1n : isWord(value, "FALSE") ? 0n : null;
  const sign = constraints[at + 1]!.text === "-" ? "-" : "";
  return /^\d+$/.test(value.text) ? BigInt(sign + value.text) : Number(sign + value.text);
}

function isTableConstraint({ kind, text }: Token): boolean {
  return kind === "word" && TABLE_CONSTRAINTS.has(text.toUpperCase());
}

function isPrimaryKey(tokens: readonly Token[]): boolean {
  return tokens.some((token, at) => at > 0 && isWord(token, "PRIMARY") && isWord(tokens[at + 1], "KEY"));
}

/** The columns of a PRIMARY KEY (...); empty for another constraint. */
function keyOfConstraint(tokens: readonly Token[]): string[] {
  const at = tokens.findIndex((token, index) => isWord(token, "PRIMARY") && isWord(tokens[index + 1], "KEY"));
  if (at === -1 || tokens[at + 2]?.text !== "(") return [];
  return splitList(tokens, at + 3).parts.flatMap(([name]) => (name === undefined ? [] : [name.text]));
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}

/** SQLite ignores the case of ASCII letters in names. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
