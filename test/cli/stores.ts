/** Stores for the tests of the command line, changed by hand. */
import { Database } from "bun:sqlite";
import type { TemporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";

export const MEMORIES = 60;
export const RELATIONSHIPS = 120;

type Change = Readonly<Record<string, unknown>>;

/** What is done to a copy of the 0.12.4 fixture: 60 memories `m-000000` and on, 120 relationships, `nodes` layout. */
export class Editor {
  readonly #database: Database;

  constructor(path: string) {
    this.#database = new Database(path, { readwrite: true, create: false });
  }

  run(sql: string, ...values: (string | number | null)[]): this {
    this.#database.query(sql).run(...values);
    return this;
  }

  /** Sets fields inside the JSON of a memory; all others keep their spelling. */
  change(id: string, change: Change): this {
    return this.run("UPDATE nodes SET properties = json_patch(properties, ?) WHERE id = ?", JSON.stringify(change), id);
  }

  /** Another memory like `m-000001`. */
  add(id: string, change: Change = {}): this {
    this.run(
      "INSERT INTO nodes SELECT ?, label, properties, created_at, updated_at FROM nodes WHERE id = 'm-000001'",
      id,
    );
    return this.change(id, { id, ...change });
  }

  damage(id: string): this {
    return this.run("UPDATE nodes SET properties = '{\"id\": broken' WHERE id = ?", id);
  }

  close(): void {
    this.#database.close();
  }
}

/** A copy of the 0.12.4 fixture, edited and at rest. */
export function edited(folder: TemporaryFolder, as: string, edit: (store: Editor) => unknown = () => {}): string {
  const path = copyFixture("0.12.4", folder, as);
  const editor = new Editor(path);
  try {
    edit(editor);
  } finally {
    editor.close();
  }
  return settle(path);
}

/** One memory more than the fixture; one changed later, one changed earlier than there. */
export function changedStore(folder: TemporaryFolder): string {
  return edited(folder, "changed.db", (store) =>
    store
      .change("m-000001", { title: "later", updated_at: "2099-01-01T00:00:00+00:00" })
      .change("m-000002", { title: "earlier", updated_at: "2001-01-01T00:00:00+00:00" })
      .add("own", { title: "own", created_at: "2098-01-01T00:00:00+00:00", updated_at: "2098-01-01T00:00:00+00:00" }),
  );
}

export function titleOf(path: string, id: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    const row = database.query("SELECT properties FROM nodes WHERE id = ?").values(id)[0];
    return row === undefined ? undefined : JSON.parse(String(row[0])).title;
  } finally {
    database.close();
  }
}

export function countOf(path: string, table: string): number {
  const database = new Database(path, { readonly: true });
  try {
    return Number(database.query(`SELECT count(*) FROM ${table}`).values()[0]![0]);
  } finally {
    database.close();
  }
}
