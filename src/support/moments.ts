/**
 * Moments at which tests end the process. In a release nothing can happen there: scripts/build.ts folds the constant
 * in, and what would act on them is not part of the executable.
 */
declare const BUILD_VERSION: string;

/** Every moment, in the order of a run. */
export const MOMENTS = [
  "journal created",
  "target opened",
  "before writing",
  "batch noted",
  "batch answered",
  "former noted",
  "former replaced",
  "written",
  "verified",
  "before commit",
  "after commit",
  "before rollback",
  "half rolled back",
  "rolled back",
] as const;
export type Moment = (typeof MOMENTS)[number];

let hook: ((moment: Moment) => void) | null = null;

export function moment(name: Moment): void {
  if (typeof BUILD_VERSION !== "string") hook?.(name);
}

/** For tests. */
export function onMoment(act: (moment: Moment) => void): void {
  hook = act;
}
