// @level normal
/** What Tab does in the shells themselves: each is typed to on a terminal of its own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { COMMANDS } from "../../src/cli/commands.ts";
import { SHELLS } from "../../src/cli/completions/shells.ts";
import { choicesOf, spellingsOf } from "../../src/cli/strict.ts";
import { temporaryFolder } from "../support/folder.ts";
import { has } from "../support/system.ts";
import { document, environment, expectError, program } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const NAMES = Object.keys(COMMANDS);
const FILE = "example store.db";
const RUNS = ["0tw6etyz4k", "0vv7fuz15m"];

/** How each shell starts without anybody's settings, reads the script, and stands in for the program. */
const TERMINALS = {
  bash: {
    start: ["bash", "--norc", "--noprofile", "-i"],
    setUp: [
      "source ./bash",
      "memorygraph-migrate() { [[ $* == 'runs --quiet' ]] && cat ./runs && return; printf 'typed:'; printf '<%s>' \"$@\"; echo; }",
    ],
  },
  zsh: {
    start: ["zsh", "-f", "-i"],
    setUp: [
      "autoload -U compinit && compinit -D -u",
      "source ./zsh",
      "memorygraph-migrate() { [[ $* == 'runs --quiet' ]] && cat ./runs && return; printf 'typed:'; printf '<%s>' \"$@\"; echo; }",
    ],
  },
  fish: {
    start: ["fish", "--no-config", "-i"],
    setUp: [
      "source ./fish",
      "function memorygraph-migrate; test \"$argv\" = 'runs --quiet'; and cat ./runs; and return; printf 'typed:'; printf '<%s>' $argv; echo; end",
    ],
  },
} as const;
type Terminal = keyof typeof TERMINALS;

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await program(folder, ["completions", shell]);
    expect([code, stderr]).toEqual([0, ""]);
    writeFileSync(folder.file(shell), stdout);
  }
  writeFileSync(folder.file(FILE), "");
  // What `runs --quiet` prints: a name, a tab and what it is.
  writeFileSync(
    folder.file("runs"),
    RUNS.map((id) => `${id}\tdone, 2026-01-31 12:00:00 UTC, on it's here.db\n`).join(""),
  );
}, 30_000);

/** Types a line that ends with Tab, then Enter, and returns the arguments that a program would have got. */
async function completed(shell: Terminal, line: string): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let screen = "";
  const { start, setUp } = TERMINALS[shell];
  const child = Bun.spawn([...start], {
    cwd: folder.path,
    env: environment(folder, { TERM: "dumb", PS1: "$ " }),
    terminal: {
      cols: 200,
      rows: 50,
      data(_, data) {
        screen += decoder.decode(data, { stream: true });
      },
    },
  });
  const shown = async (pattern: RegExp) => {
    for (let waited = 0; waited < 10_000 && !pattern.test(screen); waited += 20) await Bun.sleep(20);
    return pattern.exec(screen);
  };
  try {
    // Echoed commands do not match: there "ready" stands in pieces.
    child.terminal!.write(`${setUp.join("\r")}\recho rea''dy\r`);
    expect(await shown(/^ready/m)).not.toBeNull();
    child.terminal!.write(`memorygraph-migrate ${line}\t`);
    // A line that is sent before Tab has been answered is completed, too, but as a whole.
    await Bun.sleep(300);
    child.terminal!.write("\r");
    return (await shown(/typed:(<.*>)/))?.[1];
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    child.terminal?.close();
  }
}

const CASES: readonly (readonly [typed: string, arguments_: string])[] = [
  ["ins", "<inspect>"],
  ["--from sq", "<--from><sqlite>"],
  ["--json verify --to=neo", "<--json><verify><--to=neo4j>"],
  ["migrate --on-conflict over", "<migrate><--on-conflict><overwrite>"],
  ["--dry", "<--dry-run>"],
  ["inspect --dry", "<inspect><--dry>"],
  ["inspect --from-path exam", `<inspect><--from-path><${FILE}>`],
  ["--since exam", "<--since><exam>"],
  ["completions powe", "<completions><powershell>"],
  ["help doc", "<help><doctor>"],
  ["doctor exam", "<doctor><exam>"],
  ["rollback 0t", "<rollback><0tw6etyz4k>"],
  ["--json resume 0v", "<--json><resume><0vv7fuz15m>"],
  ["runs for", "<runs><forget>"],
  ["runs forget 0t", "<runs><forget><0tw6etyz4k>"],
  ["runs prune 0t", "<runs><prune><0t>"],
];

for (const shell of Object.keys(TERMINALS) as Terminal[]) {
  const missing = Bun.which(shell) === null;
  if (missing) console.warn(`SKIPPED: completion in ${shell}, which is not installed`);
  describe.skipIf(missing)(`in ${shell}, Tab makes of`, () => {
    test.each(CASES)(
      "%s",
      async (line, expected) => {
        expect(await completed(shell, line)).toBe(expected);
      },
      30_000,
    );
  });
}

/** The commands that take stores as operands. */
const STORES = ["migrate", "verify", "inspect", "backup", "restore", "backups"];

describe("what is offered is what the commands accept", () => {
  /** Everything that may stand after the command, by the definitions that also read it. */
  const accepted = async (name: string) => {
    const { args } = await COMMANDS[name]!();
    const operands = Object.values(args).flatMap((option) => (option.type === "positional" ? choicesOf(option) : []));
    return [...spellingsOf(args).keys(), ...operands].sort();
  };
  const lines = (text: string) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  /** A script in a shell without settings; prints what it is asked for. */
  const ask = (command: readonly string[]) => {
    const { stdout, stderr } = Bun.spawnSync([...command], { cwd: folder.path, env: environment(folder) });
    expect(stderr.toString()).toBe("");
    return lines(stdout.toString());
  };
  const inBash = (...words: string[]) => {
    const set = `COMP_WORDS=(memorygraph-migrate ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}`;
    return ask(["bash", "-c", `source ./bash; ${set}; _memorygraph_migrate; printf '%s\\n' "\${COMPREPLY[@]}"`]);
  };

  test.skipIf(!has.bash).each(NAMES)("in bash, after %s", async (name) => {
    expect(inBash(name, "")).toEqual(await accepted(name));
  });

  test.skipIf(!has.bash)("in bash, in the beginning: every command, and the options of migrate", async () => {
    expect(inBash("")).toEqual([...NAMES, "help", ...(await accepted("migrate"))].sort());
  });

  test.skipIf(!has.bash)("in bash, an option that was given is not offered again", async () => {
    const left = (await accepted("doctor")).filter((spelled) => spelled !== "--json");
    expect(inBash("doctor", "--json", "")).toEqual(left);
  });

  test.skipIf(Bun.which("fish") === null).each(NAMES)("in fish, after %s", async (name) => {
    // fish writes a description behind each, and offers letters and long options apart.
    const offered = ["-", "--", ""].flatMap((begun) =>
      ask(["fish", "--no-config", "-c", `source ./fish; complete -C 'memorygraph-migrate ${name} ${begun}'`]),
    );
    // A store is a file, or a folder with one.
    const here = readdirSync(folder.path, { withFileTypes: true }).map((at) =>
      at.isDirectory() ? `${at.name}/` : at.name,
    );
    const words = new Set(offered.map((line) => line.split("\t")[0]!));
    if (STORES.includes(name)) expect(here.filter((file) => !words.has(file))).toEqual([]);
    expect([...words].filter((word) => !STORES.includes(name) || !here.includes(word)).sort()).toEqual(
      await accepted(name),
    );
  });

  test("PowerShell's script has every word, quoted", async () => {
    const script = await Bun.file(folder.file("powershell")).text();
    for (const name of NAMES) {
      for (const word of await accepted(name)) expect(script).toContain(`\n            '${word}' = '`);
    }
    expect(script).toContain(
      "'--from' = @('sqlite', 'falkordblite', 'neo4j', 'memgraph', 'falkordb', 'archive', 'json', 'mcp', 'graphml', 'cypher', 'markdown')",
    );
    expect(script.match(/'/g)!.length % 2).toBe(0);
  });

  // Wine has one that answers nothing.
  const powershell =
    ["pwsh", "powershell"].find(
      (name) =>
        Bun.which(name) !== null &&
        Bun.spawnSync([name, "-NoProfile", "-Command", "1+1"]).stdout.toString().trim() === "2",
    ) ?? null;
  if (powershell === null) console.warn("SKIPPED: completion in PowerShell, which is not installed");
  test.skipIf(powershell === null).each([
    ["ins", ["inspect"]],
    ["--json verify --to neo", ["neo4j"]],
    ["--to=neo", ["--to=neo4j"]],
    ["completions p", ["powershell"]],
    ["doctor --js", ["--json"]],
  ])("PowerShell completes %s", async (line, expected) => {
    const input = `memorygraph-migrate ${line}`;
    const asked = `. ([scriptblock]::Create((Get-Content -Raw ./powershell))); (TabExpansion2 '${input}' ${input.length}).CompletionMatches.CompletionText`;
    expect(ask([powershell!, "-NoProfile", "-NonInteractive", "-Command", asked]).map((line) => line.trim())).toEqual(
      expected,
    );
  });
});

describe("the command", () => {
  test("prints the same script in a JSON document", async () => {
    const { stdout } = await program(folder, ["completions", "fish", "--json"]);
    expect(document(stdout)).toEqual({ shell: "fish", script: await Bun.file(folder.file("fish")).text() });
  });

  test("wants to know the shell, and only one that it knows", async () => {
    expectError(await program(folder, ["completions"]), 2, "SHELL is missing");
    expectError(await program(folder, ["completions", "tcsh"]), 2, 'SHELL cannot be "tcsh"');
    expectError(await program(folder, ["completions", "powershel"]), 2, "Did you mean powershell?");
    expectError(await program(folder, ["completions", "bash", "zsh"]), 2, 'unexpected argument "zsh"');
  });
});
