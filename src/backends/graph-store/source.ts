/** A graph on a server, opened for reading. */
import { BusyError, SourceChangedError } from "../../errors.ts";
import { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { canonicalizer, digestOf } from "../../memorygraph/canonicalizer.ts";
import type { OpenOptions, OtherStore, SharedIds, SourceStore } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { describe } from "./describe.ts";
import { readRecords, sharedIdsOf } from "./reader.ts";
import type { GraphServer } from "./server.ts";

/**
 * Few servers have a snapshot that lasts through a long reading. So the source is read trusting that nobody writes,
 * which the server's own change token proves at the end. Where it does not, or there is none, every reading is digested: all of
 * them must be equal, and where a reading is not one moment, the store is read once more at the end.
 */
export class ServerSource implements SourceStore {
  readonly #server: GraphServer;
  readonly #options: OpenOptions;
  readonly #changeToken: string | null;
  #digest: ContentDigest | null = null;
  #read = false;
  #findings = new FindingLog();

  private constructor(server: GraphServer, options: OpenOptions, changeToken: string | null) {
    this.#server = server;
    this.#options = options;
    this.#changeToken = changeToken;
  }

  static async over(server: GraphServer, options: OpenOptions = {}): Promise<ServerSource> {
    try {
      if (!options.maybeMissing) await server.assertThere?.(options.side);
      return new ServerSource(server, options, await server.changeToken());
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  describe(): Promise<StoreDescription> {
    return describe(this.#server);
  }

  async others(): Promise<readonly OtherStore[]> {
    return (await this.#server.others?.()) ?? [];
  }

  sharedIds(): Promise<SharedIds> {
    return sharedIdsOf(this.#server);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const digest = this.#mustDigest ? new ContentDigest() : null;
    for await (const batch of readRecords(this.#server, this.#findings, this.#options.signal)) {
      if (digest !== null) for (const record of batch) digest.add(record, canonicalizer.text(record));
      yield batch;
    }
    this.#read = true;
    if (digest === null) return;
    if (this.#digest !== null && !this.#digest.equals(digest)) throw this.#changed();
    this.#digest = digest;
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    const changeToken = await this.#server.changeToken();
    if (!this.#read || (changeToken !== null && changeToken === this.#changeToken)) return;
    if (this.#digest === null) throw this.#changed();
    // Each reading was one moment, and they were equal.
    if (this.#server.snapshots) return;
    const again = await digestOf(readRecords(this.#server, new FindingLog(), this.#options.signal));
    if (!again.equals(this.#digest)) throw this.#changed();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  get #mustDigest(): boolean {
    return this.#options.isolate === true || this.#changeToken === null;
  }

  #changed(): Error {
    const { location } = this.#server;
    if (!this.#mustDigest) {
      return new SourceChangedError(`${location} changed while it was read`, { next: "Run the same command again." });
    }
    return new BusyError(`${location} keeps changing while it is read`, {
      next: "Stop the applications that use it, and run the same command again.",
    });
  }
}
