// @level long
/** Promise 5: the memory of no path grows with the store. Four times the records, on every kind of store that is there. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { peaksOf, type Store } from "../../bench/memory-paths.ts";
import { BACKENDS } from "../../src/backends/descriptors.ts";
import { temporaryFolder } from "../support/folder.ts";
import { availableServers } from "../support/servers.ts";

const PROGRAM = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
const MEMORIES = 4_000;
/** What the runtime keeps of what it has collected varies so much from run to run; an array of every record takes more. */
const GROWTH_MIB = 64;

const stores: Store[] = BACKENDS.flatMap(({ type, server }) => (server === null ? [{ kind: type }] : []));
for (const [kind, [server]] of await availableServers()) stores.push({ kind, server: server! });

// Peaks are read from where Linux and macOS tell them.
describe.skipIf(process.platform === "win32").each(stores.map((store) => [store.kind, store] as const))(
  "on %s",
  (_, store) => {
    test("no path takes more memory for four times the records", async () => {
      using folder = temporaryFolder();
      const few = await peaksOf(PROGRAM, store, MEMORIES, folder.path);
      const many = await peaksOf(PROGRAM, store, 4 * MEMORIES, folder.path);
      expect(few.size).toBe(many.size);
      const grown = [...many].filter(([path, peak]) => peak - few.get(path)! > GROWTH_MIB);
      expect(grown.map(([path, peak]) => `${path}: ${few.get(path)!.toFixed()} to ${peak.toFixed()} MiB`)).toEqual([]);
    }, 600_000);
  },
);
