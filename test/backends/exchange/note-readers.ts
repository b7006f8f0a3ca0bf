/** What other programs make of notes: Python's and npm's readers of front matter, and a reader of Obsidian's vaults. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "../../../scripts/engines/cache.ts";

const PYTHON = ["obsidiantools==0.11.0", "python-frontmatter==1.3.0", "PyYAML==6.0.4"];
const NPM = ["yaml@2.9.1", "gray-matter@4.0.3"];

/** Null, with a line that says so, where the registry does not give them. */
function installed(name: string, install: (into: string) => readonly string[]): string | null {
  try {
    return cached(name, (into) => {
      const { ok, error } = run([...install(into)]);
      if (!ok) throw new Error(error.slice(-300));
    });
  } catch (error) {
    if (Bun.env.REQUIRE_ORACLE) throw error;
    console.warn(`SKIPPED: no tests against readers of notes: ${error}`);
    return null;
  }
}

export const python = installed("notes-obsidiantools-0.11.0", (into) => [
  ...["python3", "-m", "pip", "install", "--quiet", "--target", into],
  ...PYTHON,
]);
export const npm = installed("notes-gray-matter-4.0.3", (into) => {
  writeFileSync(join(into, "package.json"), "{}");
  return ["npm", "install", "--prefix", into, "--silent", "--no-audit", "--no-fund", ...NPM];
});

function output(command: readonly string[], env: Readonly<Record<string, string>> = {}): unknown {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { env: { ...Bun.env, ...env } });
  if (exitCode !== 0) expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString());
}

/** Front matter by name of the note; numbers with their type, as JSON of JavaScript would round and mix them. */
export type Fronts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const PY = `
import json, sys, pathlib, frontmatter
import obsidiantools.api as otools
def plain(v):
    if isinstance(v, list): return [plain(i) for i in v]
    return v if isinstance(v, (str, bool)) or v is None else f"{type(v).__name__} {v!r}"
folder = pathlib.Path(sys.argv[1])
vault = otools.Vault(folder).connect().gather()
fronts = {p.stem: {str(k): plain(v) for k, v in frontmatter.load(p).metadata.items()} for p in folder.glob("*.md")}
texts = {p.stem: frontmatter.load(p).content for p in folder.glob("*.md")}
print(json.dumps({"nodes": list(vault.graph.nodes), "edges": [list(e[:2]) for e in vault.graph.edges],
  "tags": {n: vault.get_tags(n) for n in vault.md_file_index}, "missing": vault.nonexistent_notes, "fronts": fronts, "texts": texts}))
`;

/** As obsidiantools (the graph, by networkx) and python-frontmatter (PyYAML, YAML 1.1) read the folder. */
export function byPython(folder: string) {
  return output(["python3", "-c", PY, folder], { PYTHONPATH: python! }) as {
    readonly nodes: readonly string[];
    readonly edges: readonly (readonly [string, string])[];
    readonly missing: readonly string[];
    readonly fronts: Fronts;
    readonly texts: Readonly<Record<string, string>>;
  };
}

const JS = `
const fs = require("fs"), path = require("path"), matter = require("gray-matter"), yaml = require("yaml");
const [, , folder, what] = process.argv;
const plain = (v) => Array.isArray(v) ? v.map(plain) : typeof v === "number" ? "number " + v : v instanceof Date ? "date" : v;
const fronts = {};
for (const name of fs.readdirSync(folder).filter((n) => n.endsWith(".md"))) {
  const file = path.join(folder, name);
  const text = fs.readFileSync(file, "utf8");
  fronts[name.slice(0, -3)] = Object.fromEntries(Object.entries(matter(text).data).map(([k, v]) => [k, plain(v)]));
  if (what === "rewrite") {
    const [, front, rest] = /^---\\n([\\s\\S]*?\\n)---\\n([\\s\\S]*)$/.exec(text);
    fs.writeFileSync(file, "---\\n" + yaml.stringify(yaml.parse(front)) + "---\\n" + rest);
  }
}
process.stdout.write(JSON.stringify(fronts));
`;

/** As gray-matter (js-yaml) reads it. */
export function byNpm(folder: string, what: "read" | "rewrite" = "read"): Fronts {
  const script = join(npm!, "read.cjs");
  writeFileSync(script, JS);
  return output(["node", script, folder, what], { NODE_PATH: join(npm!, "node_modules") }) as Fronts;
}
