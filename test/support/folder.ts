/** Folders that go away with the test: `using folder = temporaryFolder();` */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryFolder extends Disposable {
  readonly path: string;
  file(...names: string[]): string;
}

const made = new Set<TemporaryFolder>();

/** The folders of tests that were broken off, or that none disposes of: with the last test they go as well. */
export function removeFolders(): void {
  for (const folder of made) folder[Symbol.dispose]();
}

/** @param inMemory where the system has such a place: for many small stores, of which no power cut is feared */
export function temporaryFolder({ inMemory = false } = {}): TemporaryFolder {
  const base = inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = mkdtempSync(join(base, "migrate-test-"));
  const folder: TemporaryFolder = {
    path,
    file: (...names) => join(path, ...names),
    [Symbol.dispose]() {
      made.delete(folder);
      if (existsSync(path)) chmodSync(path, 0o700);
      rmSync(path, { recursive: true, force: true });
    },
  };
  made.add(folder);
  return folder;
}

/** Names in a folder, without the journals of completed runs, which stay beside their targets. */
export function besidesJournals(folder: string): string[] {
  return readdirSync(folder).filter((name) => !/^\..*\.memorygraph-migrate-\w{10}\.db(\.former)?$/.test(name));
}

/** Every name below a folder with its kind, mode and SHA-256: what must not change when something is only read. */
export function listing(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      const mode = (lstatSync(path).mode & 0o7777).toString(8);
      if (entry.isSymbolicLink()) return [`${entry.name} -> ${readlinkSync(path)}`];
      if (entry.isDirectory())
        return [`${entry.name}/ ${mode}`, ...listing(path).map((line) => `${entry.name}/${line}`)];
      return [`${entry.name} ${mode} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`];
    });
}
