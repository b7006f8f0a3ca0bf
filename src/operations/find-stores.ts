/** Where MemoryGraph keeps its stores, today and formerly: what stands there, and how to bring it together. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { BackendConfig, type BackendType, withoutCredentials } from "../backends/config.ts";
import type { BackendDescriptor } from "../backends/descriptor.ts";
import { BACKENDS, DEFAULT_TYPE, FILE_BACKENDS } from "../backends/descriptors.ts";
import { type Found, recognise } from "../backends/recognise.ts";
import { loadBackend } from "../backends/registry.ts";
import { MigrateError, UsageError } from "../errors.ts";
import { DEFAULT_RELEASE, RELEASES } from "../memorygraph/releases.ts";
import { shellQuote } from "../support/shell.ts";
import { inWords } from "../support/words.ts";
import type { Diagnosis, FoundStore } from "./models.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Place {
  readonly backend: BackendType | null;
  readonly location: string;
  readonly reason: string;
  /** Of a server: how to reach it. */
  readonly config?: BackendConfig;
}

/** Looks at every known place, by the variables and by history. Opens files only to read. */
export async function diagnose(env: Environment): Promise<Diagnosis> {
  const { current, reason } = currentStore(env);
  const stores: FoundStore[] = [];
  for (const [location, places] of grouped(placesOf(env))) {
    const store = await lookAt(location, places);
    if (store !== null) stores.push(store);
  }
  const location = current.path === undefined ? withoutCredentials(current.uri ?? "") : resolve(current.path);
  return {
    current: { backend: current.type, location, reason },
    stores,
    advice: adviceFor(stores, current.type, location),
  };
}

/** MEMORY_BACKEND can name what is none of the five; then there is all the more reason to go on looking. */
function currentStore(env: Environment): { current: BackendConfig; reason: string } {
  try {
    const reason = env.MEMORY_BACKEND ? `MEMORY_BACKEND is ${env.MEMORY_BACKEND}` : "the default of MemoryGraph 0.12";
    return { current: BackendConfig.fromEnv(env), reason };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { current: BackendConfig.fromEnv(env, DEFAULT_TYPE), reason: `the default, since ${error.message}` };
  }
}

/** Of LadybugDB, which is none of MemoryGraph's backends, but may be where the memories are. */
const LADYBUG_PLACES = ["~/.memorygraph/ladybugdb.db", "~/.memorygraph/memory.lbdb"];

function placesOf(given: Environment): Place[] {
  const home = given.HOME ?? given.USERPROFILE ?? homedir();
  const env = { ...given, HOME: home };
  const inHome = (path: string) => path.replace(/^~(?=\/)/, home);
  const described = BACKENDS.flatMap((descriptor) => placesOfBackend(descriptor, env, inHome));
  const ladybug = LADYBUG_PLACES.map((path) => ({
    backend: null,
    location: inHome(path),
    reason: "LadybugDB's place",
  }));
  return [...described, ...ladybug];
}

/** Where the variables say that such a store is, where it is without them, and where it formerly was. */
function placesOfBackend(
  { type, server, variables, formerPlaces }: BackendDescriptor<BackendType>,
  env: Environment,
  inHome: (path: string) => string,
): Place[] {
  const former = formerPlaces.map(({ path, reason }) => ({ backend: type, location: inHome(path), reason }));
  if (variables === null) return former;
  const { path, uri, host } = variables;
  const variable = [path, uri, host].flatMap((part) => part?.names ?? []).find((name) => env[name]);
  const config = BackendConfig.fromEnv(env, type);
  if (server === null) {
    const reason = variable === undefined ? `the default of ${type}` : `the variables for ${type}`;
    const standard = path?.otherwise === undefined ? [] : [inHome(path.otherwise)];
    return [
      { backend: type, location: config.path!, reason },
      ...standard.map((location) => ({ backend: type, location, reason: `the default of ${type}` })),
      ...former,
    ];
  }
  if (variable === undefined && env.MEMORY_BACKEND !== type) return former;
  const reason = variable === undefined ? "MEMORY_BACKEND" : `the variable ${variable}`;
  return [{ backend: type, config, location: withoutCredentials(config.uri!), reason }, ...former];
}

function grouped(places: readonly Place[]): Map<string, Place[]> {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const location = place.config === undefined ? resolve(place.location) : place.location;
    const group = groups.get(location) ?? [];
    if (!group.some(({ reason }) => reason === place.reason)) group.push(place);
    groups.set(location, group);
  }
  return groups;
}

/** Null for a place where nothing stands and that nobody named. */
async function lookAt(location: string, places: readonly Place[]): Promise<FoundStore | null> {
  const reasons = places.map(({ reason }) => reason);
  const base = { location, reasons, memories: null, relationships: null, readableBy: [], release: null, notes: [] };
  try {
    const server = places.find(({ config }) => config !== undefined);
    if (server !== undefined) return await inspect(server.config!, base);
    const found = recognise(location);
    if (found.kind === "nothing") {
      const named = reasons.some((reason) => reason.includes("variables"));
      return named
        ? { ...base, backend: places[0]!.backend, what: "nothing there, although the variables name it" }
        : null;
    }
    const { type, what } = found;
    if (type === null) return { ...base, backend: null, what, notes: hintsFor(found) };
    const store = await inspect(new BackendConfig({ type, path: location }), base);
    return { ...store, notes: [...hintsFor(found), ...store.notes] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return { ...base, backend: places[0]!.backend, what: error.message, notes: [error.next] };
  }
}

async function inspect(config: BackendConfig, base: Omit<FoundStore, "backend" | "what">): Promise<FoundStore> {
  // A graph that is still to come is a place for memories like an empty one.
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  try {
    const { engine, layout, release, nodes, relationships, readableBy, findings } = await store.describe("links");
    return {
      ...base,
      backend: config.type,
      what: config.path === undefined ? engine : `${engine.split(" ")[0]}, ${layout} layout`,
      memories: nodes,
      relationships,
      readableBy: [...readableBy],
      release,
      notes: findings.map(({ what, count }) => (count > 1 ? `${what} (${count})` : what)),
    };
  } finally {
    await store.close();
  }
}

function hintsFor({ note, other }: Found): string[] {
  return [...(other === undefined ? [] : [other.message]), ...(note === undefined ? [] : [note])];
}

/** The commands that would put every memory where MemoryGraph looks. */
function adviceFor(stores: readonly FoundStore[], backend: BackendType, location: string): Diagnosis["advice"] {
  const holding = stores.filter(({ memories }) => memories !== null && memories > 0);
  const advice: Diagnosis["advice"] = [];
  const current = stores.find((store) => store.location === location);
  // A server that could not be looked into takes nothing either.
  const closed = stores.filter(({ backend: of, memories }) => memories === null && !isFile(of));
  const usable =
    current === undefined ||
    (!closed.includes(current) && (current.readableBy.length > 0 || (current.memories ?? 0) === 0));
  for (const store of holding) {
    const from = ["memorygraph-migrate", ...naming("from", store.backend ?? DEFAULT_TYPE, store.location)];
    if (store.readableBy.length === 0) {
      const fresh = `${store.location.replace(/\.db$/, "")}-whole.db`;
      const release = store.release ?? DEFAULT_RELEASE;
      advice.push({
        text: `No MemoryGraph sees all of ${store.location}; this makes a file that ${release} does:`,
        command: command([...from, "--to", DEFAULT_TYPE, "--to-path", fresh, "--for", release]),
      });
    } else if (store.location !== location && usable) {
      const folder = dirname(location);
      const make = !isFile(backend) || existsSync(folder) ? "" : `mkdir -p ${command([folder])} && `;
      advice.push({
        text: `MemoryGraph does not look into ${store.location} now; this adds it to the store it uses:`,
        command: make + command([...from, ...naming("to", backend, location)]),
      });
    } else if (store.location !== location) {
      const variables = settings(store.backend ?? DEFAULT_TYPE, store.location);
      advice.push({
        text: `MemoryGraph does not look into ${store.location} now; with these variables ${inWords(store.readableBy)} does:`,
        command: variables,
      });
    } else if (isFile(store.backend)) {
      const [last] = store.readableBy.slice(-1);
      const next = RELEASES[RELEASES.indexOf(last!) + 1];
      if (next === undefined) continue;
      const fresh = `${store.location.replace(/\.db$/, "")}-${next}.db`;
      advice.push({
        text: `${store.location} is for ${last}; before you go to ${next}, this makes the file that it needs:`,
        command: command([...from, "--to", DEFAULT_TYPE, "--to-path", fresh, "--for", next]),
      });
    }
  }
  for (const { location: at, notes } of closed) {
    advice.push({
      text: `${at} could not be looked into. ${notes[0]} Then look again:`,
      command: "memorygraph-migrate doctor",
    });
  }
  if (holding.length === 0 && closed.length === 0) {
    advice.push({
      text: "No memories were found. If you know a file, look into it:",
      command: "memorygraph-migrate inspect --from-path FILE",
    });
  }
  return advice;
}

function isFile(backend: BackendType | null): boolean {
  return backend === null || FILE_BACKENDS.has(backend);
}

function naming(side: "from" | "to", backend: BackendType, location: string): string[] {
  return [`--${side}`, backend, isFile(backend) ? `--${side}-path` : `--${side}-uri`, location];
}

/** The variables with which MemoryGraph opens the store; a password is not among them. */
function settings(backend: BackendType, location: string): string {
  return Object.entries(
    new BackendConfig({ type: backend, ...(isFile(backend) ? { path: location } : { uri: location }) }).toEnv(),
  )
    .map(([name, value]) => `${name}=${command([value])}`)
    .join(" ");
}

/** Words as a POSIX shell takes them literally. */
function command(words: readonly string[]): string {
  return words.map(shellQuote).join(" ");
}
