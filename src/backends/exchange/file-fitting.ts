/** What the fitting of every file has in common: texts as a release spells them, and the account of what is lost. */
import type { GraphNode, GraphRecord, GraphRelationship } from "../../graph/record.ts";
import { isMemory } from "../../memorygraph/memory.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { respell } from "../../memorygraph/spelling.ts";
import type { WriteReport, WriteRequest } from "../backend.ts";
import type { Finding } from "../description.ts";
import { releaseOf } from "../file/written-once-target.ts";
import { FindingLog } from "../findings.ts";
import type { Fitted, Fitting, Loss, Rehearsal } from "../fitting.ts";

export abstract class FileFitting implements Fitting, Rehearsal {
  readonly rehearsal = this;
  protected readonly release: Release;
  /** Only where somebody asked for a release: else times stay as the source has them. */
  readonly #respells: boolean;
  readonly #report: WriteReport;
  readonly #losses = new FindingLog();

  constructor(request: WriteRequest, report: WriteReport) {
    this.release = releaseOf(request);
    this.#respells = request.release !== null;
    this.#report = report;
  }

  fit(given: GraphRecord): Fitted {
    const losses: Loss[] = [];
    const { record, respelled } = this.#respells ? respell(given, this.release) : { record: given, respelled: 0 };
    const fitted = record.kind === "node" ? this.node(record, losses) : this.relationship(record, losses);
    return { record: fitted, losses, respelled, clash: null };
  }

  note({ losses }: Fitted): void {
    for (const { what, example, unit } of losses) this.#losses.add("loss", what, example, unit);
  }

  admit({ record, respelled }: Fitted): void {
    if (record === null) return;
    this.#report.respelled += respelled;
    if (isMemory(record)) this.#report.showing.add(record.properties);
  }

  losses(): readonly Finding[] {
    return this.#losses.list();
  }

  assertPossible(): void {}

  /** The node as the file holds it, the same one where nothing is lost; null where it has no place. */
  protected abstract node(node: GraphNode, losses: Loss[]): GraphNode | null;

  /** As `node`; its ends have been fitted before. */
  protected abstract relationship(relationship: GraphRelationship, losses: Loss[]): GraphRelationship | null;
}
