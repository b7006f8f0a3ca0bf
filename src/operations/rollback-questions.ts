/** What a person is asked while a run is undone. */
import { RefusedError } from "../errors.ts";
import type { Hooks } from "./run.ts";

/** What only a person can know. @throws RefusedError where it was not said, and nobody can be asked */
export async function decided(
  said: boolean | undefined,
  refusal: RefusedError,
  question: string,
  { confirm }: Hooks,
): Promise<void> {
  if (said === true) return;
  if (confirm === undefined) throw refusal;
  await confirm(question).catch((error: unknown) => {
    // The refusal names the way on; --yes would be none.
    throw error instanceof RefusedError ? refusal : error;
  });
}

export async function agreed(question: string, { confirm }: Hooks): Promise<boolean> {
  if (confirm === undefined) return false;
  const answer = await confirm(question).then(
    () => true,
    (error: unknown) => error,
  );
  if (answer === true || answer instanceof RefusedError) return answer === true;
  throw answer;
}
