/** Commands as cmd and PowerShell take them; what a POSIX shell takes is tried by the tests of the command line, in one. */
import { describe, expect, test } from "bun:test";
import {
  copyCommand,
  decodeCommand,
  inTurn,
  makeFolderCommand,
  moveCommand,
  pythonCommand,
  quoteFor,
  removeCommand,
  runPrinted,
  type Shell,
  settingVariables,
  shellOf,
  unpackCommand,
  withVariable,
} from "../../src/support/shell.ts";

const SYSTEM_MODULES =
  "C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules";
const USER = "C:\\Users\\Jörg\\OneDrive\\Dokumente";

describe("the shell in use", () => {
  test.each<[string, NodeJS.Dict<string>, string, Shell]>([
    ["on Linux", { SHELL: "/bin/bash" }, "linux", "posix"],
    [
      "on macOS, whatever PowerShell has left there",
      { PSModulePath: `${USER}\\PowerShell\\Modules` },
      "darwin",
      "posix",
    ],
    ["Git Bash", { MSYSTEM: "MINGW64", PSModulePath: SYSTEM_MODULES }, "win32", "posix"],
    ["Cygwin", { SHELL: "/bin/bash" }, "win32", "posix"],
    ["cmd", { PSModulePath: SYSTEM_MODULES, PROMPT: "$P$G" }, "win32", "cmd"],
    ["cmd where there is no PowerShell", {}, "win32", "cmd"],
    [
      "PowerShell 5.1",
      { PSModulePath: `${USER}\\WindowsPowerShell\\Modules;${SYSTEM_MODULES}` },
      "win32",
      "windows powershell",
    ],
    ["PowerShell 7", { PSModulePath: `${USER}\\PowerShell\\Modules;${SYSTEM_MODULES}` }, "win32", "powershell"],
  ])("%s", (_, env, platform, expected) => {
    expect(shellOf(env, platform)).toBe(expected);
  });
});

/** A command line as Microsoft's C library divides it into arguments. */
function argumentsOf(line: string): string[] {
  const found: string[] = [];
  let current: string | null = null;
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const [slashes] = /^\\*/.exec(line.slice(at))!;
    if (slashes !== "") {
      const before = line[at + slashes.length] === '"';
      current = (current ?? "") + "\\".repeat(before ? slashes.length >> 1 : slashes.length);
      at += slashes.length - 1;
      if (before && slashes.length % 2 === 1) {
        current += '"';
        at++;
      }
    } else if (line[at] === '"') {
      isQuoted = !isQuoted;
      current ??= "";
    } else if (line[at] === " " && !isQuoted) {
      if (current !== null) found.push(current);
      current = null;
    } else current = (current ?? "") + line[at];
  }
  return current === null ? found : [...found, current];
}

/** What cmd hands on of a line that somebody types: carets are taken off outside quotes, variables put in everywhere. */
function throughCmd(line: string): string {
  const expanded = line.replace(/%([^%]*)%/g, (whole, name) => (name === "PATH" ? "C:\\Windows" : whole));
  let isQuoted = false;
  let out = "";
  for (let at = 0; at < expanded.length; at++) {
    if (expanded[at] === "^" && !isQuoted) out += expanded[++at] ?? "";
    else {
      if (expanded[at] === '"') isQuoted = !isQuoted;
      if (!isQuoted && /[&|<>]/.test(expanded[at]!)) throw new Error(`cmd would act on ${expanded[at]} in ${line}`);
      out += expanded[at];
    }
  }
  return out;
}

/** What PowerShell 5.1 hands on for one word in single quotes, or a bare one. */
function throughWindowsPowerShell(word: string): string {
  const value = word.startsWith("'") ? word.slice(1, -1).replace(/(['\u2018-\u201b])\1/g, "$1") : word;
  return /\s/.test(value) && !value.startsWith('"') ? `"${value}"` : value;
}

const WORDS = [
  "C:\\Users\\me\\memory.db",
  "C:\\Users\\My Name\\a & b (1)\\memory.db",
  "\\\\server\\share\\memory.db",
  "\\\\?\\C:\\deep\\memory.db",
  "C:\\with space\\",
  "100%.db",
  "%PATH%",
  "a %PATH% b & c",
  "it's ‘so’",
  "caret^and!bang",
  'a "quoted" word',
  'ends with a backslash and a quote \\"',
  "Zoë\\記憶.db",
  "~\\memory.db",
  "@file",
  "",
  "--confirm=C:\\x.db",
  "a,b;c=d",
  "$env:PATH `tick` #no",
];

describe("a word reaches the program as it is", () => {
  test.each(WORDS)("by cmd: %s", (word) => {
    expect(argumentsOf(throughCmd(`program ${quoteFor("cmd", word)}`))).toEqual(["program", word]);
  });

  test.each(WORDS)("by PowerShell 5.1: %s", (word) => {
    expect(argumentsOf(`program ${throughWindowsPowerShell(quoteFor("windows powershell", word))}`)).toEqual([
      "program",
      word,
    ]);
  });

  test.each(WORDS)("by PowerShell 7: %s", (word) => {
    const quoted = quoteFor("powershell", word);
    const bare = /^[\p{L}\p{N}_+=:.\\/-][\p{L}\p{N}_@+=:.~\\/-]*$/u;
    if (bare.test(quoted)) expect(quoted).toBe(word);
    else expect(quoted.slice(1, -1).replace(/(['\u2018-\u201b])\1/g, "$1")).toBe(word);
  });

  test.each([
    "cmd",
    "powershell",
    "windows powershell",
  ] as const)("a plain path stands in %s without quotes", (shell) => {
    for (const path of ["C:\\Users\\Jörg\\memory.db", "D:memory.db", "\\\\server\\share\\x.db", "store\\memory.db"]) {
      expect(quoteFor(shell, path)).toBe(path);
    }
  });
});

test.each<[Shell, string[]]>([
  ["posix", ["mkdir -p 'a b'", "mv -n -- 'a b' c", "cp 'a b' c", "A=1", "B='x y'", "one && two && three"]],
  ["cmd", ['mkdir "a b"', 'move /-Y "a b" c', 'copy "a b" c', 'set "A=1"', 'set "B=x y"', "one && two && three"]],
  [
    "powershell",
    [
      "mkdir 'a b'",
      "Move-Item -LiteralPath 'a b' c",
      "Copy-Item -LiteralPath 'a b' c",
      "$env:A = '1'",
      "$env:B = 'x y'",
      "one && two && three",
    ],
  ],
  [
    "windows powershell",
    [
      "mkdir 'a b'",
      "Move-Item -LiteralPath 'a b' c",
      "Copy-Item -LiteralPath 'a b' c",
      "$env:A = '1'",
      "$env:B = 'x y'",
      "one; if ($?) { two; if ($?) { three } }",
    ],
  ],
])("%s has its own commands", (shell, expected) => {
  expect([
    makeFolderCommand("a b", shell),
    moveCommand("a b", "c", shell),
    copyCommand("a b", "c", shell),
    ...settingVariables({ A: "1", B: "x y" }, shell),
    inTurn(["one", "two", "three"], shell),
  ]).toEqual(expected);
});

test.each<[Shell, string[]]>([
  [
    "posix",
    [
      "rm 'a b'",
      "python3 -c 'print(\"x y\")'",
      "gunzip a.gz",
      "unzip a.zip",
      "base64 -d a > b",
      '"$X/y"',
      'eval "$(p posix)"',
    ],
  ],
  [
    "cmd",
    [
      'del "a b"',
      'py -c ^"print^(\\^"x y\\^"^)^"',
      "7z x a.gz",
      "tar -xf a.zip",
      "certutil -decode a b",
      '"%X%/y"',
      "for /f \"delims=\" %i in ('p cmd') do @%i",
    ],
  ],
  [
    "powershell",
    [
      "Remove-Item -LiteralPath 'a b'",
      "py -c 'print(\"x y\")'",
      "7z x a.gz",
      "tar -xf a.zip",
      "certutil -decode a b",
      '"$env:X/y"',
      "p powershell | Out-String | Invoke-Expression",
    ],
  ],
])("%s has its own way to remove, unpack, decode and call", (shell, expected) => {
  expect([
    removeCommand("a b", shell),
    pythonCommand('print("x y")', shell),
    unpackCommand("gunzip", "a.gz", shell),
    unpackCommand("unzip", "a.zip", shell),
    decodeCommand("a", "b", shell),
    withVariable("X", "/y", shell),
    runPrinted((named) => `p ${named}`, shell),
  ]).toEqual(expected);
});
