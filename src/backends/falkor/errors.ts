/** What a FalkorDB server or the client complains about, in words that a person can act on. */
import { AccessError, ConnectionError, MigrateError, StoreKindError, WriteError } from "../../errors.ts";
import { type Failure, refusalOf } from "./refusals.ts";

export type { Failure } from "./refusals.ts";

/** The client's error, or the server's, as one of errors.ts; an error that is none of those as it is. */
export function translate(error: unknown, failure: Failure): Error {
  if (error instanceof MigrateError || !(error instanceof Error)) return error as Error;
  const { location, access } = failure;
  const message = error.message.split("\n")[0]!.slice(0, 300);
  const cause = error;
  if (isUnknownCommand(error) && /GRAPH/i.test(message)) {
    return new StoreKindError(`${location} is a Redis server without FalkorDB`, {
      next: "Check the address; FalkorDB is a module that the server has to load.",
      cause,
    });
  }
  if (isForbidden(error)) {
    return new AccessError(`the user has no permission for this in ${location}: ${message}`, {
      next: "Use a user who may run GRAPH.RO_QUERY (source), or GRAPH.QUERY and GRAPH.CONSTRAINT (target), on this graph, and INFO.",
      cause,
    });
  }
  const refusal = refusalOf(message, failure, cause);
  if (refusal !== null) return refusal;
  if (isConnectionFailure(error)) {
    return new ConnectionError(`the connection to ${location} failed: ${message}`, {
      next: "Check that the server runs and can be reached from here, then run the same command again.",
      cause,
    });
  }
  const Refusal = access === "write" ? WriteError : ConnectionError;
  return new Refusal(`${location} refused a statement: ${message}`, {
    next: "Run it again with --debug. If it fails again, report the output to the project.",
    cause,
  });
}

/** The user's ACL does not allow the command. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^NOPERM/.test(error.message);
}

/** The server has no such command: it is older, or has it renamed. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof Error && /^(ERR )?unknown (sub)?command/i.test(error.message);
}

/** The key of the graph does not exist. */
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
