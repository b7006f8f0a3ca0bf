/** Files of formats that this program reads only as it writes them itself: a record a line, whole. */
import { closeSync, openSync, statSync } from "node:fs";
import { SourceChangedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { Value } from "../../graph/value.ts";
import { respell } from "../../memorygraph/spelling.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions, SourceStore } from "../backend.ts";
import type { BackendConfig, BackendType } from "../config.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { pathOf } from "../file/place.ts";
import type { Making } from "../file/written-once-target.ts";
import { FindingLog } from "../findings.ts";
import { releasesOf } from "../graph-store/describe.ts";
import { accessError, notThatKind, recognise } from "../recognise.ts";
import { piecesOfLines } from "./pieces.ts";

/** So many times tell the release that has spelled them. */
const SAMPLE = 2_000;

/** A line that is not as this program writes it. */
export class LineError extends Error {
  override readonly name = "LineError";
}

export interface OwnFormat {
  readonly type: BackendType;
  readonly engine: string;
  /** Reads the lines of one file in their order. Null for a line without a record. @throws LineError, JsonSyntaxError */
  reader(): (line: string) => GraphRecord | null;
}

/** @throws StoreKindError, AccessError */
export async function openOwnFile(
  config: BackendConfig,
  format: OwnFormat,
  { signal }: OpenOptions = {},
): Promise<OwnFileSource> {
  const path = pathOf(config);
  const found = recognise(path);
  if (found.type !== format.type) throw notThatKind(path, found, format.type);
  try {
    return new OwnFileSource({ path, file: path }, format, signal);
  } catch (error) {
    throw accessError(path, error);
  }
}

/** What was written so far, read back. */
export function ownFileOf({ path, file, request }: Making, format: OwnFormat): OwnFileSource {
  return new OwnFileSource({ path, file }, format, request.signal);
}

class OwnFileSource implements SourceStore {
  readonly #place: { readonly path: string; readonly file: string };
  readonly #format: OwnFormat;
  readonly #signal: AbortSignal | undefined;
  readonly #file: number;
  readonly #state: string | null;
  #findings = new FindingLog();

  /** @throws the system's error */
  constructor(place: { readonly path: string; readonly file: string }, format: OwnFormat, signal?: AbortSignal) {
    this.#place = place;
    this.#format = format;
    this.#signal = signal;
    this.#state = stateOf(place.file);
    this.#file = openSync(place.file, "r");
  }

  async describe(): Promise<StoreDescription> {
    const counts = { node: 0, relationship: 0 };
    const times: Value[] = [];
    for await (const batch of this.read()) {
      for (const { kind, properties } of batch) {
        counts[kind]++;
        if (kind === "node" && times.length < SAMPLE)
          times.push(properties.get("created_at"), properties.get("updated_at"));
      }
    }
    const { release } = releasesOf(times.filter((time) => time !== null));
    return {
      ...{ backend: this.#format.type, location: this.#place.path, engine: this.#format.engine },
      ...{ layout: "graph", release, readableBy: [], bytes: statSync(this.#place.file).size },
      ...{ nodes: counts.node, relationships: counts.relationship, indexes: [], findings: [] },
    };
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const recordOf = this.#format.reader();
    for await (const pieces of piecesOfLines(this.#file, this.#signal)) {
      const records: GraphRecord[] = [];
      for (const { text, where } of pieces) {
        try {
          const record = text === null ? null : recordOf(text);
          if (record !== null) records.push(record);
          else if (text === null) this.#findings.add("damage", "text that is not valid UTF-8", where);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          if (!/^(LineError|JsonSyntaxError|TypeError)$/.test(error.name)) throw error;
          this.#findings.add("damage", "a line that is not as this program writes it", where);
        }
      }
      if (records.length > 0) yield records;
    }
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    if (stateOf(this.#place.file) === this.#state) return;
    throw new SourceChangedError(`${this.#place.path} changed while it was read`, {
      next: "Run the same command again.",
    });
  }

  async close(): Promise<void> {
    closeSync(this.#file);
  }
}

/** Only where somebody asked for a release: else every text stays as the source has it. */
export function spelled(record: GraphRecord, { request, report }: Pick<Making, "request" | "report">): GraphRecord {
  if (request.release === null) return record;
  const { record: own, respelled } = respell(record, request.release);
  report.respelled += respelled;
  return own;
}
