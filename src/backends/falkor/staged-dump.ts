/** A dump that is being written: beside its place until it is verified, then there whole, or not at all. */
import { closeSync, existsSync, mkdirSync, openSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BusyError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { beforeImageBeside } from "../../support/durable.ts";
import {
  codeOf,
  createPrivateFile,
  keepSecondName,
  publishFile,
  publishFolder,
  remove,
  replaceFile,
  setMode,
  temporaryBeside,
} from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import { preserveBeside } from "../file/place.ts";
import { MADE } from "../staged-rollback.ts";
import type { Target } from "./lite-place.ts";
import { runningEngine } from "./running-engine.ts";

/** The names in the journal of a run that tell what is under way, and what was put in place. */
export const temporaryOf = (purpose: Purpose) => `temporary files of the ${purpose}`;
export const PUBLISHED = "published dump";

export function hashOfFile(path: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hasher.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}

/** What a dump is written for. */
export type Purpose = "run" | "undoing";

export class StagedDump {
  readonly #place: Target;
  /** Of the file to be replaced, when it was read. */
  readonly #state: string | null;
  /** What is renamed in the end: the dump, or the directory that it makes with it. */
  readonly #temporary: string;
  /** The dump itself. */
  readonly file: string;
  /** For records on their way into it: a name for a file on the same disk. */
  readonly spool: string;

  readonly #journal: JournalFile | null;
  readonly #purpose: Purpose;

  /**
   * @param journal of the run that it belongs to
   * @throws the system's error
   */
  constructor(place: Target, state: string | null, journal: JournalFile | null, purpose: Purpose) {
    this.#journal = journal;
    this.#purpose = purpose;
    this.#place = place;
    this.#state = state;
    const folder = place.form === "directory" && !existsSync(dirname(place.dump));
    this.#temporary = temporaryBeside(folder ? dirname(place.dump) : place.dump);
    this.file = folder ? join(this.#temporary, basename(place.dump)) : this.#temporary;
    this.spool = temporaryBeside(this.#temporary);
    if (purpose === "run" && state === null) journal?.setMeta(MADE, "yes");
    journal?.setMeta(temporaryOf(purpose), JSON.stringify([this.#temporary, this.spool]));
    if (folder) mkdirSync(this.#temporary, { mode: 0o700 });
    createPrivateFile(this.file);
  }

  /** @throws BusyError when the store is not as it was read, or an engine holds it */
  async publish(): Promise<void> {
    const { path, dump } = this.#place;
    await assertNoEngine(this.#place);
    if (stateOf(dump) !== this.#state) throw this.#changed();
    try {
      if (this.#purpose === "run") this.#noteWayBack(dump);
      if (this.#state !== null) replaceFile(this.file, dump);
      else if (this.file === this.#temporary) publishFile(this.file, dump);
      else publishFolder(this.#temporary, dirname(dump));
    } catch (cause) {
      if (!/^(EEXIST|ENOTEMPTY)$/.test(codeOf(cause))) throw cause;
      throw new BusyError(`${path} has appeared while we were writing; it was left alone`, {
        next: "Find out who made it, then choose another target or run the same command again.",
        cause,
      });
    }
  }

  /** The former file costs nothing but its name, and is the exact way back as long as nobody has changed the new one. */
  #noteWayBack(dump: string): void {
    if (this.#journal === null) return;
    this.#journal.setMeta(PUBLISHED, hashOfFile(this.file));
    if (this.#state === null) return;
    const image = beforeImageBeside(this.#journal.path!);
    remove(image);
    keepSecondName(dump, image);
  }

  discard(): void {
    remove(this.#temporary, this.spool);
  }

  /** @returns where it is kept */
  preserve(): string {
    setMode(this.file, 0o600);
    return preserveBeside(this.#temporary, this.#place.path);
  }

  #changed(): BusyError {
    return new BusyError(`${this.#place.path} changed while we were writing; it was left as it is now`, {
      next: "Close the application that writes to it, then run the same command again.",
    });
  }
}

/** An engine would write what it holds over whatever we put there. @throws BusyError */
export async function assertNoEngine({ path, dump }: Pick<Target, "path" | "dump">): Promise<void> {
  const sign = await runningEngine(dump);
  if (sign === null) return;
  throw new BusyError(`an engine holds ${path} (${sign}); when it ends it would write over what we put there`, {
    next: "Close MemoryGraph, so that its engine saves and ends, then run the same command again.",
  });
}
