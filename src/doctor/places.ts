/** Every place where a store can be: defaults of all releases, what variables and clients name, and what is beside them. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BackendConfig, FILE_BACKENDS } from "../backends/config.ts";
import { BACKENDS } from "../backends/descriptors.ts";
import { recognise } from "../backends/recognise.ts";
import { MigrateError, UsageError } from "../errors.ts";
import { type DefaultPlace, defaultPlaces } from "../memorygraph/opens.ts";
import { RELEASES } from "../memorygraph/releases.ts";
import { inWords } from "../support/words.ts";
import type { Setup } from "./client-configurations.ts";
import { volumesOf } from "./elsewhere.ts";
import type { Environment, Machine } from "./machine.ts";
import { locationOf, type ReleaseStore, storeOpenedBy } from "./release-stores.ts";
import { storeOfSetup } from "./setup-stores.ts";

export interface Place {
  readonly location: string;
  readonly reasons: string[];
  /** Somebody named it: that nothing is there is worth telling. */
  named: boolean;
  /** Of a server: how to reach it. */
  readonly server: BackendConfig | null;
  /** Nothing says that a store is there but that it is in the folder of one. */
  isOnlyBeside: boolean;
}

const BESIDE = "beside a store";
/** As every release names its stores. */
const FILE_NAMES = ["memory.db", "falkordblite.db"];
/** So many files beside a store are looked at. */
const MOST_SIBLINGS = 100;

/** @returns the places where a store is or could be, each once */
export function placesToLook(machine: Machine, setups: readonly Setup[], projects: readonly string[]): Place[] {
  const places = new Places();
  for (const setup of setups) {
    const reason = `${setup.client.title} (${setup.file})`;
    for (const release of RELEASES) {
      for (const backend of [undefined, ...kindsNamed(setup.env)]) {
        places.addStore(storeOfSetup(setup, release, machine, backend), reason, true);
      }
    }
  }
  for (const release of RELEASES) {
    for (const backend of kindsNamed(machine.env)) {
      places.addStore(
        orNull(() => storeOpenedBy(release, machine.env, machine, machine.cwd, backend)),
        "",
        true,
      );
    }
    if (!machine.env.MEMORY_BACKEND) continue;
    places.addStore(
      orNull(() => storeOpenedBy(release, machine.env, machine, machine.cwd)),
      "MEMORY_BACKEND",
      true,
    );
  }
  for (const place of defaultPlaces(machine)) places.add(place.path, reasonOf(place));
  for (const folder of projects) {
    if (!existsSync(join(folder, ".memorygraph"))) continue;
    for (const { path } of defaultPlaces({ ...machine, cwd: folder })) {
      if (dirname(dirname(path)) === folder) places.add(path, `the project ${folder}`);
    }
  }
  for (const home of windowsHomes(machine)) {
    for (const place of defaultPlaces({ home, cwd: home })) places.add(place.path, `${reasonOf(place)}, of Windows`);
  }
  for (const { engine, name, folder } of volumesOf(machine)) {
    const stores = FILE_NAMES.flatMap((file) => [join(folder, file), join(folder, ".memorygraph", file)]);
    for (const path of stores.filter((store) => existsSync(store))) places.add(path, `the ${engine} volume ${name}`);
  }
  for (const folder of places.folders()) for (const path of siblingsIn(folder)) places.add(path, BESIDE);
  return places.list();
}

class Places {
  readonly #byLocation = new Map<string, Place>();

  list(): Place[] {
    return [...this.#byLocation.values()];
  }

  folders(): Set<string> {
    return new Set(this.list().flatMap(({ server, location }) => (server === null ? [dirname(location)] : [])));
  }

  add(location: string, reason: string, named = false, server: BackendConfig | null = null): void {
    const place = this.#byLocation.get(location) ?? { location, reasons: [], named: false, server, isOnlyBeside: true };
    if (!place.reasons.includes(reason)) place.reasons.push(reason);
    place.named ||= named;
    place.isOnlyBeside &&= reason === BESIDE;
    this.#byLocation.set(location, place);
  }

  addStore(
    store: Pick<ReleaseStore, "config" | "variable" | "meant"> | { config: null } | null,
    by: string,
    named: boolean,
  ) {
    if (store === null || store.config === null) return;
    const { config, variable, meant } = store;
    const isServer = !FILE_BACKENDS.has(config.type);
    const reason = by === "" ? `the variable ${variable}` : by;
    this.add(locationOf(config), reason, named && (isServer || variable !== null), isServer ? config : null);
    if (meant !== null) this.add(meant, `${reason}, with ~ for the home folder`);
  }
}

function reasonOf({ backend, releases, former, title }: DefaultPlace): string {
  if (title !== null) return `the place of ${title}`;
  return former && releases.length === 0
    ? "where releases before 2025-11-28 had it"
    : `the default of ${backend} in ${inWords(releases)}`;
}

/** The kinds of store of which a variable says where it is, whatever MEMORY_BACKEND says. */
export function kindsNamed(env: Environment): string[] {
  return BACKENDS.filter(({ variables }) =>
    [variables?.path, variables?.uri, variables?.host].some((part) => part?.names.some((name) => env[name])),
  ).map(({ type }) => type);
}

/** Conflicted copies, backups and what is under another name in the same folder. */
function siblingsIn(folder: string): string[] {
  // Our own journals and the temporary files of others are hidden; the rest belongs to the file without the suffix.
  return orEmpty(() => readdirSync(folder))
    .filter((name) => !name.startsWith(".") && !/-(wal|shm|journal)$|\.(settings|lock|sock)$/.test(name))
    .sort()
    .slice(0, MOST_SIBLINGS)
    .map((name) => join(folder, name))
    .filter((path) => orNull(() => recognise(path))?.kind === "store");
}

/** In WSL, the home folders of Windows. */
function windowsHomes({ platform }: Machine): string[] {
  if (platform !== "linux") return [];
  const homes = orEmpty(() => readdirSync("/mnt/c/Users")).map((name) => join("/mnt/c/Users", name));
  return homes.filter((home) => existsSync(join(home, ".memorygraph")));
}

/** Null for a backend that is none of the five, and for what may not be looked at. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof UsageError || error instanceof MigrateError || isSystemError(error)) return null;
    throw error;
  }
}

function orEmpty(list: () => string[]): string[] {
  return orNull(list) ?? [];
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}
