/** Backups in a folder of this machine: put together in a hidden folder inside, and renamed. */
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AccessError, WriteError } from "../../errors.ts";
import {
  codeOf,
  createPrivateFile,
  flush,
  isOpenToOthers,
  publishFile,
  remove,
  renameOver,
  temporaryBeside,
} from "../../support/files.ts";
import { isRunning, type ProcessIdentity, stillRuns, thisProcess } from "../../support/processes.ts";
import { parseNote } from "./models.ts";
import type { Place, PlacedFile, Workshop } from "./place.ts";

const WORKSHOP = ".memorygraph-backup-";
const OWNER = "owner.json";
/** After which a workshop of another machine is given up: its process cannot be asked. */
const GIVEN_UP_MS = 24 * 3_600_000;

export class FolderPlace implements Place {
  readonly kind = "folder";
  readonly location: string;

  constructor(path: string) {
    this.location = resolve(path);
  }

  async list(): Promise<readonly PlacedFile[]> {
    return this.#reading(() => {
      if (!existsSync(this.location)) return [];
      return readdirSync(this.location).flatMap((name) => {
        const found = statSync(join(this.location, name), { throwIfNoEntry: false });
        return found?.isFile() ? [{ name, bytes: found.size, modified: found.mtime }] : [];
      });
    });
  }

  async text(name: string): Promise<string | null> {
    return this.#reading(() => {
      const path = join(this.location, name);
      return existsSync(path) ? readFileSync(path, "utf8") : null;
    });
  }

  async head(name: string, bytes: number): Promise<Uint8Array> {
    const file = await open(join(this.location, name)).catch((error) => {
      if (codeOf(error) === "ENOENT") return null;
      throw this.#unreadable(error);
    });
    if (file === null) return new Uint8Array();
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async *read(name: string): AsyncIterable<Uint8Array> {
    try {
      for await (const chunk of createReadStream(join(this.location, name))) yield chunk as Uint8Array;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  async publish(path: string, name: string): Promise<void> {
    this.#writing(() => publishFile(path, join(this.location, name)));
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.location, name);
    const temporary = temporaryBeside(path);
    this.#writing(() => {
      try {
        createPrivateFile(temporary);
        writeFileSync(temporary, text);
        flush(temporary);
        renameOver(temporary, path);
      } catch (error) {
        remove(temporary);
        throw error;
      }
    });
  }

  async remove(name: string): Promise<void> {
    this.#writing(() => remove(join(this.location, name)));
  }

  async workshop(): Promise<Workshop> {
    return this.#writing(() => {
      const made = mkdirSync(this.location, { recursive: true, mode: 0o700 });
      let folder = "";
      const leave = () => {
        if (folder !== "") remove(folder);
        // A backup that was refused leaves nothing; where there is an archive now, the folder stays.
        if (made !== undefined) removeEmpty(this.location, made);
      };
      try {
        this.#sweep();
        folder = mkdtempSync(join(this.location, `${WORKSHOP}${thisProcess().pid}-`));
        writeFileSync(join(folder, OWNER), JSON.stringify(thisProcess()));
      } catch (error) {
        leave();
        throw error;
      }
      return { file: (name) => join(folder, name), [Symbol.dispose]: leave };
    });
  }

  async isShared(): Promise<boolean | null> {
    return isOpenToOthers(this.location);
  }

  /** Workshops and temporary notes of processes that have ended. */
  #sweep(): void {
    for (const name of readdirSync(this.location)) {
      const path = join(this.location, name);
      const isWorkshop = name.startsWith(WORKSHOP);
      const isNote = /^\.memorygraph-.*\.note\.json\.\d+-[0-9a-f]{8}\.tmp$/.test(name);
      if (!isWorkshop && !isNote) continue;
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      const old = Date.now() - found.mtimeMs > GIVEN_UP_MS;
      // A note has its owner in it, unless the process ended before it was written.
      const owner = isWorkshop ? ownerOf(join(path, OWNER)) : ownerOfNote(path);
      const runs = owner !== null ? stillRuns(owner) : isWorkshop ? isBeingMade(path) : null;
      if (runs === false || (runs === null && old)) remove(path);
    }
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #unreadable(cause: unknown): AccessError {
    return new AccessError(`the folder ${this.location} cannot be read (${codeOf(cause) || cause})`, {
      next: "Check the path and who may read it.",
      cause,
    });
  }

  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === "ENOTDIR" || code === "EEXIST") {
        const message = `${this.location} is not a folder that backups can be put into (${code})`;
        throw new AccessError(message, { next: "Name a folder; one that is not there is made.", cause });
      }
      if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
        const message = `backups cannot be written to ${this.location} (${code})`;
        throw new AccessError(message, { next: "Name a folder that you may write to.", cause });
      }
      const next = code === "ENOSPC" ? "Free some room there, or name another folder." : "Name another folder.";
      throw new WriteError(`a backup could not be written to ${this.location} (${code || cause})`, { next, cause });
    }
  }
}

/** Of a workshop without an owner: false where the process in its name ended before it had written that, or anything else. */
function isBeingMade(path: string): false | null {
  const pid = Number(/-(\d+)-\w+$/.exec(path)?.[1] ?? Number.NaN);
  return Number.isNaN(pid) || isRunning(pid) || readdirSync(path).length > 0 ? null : false;
}

/** A folder and those above it, up to one of them, as far as nothing is in them. */
function removeEmpty(path: string, top: string): void {
  try {
    for (let at = path; at.length >= top.length; at = dirname(at)) rmdirSync(at);
  } catch {
    // Somebody has put something there, or removed it.
  }
}

function ownerOfNote(path: string): ProcessIdentity | null {
  try {
    return parseNote(readFileSync(path, "utf8"))?.owner ?? null;
  } catch {
    return null;
  }
}

/** Null where nobody has signed it, as when the process ended at once. */
function ownerOf(path: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
  } catch {
    return null;
  }
}
