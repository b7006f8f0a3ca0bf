/** The stores that archives were taken from, as they are now: read where they can be, each once in a drill. */
import { hostname } from "node:os";
import { BackendConfig } from "../../backends/config.ts";
import { FILE_BACKENDS, typeNamed } from "../../backends/descriptors.ts";
import { MigrateError, PasswordWantedError } from "../../errors.ts";
import { inspectStore } from "../inspect.ts";
import type { Note, ProofResult, Subject } from "./models.ts";

export type Compared = Pick<ProofResult, "source" | "notCompared">;
/** The digest of a store, or why there is none. */
type Reading = { readonly digest: string } | { readonly why: string };

/** Addresses that mean another machine on each machine. */
const OF_THIS_MACHINE = /^[a-z+]+:\/\/(localhost|127\.|\[::1\]|\/)|^[a-z+]*unix:/i;

const LOGIN_NEXT = "add --to-user and --to-password-file";

export class SourcesNow {
  readonly #login: (store: BackendConfig) => Promise<BackendConfig>;
  readonly #signal: AbortSignal | undefined;
  readonly #readings = new Map<string, Promise<Reading>>();

  /** @param login gives a server that a note names the login that no note has */
  constructor(login: (store: BackendConfig) => Promise<BackendConfig>, signal: AbortSignal | undefined) {
    this.#login = login;
    this.#signal = signal;
  }

  /** @param digest of the archive. Throws nothing but the reason of the signal */
  async compare(note: Note | null, digest: string): Promise<Compared> {
    const reading = await this.#reading(note);
    if ("why" in reading) return { source: "unreachable", notCompared: reading.why };
    return { source: reading.digest === digest ? "same" : "changed", notCompared: null };
  }

  async #reading(note: Note | null): Promise<Reading> {
    if (note === null) return { why: "no note beside the archive says which store that is" };
    const { host, store } = note;
    const type = typeNamed(store.backend);
    if (type === undefined) return { why: `this release does not read stores of the kind ${store.backend}` };
    const isHere = FILE_BACKENDS.has(type) || OF_THIS_MACHINE.test(store.location);
    if (isHere && host !== hostname()) return { why: `it is on another machine, ${host}` };
    const key = JSON.stringify([store.location, store.database, store.graph]);
    const known = this.#readings.get(key) ?? this.#read(type, store);
    this.#readings.set(key, known);
    return known;
  }

  async #read(type: BackendConfig["type"], { location, database, graph }: Subject): Promise<Reading> {
    const chosen = { ...(database !== undefined && { database }), ...(graph !== undefined && { graph }) };
    const isFile = FILE_BACKENDS.has(type);
    try {
      const store = new BackendConfig({ type, ...(isFile ? { path: location } : { uri: location }), ...chosen });
      const { digest } = await inspectStore(isFile ? store : await this.#login(store), () => {}, this.#signal);
      return { digest };
    } catch (error) {
      if (!(error instanceof MigrateError) || this.#signal?.aborted) throw error;
      return { why: error instanceof PasswordWantedError ? `${error.message}: ${LOGIN_NEXT}` : error.message };
    }
  }
}
