/** Words and small commands as the shell of whoever reads them takes them, for commands that a person copies. No word of the domain. */

/** `powershell` is PowerShell 7.3 and later; `windows powershell` the 5.1 that comes with Windows. */
export type Shell = "posix" | "cmd" | "powershell" | "windows powershell";
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The shell that has started this process, as far as the environment shows it: PowerShell puts a folder of the user's modules
 * before those of the system, Git Bash, MSYS2 and Cygwin leave SHELL. Of shells inside each other it can be the outer one.
 * @param platform as Node names systems
 */
export function shellOf(env: Environment, platform: string): Shell {
  if (platform !== "win32" || env.MSYSTEM || env.SHELL) return "posix";
  const [modules = ""] = (env.PSModulePath ?? "").split(";");
  if (/\\PowerShell\\Modules\\?$/i.test(modules)) return "powershell";
  const isUsers =
    /\\WindowsPowerShell\\Modules\\?$/i.test(modules) && !/^[a-z]:\\(Program Files|Windows)\\/i.test(modules);
  return isUsers ? "windows powershell" : "cmd";
}

export function shellInUse(): Shell {
  return shellOf(process.env, process.platform);
}

/** For the shell in use. */
export function shellQuote(word: string): string {
  return quoteFor(shellInUse(), word);
}

/** One word of a command line, as the program that is called shall get it. */
export function quoteFor(shell: Shell, word: string): string {
  switch (shell) {
    case "posix":
      return posixQuote(word);
    case "cmd":
      return isPlainOnWindows(word) ? word : cmdQuote(word);
    case "powershell":
      return isPlainInPowerShell(word) ? word : literal(word);
    case "windows powershell":
      return isPlainInPowerShell(word) ? word : literal(asArgument(word));
  }
}

/** What a terminal would not show, or would act on. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** What a terminal does not show, such as a line break, is spelled in `$'…'`, as bash, zsh and ksh read it. */
function posixQuote(word: string): string {
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

/** Such as `C:\Users\me\memory.db`. */
function isPlainOnWindows(word: string): boolean {
  return /^[\p{L}\p{N}_@+=:.~\\/-]+$/u.test(word);
}

/** There `@` and `~` mean something at the beginning, and a dot or colon divides what looks like a parameter. */
function isPlainInPowerShell(word: string): boolean {
  return isPlainOnWindows(word) && !/^[@~]|^-.*[.:]/.test(word);
}

/** cmd takes `%` for a variable inside quotes as well, and knows no `\"`: then everything is escaped, the quotes too. */
function cmdQuote(word: string): string {
  const argument = `"${doubledBackslashes(word, /(\\*)("|$)/g)}"`;
  return /["%]/.test(word) ? argument.replace(/[()%!^"<>&|]/g, "^$&") : argument;
}

/** PowerShell takes typographic quotes for single ones. */
function literal(word: string): string {
  return `'${word.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** PowerShell 5.1 hands an argument on as it is, with quotes around it where it has a space in it. */
function asArgument(word: string): string {
  if (word === "") return '""';
  return doubledBackslashes(word, /\s/.test(word) ? /(\\*)("|$)/g : /(\\*)(")/g);
}

/** Programs on Windows take `\"` for a quote, and backslashes before a quote, or the end, in pairs. */
function doubledBackslashes(word: string, at: RegExp): string {
  return word.replace(at, (_, backslashes: string, quote: string) => backslashes.repeat(2) + (quote && '\\"'));
}

/** A folder with those above it. */
export function makeFolderCommand(path: string, shell: Shell = shellInUse()): string {
  return `${shell === "posix" ? "mkdir -p" : "mkdir"} ${quoteFor(shell, path)}`;
}

/** Never over a file that is there. */
export function moveCommand(from: string, to: string, shell: Shell = shellInUse()): string {
  const names = `${quoteFor(shell, from)} ${quoteFor(shell, to)}`;
  if (shell === "posix") return `mv -n -- ${names}`;
  return shell === "cmd" ? `move /-Y ${names}` : `Move-Item -LiteralPath ${names}`;
}

export function copyCommand(from: string, to: string, shell: Shell = shellInUse()): string {
  const names = `${quoteFor(shell, from)} ${quoteFor(shell, to)}`;
  if (shell === "posix") return `cp ${names}`;
  return shell === "cmd" ? `copy ${names}` : `Copy-Item -LiteralPath ${names}`;
}

export function removeCommand(path: string, shell: Shell = shellInUse()): string {
  const name = quoteFor(shell, path);
  if (shell === "posix") return `rm ${name}`;
  return shell === "cmd" ? `del ${name}` : `Remove-Item -LiteralPath ${name}`;
}

/** Of a folder with all that is in it. */
export function removeFolderCommand(path: string, shell: Shell = shellInUse()): string {
  const name = quoteFor(shell, path);
  if (shell === "posix") return `rm -r ${name}`;
  return shell === "cmd" ? `rmdir /s ${name}` : `Remove-Item -Recurse -LiteralPath ${name}`;
}

/** On Windows `python3` is often only the name of a page in the store; Python's own installer brings `py`. */
export function pythonCommand(code: string, shell: Shell = shellInUse()): string {
  return `${shell === "posix" ? "python3" : "py"} -c ${quoteFor(shell, code)}`;
}

/** What packs files, by the program that unpacks them on Linux and macOS. */
export type Unpacker = "gunzip" | "zstd -d" | "unzip" | "bunzip2" | "xz -d";

/** Windows has a program for zip alone; 7-Zip takes all. */
export function unpackCommand(unpacker: Unpacker, path: string, shell: Shell = shellInUse()): string {
  if (shell === "posix") return `${unpacker} ${quoteFor(shell, path)}`;
  return `${unpacker === "unzip" ? "tar -xf" : "7z x"} ${quoteFor(shell, path)}`;
}

/** Bytes spelled as Base64, into a file of their own. */
export function decodeCommand(from: string, to: string, shell: Shell = shellInUse()): string {
  if (shell === "posix") return `base64 -d ${quoteFor(shell, from)} > ${quoteFor(shell, to)}`;
  return `certutil -decode ${quoteFor(shell, from)} ${quoteFor(shell, to)}`;
}

/** A variable of this name as the shell puts in its value, in quotes, with what follows it. */
export function withVariable(name: string, rest: string, shell: Shell = shellInUse()): string {
  if (shell === "cmd") return `"%${name}%${rest}"`;
  return shell === "posix" ? `"$${name}${rest}"` : `"$env:${name}${rest}"`;
}

/** Runs what another program prints for this kind of shell. @param printing the command that prints it */
export function runPrinted(printing: (shell: Shell) => string, shell: Shell = shellInUse()): string {
  const command = printing(shell);
  if (shell === "posix") return `eval "$(${command})"`;
  return shell === "cmd"
    ? `for /f "delims=" %i in ('${command}') do @%i`
    : `${command} | Out-String | Invoke-Expression`;
}

/** What sets each variable for a program: what stands before its name in a POSIX shell, commands of their own elsewhere. */
export function settingVariables(variables: Readonly<Record<string, string>>, shell: Shell = shellInUse()): string[] {
  return Object.entries(variables).map(([name, value]) => {
    if (shell === "posix") return `${name}=${posixQuote(value)}`;
    // Inside these quotes cmd takes everything as it is, but `%`.
    return shell === "cmd" ? `set "${name}=${value}"` : `$env:${name} = ${literal(value)}`;
  });
}

/** Makes what the command writes readable for its owner alone, where a shell can. */
export function keptPrivate(command: string, shell: Shell = shellInUse()): string {
  return shell === "posix" ? `(umask 077; ${command})` : command;
}

/** One line that runs each command after the one before it has succeeded. */
export function inTurn(commands: readonly string[], shell: Shell = shellInUse()): string {
  if (shell !== "windows powershell") return commands.join(" && ");
  return commands.reduceRight((rest, command) => `${command}; if ($?) { ${rest} }`);
}
