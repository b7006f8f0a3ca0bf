/** SQL as words: enough to read a declaration of a table, whoever wrote it. */

export interface Token {
  /** `word` is an unquoted name or keyword, `name` a quoted one; `mark` anything else. */
  readonly kind: "word" | "name" | "text" | "number" | "mark";
  /** Without its quotes. */
  readonly text: string;
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "`": "`", "[": "]", "'": "'" };
const WORD = /[\p{L}\p{M}\p{N}_$]+/uy;
const NUMBER = /(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const BLANK = /(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/y;

/** Never fails: what is no SQL is marks. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    at += lengthOf(BLANK, sql, at);
    if (at >= sql.length) break;
    const first = sql[at]!;
    const closing = CLOSING[first];
    if (closing !== undefined) {
      const { text, next } = quotedAt(sql, at, closing);
      tokens.push({ kind: first === "'" ? "text" : "name", text });
      at = next;
      continue;
    }
    const number = lengthOf(NUMBER, sql, at);
    const length = number || lengthOf(WORD, sql, at);
    const kind = number > 0 ? "number" : length > 0 ? "word" : "mark";
    tokens.push({ kind, text: sql.substring(at, at + Math.max(length, 1)) });
    at += Math.max(length, 1);
  }
  return tokens;
}

function lengthOf(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0].length ?? 0;
}

/** A quote inside is written twice. */
function quotedAt(sql: string, at: number, closing: string): { text: string; next: number } {
  let text = "";
  for (let from = at + 1; ; ) {
    const end = sql.indexOf(closing, from);
    if (end === -1) return { text: text + sql.substring(from), next: sql.length };
    text += sql.substring(from, end);
    if (sql[end + 1] !== closing || closing === "]") return { text, next: end + 1 };
    text += closing;
    from = end + 2;
  }
}
