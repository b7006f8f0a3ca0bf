/** Commands that a person is to type are those of their shell: what only a POSIX shell knows is spelled in support/shell.ts. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const SOURCES = join(import.meta.dir, "../../src");
/** Programs and signs that cmd or PowerShell lack, or take for something else. */
const OF_POSIX = [
  /\b(?:rm|cp|mv|mkdir|cat|chmod|chown|ln|touch|kill|sudo|lsof|gunzip|bunzip2|unzip|base64|iconv|umask|python3) (?:[-$~/'"]|[A-Z]{2})/,
  /\bexport [A-Z]|\$\(|\/tmp\/|\/dev\/null/,
  // What is redirected or piped: PowerShell has no <, and makes text of bytes.
  /\b[A-Z]{3,} [<>|] | [<>|] (?:[A-Z]{3,}|\w+\.(?:db|json|zst|gz)\b|[a-z]+ -)/,
  / && |; (?:pip|python)/,
];
/** Where such a thing is meant for a system that has it, or is no command. */
const MEANT: Readonly<Record<string, string>> = {
  "support/shell.ts": "the room for it",
  "operations/backup/schedule.ts": "systemd and launchd are of their own systems",
  "cli/password.ts": "modes are looked at where there are any",
  "backends/recognise.ts": "iconv is named to POSIX shells alone",
  "cli/completions/bash.ts": "a program for bash",
  "cli/completions/zsh.ts": "a program for zsh",
  "cli/completions/fish.ts": "a program for fish",
};

/** The texts of a module, as far as they stand in one line, without what is put into them. */
function textsOf(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  // An inner template would end the outer one.
  const plain = code.replace(/\$\{[^{}`]*(?:`[^`]*`[^{}`]*)*\}/g, "$" + "{}");
  return [...plain.matchAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`/g)].map(([text]) => text);
}

const foundIn = (source: string) =>
  textsOf(source).filter((text) => text.includes(" ") && OF_POSIX.some((sign) => sign.test(text.slice(1, -1))));

test("only support/shell.ts spells them, but for what is meant for one system", () => {
  const found = new Map<string, string[]>();
  for (const file of new Glob("**/*.ts").scanSync(SOURCES)) {
    const texts = foundIn(readFileSync(join(SOURCES, file), "utf8"));
    if (texts.length > 0) found.set(file.replaceAll("\\", "/"), texts);
  }
  expect([...found].filter(([file]) => !(file in MEANT))).toEqual([]);
});

test.each([
  "const next = `remove it first: rm $HOME/x`;",
  'const next = "Decode it first (base64 -d FILE > new.db)";',
  'const next = "as in: memorygraph-migrate restore - NEW.db < ARCHIVE";',
  'const next = "zstd -dc OLD | zstd -o NEW";',
  "const next = `copy it: cp NAME* /tmp/`;",
])("this is found: %s", (line) => {
  expect(foundIn(line)).toHaveLength(1);
});
