// @level normal
/**
 * Lives of a store: an application works on it, runs come, and runs are undone in any order. After each step a model says what
 * must be there. FAULT_SEED=N begins with that life, LIVES=N lives as many on each kind of store.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { RefusedError } from "../../src/errors.ts";
import { relationshipId } from "../../src/graph/record.ts";
import { MigrateError, migrate, rollback, runs } from "../../src/index.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { atLevel } from "../support/level.ts";
import { type LivingStore, livingStores } from "../support/life.ts";
import { DAY, store as smallStore } from "../support/small-stores.ts";
import { at } from "../support/stores.ts";
import { expectSame, type Look, ModelOfLife, type Seen, type UndoWishes } from "./lives.ts";
import { randomFrom } from "./random.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_128);
const STEPS = 14;
const FILES = ["sqlite", "falkordblite"];
const livesOn = (name: string) =>
  Number(
    Bun.env.LIVES ??
      (FILES.includes(name)
        ? atLevel({ quick: 3, normal: 10, long: 80, full: 400 })
        : atLevel({ normal: 1, long: 12, full: 100 })),
  );

/** SQLite is read by its own engine, so that a fault of our reader cannot hide one of our rollback. */
async function lookAt(config: BackendConfig): Promise<Look> {
  if (config.path !== undefined && !existsSync(config.path)) return new Map();
  return config.type === "sqlite" ? lookAtSqlite(config.path!) : lookAtGraph(config);
}

function lookAtSqlite(path: string): Look {
  const look = new Map<string, Seen>();
  const database = new Database(path, { readonly: true });
  type Row = Record<"id" | "from_id" | "to_id" | "properties", string>;
  const content = (row: Row) => JSON.stringify({ ...row, properties: sorted(JSON.parse(row.properties)) });
  for (const row of database.query("SELECT * FROM nodes").all() as Row[]) {
    look.set(`node ${row.id}`, { content: content(row), ends: [] });
  }
  for (const row of database.query("SELECT * FROM relationships").all() as Row[]) {
    look.set(`relationship ${row.id}`, { content: content(row), ends: [`node ${row.from_id}`, `node ${row.to_id}`] });
  }
  database.close();
  return look;
}

const sorted = (properties: Record<string, unknown>) => Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));

async function lookAtGraph(config: BackendConfig): Promise<Look> {
  const look = new Map<string, Seen>();
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  try {
    for await (const batch of store.read()) {
      for (const record of batch) {
        const content = `${record.properties.get("title") ?? ""} ${hashOf(record).toHex()}`;
        if (record.kind === "node") look.set(`node ${record.key.slice(1)}`, { content, ends: [] });
        else {
          const ends = [record.from, record.to].map((key) => `node ${key.slice(1)}`);
          look.set(`relationship ${relationshipId(record)}`, { content, ends });
        }
      }
    }
  } finally {
    await store.close();
  }
  return look;
}

class Life {
  readonly steps: string[] = [];
  readonly #random: () => number;
  readonly #stateDir: string;
  #model = new ModelOfLife(new Map());
  #made = 0;

  constructor(
    readonly store: LivingStore,
    seed: number,
  ) {
    this.#random = randomFrom(seed);
    this.#stateDir = store.folder.file("lives-state");
  }

  async live(): Promise<void> {
    if (this.#maybe(0.6)) {
      await this.store.fill(this.#source().path);
      this.steps.push("a store was there");
      this.#model = new ModelOfLife(await this.#look());
    }
    await this.#migrate();
    for (let step = 1; step < STEPS; step++) {
      const choice = this.#random();
      if (choice < 0.2 || this.#model.names("node").length === 0) await this.#migrate();
      else if (choice < 0.65) await this.#act();
      else await this.#undo();
    }
    for (const { id, isOpen } of [...this.#model.runs].reverse()) {
      if (isOpen) await this.#rollback(id, { cascade: true, changed: true });
    }
  }

  async #act(): Promise<void> {
    const { store } = this;
    const [nodes, relationships] = [this.#model.names("node"), this.#model.names("relationship")];
    const [one, other] = [this.#one(nodes), this.#one(nodes)];
    const [id, made] = [idOf(one), `made-${++this.#made}`];
    const link = relationships.length === 0 ? null : this.#one(relationships);
    const act = this.#one(["add", "edit", "use", "join", "join", "remove", "unjoin"] as const);
    this.steps.push(`${act} ${act === "unjoin" ? link : `${one} (${made}, ${other}, ${link})`}`);
    let edited: string | null = null;
    let used: string[] = [];
    if (act === "add") await store.add(made);
    else if (act === "join") await store.join(made, id, idOf(other));
    else if (act === "edit") {
      await store.edit(id, made);
      edited = one;
    } else if (act === "use") {
      await store.use(id, link === null ? "none" : idOf(link));
      used = [one, ...(link === null ? [] : [link])];
    } else if (act === "remove") {
      await store.remove(id);
      this.#model.removed(one);
    } else if (link !== null) {
      await store.unjoin(idOf(link));
      this.#model.unjoined(link);
    }
    this.#model.acted(await this.#look(), edited, used);
  }

  async #migrate(): Promise<void> {
    const { path, version } = this.#source();
    const onConflict = this.#one(["skip", "overwrite", "overwrite", "fail"] as const);
    const since = this.#maybe(0.25) ? DAY(3) : undefined;
    this.steps.push(`migrate source ${version} ${onConflict} ${since ?? ""}`);
    const options = { for: "0.12", onConflict, since } as const;
    const ended = await migrate(at(path), this.store.config, options, undefined, undefined, {
      stateDir: this.#stateDir,
    });
    const look = await this.#look();
    this.steps.push(`  ${ended.success ? `run ${ended.run}` : ended.errors[0]?.message}`);
    if (ended.success && ended.run === null) {
      expectSame(look, this.#model.expected(), "after a run that had nothing to write");
    } else if (ended.success) {
      const policy = onConflict === "overwrite" ? "overwrite" : "skip";
      this.#model.migrated(ended.run!, look, lookAtSqlite(path), policy, since === undefined);
    } else {
      expectSame(look, this.#model.expected(), "after a run that was refused");
      expect([onConflict, ended.conflicts.count > 0]).toEqual(["fail", true]);
    }
  }

  /** Any run, in any way; now and then one that was undone already. */
  async #undo(): Promise<void> {
    const { runs: all } = this.#model;
    if (all.length === 0) return;
    const maybe = () => this.#maybe(0.3);
    await this.#rollback(this.#one(all).id, { withLater: this.#maybe(0.4), cascade: maybe(), changed: maybe() });
  }

  async #rollback(id: string, wishes: UndoWishes): Promise<void> {
    const run = this.#model.runs.find((one) => one.id === id)!;
    const words = Object.entries(wishes).flatMap(([wish, isWanted]) => (isWanted ? [wish] : []));
    this.steps.push(`rollback ${id} ${words.join(" ")}`);
    const shown = await this.#tried(id, { ...wishes, dryRun: true });
    expectSame(await this.#look(), this.#model.expected(), "after a dry run");
    const ended = await this.#tried(id, wishes);
    const look = await this.#look();
    const { possible, certain } = this.#model.later(id);
    if (ended instanceof MigrateError) {
      this.steps.push(`  ${ended.message}`);
      expectSame(look, this.#model.expected(), "after a refusal");
      // Where nothing of the run is left, because others deleted it, its target cannot be told from another store.
      const isStrange = !this.#model.holds(id) && /holds nothing of run|there is no store any more/.test(ended.message);
      const mayRefuse = !run.isOpen || isStrange || (possible.length > 0 && wishes.withLater !== true);
      if (!mayRefuse || (run.isOpen && !(ended instanceof RefusedError))) throw ended;
      return;
    }
    this.steps.push(`  undone ${ended.runs.join(", ")}; left: ${ended.left.join(", ")}`);
    if (!ended.runs.includes(id) || certain.some((later) => !ended.runs.includes(later))) {
      throw new Error(`${certain.join(", ")} wrote over ${id} and had to be undone with it, or refused`);
    }
    if (wishes.withLater !== true) expect(ended.runs).toEqual([id]);
    const left = this.#model.undone(ended.runs, look, wishes);
    expect([shown instanceof MigrateError ? shown : shown.counts, ended.left.length]).toEqual([ended.counts, left]);
    if (ended.exact) expectSame(look, run.before, `told as exactly what it was before ${id}`);
    await this.#expectListed(ended.runs);
    await this.#again(id, wishes, left);
  }

  /** What `runs` tells of them: each is open while something of it is left. */
  async #expectListed(undone: readonly string[]): Promise<void> {
    const listed = await runs({ stateDir: this.#stateDir });
    for (const run of this.#model.runs.filter((one) => undone.includes(one.id))) {
      const { status } = listed.find((one) => one.id === run.id)!;
      run.isOpen = this.#model.holds(run.id);
      expect([run.id, status]).toEqual([run.id, run.isOpen ? "partly rolled back" : "rolled back"]);
    }
  }

  async #again(id: string, wishes: UndoWishes, left: number): Promise<void> {
    const again = await this.#tried(id, wishes);
    expectSame(await this.#look(), this.#model.expected(), "after a second rollback");
    if (again instanceof MigrateError) expect(this.#model.runs.find((one) => one.id === id)!.isOpen).toBe(false);
    else expect(again.left.length).toBeLessThanOrEqual(left);
  }

  async #tried(id: string, wishes: UndoWishes & { dryRun?: boolean }) {
    const { password: toPassword } = this.store.config;
    const credentials = toPassword === undefined ? {} : { toPassword };
    return rollback(id, { ...wishes, ...credentials, stateDir: this.#stateDir }).catch((error: unknown) => {
      if (error instanceof MigrateError) return error;
      throw error;
    });
  }

  /** Some of six memories and what joins them, in words of its own. */
  #source(): { path: string; version: string } {
    const version = `v${++this.#made}`;
    const ids = ["a", "b", "c", "d", "e", "f"].filter(() => this.#maybe(0.6));
    if (ids.length === 0) ids.push("a");
    const memories = ids.map((id) => ({
      id,
      title: this.#maybe(0.5) ? version : "t",
      updated: DAY(this.#maybe(0.5) ? 1 : 5),
    }));
    const pairs = ids.flatMap((from) => ids.filter((to) => from < to).map((to) => [from, to] as const));
    const joined = pairs.filter(() => this.#maybe(0.3));
    const links = joined.map(([from, to]): [string, string, string, number] => [
      ...([`${from}${to}`, from, to] as const),
      this.#maybe(0.5) ? 0.5 : this.#made / 100,
    ]);
    return { path: smallStore(this.store.folder.file(`source-${version}.db`), memories, links), version };
  }

  #look(): Promise<Look> {
    return lookAt(this.store.config);
  }

  #maybe(chance: number): boolean {
    return this.#random() < chance;
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)]!;
  }
}

const idOf = (name: string) => name.slice(name.indexOf(" ") + 1);

for (const [name, open] of await livingStores()) {
  const count = livesOn(name);
  test(
    `${count} lives of a store of ${name}, whose runs are undone in any order`,
    async () => {
      for (let seed = SEED; seed < SEED + count; seed++) {
        const store = await open();
        const life = new Life(store, seed);
        try {
          await life.live();
        } catch (error) {
          const told = error instanceof Error ? error.stack : error;
          throw new Error(`FAULT_SEED=${seed} LIVES=1, ${name}:\n${life.steps.join("\n")}\n${told}`);
        } finally {
          await store.close();
        }
      }
    },
    count * 60_000,
  );
}
