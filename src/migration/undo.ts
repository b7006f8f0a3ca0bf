/** What follows a failure: the target as it was, and the proof of it. */
import type { Backend, TargetSession } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { BusyError, RollbackError, SourceChangedError } from "../errors.ts";
import type { ContentDigest } from "../graph/digest.ts";
import { summarise } from "./compare.ts";
import type { Run } from "./run.ts";

/** Back to what was there, told step by step and proven by digest; or kept, where that was asked for. */
export async function undo(
  { options, outcome, progress }: Run,
  session: TargetSession,
  backend: Backend,
  to: BackendConfig,
  before: ContentDigest | null,
  cause: unknown,
): Promise<void> {
  const written = progress.phase !== "check" && progress.phase !== "plan";
  if (written && !options.rollbackOnFailure && !(cause instanceof SourceChangedError)) {
    const kept = await session.keep();
    outcome.step(`rollback was switched off: what was written is kept in ${kept}`);
    return;
  }
  progress.start("rollback", null);
  await session.rollback();
  if (!written) return;
  outcome.step(`undid what had been written to ${session.before.location}`);
  if (session.before.layout === "new") {
    outcome.step("no file was put in place");
    return;
  }
  if (backend.capabilities.staged && cause instanceof BusyError) {
    outcome.step("somebody else has changed it meanwhile; it is as they left it");
    return;
  }
  if (before === null) return;
  const store = await backend.openForReading(to, { maybeMissing: true });
  try {
    const after = (await summarise(store)).digest;
    if (!after.equals(before)) {
      throw new RollbackError(`${session.before.location} is not as it was before`, {
        details: [`before: ${before}`, `after: ${after}`],
        next: "Stop the application that uses it, keep the file, and compare it with a backup.",
        cause,
      });
    }
    outcome.step(`proved by digest that it is as before: ${after}`);
  } finally {
    await store.close();
  }
}
