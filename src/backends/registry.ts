/** The only list of backends. Each is imported when it is first asked for, which keeps the start of the program short. */
import { UsageError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import type { BackendType } from "./config.ts";

const BACKENDS: Partial<Record<BackendType, () => Promise<Backend>>> = {
  sqlite: async () => (await import("./sqlite/sqlite.ts")).sqlite,
};

export function supportedBackends(): BackendType[] {
  return Object.keys(BACKENDS) as BackendType[];
}

/** @throws UsageError for a backend that this release cannot open yet. */
export async function loadBackend(type: BackendType): Promise<Backend> {
  const load = BACKENDS[type];
  if (load !== undefined) return load();
  throw new UsageError(`this release cannot open ${type} stores yet`, {
    next: `It can open: ${supportedBackends().join(", ")}. Nothing was touched.`,
  });
}
