/** Which store a client's entry opens, also in a container of which a folder of this machine is part. */
import { basename } from "node:path";
import { BackendConfig } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import type { Release } from "../memorygraph/releases.ts";
import type { Setup } from "./client-configurations.ts";
import { volumesOf } from "./elsewhere.ts";
import type { Environment, Machine } from "./machine.ts";
import { locationOf, storeOpenedBy } from "./release-stores.ts";

export interface OpenedStore {
  /** Null where the variables name what is none of the five, or where it is in a container that shows nothing. */
  readonly config: BackendConfig | null;
  /** The store, or in a few words what is opened in its place. */
  readonly location: string;
  /** A sentence about what can be done with what is none of the five. */
  readonly next: string | null;
  readonly variable: string | null;
  readonly meant: string | null;
}

/** @param backend instead of what MEMORY_BACKEND says */
export function storeOfSetup(setup: Setup, release: Release, machine: Machine, backend?: string): OpenedStore {
  const { launch, env, cwd } = setup;
  if (launch.wsl !== null && machine.platform === "win32") return inWsl(setup, launch.wsl, release, machine, backend);
  if (!launch.container) return storeOf(release, env, machine, cwd ?? machine.home, backend);
  // The home folder of a container is its own: what it keeps there shows only where a folder of this machine is mounted.
  const inside = storeOf(release, env, { ...machine, home: "/root" }, "/", backend);
  const path = inside.config?.path;
  if (inside.config === null || path === undefined) return inside;
  const outside = mountedPath(path, launch.mounts, machine);
  if (outside !== null) {
    const config = new BackendConfig({ ...inside.config, path: outside });
    return { ...inside, config, location: locationOf(config), meant: null };
  }
  const volume = [...launch.mounts].find(([target]) => path.startsWith(target))?.[1];
  const where = volume === undefined ? "in its container" : `in the ${launch.runner} volume ${volume}`;
  return { ...inside, config: null, location: `${path} ${where}`, meant: null };
}

/** The home folder is that of the distribution, which shows nothing of it to Windows before it runs. */
function inWsl(
  { env, cwd }: Setup,
  distribution: string,
  release: Release,
  machine: Machine,
  backend: string | undefined,
): OpenedStore {
  const inside = storeOf(release, env, { ...machine, platform: "linux", home: "~" }, cwd ?? "~", backend);
  const path = inside.config?.path;
  if (path === undefined) return inside;
  const where = distribution === "" ? "the default WSL distribution" : `the WSL distribution ${distribution}`;
  const shown = inside.variable === null ? `~/.memorygraph/${basename(path)}` : env[inside.variable];
  return { ...inside, config: null, location: `${shown} in ${where}`, meant: null };
}

export function storeOf(
  release: Release,
  env: Environment,
  machine: Machine,
  cwd: string,
  backend?: string,
): OpenedStore {
  try {
    const store = storeOpenedBy(release, env, machine, cwd, backend);
    return { ...store, location: locationOf(store.config), next: null };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { config: null, location: error.message, next: error.next, variable: null, meant: null };
  }
}

/** The path on this machine of a path in a container; null where no folder of this machine is mounted there. */
function mountedPath(path: string, mounts: ReadonlyMap<string, string>, machine: Machine): string | null {
  for (const [target, mounted] of mounts) {
    const folder = target.replace(/\/+$/, "");
    // Without a slash it is the name of a volume.
    const isPath = /^([\\/~.]|[A-Za-z]:)/.test(mounted);
    const source = isPath ? mounted : volumesOf(machine).find(({ name }) => name === mounted)?.folder;
    if (source === undefined) continue;
    if (path.startsWith(`${folder}/`)) return source + path.slice(folder.length);
    // The home folder of another user than we guess.
    const name = /\/\.memorygraph\/([^/]+)$/.exec(path)?.[1];
    if (name !== undefined && folder.endsWith("/.memorygraph")) return `${source}/${name}`;
  }
  return null;
}
