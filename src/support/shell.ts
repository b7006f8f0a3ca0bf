/** Words as a shell takes them literally, for commands that a person copies. No word of the domain. */

/** What a terminal would not show, or would act on. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** For a POSIX shell. What a terminal does not show, such as a line break, is spelled in `$'…'`, as bash, zsh and ksh read it. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-][\w@%+=:,./~-]*$/.test(word)) return word;
  if (!HIDDEN.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const spelled = [...word].map((character) => {
    if (character === "'" || character === "\\") return `\\${character}`;
    const code = character.codePointAt(0)!;
    if (!HIDDEN.test(character)) return character;
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `$'${spelled.join("")}'`;
}

/** For cmd and PowerShell alike: double quotes, which no path can hold there. */
export function windowsQuote(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : `"${word}"`;
}
