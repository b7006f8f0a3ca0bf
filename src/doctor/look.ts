/** What is at a place. Files are opened to read only. */

import { BackendConfig } from "../backends/config.ts";
import type { StoreDescription } from "../backends/description.ts";
import { recognise } from "../backends/recognise.ts";
import { loadBackend } from "../backends/registry.ts";
import { MigrateError, StoreKindError } from "../errors.ts";
import type { FoundStore } from "./models.ts";
import type { Place } from "./places.ts";

/** A store that can be opened, or what is in the way. */
export interface Seen {
  readonly place: Place;
  /** Null for what is none of the five kinds, or is not there. */
  readonly config: BackendConfig | null;
  readonly description: StoreDescription | null;
  /** Why a store that is there could not be opened. */
  readonly failure: MigrateError | null;
  readonly what: string;
  readonly notes: readonly string[];
}

/** Null for a place where nothing is and that nobody named. */
export async function lookAt(place: Place, signal?: AbortSignal): Promise<Seen | null> {
  const nothing = { place, config: null, description: null, failure: null };
  try {
    if (place.server !== null) return await opened(place, place.server, [], signal);
    const found = recognise(place.location);
    if (found.kind === "nothing") {
      return place.named ? { ...nothing, what: "nothing there yet", notes: [] } : null;
    }
    const { type, what, note, other } = found;
    const hints = [other?.message, note].filter((hint) => hint !== undefined);
    if (type === null) return { ...nothing, what, notes: hints };
    return await opened(place, new BackendConfig({ type, path: place.location }), hints, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof MigrateError)) throw error;
    // Another program's file in the same folder is nobody's lost memory.
    if (error instanceof StoreKindError && place.isOnlyBeside) return null;
    return { ...nothing, config: place.server, failure: error, what: error.message, notes: [error.next] };
  }
}

async function opened(
  place: Place,
  config: BackendConfig,
  hints: readonly string[],
  signal?: AbortSignal,
): Promise<Seen> {
  // A graph that is still to come is a place for memories like an empty one.
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true, signal });
  try {
    const description = await store.describe("links");
    const { engine, layout, findings } = description;
    return {
      place,
      config,
      description,
      failure: null,
      what: config.path === undefined ? engine : `${engine.split(" ")[0]}, ${layout} layout`,
      notes: [...hints, ...findings.map(({ what, count }) => (count > 1 ? `${what} (${count})` : what))],
    };
  } finally {
    await store.close();
  }
}

/** As the diagnosis shows it; `standing` and the exact counts come once it has been read. */
export function shownStore({ place, config, description, what, notes }: Seen): FoundStore {
  return {
    backend: config?.type ?? null,
    location: place.location,
    reasons: [...place.reasons],
    what,
    memories: description?.nodes ?? null,
    relationships: description?.relationships ?? null,
    readableBy: [...(description?.readableBy ?? [])],
    standing: description === null ? "unread" : "empty",
    notes: [...notes],
  };
}
