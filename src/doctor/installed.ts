/** Which releases of MemoryGraph are installed: read off what uv, pipx, pip and npm write down. Nothing is executed. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { isMemoryGraph } from "./launch.ts";
import { type Machine, placeOn } from "./machine.ts";

export interface Installed {
  readonly version: string;
  /** What installed it. */
  readonly by: string;
  readonly path: string;
}

/** Folders of packages; a `*` stands for every folder. */
interface Place {
  readonly by: string;
  readonly kind: "python" | "npm" | "uv cache";
  readonly folders: readonly string[];
}

const SITE = ["lib/python3.*/site-packages", "lib64/python3.*/site-packages", "Lib/site-packages"];
const PYTHON_HOMES: readonly [by: string, folder: string][] = [
  ["uv", "%UV_TOOL_DIR|~/.local/share/uv/tools%/*"],
  ["uv", "%XDG_DATA_HOME|~/.local/share%/uv/tools/*"],
  ["uv", "%APPDATA%/uv/tools/*"],
  ["uv", "%APPDATA%/uv/data/tools/*"],
  ["pipx", "%PIPX_HOME|~/.local/share/pipx%/venvs/*"],
  ["pipx", "~/.local/pipx/venvs/*"],
  ["pipx", "~/Library/Application Support/pipx/venvs/*"],
  ["pipx", "~/pipx/venvs/*"],
  ["pip", "~/.local"],
  ["pip", "%VIRTUAL_ENV%/."],
  ["pip", "./.venv"],
  ["pip", "./venv"],
  ["pip", "/usr/local"],
  ["pip", "/opt/homebrew"],
];

const PLACES: readonly Place[] = [
  ...PYTHON_HOMES.map(([by, home]): Place => ({ by, kind: "python", folders: SITE.map((site) => `${home}/${site}`) })),
  {
    by: "pip",
    kind: "python",
    folders: [
      ...["/usr/local/lib/python3.*/dist-packages", "/usr/lib/python3/dist-packages"],
      ...["~/Library/Python/3.*/lib/python/site-packages", "%APPDATA%/Python/Python3*/site-packages"],
    ],
  },
  {
    by: "npm",
    kind: "npm",
    folders: [
      ...["/usr/local/lib/node_modules", "/usr/lib/node_modules", "/opt/homebrew/lib/node_modules"],
      ...["%npm_config_prefix|~/.npm-global%/lib/node_modules", "~/.local/lib/node_modules", "./node_modules"],
      ...["%NVM_DIR|~/.nvm%/versions/node/*/lib/node_modules", "%APPDATA%/npm/node_modules"],
      ...["~/.local/share/fnm/node-versions/*/installation/lib/node_modules", "~/.bun/install/global/node_modules"],
    ],
  },
  { by: "npx", kind: "npm", folders: ["%npm_config_cache|~/.npm%/_npx/*/node_modules"] },
  {
    by: "uvx",
    kind: "uv cache",
    folders: [
      ...["%UV_CACHE_DIR|~/.cache/uv%/wheels-v*/pypi", "%XDG_CACHE_HOME|~/.cache%/uv/wheels-v*/pypi"],
      ...["~/Library/Caches/uv/wheels-v*/pypi", "%LOCALAPPDATA%/uv/cache/wheels-v*/pypi"],
    ],
  },
];

const PackageSchema = v.object({ name: v.string(), version: v.string() });

/** The newest first. */
export function installedReleases(machine: Machine): { installed: Installed[]; searched: string[] } {
  const found = new Map<string, Installed>();
  const searched: string[] = [];
  for (const { by, kind, folders } of PLACES) {
    for (const template of folders) {
      const place = placeOn(machine, template.startsWith("./") ? join(machine.cwd, template) : template);
      if (place === null) continue;
      searched.push(place);
      for (const folder of matching(place)) for (const one of inFolder(kind, by, folder)) found.set(one.path, one);
    }
  }
  return { installed: [...found.values()].sort(newestFirst), searched };
}

/** What a client's command names by its file: the environment or package to which it belongs; null where none shows. */
export function installedWith(file: string): Installed | null {
  const path = resolve(file);
  // `…/bin/memorygraph` stands beside `…/lib/python3.x/site-packages`, `dist/index.js` below its package.json.
  for (const site of SITE) {
    for (const folder of matching(join(dirname(dirname(path)), site))) {
      const [one] = inFolder("python", "pip", folder);
      if (one !== undefined) return one;
    }
  }
  for (let folder = dirname(path); dirname(folder) !== folder; folder = dirname(folder)) {
    const one = packageIn(folder, "npm");
    if (one !== null) return one;
  }
  return null;
}

function newestFirst(a: Installed, b: Installed): number {
  return compareVersions(b.version, a.version);
}

/** By number, part by part: 0.100 comes after 0.14. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let at = 0; at < Math.max(left!.length, right!.length); at++) {
    const order = (left![at] ?? 0) - (right![at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

function inFolder(kind: Place["kind"], by: string, folder: string): Installed[] {
  if (kind === "python") return namesIn(folder).flatMap((name) => distribution(name, by, folder) ?? []);
  if (kind === "uv cache")
    return namesIn(folder)
      .filter(isMemoryGraph)
      .flatMap((name) => cached(join(folder, name), by));
  return namesIn(folder).flatMap((name) => {
    const scoped = name.startsWith("@") ? namesIn(join(folder, name)).map((inner) => join(name, inner)) : [name];
    return scoped
      .filter((own) => isMemoryGraph(own.replaceAll("\\", "/")))
      .flatMap((own) => packageIn(join(folder, own), by) ?? []);
  });
}

/** `memorygraphmcp-0.12.4.dist-info` */
function distribution(name: string, by: string, folder: string): Installed | null {
  const [, project, version] = /^(.+)-(\d[^-]*)\.(?:dist|egg)-info$/.exec(name) ?? [];
  if (project === undefined || version === undefined || !isMemoryGraph(project)) return null;
  return { version, by, path: folder };
}

function packageIn(folder: string, by: string): Installed | null {
  try {
    const parsed = v.safeParse(PackageSchema, JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
    return parsed.success && isMemoryGraph(parsed.output.name)
      ? { version: parsed.output.version, by, path: folder }
      : null;
  } catch {
    // No package.json, or one that nobody could have installed.
    return null;
  }
}

/** uv keeps one entry for each version that it has fetched. */
function cached(folder: string, by: string): Installed[] {
  const versions = namesIn(folder).flatMap((name) => /^(\d+(?:\.\d+)+)/.exec(name)?.[1] ?? []);
  return [...new Set(versions)].map((version) => ({ version, by, path: join(folder, version) }));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there, or not ours to read: nothing is installed there for this person.
    return [];
  }
}

function matching(pattern: string): string[] {
  const [before, star, ...after] = pattern.split(/(\/[^/]*\*[^/]*)/);
  if (star === undefined) return [pattern];
  const [prefix = "", suffix = ""] = star.slice(1).split("*");
  return namesIn(before || "/")
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .flatMap((name) => matching(`${before}/${name}${after.join("")}`));
}
