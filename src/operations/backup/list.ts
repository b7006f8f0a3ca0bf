/** What is in a place, as `backups` tells it. */
import { join } from "node:path";
import { BackendConfig, type BackendConfigFields } from "../../backends/config.ts";
import { MigrateError } from "../../errors.ts";
import { inspectStore } from "../inspect.ts";
import type { KnownBackups } from "./known.ts";
import type { BackupList, ListedBackup } from "./models.ts";
import { ARCHIVE_SUFFIXES } from "./names.ts";
import type { Place } from "./place.ts";
import { type Shelved, shelved } from "./shelf.ts";

/** Machines that share a place need not have quite the same time. */
const CLOCKS_APART_MS = 300_000;

/** @param opening what opens an archive, beside its path: those without a note are read for what they hold */
export async function listBackups(
  place: Place,
  opening: Omit<BackendConfigFields, "path">,
  known: KnownBackups,
  signal?: AbortSignal,
): Promise<BackupList> {
  const warnings: string[] = [];
  const backups: ListedBackup[] = [];
  for (const one of await shelved(place)) {
    const listed = listedBackup(one, known);
    backups.push(one.note === null ? await looked(listed, place, opening, known, signal) : listed);
    if (one.at.getTime() > Date.now() + CLOCKS_APART_MS) {
      warnings.push(
        `${one.name} is dated in the future, so it counts as the newest: name another archive to restore that`,
      );
    }
    if (one.state === "damaged") {
      warnings.push(`${one.name} has ${one.bytes} bytes and was stored with ${one.note?.bytes}: do not rely on it`);
    }
  }
  return { place: place.location, backups, warnings };
}

function listedBackup({ name, at, bytes, state, note }: Shelved, known: KnownBackups): ListedBackup {
  const noted = note ?? { host: null, store: null, nodes: null, memories: null, relationships: null, digest: null };
  const { host, store, nodes, memories, relationships, digest } = noted;
  return {
    name,
    state,
    created: at.toISOString(),
    ageSeconds: Math.max(0, Math.round((Date.now() - at.getTime()) / 1_000)),
    bytes,
    encrypted: note?.encrypted ?? name.endsWith(ARCHIVE_SUFFIXES[1]),
    ...{ host, store, nodes, memories, relationships, digest },
    proven: digest === null ? null : later(note?.proven ?? null, known.provenAt(digest)),
  };
}

/** In a folder, an archive tells itself what it holds; one that cannot be opened stays without. */
async function looked(
  listed: ListedBackup,
  place: Place,
  opening: Omit<BackendConfigFields, "path">,
  known: KnownBackups,
  signal?: AbortSignal,
): Promise<ListedBackup> {
  if (place.kind !== "folder" || listed.encrypted) return listed;
  try {
    const path = join(place.location, listed.name);
    const { count, digest } = await inspectStore(new BackendConfig({ ...opening, path }), () => {}, signal);
    return { ...listed, ...count, digest, proven: known.provenAt(digest) };
  } catch (error) {
    if (!(error instanceof MigrateError) || signal?.aborted) throw error;
    return { ...listed, state: "damaged" };
  }
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
