/** What a FalkorDB server or the client complains about, in words that a person can act on. */
import {
  AccessError,
  ConnectionError,
  MigrateError,
  RefusedError,
  SchemaConflictError,
  StoreKindError,
  WriteError,
} from "../../errors.ts";

export interface Failure {
  readonly location: string;
  readonly access: "read" | "write";
  readonly hasPassword: boolean;
  readonly username: string | null;
}

export function translate(error: unknown, { location, access, hasPassword, username }: Failure): Error {
  if (error instanceof MigrateError || !(error instanceof Error)) return error as Error;
  const message = error.message.split("\n")[0]!.slice(0, 300);
  const Refusal = access === "write" ? WriteError : ConnectionError;
  const cause = error;
  if (/WRONGPASS|invalid username-password|invalid password/i.test(message)) {
    const user = username ? ` for the user ${username}` : "";
    return new ConnectionError(`${location} refuses the password${user}`, { next: PASSWORD_HELP, cause });
  }
  if (/NOAUTH|Authentication required/i.test(message)) {
    return new ConnectionError(hasPassword ? `${location} refuses the login` : `${location} asks for a password`, {
      next: PASSWORD_HELP,
      cause,
    });
  }
  if (/without any password configured/i.test(message)) {
    return new ConnectionError(`${location} has no password, but one was given`, {
      next: "Leave the password out, or check that it is the right server.",
      cause,
    });
  }
  if (/^LOADING/.test(message)) {
    return new ConnectionError(`${location} is still loading its data`, {
      next: "Wait until it is up, then try again.",
      cause,
    });
  }
  if (/^DENIED|max number of clients/i.test(message)) {
    return new ConnectionError(`${location} refuses connections: ${message}`, {
      next: "Look at protected-mode and maxclients in the server's configuration.",
      cause,
    });
  }
  if (isUnknownCommand(error) && /GRAPH/i.test(message)) {
    return new StoreKindError(`${location} is a Redis server without FalkorDB`, {
      next: "Check the address; FalkorDB is a module that the server has to load.",
      cause,
    });
  }
  if (isForbidden(error)) {
    return new AccessError(`the user may not do this in ${location}: ${message}`, {
      next: "Use a user who may run GRAPH.RO_QUERY (source), or GRAPH.QUERY and GRAPH.CONSTRAINT (target), on this graph, and INFO.",
      cause,
    });
  }
  if (/READONLY|read only replica/i.test(message)) {
    return new RefusedError(`${location} is a read-only replica`, { next: "Name the master instead.", cause });
  }
  if (/^OOM|maxmemory|out of memory|Query's mem consumption/i.test(message)) {
    return new WriteError(`${location} has not enough memory for it: ${message}`, {
      next: "Raise the server's maxmemory or QUERY_MEM_CAPACITY, then run the same command again.",
      cause,
    });
  }
  if (/MISCONF/.test(message)) {
    return new WriteError(`${location} takes no writes, since it cannot save its data to disk`, {
      next: "Look into the server's log, mend that first, then run the same command again.",
      cause,
    });
  }
  if (isTimeout(error)) {
    return new Refusal(`${location} ended a statement that took too long`, {
      next: "Raise the server's TIMEOUT (GRAPH.CONFIG SET TIMEOUT_MAX and TIMEOUT_DEFAULT), then run the same command again.",
      cause,
    });
  }
  if (/unique constraint violation|constraint violation/i.test(message)) {
    return new WriteError(`a constraint of ${location} forbids it: ${message}`, {
      next: "Look at the constraint, or choose another graph as the target.",
      cause,
    });
  }
  if (/constraint.*(already|exist)|already indexed|already exists/i.test(message)) {
    return new SchemaConflictError(message, { next: "Look at what is there.", cause });
  }
  if (isConnectionFailure(error)) {
    return new ConnectionError(`the connection to ${location} failed: ${message}`, {
      next: "Check that the server runs and can be reached from here, then run the same command again.",
      cause,
    });
  }
  return new Refusal(`${location} refused a statement: ${message}`, {
    next: "Run it again with --debug. If it fails again, report the output to the project.",
    cause,
  });
}

const PASSWORD_HELP =
  "Give it with --from-password-file or --to-password-file, or in MEMORYGRAPH_FROM_PASSWORD or MEMORYGRAPH_TO_PASSWORD.";

export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^NOPERM/.test(error.message);
}

export function isUnknownCommand(error: unknown): boolean {
  return error instanceof Error && /^(ERR )?unknown (sub)?command/i.test(error.message);
}

export function isMissingGraph(error: unknown): boolean {
  return error instanceof Error && /empty key/i.test(error.message);
}

/** Whether the server ended a statement since it took too long. */
export function isTimeout(error: unknown): boolean {
  const { message } = error instanceof MigrateError && error.cause instanceof Error ? error.cause : (error as Error);
  return /query timed out/i.test(message);
}

/** The client's own errors have names; a lost socket has a code. */
function isConnectionFailure(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "";
  return (
    /Socket|Disconnect|ClientClosed|ClientOffline|ConnectionTimeout|Reconnect|Abort/i.test(
      `${error.name} ${error.constructor.name}`,
    ) ||
    /Socket closed|client is closed|connection timeout/i.test(error.message) ||
    /^E[A-Z]+$|^ERR_/.test(code)
  );
}
