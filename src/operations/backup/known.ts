/** What this machine remembers of backups, in the state folder: where the last one of each store is, and which digests were proven. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPrivateFile, remove, renameOver, temporaryBeside } from "../../support/files.ts";
import { isSameStore, type KnownBackup, parseKnown, parseProof, type Subject } from "./models.ts";

/** One small file for each fact, so that programs that run side by side do not undo each other's. */
export class KnownBackups {
  readonly #folder: string;

  /** @param stateFolder that of the list of runs */
  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, "backups");
  }

  /** @throws the system's error */
  remember(backup: KnownBackup): void {
    const { host, store, place } = backup;
    const chosen = [store.database, store.graph].filter((name) => name !== undefined);
    this.#write(`last-${keyOf(host, store.location, place, ...chosen)}.json`, backup);
  }

  /** @throws the system's error */
  prove(digest: string, proven: string): void {
    this.#write(`proof-${keyOf(digest)}.json`, { digest, proven });
  }

  /** When an archive of this digest was last proven here; null where it never was. */
  provenAt(digest: string): string | null {
    const proof = parseProof(this.#read(`proof-${keyOf(digest)}.json`));
    return proof?.digest === digest ? proof.proven : null;
  }

  /** The last backups of a store in each place, the latest first. */
  of(subject: Omit<Subject, "backend">): KnownBackup[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names
      .filter((name) => /^last-[0-9a-f]+\.json$/.test(name))
      .map((name) => parseKnown(this.#read(name)))
      .filter((known) => known !== null)
      .filter(({ store }) => isSameStore(store, subject))
      .sort((a, b) => (a.checked < b.checked ? 1 : -1));
  }

  #write(name: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, name);
    const temporary = temporaryBeside(path);
    try {
      createPrivateFile(temporary);
      writeFileSync(temporary, JSON.stringify(value));
      renameOver(temporary, path);
    } catch (error) {
      remove(temporary);
      throw error;
    }
  }

  #read(name: string): string | null {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  }
}

function keyOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
