/**
 * Points at which tests end the process. In a release nothing can happen there: scripts/build.ts folds the constant
 * in, and what would act on them is not part of the executable.
 */
declare const BUILD_VERSION: string;

/** Every failpoint, in the order of a run. */
export const FAILPOINTS = [
  "journal created",
  "target opened",
  "before writing",
  "batch noted",
  "batch taken",
  "batch answered",
  "before-image noted",
  "before-image replaced",
  "written",
  "verified",
  "before commit",
  "after commit",
  "before rollback",
  "half rolled back",
  "rolled back",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

let hook: ((failpoint: Failpoint) => void) | null = null;

/** A place where tests end or disturb the process; nothing in a release. */
export function failpoint(name: Failpoint): void {
  if (typeof BUILD_VERSION !== "string") hook?.(name);
}

/** For tests. */
export function onFailpoint(act: (failpoint: Failpoint) => void): void {
  hook = act;
}
