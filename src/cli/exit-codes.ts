/** The only place that turns an error into an exit code. */
import {
  AccessError,
  BusyError,
  ConnectionError,
  DamagedJournalError,
  DamagedStoreError,
  InterruptedError,
  NewerFormatError,
  PartialError,
  RefusedError,
  RollbackError,
  SourceChangedError,
  StoreKindError,
  UnsupportedError,
  UsageError,
  VerificationError,
  WriteError,
} from "../errors.ts";

/** The signals that end a run in order, with the exit code that shells expect for each. */
export const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof SIGNAL_CODES;

/** Of `doctor`: nothing failed, and something is left to be done. */
export const TO_DO = 9;

/** What the help prints, in order. */
export const EXIT_STATUS: readonly (readonly [code: number, meaning: string])[] = [
  [0, "done and verified; or a dry run that found nothing in the way"],
  [1, "failed; the target is as before"],
  [2, "wrong option, file or store, or one of a newer or unknown format; nothing was touched"],
  [3, "verification found differences"],
  [4, "refused: a conflict, a loss, or a question that was not answered with yes; nothing is changed"],
  [5, "cannot reach a server, or cannot log in"],
  [6, "stopped part-way; the run can be resumed"],
  [7, "rollback failed; the message says where the backup is"],
  [8, "the source is damaged"],
  [TO_DO, "doctor: something is left to be done"],
  [10, "another program holds the store or keeps changing it"],
  [SIGNAL_CODES.SIGHUP, "stopped because the terminal closed (SIGHUP)"],
  [SIGNAL_CODES.SIGINT, "stopped with Ctrl-C (SIGINT)"],
  [SIGNAL_CODES.SIGTERM, "stopped by SIGTERM"],
];

/** @param received the signal that started the stop, when there was one */
export function exitCodeOf(error: unknown, received: StopSignal = "SIGINT"): number {
  switch (true) {
    case error instanceof UsageError:
    case error instanceof StoreKindError:
    case error instanceof NewerFormatError:
    case error instanceof UnsupportedError:
    case error instanceof AccessError:
    case error instanceof DamagedJournalError:
      return 2;
    case error instanceof VerificationError:
      return 3;
    case error instanceof RefusedError:
      return 4;
    case error instanceof ConnectionError:
      return 5;
    case error instanceof PartialError:
      return 6;
    case error instanceof RollbackError:
      return 7;
    case error instanceof DamagedStoreError:
      return 8;
    case error instanceof BusyError:
    case error instanceof SourceChangedError:
      return 10;
    case error instanceof InterruptedError:
      return SIGNAL_CODES[received];
    case error instanceof WriteError:
      return 1;
    default:
      return 1;
  }
}
