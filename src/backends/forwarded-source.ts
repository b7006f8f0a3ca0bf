/** A source that is read through another one: each subclass says what it changes, and all else is the other's answer. */

import type { GraphRecord } from "../graph/record.ts";
import type { Summary } from "../memorygraph/summary.ts";
import type { OtherStore, SourceStore, SummaryOptions } from "./backend.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "./description.ts";

/** Ids that several records have are not passed on: which those are depends on how the records are read. */
export abstract class ForwardedSource implements SourceStore {
  readonly others?: () => Promise<readonly OtherStore[]>;
  protected readonly source: SourceStore;

  constructor(source: SourceStore) {
    this.source = source;
    if (source.others !== undefined) this.others = () => source.others!();
  }

  describe(depth: DescriptionDepth): Promise<StoreDescription> {
    return this.source.describe(depth);
  }

  read(): AsyncIterable<readonly GraphRecord[]> {
    return this.source.read();
  }

  summarise(options?: SummaryOptions): Promise<Summary> | null {
    return this.source.summarise(options);
  }

  findings(): readonly Finding[] {
    return this.source.findings();
  }

  assertUnchanged(failed?: boolean): Promise<void> {
    return this.source.assertUnchanged(failed);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
