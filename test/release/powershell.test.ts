// @level normal
/**
 * What we write for PowerShell, read by a grammar of it that others made: there is no PowerShell where this is tested. It shows that the
 * text is PowerShell, which commands it calls and where words end; not what any of them does.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "../../scripts/engines/cache.ts";
import { ROOT } from "../../scripts/release/project.ts";
import { makeFolderCommand, moveCommand, type Shell, settingVariables } from "../../src/support/shell.ts";
import { MAIN } from "../cli/program.ts";

const PACKAGES = ["tree-sitter==0.26.1", "tree-sitter-powershell==0.26.4"];

/** Reads scripts, a JSON list of texts; prints for each what is wrong with it, the commands, and the words behind the first command. */
const PARSE = `
import json, sys, tree_sitter, tree_sitter_powershell as powershell
parser = tree_sitter.Parser(tree_sitter.Language(powershell.language()))
def walk(node):
    yield node
    for child in node.children: yield from walk(child)
def read(text):
    nodes = list(walk(parser.parse(text.encode()).root_node))
    told = lambda node: node.text.decode()
    words = [node for node in nodes if node.type == "command_elements"][:1]
    return {"wrong": [told(node) for node in nodes if node.is_error or node.is_missing],
            "commands": sorted({told(node) for node in nodes if node.type == "command_name"}),
            "words": [told(child) for node in words for child in node.children if child.type != "command_argument_sep"]}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;

interface Parsed {
  readonly wrong: string[];
  readonly commands: string[];
  readonly words: string[];
}

function library(): string {
  return cached("tree-sitter-powershell-0.26.4", (folder) => {
    const installed = run(["python3", "-m", "pip", "install", "-q", "--no-deps", "--target", folder, ...PACKAGES]);
    if (!installed.ok)
      throw new Error(`pip could not install ${PACKAGES.join(" and ")}: ${installed.error.slice(-300)}`);
  });
}

function parse(...scripts: string[]): Parsed[] {
  const { stdout, stderr } = Bun.spawnSync(["python3", "-c", PARSE], {
    stdin: Buffer.from(JSON.stringify(scripts)),
    env: { ...Bun.env, PYTHONPATH: library() },
  });
  expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString()) as Parsed[];
}

function whyNot(): string | null {
  try {
    const found = run(["python3", "-c", "import tree_sitter, tree_sitter_powershell"], { PYTHONPATH: library() });
    return found.ok ? null : found.error.slice(-200);
  } catch (error) {
    return String(error);
  }
}

const missing = whyNot();
if (missing !== null) console.warn(`SKIPPED: nothing reads what is written for PowerShell: ${missing}`);

/** Compiled into PowerShell, so that a policy that allows no scripts does not keep them away. */
const COMPILED = [
  "Add-Type",
  "Copy-Item",
  "ForEach-Object",
  "Get-Content",
  "Invoke-WebRequest",
  "Join-Path",
  "New-Item",
  "Out-Null",
  "Register-ArgumentCompleter",
  "Remove-Item",
  "Resolve-Path",
  "Select-Object",
  "Test-Path",
  "Where-Object",
  "Write-Output",
];

describe.skipIf(missing !== null)("PowerShell", () => {
  test("the install script and the completions are whole, and call nothing that PowerShell 5.1 would load from a script", () => {
    const installing = readFileSync(join(ROOT, "packaging/install.ps1"), "utf8");
    const completing = Bun.spawnSync([process.execPath, MAIN, "completions", "powershell"]).stdout.toString();
    const both = parse(installing, completing);
    expect(both.map(({ wrong }) => wrong)).toEqual([[], []]);
    expect(both.flatMap(({ commands }) => commands).filter((name) => !COMPILED.includes(name))).toEqual([]);
    expect(both[0]!.commands).toContain("Invoke-WebRequest");
    expect(both[1]!.commands).toContain("Register-ArgumentCompleter");
    // What was cut off on its way is not whole, wherever that was.
    for (const part of [0.3, 0.6, 0.9]) {
      expect(parse(installing.slice(0, installing.length * part))[0]!.wrong).not.toEqual([]);
    }
  });

  test.each<Shell>(["powershell", "windows powershell"])("a path is one word of a command for %s", (shell) => {
    const paths = [
      "C:\\Users\\Jörg\\memory.db",
      "\\\\server\\share\\my memories.db",
      "\\\\?\\C:\\a b\\c.db",
      "D:\\it's & (1) [2] {3} $env:X `n #4 ; 100%.db",
      "~\\memory.db",
      "@list.db",
      "Zoë 記憶 🚀.db",
      "--to-path=C:\\x y.db",
    ];
    const made = parse(...paths.map((path) => makeFolderCommand(path, shell)));
    expect(made.map(({ wrong, commands, words }) => [wrong, commands, words.length])).toEqual(
      paths.map(() => [[], ["mkdir"], 1]),
    );
    const moved = parse(...paths.map((path) => moveCommand(path, "C:\\b", shell)));
    expect(moved.map(({ wrong, words }) => [wrong, words.length])).toEqual(paths.map(() => [[], 3]));
    const set = parse(...paths.map((path) => settingVariables({ MEMORY_SQLITE_PATH: path }, shell)[0]!));
    expect(set.map(({ wrong, commands }) => [wrong, commands])).toEqual(paths.map(() => [[], []]));
  });
});
