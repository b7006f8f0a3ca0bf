/** The servers that a person's MCP clients start as MemoryGraph. Configurations are read as data; nothing is executed. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { CLIENTS, type Client, filesOf } from "./clients.ts";
import { installedWith } from "./installed.ts";
import { isMemoryGraph, type Launch, recogniseLaunch } from "./launch.ts";
import { type Machine, placeOn } from "./machine.ts";

/** One entry of one client that starts MemoryGraph. */
export interface Setup {
  readonly client: Client;
  /** The configuration file, and the name of the server in it. */
  readonly file: string;
  readonly name: string;
  /** The folder of the project for which the entry is; null for all. */
  readonly project: string | null;
  readonly launch: Launch;
  /** As it is written there; an argument can hold a secret as well, so it is shown to nobody but who asks for it. */
  readonly command: { readonly command: string; readonly args: readonly string[] };
  /** The variables that MemoryGraph gets, passwords included: for looking only. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}

export interface ClientReading {
  readonly setups: readonly Setup[];
  /** Every file that was looked for. */
  readonly searched: readonly string[];
  /** Files that are there and could not be read, and why. */
  readonly problems: readonly { readonly file: string; readonly what: string }[];
  /** Folders of projects that a configuration names. */
  readonly projects: readonly string[];
}

/** More than any client writes. Claude Code keeps its history in the same file. */
const LARGEST = 64 << 20;

const Words = v.array(v.string());
const Variables = v.record(v.string(), v.nullable(v.union([v.string(), v.number(), v.boolean()])));
const EntrySchema = v.object({
  command: v.union([
    v.string(),
    Words,
    v.object({ path: v.string(), args: v.optional(Words), env: v.nullish(Variables) }),
  ]),
  args: v.nullish(Words),
  env: v.nullish(Variables),
  environment: v.nullish(Variables),
  cwd: v.nullish(v.string()),
  disabled: v.nullish(v.boolean()),
  enabled: v.nullish(v.boolean()),
});
const Objects = v.record(v.string(), v.unknown());

/** @throws never: what cannot be read is named in the result */
export function readClients(machine: Machine): ClientReading {
  const reading = {
    setups: [] as Setup[],
    searched: [] as string[],
    problems: [] as ClientReading["problems"][number][],
  };
  const projects = new Set<string>();
  for (const client of CLIENTS) {
    for (const file of candidates(client, machine)) {
      reading.searched.push(file);
      try {
        const data = parse(client, file);
        if (data === null) continue;
        for (const folder of Object.keys(mapIn(data, "projects" in client ? [client.projects] : []) ?? {})) {
          if ("projects" in client) projects.add(folder);
        }
        reading.setups.push(...setupsIn(client, file, data, machine));
      } catch (error) {
        reading.problems.push({ file, what: error instanceof Error ? firstLine(error.message) : "unreadable" });
      }
    }
  }
  return { ...reading, projects: [...projects] };
}

function candidates(client: Client, machine: Machine): string[] {
  const own = filesOf(client, machine.platform).map((template) => placeOn(machine, template));
  const found = own.filter((path) => path !== null);
  for (let folder = resolve(machine.cwd); ; folder = dirname(folder)) {
    found.push(...client.projectFiles.map((name) => join(folder, name)));
    if (dirname(folder) === folder) break;
  }
  return [...new Set(found)];
}

/** Null where there is no such file. @throws Error saying what is wrong with it */
function parse(client: Client, file: string): unknown {
  let text: string;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return null;
    if (stat.size > LARGEST) throw new Error("larger than any configuration");
    text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof Error && "code" in error) {
      // A folder in the way, or one that may not be entered, is no configuration.
      if (error.code === "ENOTDIR" || error.code === "ENOENT") return null;
      throw new Error("no permission to read it");
    }
    throw error;
  }
  if (text.trim() === "") return null;
  try {
    return client.format === "toml" ? Bun.TOML.parse(text) : Bun.JSONC.parse(text);
  } catch {
    // The parser's message could quote a password.
    throw new Error(client.format === "toml" ? "not valid TOML" : "not valid JSON");
  }
}

function setupsIn(client: Client, file: string, data: unknown, machine: Machine): Setup[] {
  const found: Setup[] = [];
  const scopes: [project: string | null, scope: unknown][] = [[null, data]];
  if (client.projects !== undefined) scopes.push(...Object.entries(mapIn(data, [client.projects]) ?? {}));
  for (const [project, scope] of scopes) {
    for (const keys of client.servers) {
      for (const [name, entry] of Object.entries(mapIn(scope, keys) ?? {})) {
        const setup = setupOf(client, file, name, project, entry, machine);
        if (setup !== null) found.push(setup);
      }
    }
  }
  return found;
}

function mapIn(data: unknown, keys: readonly string[]): Record<string, unknown> | null {
  let at = data;
  for (const key of keys) {
    const parsed = v.safeParse(Objects, at);
    if (!parsed.success || !Object.hasOwn(parsed.output, key)) return null;
    at = parsed.output[key];
  }
  const parsed = v.safeParse(Objects, at);
  return parsed.success ? parsed.output : null;
}

function setupOf(
  client: Client,
  file: string,
  name: string,
  project: string | null,
  entry: unknown,
  machine: Machine,
): Setup | null {
  const parsed = v.safeParse(EntrySchema, entry);
  if (!parsed.success || parsed.output.disabled === true || parsed.output.enabled === false) return null;
  const { command, args, env, environment, cwd } = parsed.output;
  const [program, words, more] =
    typeof command === "string"
      ? [command, args ?? [], {}]
      : Array.isArray(command)
        ? [command[0] ?? "", command.slice(1), {}]
        : [command.path, command.args ?? [], command.env ?? {}];
  const expand = (text: string) => expanded(text, machine, project ?? folderOf(client, file));
  const launch = recogniseLaunch(expand(program), words.map(expand));
  if (launch === null || (isScript(launch) && installedWith(resolve(cwd ?? ".", launch.file ?? "")) === null))
    return null;
  const inherited = client.inheritsShell && !launch.container ? shellVariables(machine) : {};
  const own = Object.entries({ ...more, ...env, ...environment }).flatMap(([key, value]) =>
    value === null ? [] : [[key, expand(String(value))] as const],
  );
  const backend = backendIn(launch.args);
  return {
    client,
    file,
    name,
    project,
    launch,
    command: { command: program, args: words },
    env: {
      ...inherited,
      ...Object.fromEntries(own),
      ...launch.variables,
      ...(backend === null ? {} : { MEMORY_BACKEND: backend }),
    },
    cwd: cwd ? expand(cwd) : (project ?? folderOf(client, file)),
  };
}

/** What node runs can be anything: only the package.json above the script tells. */
function isScript({ runner, file }: Launch): boolean {
  return file !== null && !isMemoryGraph(runner) && !runner.startsWith("python");
}

/** The folder of the project of a file that stands in one; null for a person's own file. */
function folderOf(client: Client, file: string): string | null {
  const name = client.projectFiles.find((own) => file.endsWith(`/${own}`) || file.endsWith(`\\${own}`));
  return name === undefined ? null : file.slice(0, -name.length - 1);
}

/** Of the shell only what MemoryGraph reads. */
function shellVariables({ env }: Machine): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (pair): pair is [string, string] =>
        pair[1] !== undefined && /^(MEMORY|NEO4J|MEMGRAPH|FALKORDB|FALKORDBLITE|TURSO|LADYBUGDB)/.test(pair[0]),
    ),
  );
}

function backendIn(args: readonly string[]): string | null {
  const at = args.findIndex((word) => word === "--backend" || word.startsWith("--backend="));
  if (at === -1) return null;
  return args[at] === "--backend" ? (args[at + 1] ?? null) : args[at]!.slice("--backend=".length);
}

/** What the clients replace themselves: variables, the home folder, the folder of the workspace. Others stay. */
function expanded(text: string, { env, home }: Machine, folder: string | null): string {
  return text.replace(/\$?\{([^}]*)\}/g, (whole, inside: string) => {
    const [, name, , fallback] = /^(?:env:)?([A-Za-z_]\w*)(:-(.*))?$/.exec(inside) ?? [];
    if (inside === "userHome") return home;
    if (inside === "workspaceFolder" || inside === "CLAUDE_PROJECT_DIR") return folder ?? whole;
    // Without a dollar only opencode's `{env:NAME}` is one.
    if (name === undefined || (!whole.startsWith("$") && !inside.startsWith("env:"))) return whole;
    return env[name] ?? fallback ?? whole;
  });
}

function firstLine(text: string): string {
  return text.split("\n")[0]!;
}
