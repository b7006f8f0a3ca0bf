/** An index of Neo4j that holds nothing, since a value was too large for it. */
import { expect, test } from "bun:test";
import { inspectStore } from "../../../src/operations/inspect.ts";
import { withDriver } from "../../conformance/bolt.ts";
import { endOf } from "../../conformance/ends.ts";
import { serversOf } from "../../support/servers.ts";

const server = (await serversOf("neo4j")).at(-1);

test.skipIf(server === undefined)(
  "is named, with the statement that drops it",
  async () => {
    const end = endOf(server!);
    await end.empty();
    await withDriver(server!, async (run) => {
      await run(`CREATE (:Memory {id: 'm', long: '${"x".repeat(40_000)}'})`);
      await run("CREATE INDEX `too long` FOR (m:Memory) ON (m.long)");
      try {
        const failed = "SHOW INDEXES YIELD name, state WHERE state = 'FAILED' RETURN name";
        for (let wait = 0; wait < 200 && (await run(failed)).length === 0; wait++) await Bun.sleep(50);
        const { notes } = await inspectStore(end.config, () => {});
        expect(notes.map(({ what }) => what)).toContain(
          "the index too long is in the state FAILED; drop it: DROP INDEX `too long`",
        );
      } finally {
        await run("DROP INDEX `too long` IF EXISTS");
        await end.empty();
      }
    });
  },
  60_000,
);
