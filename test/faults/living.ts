/** One life of a store: an application works on it, runs come and are undone in any order, and processes are killed in between. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import type { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { RefusedError } from "../../src/errors.ts";
import { type GraphRelationship, relationshipId } from "../../src/graph/record.ts";
import { MigrateError, migrate, resume, rollback, runs } from "../../src/index.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { FAILPOINTS } from "../../src/support/failpoint.ts";
import { type Application, applicationOn, type Tool } from "../support/application.ts";
import type { LivingStore } from "../support/life.ts";
import { DAY, store as smallStore } from "../support/small-stores.ts";
import { at } from "../support/stores.ts";
import { expectSame, type Look, ModelOfLife, type Seen, type UndoWishes } from "./lives.ts";
import { begin, ended } from "./program.ts";
import { randomFrom } from "./random.ts";

const STEPS = 14;
const ACTS = ["add", "edit", "use", "join", "join", "remove", "unjoin", "outcome", "version", "mention"] as const;

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
          look.set(nameOf(record), { content, ends });
        }
      }
    }
  } finally {
    await store.close();
  }
  return look;
}

/** Those without an id of their own, which an application on a graph server makes, by what they join. */
function nameOf(record: GraphRelationship): string {
  const id = relationshipId(record);
  return `relationship ${id ?? `~${record.type} ${record.from} ${record.to}`}`;
}

const isWithoutId = (name: string) => name.startsWith("relationship ~");
const idOf = (name: string) => name.slice(name.indexOf(" ") + 1);

function flagsOf({ withLater, cascade, changed }: UndoWishes): string[] {
  return [...(withLater ? ["--with-later"] : []), ...(cascade ? ["--cascade"] : []), ...(changed ? ["--changed"] : [])];
}

export interface LifeOptions {
  /** How likely it is that a migration or a rollback is done by a process of its own, which is killed. */
  readonly kills: number;
}

/** One life, told by `steps`; the same for the same seed, but for what the application names by itself and when a kill comes. */
export class Life {
  readonly steps: string[] = [];
  kills = 0;
  readonly #application: Application | null;
  /** What the application has stored by its tools. */
  readonly #stored: string[] = [];
  /** Nodes that are no memories: its tools take none of them. */
  readonly #others = new Set<string>();
  readonly #random: () => number;
  readonly #stateDir: string;
  #model = new ModelOfLife(new Map());
  #made = 0;

  constructor(
    readonly store: LivingStore,
    seed: number,
    readonly options: LifeOptions,
  ) {
    this.#random = randomFrom(seed);
    this.#application = applicationOn(store.config);
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
    await this.#expectUsable();
    for (const { id, isOpen } of [...this.#model.runs].reverse()) {
      if (isOpen) await this.#rollback(id, { cascade: true, changed: true });
    }
    expect(this.#model.runs.filter(({ isOpen }) => isOpen)).toEqual([]);
    await this.#expectUsable();
  }

  /** The application opens the store and finds what it made, and the program reads and copies it. */
  async #expectUsable(): Promise<void> {
    const { path, uri } = this.store.config;
    if (path !== undefined && !existsSync(path)) return;
    const names = this.#model.names("node");
    const [made, was] = [this.#stored.filter((id) => names.includes(`node ${id}`)), await this.#look()];
    const found = (await this.#application?.find(made)) ?? made;
    expect(found).toEqual(made);
    expectSame(await this.#look(), was, "after the application has opened it");
    // An empty graph of a server may not be there at all.
    if (uri !== undefined && (was.size === 0 || this.#maybe(0.7))) return;
    const copy = at(this.store.folder.file(`copy-${++this.#made}.db`));
    const copied = await migrate(this.store.config, copy, { for: "0.12", allowEmpty: true }, undefined, undefined, {
      stateDir: this.#stateDir,
    });
    expect([copied.success, copied.errors]).toEqual([true, []]);
  }

  async #act(): Promise<void> {
    const app = this.#application;
    if (app !== null && this.#maybe(0.5)) await this.#useTool(app, this.#one(app.tools));
    else await this.#work();
  }

  /** By a tool of the application itself, on memories. */
  async #useTool(app: Application, tool: Tool): Promise<void> {
    const memories = this.#model.names("node").filter((name) => !this.#others.has(name));
    if (memories.length === 0) return;
    const [one, other] = [this.#one(memories), this.#one(memories)];
    const made = `made-${++this.#made}`;
    const said = await app.use(tool, { id: idOf(one), other: idOf(other), made });
    this.steps.push(`${tool} ${one} (${made}, ${other}): ${said}`);
    const before = new Set(this.#model.names("node"));
    if (tool === "delete" && said.includes("successfully")) this.#model.removed(one);
    if (tool === "store") this.#stored.push(said.split(" ").at(-1)!);
    const isEdit = tool === "update" || tool === "version";
    const used = tool === "outcome" ? [one] : tool === "mention" ? [...this.#others] : [];
    this.#model.acted(await this.#look(), isEdit ? one : null, used);
    if (tool === "outcome" || tool === "mention") this.#noteOthers(before);
  }

  #noteOthers(before: ReadonlySet<string>): void {
    for (const name of this.#model.names("node")) if (!before.has(name)) this.#others.add(name);
  }

  async #work(): Promise<void> {
    const { store } = this;
    const nodes = this.#model.names("node");
    const relationships = this.#model.names("relationship").filter((name) => !isWithoutId(name));
    const [one, other] = [this.#one(nodes), this.#one(nodes)];
    const [id, made] = [idOf(one), `made-${++this.#made}`];
    const link = relationships.length === 0 ? null : this.#one(relationships);
    const act = this.#one(ACTS);
    this.steps.push(`${act} ${act === "unjoin" ? link : `${one} (${made}, ${other}, ${link})`}`);
    const before = new Set(nodes);
    let edited: string | null = null;
    let used: string[] = [];
    if (act === "add") await store.add(made);
    else if (act === "join") await store.join(made, id, idOf(other));
    else if (act === "edit") await store.edit(id, made);
    else if (act === "version") await store.version(made, id);
    else if (act === "mention") await store.mention(made, id);
    else if (act === "outcome") {
      await store.outcome(made, id);
      used = [one];
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
    if (act === "edit" || act === "version") edited = one;
    this.#model.acted(await this.#look(), edited, used);
    if (act === "outcome" || act === "mention") this.#noteOthers(before);
  }

  async #migrate(): Promise<void> {
    const { path, version } = this.#source();
    const onConflict = this.#one(["skip", "overwrite", "overwrite", "fail"] as const);
    const since = this.#maybe(0.25) ? DAY(3) : undefined;
    this.steps.push(`migrate source ${version} ${onConflict} ${since ?? ""}`);
    const policy = onConflict === "overwrite" ? "overwrite" : "skip";
    const isWhole = since === undefined;
    if (this.#maybe(this.options.kills)) {
      const more = ["--on-conflict", onConflict, ...(since === undefined ? [] : ["--since", since])];
      await this.#killed("migrate", "--from-path", path, ...this.store.to, ...more, "--yes");
      const id = await this.#endOfKilled();
      const look = await this.#look();
      if (id === null) expectSame(look, this.#model.expected(), "after a run that was killed and undone");
      else this.#model.migrated(id, look, lookAtSqlite(path), policy, isWhole);
      return;
    }
    const options = { for: "0.12", onConflict, since } as const;
    const ended = await migrate(at(path), this.store.config, options, undefined, undefined, {
      stateDir: this.#stateDir,
    });
    const look = await this.#look();
    this.steps.push(`  ${ended.success ? `run ${ended.run}` : ended.errors[0]?.message}`);
    if (ended.success && ended.run === null) {
      expectSame(look, this.#model.expected(), "after a run that had nothing to write");
    } else if (ended.success) {
      this.#model.migrated(ended.run!, look, lookAtSqlite(path), policy, isWhole);
    } else {
      expectSame(look, this.#model.expected(), "after a run that was refused");
      expect([onConflict, ended.conflicts.count > 0]).toEqual(["fail", true]);
    }
  }

  /** A process of its own, which is killed at a named moment or at any. */
  async #killed(...args: string[]): Promise<void> {
    const { folder, env } = this.store;
    const stop = this.#maybe(0.7) ? (`${this.#one(FAILPOINTS)}#1` as const) : undefined;
    const after = 150 + Math.floor(this.#random() * 800);
    const child = begin(folder, [...args, "--quiet", "--state-dir", this.#stateDir], { env, ...(stop && { stop }) });
    const timer = stop === undefined ? setTimeout(() => child.kill("SIGKILL"), after) : undefined;
    const { code, stderr } = await ended(child);
    clearTimeout(timer);
    this.steps.push(`  ${code === null ? "killed" : `ended with ${code}: ${stderr}`} (${stop ?? `after ${after} ms`})`);
    if (code === null) this.kills++;
  }

  /** Resumes the run that was killed, or undoes it. @returns the run, where it is in the target now */
  async #endOfKilled(): Promise<string | null> {
    const stateDir = this.#stateDir;
    const known = this.#model.runs.map(({ id }) => id);
    const run = (await runs({ stateDir })).find(({ id, can }) => !known.includes(id) && can.length > 0);
    if (run === undefined) return null;
    const { password } = this.store.config;
    if (run.status !== "stopped") return run.id;
    const resuming = run.can.includes("resume") && this.#maybe(0.6);
    this.steps.push(`  ${resuming ? "resume" : "rollback"} ${run.id}`);
    const passwords = password === undefined ? {} : { toPassword: password };
    if (!resuming) {
      const { exact } = await rollback(run.id, { ...passwords, stateDir });
      expect(exact).toBe(true);
      return null;
    }
    const { success, errors } = await resume(run.id, { ...passwords, stateDir });
    // A conflict with `fail` is found again.
    this.steps.push(`  ${success ? "resumed" : errors[0]?.message}`);
    // Where it had nothing to write, nothing of it is kept.
    const isKept = (await runs({ stateDir })).some(({ id, can }) => id === run.id && can.includes("rollback"));
    expect(success || !isKept).toBe(true);
    return isKept ? run.id : null;
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
    const { possible, certain } = this.#model.later(id);
    const isKilled = run.isOpen && this.#maybe(this.options.kills);
    const before = isKilled ? await this.#statuses() : new Map<string, string>();
    if (isKilled) {
      await this.#killed("rollback", id, "--yes", ...flagsOf(wishes));
      if ((await this.#statuses()).get(id) === "rolled back") {
        await this.#undoneByKilled(id, wishes, before);
        return;
      }
    }
    const ended = await this.#tried(id, wishes);
    const look = await this.#look();
    if (ended instanceof MigrateError) {
      this.steps.push(`  ${ended.message}`);
      expectSame(look, this.#model.expected(), "after a refusal");
      // Where nothing of the run is left, because others deleted it, its target cannot be told from another store.
      if (
        run.isOpen &&
        !this.#model.holds(id) &&
        /holds nothing of run|there is no store any more/.test(ended.message)
      ) {
        await this.#close(id, wishes);
        return;
      }
      const mayRefuse = !run.isOpen || (possible.length > 0 && wishes.withLater !== true);
      if (!mayRefuse || (run.isOpen && !(ended instanceof RefusedError))) throw ended;
      return;
    }
    this.steps.push(`  undone ${ended.runs.join(", ")}; left: ${ended.left.join(", ")}`);
    const undone = isKilled ? await this.#since(before, ended.runs) : ended.runs;
    if (!undone.includes(id) || certain.some((later) => !undone.includes(later))) {
      throw new Error(`${certain.join(", ")} wrote over ${id} and had to be undone with it, or refused`);
    }
    if (wishes.withLater !== true) expect(undone).toEqual([id]);
    const left = this.#model.undone(undone, look, wishes);
    expect(ended.left.length).toBe(left);
    // Of what was undone before a kill the dry run knew nothing.
    if (!isKilled) expect(shown instanceof MigrateError ? shown : shown.counts).toEqual(ended.counts);
    if (ended.exact) expectSame(look, run.before, `told as exactly what it was before ${id}`);
    await this.#expectListed(undone);
    await this.#again(id, wishes, left);
  }

  /** A rollback came to its end before the kill, or had only the list of runs left to write. */
  async #undoneByKilled(id: string, wishes: UndoWishes, before: ReadonlyMap<string, string>): Promise<void> {
    const undone = await this.#since(before, [id]);
    this.steps.push(`  undone all the same: ${undone.join(", ")}`);
    this.#model.undone(undone, await this.#look(), wishes);
    await this.#expectListed(undone);
  }

  /** These runs, and those that have been undone since, whole or in part. */
  async #since(before: ReadonlyMap<string, string>, known: readonly string[]): Promise<string[]> {
    const after = await this.#statuses();
    return [...after.keys()].filter((id) => known.includes(id) || after.get(id) !== (before.get(id) ?? after.get(id)));
  }

  async #statuses(): Promise<Map<string, string>> {
    return new Map((await runs({ stateDir: this.#stateDir })).map(({ id, status }) => [id, status]));
  }

  /** That others have deleted every record of the run has to be said. */
  async #close(id: string, wishes: UndoWishes): Promise<void> {
    const closed = await this.#tried(id, { ...wishes, close: true });
    if (closed instanceof MigrateError) throw closed;
    this.steps.push(`  closed ${closed.runs.join(", ")}`);
    expectSame(await this.#look(), this.#model.expected(), "after a run was closed");
    await this.#expectListed(closed.runs);
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

  async #tried(id: string, wishes: UndoWishes & { dryRun?: boolean; close?: boolean }) {
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
      more: { type: "general", content: "c" },
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
