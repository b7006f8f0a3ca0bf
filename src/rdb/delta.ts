/** A matrix with changes that the engine had not yet worked in: `(main without minus) with plus on top`. */
import { readBlob } from "./blob.ts";
import { type Matrix, readMatrix, skipMatrix, type Visit, visitCells } from "./matrix.ts";
import type { Payload } from "./payload.ts";

/** From here on matrices are written as they are; before, whole and compressed. */
export const DELTA_SINCE = 18;

interface Delta {
  readonly main: Matrix;
  readonly plus: Matrix | null;
  readonly minus: Matrix | null;
}

/**
 * @param encoding FalkorDB's version of the graph's encoding
 * @param limit the most bytes that a matrix of this graph can need
 */
export function readDelta(payload: Payload, encoding: number, limit: number): Delta {
  if (encoding < DELTA_SINCE) return { main: readBlob(payload, limit), plus: null, minus: null };
  return { main: readMatrix(payload), plus: readMatrix(payload), minus: readMatrix(payload) };
}

/** As readDelta, without keeping anything. */
export function skipDelta(payload: Payload, encoding: number): void {
  if (encoding < DELTA_SINCE) payload.skipBuffer();
  else for (let part = 0; part < 3; part++) skipMatrix(payload);
}

/** Visits every cell once: those of `plus`, and those of `main` that neither `plus` nor `minus` has. */
export function visitDelta(payload: Payload, { main, plus, minus }: Delta, visit: Visit): void {
  if (main.entries > 0) {
    const hidden = new Map<number, Set<number>>();
    for (const part of [minus, plus]) {
      if (part !== null) visitCells(payload, part, (row, column) => hide(hidden, row, column));
    }
    visitCells(
      payload,
      main,
      hidden.size === 0
        ? visit
        : (row, column, value) => {
            if (!hidden.get(row)?.has(column)) visit(row, column, value);
          },
    );
  }
  if (plus !== null) visitCells(payload, plus, visit);
}

function hide(hidden: Map<number, Set<number>>, row: number, column: number): void {
  const known = hidden.get(row);
  if (known === undefined) hidden.set(row, new Set([column]));
  else known.add(column);
}
