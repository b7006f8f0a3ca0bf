/** What the tests of foreign executables share: one machine for a file of tests, and a folder of its own for each test. */
import { afterAll, beforeAll } from "bun:test";
import { mkdirSync } from "node:fs";
import type { TemporaryFolder } from "../../support/folder.ts";
import { copyFixture, type FIXTURES } from "../../support/stores.ts";
import { ForeignMachine, ForeignSystem, missing, type SystemName } from "./system.ts";

/** @param prepare makes what all tests of the file read @returns the machine, once the tests run */
export function machineForFile(prepare: (machine: ForeignMachine) => void = () => {}): () => ForeignMachine {
  let machine: ForeignMachine | undefined;
  if (missing === null) {
    beforeAll(async () => {
      machine = await ForeignMachine.start();
      prepare(machine);
    }, 300_000);
    afterAll(() => machine?.[Symbol.asyncDispose]());
  }
  return () => machine!;
}

let desks = 0;

/** One of the systems, and a folder that is empty. */
export class Desk {
  readonly system: ForeignSystem;
  /** Of the folder, below the one that both sides see. */
  readonly name = `f${++desks}`;

  constructor(machine: ForeignMachine, system: SystemName) {
    this.system = new ForeignSystem(machine, system);
    mkdirSync(this.here());
  }

  /** A file in the folder as we name it. */
  readonly here = (...names: string[]): string => this.system.machine.file(this.name, ...names);
  /** The same as the system names it. */
  readonly there = (...names: string[]): string => this.system.path(this.name, ...names);

  /** What moves a store into a SQLite file, both as the system names them. */
  into(from: string, target: string, ...more: readonly string[]): string[] {
    return ["--from-path", from, "--to", "sqlite", "--to-path", target, ...more];
  }

  /** The same for the large store of the machine, upgraded on the way, which takes long enough to be stopped. */
  upgrade(target: string, ...more: readonly string[]): string[] {
    return this.into(this.system.path("large.db"), target, "--for", "0.13", ...more);
  }

  /** As helpers for stores want it; it goes with the machine. */
  get folder(): TemporaryFolder {
    return { path: this.here(), file: this.here, [Symbol.dispose]() {} };
  }

  /** Puts the store there. @returns its path as the system names it */
  fixture(fixture: (typeof FIXTURES)[number], as = "source.db"): string {
    copyFixture(fixture, this.folder, as);
    return this.there(as);
  }
}
