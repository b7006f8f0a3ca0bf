/** What this build is. scripts/build.ts folds the constants in; without it, this is a checkout being worked on. */
declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;

export const VERSION: string = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "0.1.0-dev";
/** The commit that was built; null in a checkout. */
export const COMMIT: string | null = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : null;
export const BUN_VERSION: string = Bun.version;
