/** Where MemoryGraph keeps its stores, today and formerly: what stands there, and how to bring it together. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { BackendConfig, type BackendType, FILE_BACKENDS, withoutCredentials } from "../backends/config.ts";
import { type Found, recognise } from "../backends/recognise.ts";
import { loadBackend } from "../backends/registry.ts";
import { MigrateError, UsageError } from "../errors.ts";
import { DEFAULT_RELEASE, RELEASES } from "../memorygraph/releases.ts";
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
    return { current: BackendConfig.fromEnv(env, "sqlite"), reason: `the default, since ${error.message}` };
  }
}

function placesOf(env: Environment): Place[] {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const places: Place[] = [];
  for (const type of ["sqlite", "falkordblite"] as const) {
    const named = BackendConfig.fromEnv({ ...env, HOME: home }, type).path!;
    const byVariable = [env.MEMORY_SQLITE_PATH, env.MEMORY_FALKORDBLITE_PATH, env.FALKORDBLITE_PATH].some(
      (value) => value === named,
    );
    places.push({
      backend: type,
      location: named,
      reason: byVariable ? `the variables for ${type}` : `the default of ${type}`,
    });
  }
  places.push(
    { backend: "sqlite", location: join(home, ".memorygraph", "memory.db"), reason: "the default of sqlite" },
    {
      backend: "falkordblite",
      location: join(home, ".memorygraph", "falkordblite.db"),
      reason: "the default of falkordblite",
    },
    {
      backend: "sqlite",
      location: join(home, ".claude-memory", "memory.db"),
      reason: "where it was before November 2025",
    },
    { backend: null, location: join(home, ".memorygraph", "ladybugdb.db"), reason: "LadybugDB's place" },
    { backend: null, location: join(home, ".memorygraph", "memory.lbdb"), reason: "LadybugDB's place" },
  );
  for (const type of ["neo4j", "memgraph", "falkordb"] as const) {
    const prefix = type.toUpperCase();
    const variable = [`MEMORY_${prefix}_URI`, `${prefix}_URI`, `MEMORY_${prefix}_HOST`, `${prefix}_HOST`].find(
      (name) => env[name],
    );
    if (variable !== undefined || env.MEMORY_BACKEND === type) {
      const config = BackendConfig.fromEnv(env, type);
      places.push({
        backend: type,
        config,
        location: withoutCredentials(config.uri!),
        reason: variable ? `the variable ${variable}` : "MEMORY_BACKEND",
      });
    }
  }
  return places;
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
    if (found === "nothing") {
      const named = reasons.some((reason) => reason.includes("variables"));
      return named
        ? { ...base, backend: places[0]!.backend, what: "nothing there, although the variables name it" }
        : null;
    }
    const type = backendOf(found);
    if (type === null) return { ...base, backend: null, what: found, notes: hintsFor(found) };
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

function backendOf(found: Found): BackendType | null {
  if (found === "SQLite database") return "sqlite";
  return found === "Redis dump (FalkorDBLite)" || found === "FalkorDBLite directory" ? "falkordblite" : null;
}

function hintsFor(found: Found): string[] {
  if (found === "Redis dump (FalkorDBLite)") return ["MemoryGraph 0.13 cannot open it: it wants a directory there"];
  if (found === "FalkorDBLite directory") return ["MemoryGraph 0.12 cannot open it: it wants a file there"];
  if (found === "LadybugDB directory") return ["not one of the five backends; export it with LadybugDB's own tools"];
  return [];
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
    const from = ["memorygraph-migrate", ...naming("from", store.backend ?? "sqlite", store.location)];
    if (store.readableBy.length === 0) {
      const fresh = `${store.location.replace(/\.db$/, "")}-whole.db`;
      const release = store.release ?? DEFAULT_RELEASE;
      advice.push({
        text: `No MemoryGraph sees all of ${store.location}; this makes a file that ${release} does:`,
        command: command([...from, "--to", "sqlite", "--to-path", fresh, "--for", release]),
      });
    } else if (store.location !== location && usable) {
      const folder = dirname(location);
      const make = !isFile(backend) || existsSync(folder) ? "" : `mkdir -p ${command([folder])} && `;
      advice.push({
        text: `MemoryGraph does not look into ${store.location} now; this adds it to the store it uses:`,
        command: make + command([...from, ...naming("to", backend, location)]),
      });
    } else if (store.location !== location) {
      const variables = settings(store.backend ?? "sqlite", store.location);
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
        command: command([...from, "--to", "sqlite", "--to-path", fresh, "--for", next]),
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
      command: "memorygraph-migrate inspect --from sqlite --from-path FILE",
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
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}
