/** The drill: an archive is restored into a throw-away store, read back, and compared with what it says of itself and with its source. */
import { join } from "node:path";
import { BackendConfig } from "../../backends/config.ts";
import { DEFAULT_TYPE } from "../../backends/descriptors.ts";
import { temporaryFolder } from "../../backends/temporary-folder.ts";
import { MigrateError } from "../../errors.ts";
import { remove } from "../../support/files.ts";
import { runMigration } from "../migrate.ts";
import type { Hooks } from "../run.ts";
import type { KnownBackups } from "./known.ts";
import type { DrillResult, ProofResult } from "./models.ts";
import { type OpenedArchive, openArchive, placeAndName, type Surroundings } from "./reference.ts";
import { shelved, writeNote } from "./shelf.ts";
import { SourcesNow } from "./sources-now.ts";

const NOT_PROVEN = { source: "unreachable", notCompared: null } as const;

export interface DrillRequest {
  /** An archive, or a place. */
  readonly address: string;
  /** Every archive of the place, not only the newest. */
  readonly all: boolean;
  /** The archive at a path of this machine, with what opens it. */
  readonly opening: (path: string) => Promise<BackendConfig>;
  /** A server that a note names, with the login that no note has. */
  readonly login: (store: BackendConfig) => Promise<BackendConfig>;
  readonly known: KnownBackups;
}

export interface Drill {
  readonly result: DrillResult;
  /** Why archives could not be restored, as far as that was an error. */
  readonly failures: readonly MigrateError[];
}

/** Does not throw for an archive that cannot be proven. @throws MigrateError for the place itself */
export async function drill(request: DrillRequest, surroundings: Surroundings, hooks: Hooks): Promise<Drill> {
  const { address, all } = request;
  const addresses = all ? await archivesOf(address, surroundings) : [address];
  const warnings: string[] = [];
  const proofs: ProofResult[] = [];
  const failures: MigrateError[] = [];
  const sources = new SourcesNow(request.login, hooks.signal);
  for (const one of addresses) {
    hooks.signal?.throwIfAborted();
    proofs.push(await prove(one, request, surroundings, hooks, { warnings, failures, sources }));
  }
  const success = proofs.length > 0 && proofs.every(({ proven }) => proven);
  return { result: { place: address, success, proofs, warnings }, failures };
}

async function archivesOf(address: string, { access }: Surroundings): Promise<string[]> {
  const { place, name } = placeAndName(address, access);
  if (name !== null) return [address];
  const there = (await shelved(place)).filter(({ state }) => state !== "pending");
  return there.map((one) => (place.kind === "bucket" ? place.location + one.name : join(place.location, one.name)));
}

interface Telling {
  readonly warnings: string[];
  readonly failures: MigrateError[];
  readonly sources: SourcesNow;
}

async function prove(
  address: string,
  request: DrillRequest,
  surroundings: Surroundings,
  hooks: Hooks,
  { warnings, failures, sources }: Telling,
): Promise<ProofResult> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1_000;
  const folder = temporaryFolder();
  try {
    using opened = await openArchive(address, surroundings);
    if (opened.passedOver !== null) warnings.push(opened.passedOver);
    const archive = await request.opening(opened.path);
    const throwAway = new BackendConfig({ type: DEFAULT_TYPE, path: join(folder, "drill.db") });
    const { result, error } = await runMigration(archive, throwAway, { allowEmpty: true }, hooks);
    if (error !== null) throw error;
    const digest = result.verification!.sourceDigest;
    const restoredDigest = result.verification!.targetDigest;
    const proven = digest === restoredDigest && (opened.note === null || opened.note.digest === digest);
    if (proven) warnings.push(...(await noteProof(opened, digest, request.known)));
    const compared = proven ? await sources.compare(opened.note, digest) : NOT_PROVEN;
    const count = result.imported;
    const wrong = {
      message: "what was restored is not what the note beside the archive says",
      next: "Make a new backup.",
    };
    const told = proven ? null : wrong;
    return {
      location: opened.location,
      proven,
      digest,
      restoredDigest,
      count,
      ...compared,
      error: told,
      durationSeconds: seconds(),
    };
  } catch (error) {
    if (!(error instanceof MigrateError) || hooks.signal?.aborted) throw error;
    failures.push(error);
    const { message, next } = error;
    return {
      location: address,
      proven: false,
      ...{ digest: null, restoredDigest: null, count: null, ...NOT_PROVEN },
      error: { message, next },
      durationSeconds: seconds(),
    };
  } finally {
    remove(folder);
  }
}

/** In the state folder by its digest, and in the note where that can be written. */
async function noteProof(
  { note, place, location }: OpenedArchive,
  digest: string,
  known: KnownBackups,
): Promise<string[]> {
  const proven = new Date().toISOString();
  const warnings: string[] = [];
  try {
    known.prove(digest, proven);
  } catch (error) {
    warnings.push(
      `the proof of ${location} could not be written down on this machine (${error instanceof Error ? error.message : error})`,
    );
  }
  try {
    if (note !== null && place !== null) await writeNote(place, { ...note, proven });
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    warnings.push(`only this machine knows of the proof, since the note beside ${location} cannot be changed`);
  }
  return warnings;
}
