/** What FalkorDB keeps of a run's texts after the run has been undone: named, with commands that remove it. */
import { expect, test } from "bun:test";
import { withFalkor } from "../conformance/falkor.ts";
import { program, runsOf } from "../faults/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ownFalkor } from "../support/own-servers.ts";
import { serversOf } from "../support/servers.ts";
import { createLike, settle } from "../support/stores.ts";

const [any] = await serversOf("falkordb");
const SECRET = "the text of a memory that was taken back";

test.skipIf(any === undefined)(
  "telemetry and the slow log of a graph are named after a rollback, and gone after what is advised",
  async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    const database = createLike("0.12.4", folder.file("a.db"));
    const memory = { id: "m", type: "general", title: SECRET, created_at: "2024-01-31T00:00:00+00:00" };
    database.query("INSERT INTO nodes (id, label, properties) VALUES ('m', 'Memory', ?)").run(JSON.stringify(memory));
    database.close();
    settle(folder.file("a.db"));
    await withFalkor(own.server, async (command) => {
      // What was there before keeps the graph, and with it the logs.
      await command(
        "GRAPH.QUERY",
        "memorygraph",
        "CREATE (:Memory {id: 'own', created_at: '2024-01-31T00:00:00+00:00'})",
      );
      const to = ["--to", "falkordb", "--to-uri", own.server.uri];
      const moved = await program(folder, ["migrate", "--from-path", folder.file("a.db"), ...to, "--yes"]);
      expect([moved.code, moved.stderr.includes("error")]).toEqual([0, false]);
      const [run] = await runsOf(folder);
      const { stdout } = await program(folder, ["rollback", run!.id, "--yes", "--json"]);
      const { exact, copies } = JSON.parse(stdout) as {
        exact: boolean;
        copies: { what: string; remove: string }[];
      };
      expect(exact).toBe(true);
      expect(copies.map(({ what }) => what).join()).toContain("telemetry{memorygraph}");
      const kept = async () =>
        JSON.stringify([
          (await command("EXISTS", "telemetry{memorygraph}")) === "0"
            ? []
            : await command("XRANGE", "telemetry{memorygraph}", "-", "+"),
          await command("GRAPH.SLOWLOG", "memorygraph"),
        ]);
      while (!(await kept()).includes(SECRET)) await Bun.sleep(100);
      for (const { remove } of copies) {
        const [client, host, address, port, number, ...words] = remove.replaceAll("'", "").split(" ");
        expect([client, host, address, port]).toEqual(["redis-cli", "-h", "127.0.0.1", "-p"]);
        expect(own.server.uri).toEndWith(`:${number}`);
        await command(...words);
      }
      expect(await kept()).not.toContain(SECRET);
    });
  },
  60_000,
);
