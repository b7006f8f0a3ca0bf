/** Which release a person uses, and which store it opens: by what their clients start, what is installed, what is there. */
import { releaseOfVersion as line } from "../memorygraph/opens.ts";
import { RELEASES, type Release } from "../memorygraph/releases.ts";
import type { Setup } from "./client-configurations.ts";
import { type Installed, installedWith } from "./installed.ts";
import { type Machine, shortPath } from "./machine.ts";
import { type OpenedStore, storeOf, storeOfSetup } from "./setup-stores.ts";

/** What one client's entry opens. */
export interface Opening extends OpenedStore {
  readonly setup: Setup;
  readonly release: Release;
  readonly releaseReason: string;
}

/** The store that everything belongs in. */
export interface Choice extends OpenedStore {
  readonly release: Release;
  /** Whether anything but the stores themselves says which release it is. */
  readonly isKnown: boolean;
  readonly releaseReason: string;
  readonly reason: string;
  /** By which configuration; null for the variables of the shell. */
  readonly setup: Setup | null;
  readonly openings: readonly Opening[];
  /** Those that open another store than the one chosen. */
  readonly astray: readonly Opening[];
}

/** What is known of the release where no configuration says anything. */
export interface Evidence {
  readonly installed: readonly Installed[];
  /** The releases that wrote the stores that were found. */
  readonly written: readonly Release[];
  /** What the person says it is. */
  readonly asked: Release | null;
}

export function choose(machine: Machine, setups: readonly Setup[], evidence: Evidence): Choice {
  const openings = setups.map((setup) => openingOf(setup, machine, evidence));
  const [chosen] = mostShared(openings);
  if (chosen !== undefined) {
    const { setup, ...store } = chosen;
    const astray = openings.filter((one) => one.location !== store.location);
    const reason = `${setup.client.title} opens it (${shortPath(machine, setup.file)})`;
    return { ...store, isKnown: true, reason, setup, openings, astray };
  }
  const { release, reason: releaseReason } = releaseOf(null, evidence);
  const { env, cwd } = machine;
  const reason = env.MEMORY_BACKEND ? "the variables of this shell" : `the default of MemoryGraph ${release}`;
  const isKnown = evidence.asked !== null || evidence.installed.length > 0;
  return {
    release,
    releaseReason,
    isKnown,
    ...storeOf(release, env, machine, cwd),
    reason,
    setup: null,
    openings,
    astray: [],
  };
}

function openingOf(setup: Setup, machine: Machine, evidence: Evidence): Opening {
  const { release, reason: releaseReason } = releaseOf(setup, evidence);
  return { setup, release, releaseReason, ...storeOfSetup(setup, release, machine) };
}

function releaseOf(setup: Setup | null, evidence: Evidence): { release: Release; reason: string } {
  const { installed, written, asked } = evidence;
  if (asked !== null) return { release: asked, reason: "asked for with --for" };
  if (setup !== null) {
    const { launch, client } = setup;
    if (launch.version !== null)
      return { release: line(launch.version), reason: `${client.title} starts ${launch.version}` };
    const own = launch.file === null ? null : installedWith(launch.file);
    if (own !== null) return { release: line(own.version), reason: `${own.version} is installed in ${own.path}` };
  }
  const managers = setup === null ? [] : (MANAGERS[setup.launch.runner] ?? []);
  const suitable = installed.filter(({ by }) => managers.includes(by));
  const [newest] = suitable.length > 0 ? suitable : installed;
  if (newest !== undefined) {
    return { release: line(newest.version), reason: `${newest.version} is installed (${newest.by}, ${newest.path})` };
  }
  const latest = RELEASES.findLast((release) => written.includes(release));
  if (latest !== undefined)
    return { release: latest, reason: "no installation was found; the stores are in its format" };
  return { release: RELEASES.at(-1)!, reason: "no installation was found; the newest release is assumed" };
}

/** Where what each program starts is installed. */
const MANAGERS: Readonly<Record<string, readonly string[]>> = {
  uvx: ["uvx", "uv"],
  uv: ["uvx", "uv"],
  pipx: ["pipx"],
  python: ["pip"],
  npx: ["npx", "npm"],
  npm: ["npx", "npm"],
  pnpm: ["npm"],
  yarn: ["npm"],
  bunx: ["npm"],
  memorygraph: ["uv", "pipx", "pip", "npm"],
};

/** Those that open the store that most of them open; of several, the one named first. */
function mostShared(openings: readonly Opening[]): Opening[] {
  const groups = Map.groupBy(openings, ({ location }) => location);
  return [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}
