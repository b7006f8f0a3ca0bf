/** What a FalkorDB server, or the Redis that carries it, refuses for reasons of its own, in words that a person can act on. */
import {
  ConnectionError,
  MigrateError,
  PasswordWantedError,
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

type ErrorClass = new (message: string, options: { readonly next: string; readonly cause?: unknown }) => MigrateError;

interface Refusal {
  readonly matches: RegExp;
  /** Left out: as a failed writing, or as a server that cannot be read. */
  readonly error?: ErrorClass;
  /** @param parts what the expression captured */
  what(location: string, parts: RegExpExecArray, failure: Failure): string;
  readonly next: string | ((parts: RegExpExecArray, failure: Failure) => string);
}

const PASSWORD_HELP =
  "Give it with --from-password-file or --to-password-file, or in MEMORYGRAPH_FROM_PASSWORD or MEMORYGRAPH_TO_PASSWORD.";
const AGAIN = "then run the same command again.";

/** The first one that matches counts. */
const REFUSALS: readonly Refusal[] = [
  {
    matches: /WRONGPASS|invalid username-password|invalid password/i,
    error: ConnectionError,
    what: (location, _, { username }) =>
      `${location} refuses the password${username ? ` for the user ${username}` : ""}`,
    next: PASSWORD_HELP,
  },
  {
    matches: /NOAUTH|Authentication required/i,
    error: PasswordWantedError,
    what: (location, _, { hasPassword }) =>
      hasPassword ? `${location} refuses the login` : `${location} asks for a password`,
    next: PASSWORD_HELP,
  },
  {
    matches: /without any password configured/i,
    error: ConnectionError,
    what: (location) => `${location} has no password, but one was given`,
    next: "Leave the password out, or check that it is the right server.",
  },
  {
    matches: /^LOADING/,
    error: ConnectionError,
    what: (location) => `${location} is still loading its data`,
    next: "Wait until it has loaded them, then run the same command again.",
  },
  {
    matches: /^DENIED|max number of clients/i,
    error: ConnectionError,
    what: (location, { input }) => `${location} refuses connections: ${input}`,
    next: "Look at protected-mode and maxclients in the server's configuration.",
  },
  {
    matches: /^MOVED \d+ (\S*):(\d+)/,
    error: ConnectionError,
    what: (location, parts, failure) =>
      `${location} is one node of a cluster, and the graph belongs to another: ${nodeOf(parts, failure)}`,
    next: (parts, failure) =>
      `Run the same command again, which goes to that node; or name it in its place: ${addressOfNode(parts, failure)}`,
  },
  {
    matches: /^ASK \d+ (\S*):(\d+)/,
    error: ConnectionError,
    what: (location, parts, failure) =>
      `the cluster is moving the graph from ${location} to another node, ${nodeOf(parts, failure)}, now`,
    next: (parts, failure) =>
      `Wait until that is done, then name that node in its place: ${addressOfNode(parts, failure)}`,
  },
  {
    matches: /^TRYAGAIN/,
    error: ConnectionError,
    what: (location) => `the cluster of ${location} is moving data between its nodes`,
    next: `Wait until that is done, ${AGAIN}`,
  },
  {
    matches: /^CLUSTERDOWN\s*(.*)/,
    error: ConnectionError,
    what: (location, [, why]) => `the cluster of ${location} is down: ${why}`,
    next: `Repair it first (redis-cli --cluster check shows what is missing), ${AGAIN}`,
  },
  {
    matches: /SELECT is not allowed in cluster mode/i,
    error: StoreKindError,
    what: (location) => `${location} is a node of a cluster, which has only database 0`,
    next: "Leave out the number of the database.",
  },
  {
    matches: /DB index is out of range/i,
    error: StoreKindError,
    what: (location) => `${location} does not exist: the server has no database of that number`,
    next: "Give a smaller number; CONFIG GET databases shows how many the server has.",
  },
  {
    matches: /^MASTERDOWN/,
    error: ConnectionError,
    what: (location) => `${location} is a replica that has lost its master, and is configured to serve no data then`,
    next: "Wait until it has caught up, or name the master instead.",
  },
  {
    matches: /^BUSY /,
    error: ConnectionError,
    what: (location) => `${location} is busy with a script of another client`,
    next: `Wait until the script has ended, or end it (SCRIPT KILL), ${AGAIN}`,
  },
  {
    matches: /^NOREPLICAS/,
    what: (location) => `${location} refuses writes, since it has fewer replicas than min-replicas-to-write requires`,
    next: `Start its replicas, or lower min-replicas-to-write in the server's configuration, ${AGAIN}`,
  },
  {
    matches: /READONLY|read only replica/i,
    error: RefusedError,
    what: (location) => `${location} is a read-only replica`,
    next: "Name the master instead.",
  },
  {
    matches: /^OOM|maxmemory|out of memory|Query's mem consumption/i,
    error: WriteError,
    what: (location, { input }) => `${location} ran out of memory: ${input}`,
    next: `Raise the server's maxmemory or QUERY_MEM_CAPACITY, ${AGAIN}`,
  },
  {
    matches: /MISCONF/,
    error: WriteError,
    what: (location) => `${location} refuses writes, since it cannot save its data to disk`,
    next: "Read the server's log and repair the cause, then run the same command again.",
  },
  {
    matches: /query timed out/i,
    what: (location) => `${location} ended a statement that took too long`,
    next: "Raise the server's TIMEOUT (GRAPH.CONFIG SET TIMEOUT_MAX and TIMEOUT_DEFAULT), then run the same command again.",
  },
  {
    matches: /max pending queries exceeded/i,
    what: (location) => `${location} has a full queue of statements`,
    next: `Wait until its load is lower, or raise MAX_QUEUED_QUERIES (GRAPH.CONFIG SET), ${AGAIN}`,
  },
  {
    matches: /different graph value when opened key (.*)/i,
    error: RefusedError,
    what: (location, [, inner]) =>
      `${location} is the key of a graph that calls itself ${inner}, as RESTORE under another name makes it: FalkorDB does not write to it`,
    next: "Choose another graph as the target; as a source it can be read.",
  },
  {
    matches: /unique constraint violation|constraint violation/i,
    error: WriteError,
    what: (location, { input }) => `a constraint of ${location} refused a record: ${input}`,
    next: "Look at the constraint, or choose another graph as the target.",
  },
  {
    matches: /constraint.*(already|exist)|already indexed|already exists/i,
    error: SchemaConflictError,
    what: (_, { input }) => input,
    next: "Look at what is there.",
  },
];

/** Redis begins what it refuses by itself with a word in capitals; ERR alone says nothing more. */
const OTHER: Refusal = {
  matches: /^(?!ERR )([A-Z]{4,}) /,
  what: (location, { input }) => `${location} refused the statement: ${input}`,
  next: `Look up its first word in Redis's documentation, and read the log of the server, ${AGAIN}`,
};

/** Null for what is no refusal that is known, and has no word for one. */
export function refusalOf(message: string, failure: Failure, cause: unknown): MigrateError | null {
  for (const { matches, error, what, next } of [...REFUSALS, OTHER]) {
    const parts = matches.exec(message);
    if (parts === null) continue;
    const Kind = error ?? (failure.access === "write" ? WriteError : ConnectionError);
    const way = typeof next === "string" ? next : next(parts, failure);
    return new Kind(what(failure.location, parts, failure), { next: way, cause });
  }
  return null;
}

/** The node of a cluster that a refusal says owns the graph for good; a host that is left out is the one that was asked. */
export function ownerOf(error: unknown, asked: string): { readonly host: string; readonly port: number } | null {
  const message = error instanceof MigrateError && error.cause instanceof Error ? error.cause.message : "";
  const [, host = "", port] = /^MOVED \d+ (\S*):(\d+)/.exec(message) ?? [];
  return port === undefined ? null : { host: host || asked, port: Number(port) };
}

function nodeOf([, host, port]: RegExpExecArray, { location }: Failure): string {
  return `${host || /^\w+:\/\/(\[[^\]]*\]|[^:/]*)/.exec(location)?.[1]}:${port}`;
}

/** The store's own address, at that node. */
function addressOfNode(parts: RegExpExecArray, failure: Failure): string {
  return failure.location.replace(/(?<=^\w+:\/\/)[^/]+/, nodeOf(parts, failure));
}
