/** Text that came from a store or a stranger, made safe for a terminal. */

/** C0 and C1 controls, what turns the direction of writing, line separators, the invisible mark, and lone surrogates. */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The text on one line, with each character that could move a cursor, colour a screen, start a new line or turn the
 * reading direction spelled out: `\x1b`, `\n`, `\u202e`. Everything else, emoji and all scripts, stays as it is.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return NAMED[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(code));
  });
}

/** One JSON document on one line, newline included. Reads back as the same value, and is as safe to print as `printable`. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(UNPRINTABLE, (character) => unicodeEscape(character.charCodeAt(0)))}\n`;
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
