/** The notes of a folder: which there are, as they were when they were first seen, and which one a link means. */
import { existsSync, lstatSync, opendirSync } from "node:fs";
import { join } from "node:path";
import { openScratch, restored, storable } from "../../../support/scratch.ts";
import { FindingLog } from "../../findings.ts";
import { CACHE_KILOBYTES, folded, INDEX, NOTE } from "./names.ts";

const PAGE = 500;

export interface NoteFile {
  /** In the folder, with slashes and with its ending. */
  readonly path: string;
  /** Counted from 1. */
  readonly number: bigint;
  readonly state: string;
  readonly size: number;
}

type Row = [path: string, number: number, state: string, size: number];

/** Without files, links and folders whose names begin with a dot: those of Obsidian and of other programs. */
export class NoteFolder {
  readonly #root: string;
  readonly #scratch = openScratch(
    `CREATE TEMP TABLE note (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, id TEXT, state TEXT NOT NULL,
      size INTEGER NOT NULL)`,
    CACHE_KILOBYTES,
  );
  readonly #aside = new FindingLog();
  #others = 0;

  /** @throws the system's error */
  constructor(root: string) {
    this.#root = root;
    this.#scratch.run("CREATE INDEX temp.note_name ON note (name)");
    this.#scratch.run("CREATE INDEX temp.note_id ON note (id) WHERE id IS NOT NULL");
    const put = this.#scratch.prepare("INSERT INTO note (path, name, state, size) VALUES (?, ?, ?, ?)");
    for (const { path, state, size } of this.#list()) put.run(path, nameOf(path), state, size);
    put.finalize();
  }

  get bytes(): number {
    const [row] = this.#scratch.query("SELECT coalesce(sum(size), 0) FROM note").values() as [[number]];
    return row[0];
  }

  /** What is there beside notes. */
  get findings(): FindingLog {
    return this.#aside;
  }

  /** How many files are there that are no notes, or cannot be read as such. */
  get others(): number {
    return this.#others;
  }

  /** In the order of their paths. */
  *pages(): Generator<NoteFile[]> {
    const query = this.#scratch.prepare(
      `SELECT path, number, state, size FROM note WHERE path > ? ORDER BY path LIMIT ${PAGE}`,
    );
    try {
      for (let after = ""; ; ) {
        const rows = query.values(after) as Row[];
        if (rows.length === 0) return;
        yield rows.map(([path, number, state, size]) => ({ path, number: BigInt(number), state, size }));
        after = rows.at(-1)![0];
      }
    } finally {
      query.finalize();
    }
  }

  setId(number: bigint, id: string): void {
    this.#scratch.query("UPDATE note SET id = ? WHERE number = ?").run(storable(id), number);
  }

  /** Ids that several notes have. */
  sharedIds(): string[] {
    const rows = this.#scratch
      .query("SELECT id FROM note WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1")
      .values();
    return (rows as [string][]).map(([id]) => restored(id));
  }

  numberOfId(id: string): bigint | null {
    const rows = this.#scratch.query("SELECT number FROM note WHERE id = ? LIMIT 2").values(storable(id)) as [number][];
    return rows.length === 1 ? BigInt(rows[0]![0]) : null;
  }

  /**
   * The note that a link means: by its name, whatever its folder, as Obsidian takes it.
   * @param target without its ending
   * @param id of the note that was meant when the link was written: decides among several of that name
   * @returns its number, and its id if it has one; null for none
   */
  find(target: string, id: string | null): { readonly number: bigint; readonly id: string | null } | null {
    const query = "SELECT number, path, id FROM note WHERE name = ? ORDER BY length(path), path LIMIT 100";
    const rows = this.#scratch.query(query).values(nameOf(target)) as [number, string, string | null][];
    const wanted = folded(target);
    const isWhole = (path: string) => `/${folded(path.slice(0, -NOTE.length))}`.endsWith(`/${wanted}`);
    const candidates = rows.filter(([, path]) => isWhole(path));
    const meant = id === null ? undefined : candidates.find((row) => row[2] === storable(id));
    const [number, , own] = meant ?? candidates[0] ?? [];
    if (number === undefined) return null;
    return { number: BigInt(number), id: own == null ? null : restored(own) };
  }

  /** Whether every note is there as it was, and no other. */
  isUnchanged(): boolean {
    const query = this.#scratch.prepare("SELECT 1 FROM note WHERE path = ? AND state = ?");
    let found = 0;
    try {
      for (const { path, state } of this.#list()) {
        if (query.values(path, state).length === 0) return false;
        found++;
      }
    } finally {
      query.finalize();
    }
    const [row] = this.#scratch.query("SELECT count(*) FROM note").values() as [[number]];
    return row[0] === found;
  }

  close(): void {
    this.#scratch.close();
  }

  *#list(folder = ""): Generator<{ path: string; state: string; size: number }> {
    const directory = opendirSync(join(this.#root, folder));
    const folders: string[] = [];
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        const path = `${folder}${entry.name}`;
        if (entry.name.startsWith(".")) this.#others++;
        else if (entry.isDirectory()) folders.push(`${path}/`);
        else if (!entry.isFile() || !entry.name.toLowerCase().endsWith(NOTE))
          this.#setAside(path, entry.isSymbolicLink());
        else {
          const stat = stateOfNote(join(this.#root, path));
          if (stat !== null) yield { path, ...stat };
          else this.#aside.add("damage", "a note whose name is not UTF-8", path);
        }
      }
    } finally {
      directory.closeSync();
    }
    for (const inner of folders) yield* this.#list(inner);
  }

  #setAside(path: string, isLink: boolean): void {
    this.#others++;
    const what = isLink ? "a symbolic link, which is not followed" : "a file that is no note, which is not read";
    this.#aside.add("note", what, path);
  }
}

/** Null where it is not there. */
export function stateOfNote(file: string): { readonly state: string; readonly size: number } | null {
  const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { state: [stat.ino, stat.size, stat.mtimeNs].join(","), size: Number(stat.size) };
}

function nameOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return folded(name.toLowerCase().endsWith(NOTE) ? name.slice(0, -NOTE.length) : name);
}

/** Whether a folder has the note by which ours are known. */
export function isIndex(path: string): boolean {
  return path === INDEX + NOTE;
}

export function indexIn(folder: string): string {
  return join(folder, INDEX + NOTE);
}

export function hasIndex(folder: string): boolean {
  return existsSync(indexIn(folder));
}
