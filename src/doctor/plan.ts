/** The one ordered plan: what brings every memory into the store that MemoryGraph opens, simulated step by step. */
import { existsSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { BackendConfig, FILE_BACKENDS } from "../backends/config.ts";
import { loadBackend } from "../backends/registry.ts";
import { temporaryFolder } from "../backends/temporary-folder.ts";
import { MigrateError, SourceChangedError } from "../errors.ts";
import type { Release } from "../memorygraph/releases.ts";
import { runMigration } from "../operations/migrate.ts";
import { remove } from "../support/files.ts";
import type { Choice } from "./choose.ts";
import type { Seen } from "./look.ts";
import type { Standing } from "./models.ts";
import { type Change, noChange, Union } from "./union.ts";

/** Renames what is in the way of a store that the release can open. */
export interface SetAside {
  readonly kind: "set aside";
  /** What is in the way, where it is a store. */
  readonly store: BackendConfig | null;
  readonly files: readonly (readonly [from: string, to: string])[];
  readonly memoriesAfter: number;
}

/** Migrates one store into the one that the release opens. */
export interface Bring {
  readonly kind: "bring";
  readonly from: BackendConfig;
  readonly to: BackendConfig;
  /** For `--for`; null where the target is there and belongs to a release already. */
  readonly release: Release | null;
  /** Whether later versions replace what is in the target. */
  readonly newest: boolean;
  /** The folder of a new target, where it is not there yet. */
  readonly folder: string | null;
  /** Memories that the target did not have. */
  readonly gained: number;
  /** All records that it did not have, those memories included. */
  readonly created: number;
  readonly memoriesAfter: number;
}

export type Step = SetAside | Bring;

/** A store of which not everything can come along: a person has to decide. */
export interface Undecided {
  readonly bring: Bring;
  readonly error: MigrateError;
}

/** What one store is to the one that the release opens. */
export interface Reading {
  readonly standing: Standing;
  readonly memories: number;
  readonly change: Change | null;
  /** Why it could not be read to its end. */
  readonly failure: MigrateError | null;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly undecided: readonly Undecided[];
  /** By location. */
  readonly readings: ReadonlyMap<string, Reading>;
  /** Memories in the store that the release opens, now and after the last step. */
  readonly memoriesNow: number;
  readonly memoriesThen: number;
}

interface Source {
  readonly seen: Seen;
  readonly change: Change;
  readonly gained: number;
}

/** Reads every store once, and tries beforehand what would be lost on the way. */
export async function planFor(
  choice: Choice,
  seen: readonly Seen[],
  each: (records: number) => void,
  signal?: AbortSignal,
): Promise<Plan> {
  const current = seen.find(({ place }) => place.location === choice.location);
  const usable = current === undefined || isUsable(current, choice.release);
  const reader = new Reader(choice.release, each, signal);
  try {
    const isServer = choice.config !== null && !FILE_BACKENDS.has(choice.config.type);
    const base = (usable || isServer) && current?.description ? await reader.read(current, "current") : null;
    const memoriesNow = base?.change.memories ?? 0;
    const sources: Source[] = [];
    for (const one of inOrder(seen, current)) {
      if (one.config === null || one.description === null || (one === current && base !== null)) continue;
      const source = await reader.read(one, null);
      if (source !== null && source.change.created + source.change.replaced > 0) sources.push(source);
    }
    const target = choice.config;
    const possible = target !== null && (current === undefined || current.failure === null);
    const planned =
      possible && sources.length > 0
        ? await stepsFor(sources, target, choice.release, usable ? undefined : current, memoriesNow, signal)
        : { steps: [], undecided: [] };
    const memoriesThen = planned.steps.at(-1)?.memoriesAfter ?? memoriesNow;
    return { ...planned, readings: reader.readings, memoriesNow, memoriesThen };
  } finally {
    reader.close();
  }
}

/** Whether the release can open what is there and show all of it, or nothing is there yet. */
function isUsable({ config, description, place }: Seen, release: Release): boolean {
  if (description !== null) return description.readableBy.includes(release);
  return config !== null || !existsSync(place.location);
}

/** The one in the way first, then the largest, so that copies and older ones find everything there already. */
function inOrder(seen: readonly Seen[], first: Seen | undefined): Seen[] {
  const size = (one: Seen) => (one === first ? Number.POSITIVE_INFINITY : (one.description?.nodes ?? 0));
  return [...seen].sort((a, b) => size(b) - size(a));
}

class Reader {
  readonly readings = new Map<string, Reading>();
  readonly #union: Union;
  readonly #each: (records: number) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(release: Release, each: (records: number) => void, signal: AbortSignal | undefined) {
    this.#union = new Union(release);
    this.#each = each;
    this.#signal = signal;
  }

  close(): void {
    this.#union.close();
  }

  /** Null where it could not be read, which is noted. */
  async read(seen: Seen, standing: "current" | null): Promise<Source | null> {
    const { location } = seen.place;
    const before = this.#union.memories;
    const change = noChange();
    try {
      await this.#merge(seen, change, false).catch((error: unknown) => {
        if (!(error instanceof SourceChangedError)) throw error;
        return this.#merge(seen, change, true);
      });
      const gained = this.#union.memories - before;
      const news = change.created + change.replaced > 0;
      const found = standing ?? (news ? "apart" : (seen.description?.nodes ?? 0) === 0 ? "empty" : "copy");
      this.readings.set(location, { standing: found, memories: change.memories, change, failure: null });
      return { seen, change, gained };
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!(error instanceof MigrateError)) throw error;
      this.readings.set(location, { standing: "unread", memories: 0, change: null, failure: error });
      return null;
    }
  }

  async #merge({ config }: Seen, change: Change, isolate: boolean): Promise<void> {
    const backend = await loadBackend(config!);
    const store = await backend.openForReading(config!, { maybeMissing: true, signal: this.#signal, isolate });
    try {
      await this.#union.add(store, change, this.#each);
      await store.assertUnchanged();
    } finally {
      await store.close();
    }
  }
}

async function stepsFor(
  sources: readonly Source[],
  to: BackendConfig,
  release: Release,
  inTheWay: Seen | undefined,
  memoriesNow: number,
  signal: AbortSignal | undefined,
): Promise<Pick<Plan, "steps" | "undecided">> {
  const steps: Step[] = [];
  const undecided: Undecided[] = [];
  const file = FILE_BACKENDS.has(to.type);
  const aside = inTheWay === undefined || !file ? null : setAside(inTheWay);
  if (aside !== null) steps.push(aside);
  let memories = memoriesNow;
  let isNew = file && (aside !== null || !existsSync(to.path ?? ""));
  for (const { seen, change, gained } of sources) {
    const moved = aside?.files.find(([from]) => from === seen.place.location)?.[1];
    const folder = dirname(resolve(to.path ?? ""));
    const bring: Bring = {
      kind: "bring",
      from: moved === undefined ? seen.config! : new BackendConfig({ ...seen.config!, path: moved }),
      to,
      release: !file || isNew ? release : null,
      newest: change.replaced > 0,
      folder: isNew && !existsSync(folder) ? folder : null,
      gained,
      created: change.created,
      memoriesAfter: memories + gained,
    };
    const error = await whatIsInTheWay(seen.config!, to, release, signal);
    if (error !== null) {
      undecided.push({ bring, error });
      continue;
    }
    steps.push(bring);
    memories = bring.memoriesAfter;
    isNew = false;
  }
  return { steps: steps.some(({ kind }) => kind === "bring") ? steps : [], undecided };
}

/**
 * What a migration of the store would be refused for: tried dry, and where the target is a file, on one that is not
 * there, since what is at its place may still be in the way. Null where nothing is.
 */
async function whatIsInTheWay(
  from: BackendConfig,
  to: BackendConfig,
  release: Release,
  signal: AbortSignal | undefined,
): Promise<MigrateError | null> {
  const folder = FILE_BACKENDS.has(to.type) ? temporaryFolder() : null;
  try {
    const target =
      folder === null ? to : new BackendConfig({ ...to, path: join(folder, basename(to.path ?? "store")) });
    return (await runMigration(from, target, { dryRun: true, for: release }, { signal })).error;
  } finally {
    if (folder !== null) remove(folder);
  }
}

function setAside({ place: { location }, description, config }: Seen): SetAside {
  const aside = freeName(location, description?.readableBy.at(-1) ?? description?.layout ?? "old");
  const files = ["", "-wal", "-shm", "-journal"]
    .filter((suffix) => suffix === "" || existsSync(location + suffix))
    .map((suffix) => [location + suffix, aside + suffix] as const);
  return { kind: "set aside", store: config, files, memoriesAfter: 0 };
}

/** `memory.db` -> `memory-0.12.db`, beside it, and not there yet. */
function freeName(path: string, suffix: string): string {
  const extension = extname(path);
  const stem = join(dirname(path), basename(path, extension));
  for (let number = 1; ; number++) {
    const name = `${stem}-${suffix}${number === 1 ? "" : `-${number}`}${extension}`;
    if (!existsSync(name)) return name;
  }
}
