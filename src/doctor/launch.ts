/** Whether the command of an MCP server starts MemoryGraph, and what it says of the release and of the store. */

export interface Launch {
  /** The program that starts it: `memorygraph` itself, or uvx, npx, docker and so on. */
  readonly runner: string;
  /** Where the command names a file: MemoryGraph's executable, or the script that node is given. */
  readonly file: string | null;
  /** As the command names it: `0.12.4`; null where it takes what is installed, or the latest. */
  readonly version: string | null;
  /** What goes to MemoryGraph itself. */
  readonly args: readonly string[];
  /** Variables that the command sets, as `env A=b` and `docker run -e A=b` do. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folders of this machine in a container: its path there -> the path here. A named volume has no path here. */
  readonly mounts: ReadonlyMap<string, string>;
  readonly container: boolean;
  /** The distribution of WSL in which it runs, empty for the default one; null where it runs on the system itself. */
  readonly wsl: string | null;
}

interface Runner {
  /** The words behind its name, any of these: `uv tool run`. */
  readonly words?: readonly (readonly string[])[];
  /** Options that take the next word. */
  readonly valued: readonly string[];
  /** Those of them whose value is the package. */
  readonly packages: readonly string[];
}

const NPM: Runner = { valued: ["-p", "--package", "--registry"], packages: ["-p", "--package"] };
const UV: Runner = {
  valued: [
    "--from",
    "--with",
    "--python",
    "-p",
    "--index-url",
    "--index",
    "--directory",
    "--project",
    "--refresh-package",
  ],
  packages: ["--from", "--with"],
};
const CONTAINERS: Runner = {
  words: [["run"], ["container", "run"]],
  valued: [
    ...["-e", "--env", "-v", "--volume", "--mount", "--name", "--network", "--net", "-p", "--publish", "-u", "--user"],
    ...[
      "-w",
      "--workdir",
      "--env-file",
      "--platform",
      "--entrypoint",
      "-l",
      "--label",
      "-m",
      "--memory",
      "--pull",
      "-h",
    ],
    ...["--hostname", "--add-host", "--cpus"],
  ],
  packages: [],
};

const RUNNERS: Readonly<Record<string, Runner>> = {
  uvx: UV,
  uv: { ...UV, words: [["tool", "run"], ["run"], ["x"]] },
  pipx: { words: [["run"]], valued: ["--spec", "--python", "--pip-args", "--index-url"], packages: ["--spec"] },
  npx: NPM,
  npm: { ...NPM, words: [["exec"], ["x"]] },
  pnpm: { ...NPM, words: [["dlx"], ["exec"]] },
  yarn: { ...NPM, words: [["dlx"]] },
  bunx: NPM,
  docker: CONTAINERS,
  podman: CONTAINERS,
  nerdctl: CONTAINERS,
  python: { words: [["-m"]], valued: [], packages: [] },
};

const PACKAGE = /^(?:@[\w.-]+\/)?memorygraph(?:-?mcp)?(?:-server)?$/i;
const IMAGE = /^(?:[\w.:-]+\/)*memory-?graph(?:-mcp)?(?::([\w.-]+))?(?:@\S+)?$/i;

/** Whether a package of that name is MemoryGraph. */
export function isMemoryGraph(name: string): boolean {
  return PACKAGE.test(name);
}

/** Null for every other server. Nothing is executed and no file is looked at. */
export function recogniseLaunch(command: string, args: readonly string[]): Launch | null {
  const { words, variables, wsl } = unwrapped([command, ...args]);
  const [first = "", ...rest] = words;
  const program = programOf(first);
  const base = { variables, wsl, mounts: new Map<string, string>(), container: false };
  if (isMemoryGraph(program)) {
    return { ...base, runner: program, file: /[\\/]/.test(first) ? first : null, version: null, args: rest };
  }
  if (/^(node|bun|deno)$/.test(program)) {
    // Whose script it is stands in the package.json above it.
    const script = rest.find((word) => !word.startsWith("-") && /[\\/]/.test(word));
    if (script === undefined) return null;
    return { ...base, runner: program, file: script, version: null, args: rest.slice(rest.indexOf(script) + 1) };
  }
  const runner = RUNNERS[program.replace(/^python[\d.]+$/, "python")];
  return runner === undefined ? null : started(program, first, runner, rest, base);
}

type Base = Pick<Launch, "variables" | "mounts" | "container" | "wsl">;

function started(program: string, typed: string, runner: Runner, rest: readonly string[], base: Base): Launch | null {
  const behind = (runner.words ?? [[]]).find((words) => words.every((word, at) => rest[at] === word));
  if (behind === undefined) return null;
  const words = rest.slice(behind.length);
  const { values, operand } = optionsOf(words, runner.valued);
  const named = words[operand];
  const args = words.slice(operand + 1);
  if (runner === CONTAINERS) {
    const [, tag] = IMAGE.exec(named ?? "") ?? [];
    if (named === undefined || !IMAGE.test(named)) return null;
    const variables = { ...base.variables, ...pairs([...values("-e"), ...values("--env")]) };
    const mounts = mountsOf([...values("-v"), ...values("--volume")], values("--mount"));
    return { ...base, runner: program, file: null, version: numbered(tag), args, variables, mounts, container: true };
  }
  const packages = [...runner.packages.flatMap(values), ...(named === undefined ? [] : [named])].map(specOf);
  const ours = packages.filter(({ name }) => isMemoryGraph(name));
  if (ours.length === 0) return null;
  const version = ours.map((spec) => spec.version).find((found) => found !== null) ?? null;
  // `python -m memorygraph` is that of the environment in which this python is.
  return {
    ...base,
    runner: program,
    file: program.startsWith("python") && /[\\/]/.test(typed) ? typed : null,
    version,
    args,
  };
}

/** Takes off what only starts another command: `cmd /c`, `wsl -d NAME --`, `env A=b`. */
function unwrapped(words: readonly string[]): {
  words: readonly string[];
  variables: Record<string, string>;
  wsl: string | null;
} {
  const program = programOf(words[0] ?? "");
  if (program === "cmd" && /^\/[ck]$/i.test(words[1] ?? "")) return unwrapped(words.slice(2));
  if (program === "wsl") {
    const { operand, values } = optionsOf(words.slice(1), ["-d", "--distribution", "-u", "--user", "--cd"]);
    const [name = ""] = [...values("-d"), ...values("--distribution")];
    return { ...unwrapped(words.slice(1 + operand)), wsl: name };
  }
  if (program === "env") {
    const end = words.findIndex((word, at) => at > 0 && !/^[A-Za-z_]\w*=/.test(word));
    const inner = unwrapped(end === -1 ? [] : words.slice(end));
    return { ...inner, variables: { ...pairs(words.slice(1, end)), ...inner.variables } };
  }
  return { words, variables: {}, wsl: null };
}

function optionsOf(words: readonly string[], valued: readonly string[]) {
  const given: [name: string, value: string][] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      at++;
      break;
    }
    if (!word.startsWith("-")) break;
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    if (equals !== -1) given.push([name, word.slice(equals + 1)]);
    else if (valued.includes(name)) given.push([name, words[++at] ?? ""]);
  }
  return { operand: at, values: (name: string) => given.filter(([own]) => own === name).map(([, value]) => value) };
}

function programOf(word: string): string {
  return (word.split(/[\\/]/).at(-1) ?? "").replace(/\.(exe|cmd|bat|ps1)$/i, "");
}

/** `memorygraphMCP==0.12.4`, `memorygraph[extra]@0.13`, `@scope/memorygraph@latest`. */
function specOf(word: string): { name: string; version: string | null } {
  const [, name = word, version] = /^(@?[^@=<>~![\s]+)(?:\[[^\]]*\])?(?:(?:==|@|~=|>=)(.+))?$/.exec(word) ?? [];
  return { name, version: numbered(version) };
}

function numbered(version: string | undefined): string | null {
  return /^v?(\d+\.\d+(?:\.\d+)?)/.exec(version ?? "")?.[1] ?? null;
}

function pairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter((word) => word.includes("="))
      .map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

function mountsOf(volumes: readonly string[], mounts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const volume of volumes) {
    const [, source, target] = /^((?:[A-Za-z]:[\\/])?[^:]+):([^:]+)/.exec(volume) ?? [];
    if (source !== undefined && target !== undefined) found.set(target, source);
  }
  for (const mount of mounts) {
    const parts = new Map(mount.split(",").map((part) => part.split("=", 2) as [string, string]));
    const source = parts.get("source") ?? parts.get("src");
    const target = parts.get("target") ?? parts.get("dst") ?? parts.get("destination");
    if (source !== undefined && target !== undefined) found.set(target, source);
  }
  return found;
}
