/** The list of all runs and the locks of their targets: one small database in the state folder that every process opens. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { BusyError, StoreKindError } from "../errors.ts";
import { type Database, openShared } from "../support/durable.ts";
import { codeOf } from "../support/files.ts";
import { type ProcessIdentity, stillRuns, thisProcess } from "../support/processes.ts";
import { createFolder, inspect, onDisk, removeJournal } from "./journal-path.ts";
import { parseRunId } from "./run-id.ts";
import { IDENTITY, LISTED, ProcessSchema, parseListed, parseRun, RUN, RunHeaderSchema } from "./run-info.ts";
import { isFinal, parseState, type RunState } from "./run-state.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, started TEXT NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
    target TEXT NOT NULL, identity TEXT, journal TEXT, owner TEXT NOT NULL)`,
  "CREATE TABLE IF NOT EXISTS lock (identity TEXT PRIMARY KEY, run TEXT NOT NULL, owner TEXT NOT NULL)",
];
const DROP_JOURNAL = "UPDATE run SET journal = NULL WHERE id = ?";
const KEPT_DAYS = 30;
const KEPT_RUNS = 10;

export interface RunEntry {
  readonly id: string;
  readonly started: string;
  readonly state: RunState;
  /** For people, as the backend shows it. */
  readonly source: string;
  readonly target: string;
  readonly identity: string | null;
  /** Null where nothing is left to resume or undo. */
  readonly journal: string | null;
  readonly owner: ProcessIdentity;
}

/**
 * A database that all runs of this user share; each call opens it for a moment.
 * @throws AccessError, WriteError
 */
export class RunRegistry {
  readonly folder: string;
  /** The release of this program, for what is written down. */
  readonly program: string;

  constructor(folder: string, program: string) {
    this.folder = folder;
    this.program = program;
  }

  /** @returns whether the id was free: a run that has it already is never replaced */
  add(entry: RunEntry): boolean {
    const { id, started, state, source, target, identity, journal, owner } = entry;
    const values = [id, started, state, source, target, identity, journal, JSON.stringify(owner)];
    const insert = "INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    return this.#work((database) => database.run(insert, values).changes > 0);
  }

  enter(id: string, state: RunState): void {
    this.#work((database) => database.run("UPDATE run SET state = ? WHERE id = ?", [state, id]));
  }

  /** Its journal is gone: nothing is left to resume or undo. */
  dropJournal(id: string): void {
    this.#work((database) => database.run(DROP_JOURNAL, [id]));
  }

  /** The latest first. */
  list(): RunEntry[] {
    if (!existsSync(this.#path)) return [];
    return this.#work((database) => {
      const rows = database.query("SELECT * FROM run ORDER BY started DESC, id DESC").all() as Record<
        string,
        unknown
      >[];
      return rows.map(entryOf);
    });
  }

  find(id: string): RunEntry | null {
    return this.list().find((entry) => entry.id === id) ?? null;
  }

  /**
   * A process can end between telling the journal of a run and telling the list: the journal is right. Called before the
   * list is used.
   */
  reconcile(): void {
    const listed = this.list();
    this.#addListed(listed);
    for (const { id, state, journal, owner } of listed) {
      if (journal === null || stillRuns(owner) !== false) continue;
      // A disk that is not mounted at the moment comes back.
      if (!existsSync(dirname(journal))) continue;
      if (!existsSync(journal)) {
        // Where it was is told to whoever asks for the run: it can be put back.
        if (state === "started" || state === "rolling back") this.end(id, "rolled back", "journal gone");
        else if (!isFinal(state)) this.end(id, "lost", "journal kept");
        continue;
      }
      // Their journals have nothing to add, and may be many.
      if (isFinal(state)) continue;
      const noted = inspect(journal);
      if (typeof noted === "string") continue;
      noted.file.close();
      if (noted.state === "rolled back" || (noted.state === null && state === "started")) {
        if (removeJournal(journal) === null) this.end(id, "rolled back", "journal gone");
      } else if (noted.state !== null && noted.state !== state) this.enter(id, noted.state);
    }
  }

  /** A list that was lost is made again out of the journals beside it. */
  #addListed(listed: readonly RunEntry[]): void {
    const known = new Set(listed.map(({ id }) => id));
    for (const name of existsSync(this.folder) ? onDisk(this.folder, () => readdirSync(this.folder)) : []) {
      const id = parseRunId(/^run-(\w{8,10})\.db$/.exec(name)?.[1] ?? "");
      if (id === null || known.has(id)) continue;
      const journal = join(this.folder, name);
      const noted = inspect(journal);
      if (typeof noted === "string") continue;
      const { file, state } = noted;
      const [told, identity, run] = [parseListed(file.getMeta(LISTED)), file.getMeta(IDENTITY), file.getMeta(RUN)];
      file.close();
      if (told === null || state === null) continue;
      this.add({ id, started: parseRun(journal, run, RunHeaderSchema).started, state, ...told, identity, journal });
    }
  }

  /** Runs on this target that were stopped: not ended, and no process works on them. */
  stoppedOn(identity: string, except: string): RunEntry[] {
    return this.list().filter((entry) => entry.identity === identity && entry.id !== except && isStopped(entry));
  }

  /**
   * One run at a time on one target. Gives the run whose lock was left behind, since its process has ended, or null.
   * @throws BusyError naming who has it
   */
  lock(identity: string, run: string): string | null {
    return this.#work((database) => {
      const [row] = database.query("SELECT run, owner FROM lock WHERE identity = ?").values(identity) as [
        string,
        string,
      ][];
      if (row !== undefined && row[0] !== run) {
        const owner = ownerOf(row[1]);
        const running = stillRuns(owner);
        if (running !== false) throw held(identity, row[0], owner, running);
      }
      const owner = JSON.stringify(thisProcess());
      database.run("INSERT OR REPLACE INTO lock VALUES (?, ?, ?)", [identity, run, owner]);
      database.run("UPDATE run SET owner = ?, identity = ? WHERE id = ?", [owner, identity, run]);
      return row !== undefined && row[0] !== run ? row[0] : null;
    });
  }

  /** It has come to its end, and others may work on its target. */
  end(id: string, state: RunState, journal: "journal kept" | "journal gone"): void {
    this.#work((database) => {
      database.run("UPDATE run SET state = ? WHERE id = ?", [state, id]);
      if (journal === "journal gone") database.run(DROP_JOURNAL, [id]);
      database.run("DELETE FROM lock WHERE run = ?", [id]);
    });
  }

  unlock(run: string): void {
    this.#work((database) => database.run("DELETE FROM lock WHERE run = ?", [run]));
  }

  /**
   * 30 days or the last 10 runs are kept, whichever is more; one that was stopped always. Gives what could not be removed: a
   * later run tries again.
   */
  prune(now = Date.now()): string[] {
    const since = new Date(now - KEPT_DAYS * 86_400_000).toISOString();
    const old = this.list().filter(({ state, started }, at) => {
      return isFinal(state) && at >= KEPT_RUNS && started < since;
    });
    return old.flatMap(({ id, journal }) => {
      const trouble = journal === null ? null : removeJournal(journal);
      if (trouble === null) this.forget(id);
      return trouble === null ? [] : [trouble];
    });
  }

  forget(id: string): void {
    this.#work((database) => {
      database.run("DELETE FROM run WHERE id = ?", [id]);
      database.run("DELETE FROM lock WHERE run = ?", [id]);
    });
  }

  get #path(): string {
    return join(this.folder, "runs.db");
  }

  /** One transaction on a connection of its own: nobody waits for a process that does something else. */
  #work<T>(work: (database: Database) => T): T {
    createFolder(this.folder);
    return onDisk(this.#path, () => {
      try {
        return this.#transaction(work);
      } catch (cause) {
        if (!/^SQLITE_(CORRUPT|NOTADB|ERROR|MISMATCH)/.test(codeOf(cause)) && !(cause instanceof TypeError))
          throw cause;
        throw damaged(this.#path, cause);
      }
    });
  }

  #transaction<T>(work: (database: Database) => T): T {
    const database = openShared(this.#path, SCHEMA);
    try {
      return database.transaction(() => work(database)).immediate();
    } finally {
      database.close();
    }
  }
}

function damaged(path: string, cause: unknown): StoreKindError {
  return new StoreKindError(`the list of runs ${path} is damaged (${cause instanceof Error ? cause.message : cause})`, {
    next: "Move that file to another folder and run the same command again: runs on servers are found by their journals in the same folder, those on files with --to-path.",
    cause,
  });
}

/** Whether it has not come to an end and nobody works on it; of a process on another machine that is not known. */
function isStopped({ state, owner }: Pick<RunEntry, "state" | "owner">): boolean {
  return !isFinal(state) && stillRuns(owner) === false;
}

function entryOf(row: Record<string, unknown>): RunEntry {
  const text = (name: string) => String(row[name]);
  const textOrNull = (name: string) => (row[name] === null ? null : text(name));
  return {
    id: text("id"),
    started: text("started"),
    state: parseState(text("state")),
    source: text("source"),
    target: text("target"),
    identity: textOrNull("identity"),
    journal: textOrNull("journal"),
    owner: ownerOf(text("owner")),
  };
}

function ownerOf(text: string): ProcessIdentity {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ProcessSchema), text);
  if (parsed.success) return parsed.output;
  throw new TypeError("the process of a run is not valid");
}

function held(identity: string, run: string, { pid, host }: ProcessIdentity, running: boolean | null): BusyError {
  const who = `process ${pid} on ${host}`;
  return new BusyError(`run ${run} works on the same target (${who})`, {
    details: [identity],
    next:
      running === null
        ? `This machine cannot tell whether it still runs on ${host}. If it does not, undo it there or here: memorygraph-migrate rollback ${run}`
        : "Wait until it has ended, then run the same command again.",
  });
}
