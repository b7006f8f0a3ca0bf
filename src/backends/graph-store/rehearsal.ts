/** What fitting finds in the records of a source, gathered before the first of them is written to a graph. */
import { type GraphRecord, hasDuplicateId } from "../../graph/record.ts";
import { isMemory } from "../../memorygraph/memory.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import type { Fitted, Rehearsal } from "../fitting.ts";
import type { FittingOptions } from "./fitting.ts";
import { IdClashes } from "./id-clashes.ts";
import { RuleCheck } from "./target-rules.ts";

/** Losses, clashes of ids and broken rules of one source and one target. */
export class GraphRehearsal implements Rehearsal {
  readonly #location: string;
  readonly #options: FittingOptions;
  readonly #losses = new FindingLog();
  readonly #clashes = new IdClashes();
  readonly #rules: RuleCheck;

  /** @param location the target, as messages name it */
  constructor(location: string, options: FittingOptions) {
    this.#location = location;
    this.#options = options;
    this.#rules = new RuleCheck(location, options.rules, options.known.database);
  }

  note({ record, losses, clash }: Fitted): void {
    // Relationships may lead to it from now on.
    if (record?.kind === "node") this.#options.known.expectNode(record.key);
    for (const { what, example, unit } of losses) this.#losses.add("loss", what, example, unit);
    if (clash !== null) this.#clashes[clash.kind].push(clash.example);
  }

  admit({ record, respelled }: Fitted): void {
    if (record === null) return;
    this.#rules.admit(record);
    const { report } = this.#options;
    report.respelled += respelled;
    if (isMemory(record)) report.showing.add(record.properties, hasDuplicateId(record));
  }

  losses(): readonly Finding[] {
    return this.#losses.list();
  }

  assertPossible(): void {
    this.#rules.assertKept();
    this.#clashes.assertNone(this.#location, this.#options.uniqueIds);
  }

  /** A record that the target held before the run. */
  present(record: GraphRecord): void {
    this.#rules.present(record);
  }
}
