/** What a store holds now, for a page about it. */
import type { BackendConfig } from "../../backends/config.ts";
import { MigrateError } from "../../errors.ts";
import { inspectStore } from "../../operations/inspect.ts";
import type { InspectionResult } from "../../operations/models.ts";
import type { CommandContext } from "../command.ts";

/** Null for a store that is not there any more, or cannot be read: what was done is on the page all the same. */
export async function contentsOf(
  config: BackendConfig,
  { progress, signal }: Pick<CommandContext, "progress" | "signal">,
): Promise<InspectionResult | null> {
  try {
    return await inspectStore(config, progress, signal);
  } catch (error) {
    if (error instanceof MigrateError && !signal.aborted) return null;
    throw error;
  }
}
