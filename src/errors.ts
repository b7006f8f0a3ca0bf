/**
 * The one vocabulary of errors. Each class is something that a person can act on; the command line turns
 * the class into an exit code in one place (cli/exit-codes.ts).
 *
 * `message` names the thing and what is wrong, `next` the way out, `details` further lines worth printing.
 * None of them may ever hold a password: whoever builds one puts in locations that are already redacted.
 */
export interface Explanation {
  /** One sentence in the imperative: what the person does now. */
  next: string;
  /** Further lines, such as the first ten conflicts. */
  details?: readonly string[];
  cause?: unknown;
}

/** Something that a person can act on: what is wrong, with details, and the next step. */
export abstract class MigrateError extends Error {
  abstract override readonly name: string;
  /** Stable word for programs that read the JSON error document. */
  abstract readonly code: string;
  readonly next: string;
  readonly details: readonly string[];

  constructor(message: string, { next, details = [], cause }: Explanation) {
    super(message, cause === undefined ? undefined : { cause });
    this.next = next;
    this.details = details;
  }
}

/** The command line, an option or a configuration is wrong; nothing was touched. */
export class UsageError extends MigrateError {
  override readonly name = "UsageError";
  readonly code = "usage";
}

/** The named store is not there, or is something else than was said. */
export class StoreKindError extends MigrateError {
  override readonly name = "StoreKindError";
  readonly code = "not_a_store";
  /** Where a graph is not there, the single one that its database holds. */
  readonly onlyGraph: string | null;

  constructor(message: string, { onlyGraph = null, ...explanation }: Explanation & { onlyGraph?: string | null }) {
    super(message, explanation);
    this.onlyGraph = onlyGraph;
  }
}

/** The source can be found but not be read whole. */
export class DamagedStoreError extends MigrateError {
  override readonly name = "DamagedStoreError";
  readonly code = "damaged";
}

/** Written by a newer program than this release knows: nothing is wrong with it, as far as can be told. Nothing was touched. */
export class NewerFormatError extends MigrateError {
  override readonly name = "NewerFormatError";
  readonly code = "newer_format";
}

/** A store, format or server of a kind that this program knows by name and does not read or write. Nothing was touched. */
export class UnsupportedError extends MigrateError {
  override readonly name = "UnsupportedError";
  readonly code = "unsupported";
}

/** The journal of a run is damaged, or not one: what the run has done is not certain any more. */
export class DamagedJournalError extends MigrateError {
  override readonly name = "DamagedJournalError";
  readonly code = "journal_damaged";
}

/** Somebody else holds the store, or keeps changing it. */
export class BusyError extends MigrateError {
  override readonly name = "BusyError";
  readonly code = "busy";
}

/** The source changed while it was read in place: the same run on a private copy can succeed. */
export class SourceChangedError extends MigrateError {
  override readonly name = "SourceChangedError";
  readonly code = "busy";
}

/** What was read cannot be relied on: another reading, row by row from a private copy, can be. */
export class RereadError extends SourceChangedError {}

/** A server cannot be reached, or does not let us in. */
export class ConnectionError extends MigrateError {
  override readonly name = "ConnectionError";
  readonly code = "connection";
}

/** A server wants a password, and none was given: where a person sits, one can be asked for. */
export class PasswordWantedError extends ConnectionError {}

/** What stands in a graph forbids an index or constraint that was to be created. */
export class SchemaConflictError extends MigrateError {
  override readonly name = "SchemaConflictError";
  readonly code = "schema_conflict";
}

/** The system does not let us read or write there. */
export class AccessError extends MigrateError {
  override readonly name = "AccessError";
  readonly code = "access";
}

/** A file is encrypted, and nothing was given that opens it: where a person sits, a passphrase can be asked for. */
export class KeyWantedError extends AccessError {
  /** What can be asked for; null where nobody could type it. */
  readonly secret: "passphrase" | null;

  constructor(message: string, { secret, ...explanation }: Explanation & { secret: "passphrase" | null }) {
    super(message, explanation);
    this.secret = secret;
  }
}

/** Refused, and nothing is changed: a conflict, a loss, a missing confirmation, a target that is not understood. What was written before that showed has been undone. */
export class RefusedError extends MigrateError {
  override readonly name = "RefusedError";
  readonly code = "refused";
}

/** A write failed half-way; the target is as before. */
export class WriteError extends MigrateError {
  override readonly name = "WriteError";
  readonly code = "write_failed";
}

/** Everything was written, but what stands in the target is not what was expected. */
export class VerificationError extends MigrateError {
  override readonly name = "VerificationError";
  readonly code = "verification_failed";
}

/** The target could not be brought back: a person is needed. */
export class RollbackError extends MigrateError {
  override readonly name = "RollbackError";
  readonly code = "rollback_failed";
  /** The next step of a run with a journal, which offers better ways than the same command. */
  readonly nextWithJournal: string;

  /** @param explanation `withoutJournal`: what else to do where there is no journal, as sentences after `next` */
  constructor(message: string, { withoutJournal, ...explanation }: Explanation & { withoutJournal?: string }) {
    const { next } = explanation;
    super(message, { ...explanation, next: withoutJournal === undefined ? next : `${next} ${withoutJournal}` });
    this.nextWithJournal = next;
  }
}

/** Stopped part-way, with a journal: `resume` goes on, `rollback` undoes. */
export class PartialError extends MigrateError {
  override readonly name = "PartialError";
  readonly code = "stopped_part_way";
}

/** Ended by a signal or by the caller's AbortSignal; the target is as before. */
export class InterruptedError extends MigrateError {
  override readonly name = "InterruptedError";
  readonly code = "interrupted";
}
