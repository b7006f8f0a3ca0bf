/** Words for a POSIX shell. */

/** The word as a shell takes it literally; plain words stay as they are. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-][\w@%+=:,./~-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
