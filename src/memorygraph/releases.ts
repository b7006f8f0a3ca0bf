/**
 * The lines of MemoryGraph's releases: the only list.
 *
 * How to add one: a file under releases/ that exports a `ReleaseLine`, and a line here. It takes from its predecessor what
 * has not changed; a layout of its own is one file under layouts/. Nothing else names it: test/conformance/made-up-release.test.ts
 * adds one in this way and moves stores between it and all others.
 */
import type { SqliteLayout } from "./layouts/layout.ts";
import { tursoLayout } from "./layouts/turso.ts";
import { release as python } from "./releases/0.12.ts";
import { release as first } from "./releases/0.13.ts";
import { release as second } from "./releases/0.14.ts";
import { release as newest } from "./releases/0.100.ts";
import type { ReleaseLine } from "./releases/release.ts";

/** The name of a line, one of RELEASES. */
export type Release = string;

const LINES: ReleaseLine[] = [python, first, second, newest];
/** Asked for with every timestamp. */
const BY_NAME = new Map(LINES.map((line) => [line.name, line]));

/** The names of all lines, from the oldest to the newest. */
export const RELEASES: Release[] = LINES.map(({ name }) => name);

/** What a target is written for when neither it nor the source tells. */
export const DEFAULT_RELEASE: Release = python.name;

/** From the oldest to the newest. */
export function releaseLines(): readonly ReleaseLine[] {
  return LINES;
}

/** @throws RangeError for a name that is not in RELEASES */
export function releaseLine(name: Release): ReleaseLine {
  const line = BY_NAME.get(name);
  if (line === undefined) throw new RangeError(`no release line is called ${name}`);
  return line;
}

/** Makes a further line known, as a test does with a made-up one; gives what takes it out again. */
export function addRelease(line: ReleaseLine): () => void {
  LINES.push(line);
  RELEASES.push(line.name);
  BY_NAME.set(line.name, line);
  return () => {
    BY_NAME.delete(line.name);
    LINES.splice(LINES.indexOf(line), 1);
    RELEASES.splice(RELEASES.indexOf(line.name), 1);
  };
}

/** Every layout of a SQLite file, each once: those of the releases, and those that are only read. */
export function sqliteLayouts(): SqliteLayout[] {
  return [...new Set([...LINES.map(({ sqlite }) => sqlite.layout), tursoLayout])];
}
