import { collectGarbage } from "./garbage.ts";

/** Between two batches: lets signals, timers and progress have their turn: SQLite's calls are synchronous and would starve them. */
export function breathe(): Promise<void> {
  collectGarbage();
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits for the work, but not for longer. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, limit]);
  // A timer that is left would keep the process.
  clearTimeout(timer);
}

/** Resolves after so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
