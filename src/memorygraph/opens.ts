/** What a release opens with the variables that it is given, and where releases keep their stores without any. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FilePlace, ReleaseLine, ServerVariable, UnreadBackend } from "./releases/release.ts";
import { DEFAULT_RELEASE, type Release, releaseLine, releaseLines } from "./releases.ts";

export interface ReleaseEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The working folder of the application. */
  readonly cwd: string;
}

/** A store that is a file or directory. */
export interface OpenedFile {
  readonly kind: "file";
  readonly backend: string;
  /** Absolute, and as the application takes it: a `~` in a variable is a folder of that name. */
  readonly path: string;
  /** The variable that names it; null for the release's own default. */
  readonly variable: string | null;
  /** Where the path would be if its `~` were the home folder, as whoever wrote the variable meant it; null without one. */
  readonly meant: string | null;
}

export interface OpenedServer {
  readonly kind: "server";
  readonly backend: string;
  /** By part of the address: uri, or host and port; username, password, database. */
  readonly parts: Readonly<Record<string, string>>;
  /** The variable that names the server; null for the release's own default. */
  readonly variable: string | null;
}

/** `unread`: a backend of the release that this program does not read; `unknown`: a word that the release refuses. */
export type Opened =
  | OpenedFile
  | OpenedServer
  | { readonly kind: "unread"; readonly backend: string; readonly about: UnreadBackend }
  | { readonly kind: "unknown"; readonly backend: string };

/**
 * What the release opens.
 * @param backend instead of what MEMORY_BACKEND says
 */
export function openedBy(release: Release, environment: ReleaseEnvironment, backend?: string): Opened {
  const line = releaseLine(release);
  const word = (backend ?? (environment.env.MEMORY_BACKEND || line.backends.byDefault)).toLowerCase();
  const name = word === "auto" ? chosenByAuto(line, environment) : word;
  const { files, servers, unread } = line.backends;
  if (Object.hasOwn(files, name)) return openedFile(name, files[name]!, environment);
  if (Object.hasOwn(servers, name)) return openedServer(name, servers[name]!, environment);
  if (Object.hasOwn(unread, name)) return { kind: "unread", backend: name, about: unread[name]! };
  return { kind: "unknown", backend: name };
}

/** Whether the release goes on when the first server does not answer cannot be known beforehand. */
function chosenByAuto({ backends: { auto } }: ReleaseLine, { env }: ReleaseEnvironment): string {
  const found = auto.candidates.find(({ ifSet }) => ifSet.some((name) => env[name] !== undefined));
  return found?.backend ?? auto.otherwise;
}

function openedFile(backend: string, place: FilePlace, { env, home, cwd }: ReleaseEnvironment): OpenedFile {
  const { variables, folderVariable, name, path } = place;
  const variable = [...variables, ...(folderVariable === undefined ? [] : [folderVariable])].find((own) => env[own]);
  if (variable === undefined) {
    const own = path.startsWith("~/") ? join(home, path.slice(2)) : resolve(cwd, path);
    return { kind: "file", backend, path: own, variable: null, meant: null };
  }
  const value = env[variable]!;
  const within = (folder: string) => (variable === folderVariable ? join(folder, name) : folder);
  return {
    kind: "file",
    backend,
    path: within(resolve(cwd, value)),
    variable,
    meant: value.startsWith("~/") ? within(join(home, value.slice(2))) : null,
  };
}

function openedServer(
  backend: string,
  variables: Readonly<Record<string, ServerVariable>>,
  { env }: ReleaseEnvironment,
): OpenedServer {
  const set = ({ names }: ServerVariable) => names.find((name) => env[name]);
  const parts = Object.entries(variables).flatMap(([part, variable]) => {
    const value = env[set(variable) ?? ""] ?? variable.otherwise;
    return value === undefined ? [] : [[part, value]];
  });
  const address = variables.uri ?? variables.host;
  const variable = address === undefined ? undefined : set(address);
  return { kind: "server", backend, parts: Object.fromEntries(parts), variable: variable ?? null };
}

/**
 * The file of that kind which the person most likely has: what a variable names; else the newest release's place where
 * something is; else the oldest one's.
 */
export function likeliestFile(backend: string, environment: ReleaseEnvironment): OpenedFile | null {
  const found = releaseLines()
    .toReversed()
    .map(({ name }) => openedBy(name, environment, backend))
    .filter((opened) => opened.kind === "file");
  const named = found.filter(({ variable }) => variable !== null);
  // A variable of the kind's own is known to every release, one for the whole store to the newest alone.
  const chosen = named.at(-1) ?? found.find(({ path }) => existsSync(path)) ?? found.at(-1);
  return chosen ?? null;
}

/** The path of a file that is opened: where `~` was taken for the home folder by whoever wrote it, what is there counts. */
export function pathToOpen({ path, meant }: OpenedFile): string {
  return meant === null || existsSync(path) ? path : meant;
}

/**
 * The variables that name a store of that kind, and what it is without them. They are the same in every line, apart from
 * where a file is without any.
 * @throws RangeError for a kind that MemoryGraph does not know
 */
export function variablesOf(backend: string): Readonly<Record<string, ServerVariable>> {
  const { files, servers } = releaseLine(DEFAULT_RELEASE).backends;
  const file = files[backend];
  const found = file === undefined ? servers[backend] : { path: { names: file.variables, otherwise: file.path } };
  if (found === undefined) throw new RangeError(`MemoryGraph has no backend ${backend}`);
  return found;
}

export interface DefaultPlace {
  /** Null for a backend that this program does not read. */
  readonly backend: string | null;
  readonly path: string;
  readonly releases: readonly Release[];
  /** An earlier release kept it there. */
  readonly former: boolean;
  /** As people call the backend, where it is one that this program does not read. */
  readonly title: string | null;
}

/** Where the releases keep their stores when no variable says otherwise, today's and former ones, each path once. */
export function defaultPlaces({ home, cwd }: Pick<ReleaseEnvironment, "home" | "cwd">): DefaultPlace[] {
  const places = new Map<string, DefaultPlace & { releases: Release[] }>();
  const add = (line: ReleaseLine, path: string, place: Omit<DefaultPlace, "path" | "releases">) => {
    const own = path.startsWith("~/") ? join(home, path.slice(2)) : resolve(cwd, path);
    const known = places.get(`${own} ${place.backend}`) ?? { ...place, path: own, releases: [] };
    places.set(`${own} ${place.backend}`, { ...known, former: known.former && place.former });
    if (!place.former) known.releases.push(line.name);
  };
  for (const line of releaseLines()) {
    for (const [backend, { path, former }] of Object.entries(line.backends.files)) {
      add(line, path, { backend, former: false, title: null });
      for (const old of former) add(line, old, { backend, former: true, title: null });
    }
    for (const { title, paths } of Object.values(line.backends.unread)) {
      for (const path of paths) add(line, path, { backend: null, former: false, title });
    }
  }
  return [...places.values()];
}

/** The line to which a version belongs: the first that is not older; one newer than all that are known, to the last. */
export function releaseOfVersion(version: string): Release {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const names = releaseLines().map(({ name }) => name);
  const notOlder = names.find((name) => {
    const [ownMajor = 0, ownMinor = 0] = name.split(".").map(Number);
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  });
  return notOlder ?? names.at(-1)!;
}

/** The lines whose FalkorDBLite store is a file, or a directory; the oldest first. */
export function releasesOfForm(form: ReleaseLine["liteForm"]): Release[] {
  return releaseLines()
    .filter(({ liteForm }) => liteForm === form)
    .map(({ name }) => name);
}
