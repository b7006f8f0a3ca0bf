/** The root folder that scripts/foreign makes in the cache. */
import { join } from "node:path";
import { cachedAt } from "./cache.ts";

const FOLDER = "foreign-trixie";
/** Where Wine keeps its drive C: and its registry in it. */
export const PREFIX = "/wine";

/** What keeps the root folder from being used here; null where nothing does. */
export function whyNoForeignRoot(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return "it takes Linux on x64";
  if (process.getuid?.() !== 0) return "it takes root";
  return cachedAt(FOLDER) === null ? "scripts/foreign has not been run" : null;
}

/** Its path. @throws Error where scripts/foreign has not been run */
export function foreignRoot(): string {
  const folder = cachedAt(FOLDER);
  if (folder === null) throw new Error("scripts/foreign has not been run");
  return join(folder, "root");
}
