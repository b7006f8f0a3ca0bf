/** Where private copies are put while they are read. */
import { tmpdir } from "node:os";
import { AccessError } from "../errors.ts";
import { createPrivateFolder, TEMPORARY_VARIABLE } from "../support/private-folder.ts";

/** A new folder that only its owner can enter; the caller removes it. @throws AccessError */
export function temporaryFolder(): string {
  try {
    return createPrivateFolder();
  } catch (cause) {
    throw new AccessError(
      `no temporary folder can be made in ${tmpdir()} (${cause instanceof Error ? cause.message : cause})`,
      {
        next: `Set ${TEMPORARY_VARIABLE} to a folder that you may write to, and run the same command again.`,
        cause,
      },
    );
  }
}
