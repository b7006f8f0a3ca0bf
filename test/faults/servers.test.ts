// @level normal
/** Servers that die in the middle of a run and stay away: told with the two commands, each of which then works. */
import { describe, expect, test } from "bun:test";
import { endOf } from "../conformance/ends.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ownFalkor } from "../support/own-servers.ts";
import { serversOf } from "../support/servers.ts";
import { copyFixture } from "../support/stores.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";
import { stateAt } from "./targets.ts";

/** The program waits no half minute for the server, which stays away. */
const env = { PATIENCE: JSON.stringify({ comeBack: 1_000 }) };
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];
const strange = { nodes: [{ name: "x", labels: ["Other"], properties: { text: "was here" } }], relationships: [] };

describe.skipIf((await serversOf("falkordb")).length === 0 || process.platform !== "linux")(
  "a server that is gone",
  () => {
    test.each(["resume", "rollback"])("ends the run part-way (6), and %s works when it is back", async (command) => {
      using folder = temporaryFolder();
      await using own = await ownFalkor(...DURABLE);
      const { config, fill } = endOf(own.server, "memorygraph");
      await fill(strange);
      const before = await stateAt(config);
      const source = copyFixture("0.12.4", folder);
      const args = ["migrate", "--from-path", source, "--to", "falkordb", "--to-uri", config.uri!, "--quiet"];
      const child = begin(folder, [...args, "--to-graph", "memorygraph"], { env, pause: "batch answered#4" });
      await standsStill(child);
      await own.kill();
      child.kill("SIGCONT");
      const { code, stderr } = await ended(child);
      const [run] = await runsOf(folder);
      expect(run).toMatchObject({ status: "stopped", can: ["resume", "rollback"] });
      expect([code, stderr]).toEqual([6, expect.stringContaining(`memorygraph-migrate rollback ${run!.id} undoes it`)]);
      const down = await program(folder, ["rollback", run!.id, "--yes"], { env });
      expect([down.code, down.stderr]).toEqual([5, expect.stringContaining("nothing listens at")]);
      await own.start(DURABLE);
      if (command === "rollback") {
        expect((await program(folder, ["rollback", run!.id, "--yes"])).code).toBe(0);
        expect(await stateAt(config)).toBe(before);
      } else {
        const resumed = await program(folder, ["resume", run!.id]);
        expect([resumed.code, resumed.stderr]).toEqual([0, expect.anything()]);
        expect(resumed.stdout).toContain("180 of 180 records");
      }
    }, 120_000);
  },
);
