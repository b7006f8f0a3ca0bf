/** Which error ends the program with which code, as docs/CLI.md and the help promise it to scripts. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { EXIT_STATUS, exitCodeOf, SIGNAL_CODES } from "../../src/cli/exit-codes.ts";
import * as errors from "../../src/errors.ts";

const CODES: Readonly<Record<string, number>> = {
  UsageError: 2,
  StoreKindError: 2,
  NewerFormatError: 2,
  UnsupportedError: 2,
  AccessError: 2,
  KeyWantedError: 2,
  DamagedJournalError: 2,
  VerificationError: 3,
  RefusedError: 4,
  ConnectionError: 5,
  PasswordWantedError: 5,
  PartialError: 6,
  RollbackError: 7,
  DamagedStoreError: 8,
  BusyError: 10,
  SourceChangedError: 10,
  RereadError: 10,
  InterruptedError: 130,
  WriteError: 1,
  SchemaConflictError: 1,
};

const classes = Object.entries(errors).filter(([name]) => name !== "MigrateError");

test("every error has its code, and every code that an error can have is in the help", () => {
  const given = classes.map(([name, Class]) => {
    const Known = Class as new (message: string, explanation: { next: string }) => errors.MigrateError;
    return [name, exitCodeOf(new Known("what", { next: "what now" }))];
  });
  expect(Object.fromEntries(given)).toEqual(CODES);
  const told = EXIT_STATUS.map(([code]) => code);
  expect(given.filter(([, code]) => !told.includes(Number(code)))).toEqual([]);
});

test("4 promises that nothing is changed, and not that nothing was ever written: a refusal can come late, and is undone", () => {
  const documented = readFileSync(`${import.meta.dir}/../../docs/CLI.md`, "utf8");
  for (const text of [new Map(EXIT_STATUS).get(4)!, /^\| 4 \| (.+) \|$/m.exec(documented)![1]!]) {
    expect(text).toEndWith("; nothing is changed");
    expect(text).not.toContain("before");
  }
});

test("what is no error of ours is a failure (1), and a stop has the code of the signal that came first", () => {
  expect([exitCodeOf(new TypeError("a defect")), exitCodeOf("thrown")]).toEqual([1, 1]);
  const stopped = new errors.InterruptedError("interrupted", { next: "Run the same command again." });
  for (const [signal, code] of Object.entries(SIGNAL_CODES)) {
    expect(exitCodeOf(stopped, signal as keyof typeof SIGNAL_CODES)).toBe(code);
  }
});
