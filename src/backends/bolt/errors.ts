/** What a Bolt server or the driver complains about, in words that a person can act on. */
import {
  AccessError,
  ConnectionError,
  MigrateError,
  PasswordWantedError,
  RefusedError,
  SchemaConflictError,
  WriteError,
} from "../../errors.ts";
import type { Address } from "../graph-store/address.ts";

export interface Failure {
  readonly location: string;
  readonly address: Address;
  readonly hasPassword: boolean;
}

const PASSWORD_HELP =
  "Give it with --from-password-file or --to-password-file, or in MEMORYGRAPH_FROM_PASSWORD or MEMORYGRAPH_TO_PASSWORD.";

/** The driver's error, or the server's, as one of errors.ts; an error that is none of those as it is. */
export function translate(error: unknown, failure: Failure): Error {
  if (error instanceof MigrateError || !(error instanceof Error)) return error as Error;
  const code = "code" in error ? String(error.code) : "";
  const { message } = error;
  return (
    refusedBySchema(code, message, error, failure) ??
    connection(code, message, error, failure) ??
    statement(code, message, error, failure) ??
    error
  );
}

/** Before all others: the message quotes values, and a memory can be called as a server complains of anything. */
function refusedBySchema(code: string, message: string, cause: Error, { location }: Failure): MigrateError | null {
  if (
    /ConstraintCreationFailed|IndexEntryConflict|ConstraintAlreadyExists|EquivalentSchemaRule|IndexWithNameAlreadyExists|ConstraintWithNameAlreadyExists|IndexAlreadyExists/.test(
      code,
    ) ||
    /Unable to create unique constraint|violat\w+ unique constraint|existing node violates/i.test(message)
  ) {
    // What is violated is in the first line, by which nodes in the next.
    return new SchemaConflictError(message.split("\n").slice(0, 2).join(" ").slice(0, 300), {
      next: "Look at the nodes that it names.",
      cause,
    });
  }
  if (/ConstraintValidationFailed/.test(code) || /constraint violation|IS TYPED .* violation/i.test(message)) {
    return new WriteError(`a constraint of ${location} refused a record: ${firstLine(message)}`, {
      next: "Look at the constraint, or choose an empty database as the target.",
      cause,
    });
  }
  return null;
}

function connection(code: string, message: string, cause: Error, failure: Failure): MigrateError | null {
  const { location, address, hasPassword } = failure;
  if (/AuthenticationRateLimit/.test(code)) {
    return new ConnectionError(`${location} has locked logins for a while, after too many failed ones`, {
      next: "Wait some seconds, check the password, and run the same command again.",
      cause,
    });
  }
  if (/CredentialsExpired/.test(code)) {
    return new ConnectionError(`${location} requires a password change before the first use`, {
      next: "Log in once with the server's own tools and set a new password.",
      cause,
    });
  }
  if (
    /Security\.(Unauthorized|TokenExpired|AuthProviderFailed)/.test(code) ||
    /authentication failure/i.test(message)
  ) {
    const user = address.username === null ? "" : ` for the user ${address.username}`;
    return hasPassword
      ? new ConnectionError(`${location} refuses the password${user}`, { next: PASSWORD_HELP, cause })
      : new PasswordWantedError(`${location} asks for a password`, { next: PASSWORD_HELP, cause });
  }
  if (/DatabaseNotFound/.test(code) || /database does not exist|graph not found/i.test(message)) {
    return new ConnectionError(`${location} does not exist: the server has no such database`, {
      next: "Check the name: --from-database or --to-database, or the last part of the address.",
      cause,
    });
  }
  if (/DatabaseUnavailable/.test(code)) {
    return new ConnectionError(`${location} exists, but is not online`, {
      next: "Start the database, then try again.",
      cause,
    });
  }
  if (
    !/ServiceUnavailable|SessionExpired|ProtocolError/.test(code) &&
    !/acquisition timed out/.test(message) &&
    !isSystemError(code)
  )
    return null;
  if (/routing|discover/i.test(message)) {
    return new ConnectionError(`${location} did not give a routing table of its cluster`, {
      next: `For a single server write bolt:// instead of ${address.scheme}://; else check that the addresses it advertises can be reached from here.`,
      cause,
    });
  }
  return new ConnectionError(`the connection to ${location} failed: ${firstLine(message)}`, {
    next: "Check that the server runs and can be reached from here, then run the same command again.",
    cause,
  });
}

function statement(code: string, message: string, cause: Error, { location }: Failure): MigrateError | null {
  if (/OutOfMemory|MemoryPool/.test(code) || /memory limit exceeded/i.test(message)) {
    return new WriteError(`${location} ran out of memory: ${firstLine(message)}`, {
      next: "Give the server more (Neo4j: db.memory.transaction.max, before 5.0 dbms.memory.transaction.max_size, dbms.memory.transaction.total.max and the heap; Memgraph: --memory-limit), then run the same command again.",
      cause,
    });
  }
  if (/ReadOnly|NotALeader|WriteOnReadOnly|AccessMode/i.test(code) || /read.only|replica/i.test(message)) {
    return new RefusedError(`${location} is read-only: ${firstLine(message)}`, {
      next: "Name the server that accepts writes (the leader), or remove the restriction.",
      cause,
    });
  }
  if (/Security\.Forbidden/.test(code) || /not authorized|don't have permission|do not have privilege/i.test(message)) {
    return new AccessError(`the user has no permission for this in ${location}: ${firstLine(message)}`, {
      next: "Use a user who may read everything (source), or write and manage indexes and constraints (target).",
      cause,
    });
  }
  if (
    /TransactionTimedOut|TransactionTerminated|LockClientStopped/.test(code) ||
    /Transaction was asked to abort|timeout/i.test(message)
  ) {
    return new WriteError(`${location} ended a statement that took too long: ${firstLine(message)}`, {
      next: "Raise the server's transaction timeout (Neo4j: db.transaction.timeout, before 5.0 dbms.transaction.timeout; Memgraph: --query-execution-timeout-sec), then run the same command again.",
      cause,
    });
  }
  if (code.startsWith("Neo.") || code.startsWith("Memgraph.")) {
    return new WriteError(`${location} refused a statement: ${firstLine(message)}`, {
      next: "Run it again with --debug. If it fails again, report the output to the project.",
      cause,
    });
  }
  return null;
}

function isSystemError(code: string): boolean {
  return /^(E[A-Z]+|CERT_\w+|DEPTH_\w+|SELF_SIGNED\w*|UNABLE_TO\w+|ERR_\w+)$/.test(code);
}

function firstLine(message: string): string {
  return message.split("\n")[0]!.slice(0, 300);
}
