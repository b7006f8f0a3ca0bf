/** The store that MemoryGraph uses: what doctor judges by, and what a source is where none is named. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig, type BackendType, FILE_BACKENDS } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import type { Release } from "../memorygraph/releases.ts";
import { type Choice, choose } from "./choose.ts";
import { type ClientReading, readClients } from "./client-configurations.ts";
import { type Installed, installedReleases } from "./installed.ts";
import { lookAt, type Seen } from "./look.ts";
import type { Machine } from "./machine.ts";
import { kindsNamed, placesToLook } from "./places.ts";

/** Everything that was looked at, and the store that it speaks for. */
export interface Survey {
  readonly choice: Choice;
  readonly clients: ClientReading;
  readonly installed: readonly Installed[];
  readonly seen: readonly Seen[];
  /** Places of stores, configurations and installations, found or not. */
  readonly searched: readonly string[];
}

/** @param asked the release that the person says they use */
export async function survey(machine: Machine, asked: Release | null, signal?: AbortSignal): Promise<Survey> {
  const clients = readClients(machine);
  const { installed, searched } = installedReleases(machine);
  const places = placesToLook(machine, clients.setups, clients.projects);
  const seen: Seen[] = [];
  for (const place of places) {
    signal?.throwIfAborted();
    const one = await lookAt(place, signal);
    if (one !== null) seen.push(one);
  }
  const choice = choose(machine, clients.setups, { installed, written: writtenFor(seen), asked });
  const all = [...places.map(({ location }) => location), ...clients.searched, ...searched];
  return { choice, clients, installed, seen, searched: all };
}

/**
 * The source where none is named. Variables of MemoryGraph in this shell come first, since somebody has set them for what is
 * typed here; then a store of this project, where nothing else tells the release; then what doctor says. Where nothing is at
 * that place yet, as after an upgrade, it is the store that is there.
 * @param type the kind that was asked for
 * @throws UsageError where the variables or the configuration name what this program does not read
 */
export async function sourceInUse(
  machine: Machine,
  type: BackendType | undefined,
  signal?: AbortSignal,
): Promise<{ readonly config: BackendConfig; readonly reason: string }> {
  const { env } = machine;
  const named =
    type === undefined
      ? Object.keys(env).some((name) => env[name] && name.startsWith("MEMORY_"))
      : kindsNamed(env).includes(type);
  const byVariables = (reason: string) => ({ config: BackendConfig.fromEnv(env, type), reason });
  if (named) return byVariables("the variables of this shell");
  const { choice, seen } = await survey(machine, null, signal);
  const { config, location, reason } = choice;
  // Nothing but the stores tells which release it is: only later ones keep a store in the folder of a project.
  if (!choice.isKnown && hasProjectStore(machine, type)) return byVariables("the store of this project");
  if (type !== undefined && config?.type !== type) return byVariables("the default place of its kind");
  if (config === null) {
    throw new UsageError(`the store that MemoryGraph uses cannot be opened from here: ${location}`, {
      next: 'Name the source, or let "memorygraph-migrate doctor" look for others.',
    });
  }
  const isThere = seen.some(({ place, config: found }) => place.location === location && found !== null);
  return isThere || !FILE_BACKENDS.has(config.type)
    ? { config, reason }
    : byVariables("nothing is in the store in use");
}

function hasProjectStore({ env, cwd, home }: Machine, type: BackendType | undefined): boolean {
  const { path } = BackendConfig.fromEnv(env, type);
  return cwd !== home && path?.startsWith(join(cwd, ".memorygraph")) === true && existsSync(path);
}

function writtenFor(seen: readonly Seen[]): Release[] {
  return seen
    .flatMap(({ description }) =>
      description === null || description.nodes === 0 ? [] : [description.release ?? description.readableBy[0] ?? null],
    )
    .filter((release) => release !== null);
}
