/** What Neo4j and Memgraph complain about, by what they say: the class decides the exit code, the text names the way out. */
import { expect, test } from "bun:test";
import { type Failure, translate } from "../../../src/backends/bolt/errors.ts";
import type { MigrateError } from "../../../src/errors.ts";

const failure: Failure = {
  location: "bolt://h:7687",
  address: {
    scheme: "bolt",
    host: "h",
    port: 7687,
    path: null,
    username: "u",
    password: "p",
    certificates: null,
  },
  hasPassword: true,
};

function told(code: string, message: string): { readonly name: string; readonly text: string } {
  const error = translate(Object.assign(new Error(message), { code }), failure) as MigrateError;
  return { name: error.constructor.name, text: `${error.message} ${error.next}` };
}

const VALIDATION = "Neo.ClientError.Schema.ConstraintValidationFailed";
const MEMGRAPH = "Memgraph.ClientError.MemgraphError.MemgraphError";

test.each([
  [VALIDATION, "Node(7) already exists with label `A` and property `title` = 'authentication failure'"],
  [VALIDATION, "Node(7) already exists with label `A` and property `title` = 'database does not exist'"],
  [VALIDATION, "Node(7) already exists with label `A` and property `title` = 'a read-only replica'"],
  [VALIDATION, "Node(7) already exists with label `A` and property `title` = 'not authorized: timeout'"],
  [MEMGRAPH, "Unable to commit due to unique constraint violation on :Memory(id)"],
  [MEMGRAPH, "Unable to commit due to existence constraint violation on :Replica(title)"],
  [MEMGRAPH, "IS TYPED STRING violation on ReadOnly(title)"],
])("a constraint is one, whatever the value or the label is called: %s %s", (code, message) => {
  expect(told(code, message)).toMatchObject({ name: "WriteError", text: expect.stringContaining("a constraint of") });
});

test.each([
  [
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "The transaction has not completed within the specified timeout (dbms.transaction.timeout).",
    "before 5.0 dbms.transaction.timeout",
  ],
  [MEMGRAPH, "Transaction was asked to abort because of transaction timeout.", "--query-execution-timeout-sec"],
])("a statement that took too long names the setting: %s", (code, message, setting) => {
  expect(told(code, message)).toMatchObject({ name: "WriteError", text: expect.stringContaining(setting) });
});

test.each([
  [MEMGRAPH, "Write query forbidden on the replica!", "RefusedError", "read-only"],
  ["Neo.ClientError.Statement.AccessMode", "Writing in read access mode not allowed.", "RefusedError", "read-only"],
  [
    "Memgraph.ClientError.Security.Unauthenticated",
    "authentication failure",
    "ConnectionError",
    "refuses the password",
  ],
  [
    MEMGRAPH,
    "You are not authorized to execute this query! Please contact your database administrator.",
    "AccessError",
    "no permission",
  ],
  [MEMGRAPH, "Memory limit exceeded! Attempting to allocate a chunk of 1.00MiB", "WriteError", "--memory-limit"],
] as const)("others are told apart: %s %s", (code, message, name, text) => {
  expect(told(code, message)).toMatchObject({ name, text: expect.stringContaining(text) });
});
