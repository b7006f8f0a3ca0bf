/** The graph that an engine would have after loading an append-only log: its base, and what the commands after it change. */
import { MigrateError } from "../errors.ts";
import { breathe } from "../support/time.ts";
import { commandsOf } from "./commands.ts";
import { GraphDraft } from "./draft.ts";
import type { ByteSource } from "./dump.ts";
import { UnreadableLog } from "./effect-reader.ts";
import { effectsOf } from "./effects.ts";
import { openGraph } from "./graph.ts";
import { GraphState } from "./graph-state.ts";
import { findGraph, scanDump } from "./scan.ts";
import { writeDump } from "./write.ts";

/** Commands between two pauses. */
const STRETCH = 256;
/** Of commands that come with a key and more words, those of which only the first is a key. */
const ONE_KEY =
  /^(X(ADD|TRIM|DEL|ACK|GROUP|SETID)|SET(EX|NX|RANGE)?|H(SET|DEL|MSET)|[LR](PUSH|POP)|S(ADD|REM)|Z(ADD|REM)|INCR|DECR|APPEND)$/;

interface LogRequest {
  /** The dump that the log begins with; null for none. */
  readonly base: ByteSource | null;
  /** In their order. */
  readonly increments: readonly ByteSource[];
  readonly graph: string;
  readonly database: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a dump with the graph as the log leaves it; without it where the log leaves none.
 * @param path of a file that is created or emptied; another one is used beside it, and removed
 * @throws UnreadableLog for a command that cannot be followed without the engine; what scanDump and openGraph throw of
 *   the base
 */
export async function dumpOfLog(request: LogRequest, path: string): Promise<void> {
  const replay = new Replay(request);
  try {
    await replay.readBase();
    for (const increment of request.increments) await replay.follow(increment);
    await replay.write(path);
  } finally {
    replay.close();
  }
}

class Replay {
  readonly #request: LogRequest;
  readonly #key: Buffer;
  #state: GraphState | null = null;
  #database = 0;
  /** The commands of a transaction that has not ended yet: without its end none of them took place. */
  #transaction: (readonly Buffer[])[] | null = null;

  constructor(request: LogRequest) {
    this.#request = request;
    this.#key = Buffer.from(request.graph);
  }

  async readBase(): Promise<void> {
    const { base, graph: name, database, signal } = this.#request;
    if (base === null) return;
    const scan = await scanDump(base, { signal });
    const graph = findGraph(scan, name, database);
    if (graph === null) return;
    const reader = await openGraph(scan, graph, { signal, keepsFreed: true });
    const { nodes, relationships } = reader.ids;
    const state = this.#begin();
    state.begin(
      graph.schema,
      { total: nodes.total, free: nodes.freed },
      { total: relationships.total, free: relationships.freed },
    );
    for await (const batch of reader.nodes()) for (const node of batch) state.addNode(node);
    for await (const batch of reader.relationships()) for (const one of batch) state.addRelationship(one);
  }

  async follow(increment: ByteSource): Promise<void> {
    this.#database = 0;
    let done = 0;
    for (const words of commandsOf(increment)) {
      this.#command(words);
      if (++done % STRETCH !== 0) continue;
      this.#request.signal?.throwIfAborted();
      await breathe();
    }
  }

  async write(path: string): Promise<void> {
    const state = this.#state;
    using draft = new GraphDraft(`${path}.spool`, {
      name: this.#request.graph,
      ...(state && { schema: state.schema }),
    });
    try {
      for (const node of state?.nodes() ?? []) draft.addNode(node);
      for (const relationship of state?.relationships() ?? []) draft.addRelationship(relationship);
    } catch (error) {
      // Such as a relationship whose node is gone.
      if (error instanceof MigrateError) throw new UnreadableLog(error.message);
      throw error;
    }
    await writeDump(path, draft, { db: this.#request.database, signal: this.#request.signal });
  }

  close(): void {
    this.#state?.[Symbol.dispose]();
    this.#state = null;
  }

  #begin(): GraphState {
    this.#state ??= new GraphState();
    return this.#state;
  }

  #command(words: readonly Buffer[]): void {
    const name = String(words[0] ?? "").toUpperCase();
    if (name === "MULTI") this.#transaction = [];
    else if (name === "EXEC") {
      const commands = this.#transaction ?? [];
      this.#transaction = null;
      for (const command of commands) this.#perform(command);
    } else if (this.#transaction !== null) this.#transaction.push(words);
    else this.#perform(words);
  }

  #perform(words: readonly Buffer[]): void {
    const name = String(words[0] ?? "").toUpperCase();
    const isHere = this.#database === this.#request.database;
    const isOurs = words[1]?.equals(this.#key) === true;
    switch (name) {
      case "SELECT":
        this.#database = Number(words[1]);
        return;
      case "FLUSHALL":
        this.close();
        return;
      case "FLUSHDB":
        if (isHere) this.close();
        return;
      case "GRAPH.EFFECT":
        if (isHere && isOurs) this.#apply(words[2] ?? Buffer.alloc(0));
        return;
      case "GRAPH.DELETE":
      case "DEL":
      case "UNLINK":
        if (isHere && this.#names(words)) this.close();
        return;
      case "RENAME":
        if (isHere && isOurs && words[2]?.equals(this.#key) !== true) {
          this.close();
          return;
        }
    }
    if (name === "SWAPDB" || (this.#names(words) && (isHere || /^(MOVE|COPY)$/.test(name)))) {
      if (ONE_KEY.test(name) && !isOurs) return;
      throw new UnreadableLog(`the command ${name}, which only the engine can replay`);
    }
  }

  #names(words: readonly Buffer[]): boolean {
    return words.some((word, at) => at > 0 && word.equals(this.#key));
  }

  #apply(effects: Buffer): void {
    const state = this.#begin();
    for (const effect of effectsOf(effects, () => state.capacity)) state.apply(effect);
  }
}
