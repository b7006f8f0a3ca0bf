/** What a server keeps of a run's texts after the run has been undone: named, with what removes it. */
import { expect, test } from "bun:test";
import { WriteError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { typed } from "../cli/on-terminal.ts";
import { endOf } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { program, runsOf } from "../faults/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { ownFalkor } from "../support/own-servers.ts";
import { serversOf } from "../support/servers.ts";
import { at, createLike, settle } from "../support/stores.ts";

const [any] = await serversOf("falkordb");
const neo4j = (await serversOf("neo4j")).at(-1);
const SECRET = "the text of a memory that was taken back";

/** `a.db`, with one memory. */
function secretFile(folder: TemporaryFolder): string {
  const path = folder.file("a.db");
  const database = createLike("0.12.4", path);
  const memory = { id: "m", type: "general", title: SECRET, created_at: "2024-01-31T00:00:00+00:00" };
  database.query("INSERT INTO nodes (id, label, properties) VALUES ('m', 'Memory', ?)").run(JSON.stringify(memory));
  database.close();
  return settle(path);
}

test.skipIf(any === undefined)(
  "telemetry and the slow log of a graph are named after a rollback, and gone after what is advised",
  async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    secretFile(folder);
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

test.skipIf(any === undefined).each([
  ["removed by --clean-query-log", ["--clean-query-log"], true],
  ["left where nobody can be asked", [], false],
] as const)(
  "this program's statements in the telemetry, and no others, are %s",
  async (_, flags, isClean) => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    secretFile(folder);
    await withFalkor(own.server, async (command) => {
      const application = `MATCH (m:Memory) WHERE m.title <> 'asked by the application' RETURN count(m)`;
      await command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'own'})");
      const to = ["--to", "falkordb", "--to-uri", own.server.uri];
      const moved = await program(folder, ["migrate", "--from-path", folder.file("a.db"), ...to, "--yes"]);
      expect(moved.code).toBe(0);
      await command("GRAPH.QUERY", "memorygraph", application);
      const kept = async () => JSON.stringify(await command("XRANGE", "telemetry{memorygraph}", "-", "+"));
      while (!(await kept()).includes("asked by the application")) await Bun.sleep(100);
      expect(await kept()).toContain(SECRET);
      const [run] = await runsOf(folder);
      const { code, stdout } = await program(folder, ["rollback", run!.id, "--yes", "--json", ...flags]);
      const { cleaned, copies } = JSON.parse(stdout) as { cleaned: string[]; copies: { what: string }[] };
      expect([code, cleaned.length, copies.some(({ what }) => what.includes("telemetry"))]).toEqual([
        0,
        isClean ? 1 : 0,
        !isClean,
      ]);
      expect(await kept()).toContain("asked by the application");
      expect((await kept()).includes(SECRET)).toBe(!isClean);
    });
  },
  60_000,
);

test.skipIf(any === undefined)(
  "and so are those that hold the texts themselves, of which the server keeps the beginning, also after it has loaded its dump",
  async () => {
    using folder = temporaryFolder();
    await using own = await ownFalkor("--enable-debug-command", "yes");
    await withFalkor(own.server, async (command) => {
      // Points are no parameters, but expressions.
      const long = `${SECRET} ${"x".repeat(5_000)}`;
      await command(
        "GRAPH.QUERY",
        "other",
        `CREATE (:Memory {id: 'm', place: point({latitude: 1, longitude: 2}), title: '${long}'})`,
      );
      await command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'own'})");
      const from = ["--from", "falkordb", "--from-uri", own.server.uri, "--from-graph", "other"];
      const moved = await program(folder, [
        "migrate",
        ...from,
        "--to",
        "falkordb",
        "--to-uri",
        own.server.uri,
        "--yes",
      ]);
      expect(moved.code).toBe(0);
      const kept = async () => JSON.stringify(await command("XRANGE", "telemetry{memorygraph}", "-", "+"));
      while (!(await kept()).includes(SECRET)) await Bun.sleep(100);
      await command("DEBUG", "RELOAD");
      expect(await kept()).toContain(SECRET);
      const [run] = await runsOf(folder);
      expect((await program(folder, ["rollback", run!.id, "--yes", "--clean-query-log"])).code).toBe(0);
      expect(await kept()).not.toContain(SECRET);
      expect(await kept()).toContain("CREATE (:Memory {id: 'own'})");
    });
  },
  60_000,
);

test.skipIf(any === undefined).each([
  ["y", true],
  ["n", false],
])(
  "on a terminal a rollback asks whether to remove them: %s",
  async (answer, isClean) => {
    using folder = temporaryFolder();
    await using own = await ownFalkor();
    secretFile(folder);
    await withFalkor(own.server, async (command) => {
      await command("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'own'})");
      const to = ["--to", "falkordb", "--to-uri", own.server.uri];
      expect((await program(folder, ["migrate", "--from-path", folder.file("a.db"), ...to, "--yes"])).code).toBe(0);
      const [run] = await runsOf(folder);
      const { code, screen, left } = await typed(
        folder,
        ["rollback", run!.id, "--no-color"],
        [
          ["Type", `${run!.target}\r`],
          ["[y/N]", `${answer}\r`],
        ],
      );
      expect({ code, left, screen }).toMatchObject({ code: 0, left: [] });
      expect(screen).toMatch(/Remove what this program has left there: the texts of the last queries/);
      const kept = JSON.stringify(await command("XRANGE", "telemetry{memorygraph}", "-", "+"));
      expect(kept.includes(SECRET)).toBe(!isClean);
      expect(screen).toContain(isClean ? "removed, as far as it was this program's" : "to remove it: redis-cli");
    });
  },
  60_000,
);

const ends = [any, neo4j].filter((server) => server !== undefined).map((server) => endOf(server));
test.each(
  ends.map((end) => ({ kind: end.kind, end })),
)("a run into $kind that fails and is undone names them as well", async ({ kind, end }) => {
  using folder = temporaryFolder();
  await end.empty();
  await end.fill({
    nodes: [{ name: "own", labels: ["Memory"], properties: { id: "own", created_at: "2024-01-31T00:00:00+00:00" } }],
    relationships: [],
  });
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === "verify") throw new WriteError("made up", { next: "Run it again." });
  };
  const { result } = await runMigration(at(secretFile(folder)), end.config, {}, { onProgress });
  expect(result.success).toBe(false);
  const told = result.rollback.join("\n");
  expect(told).toContain("undid what had been written");
  if (kind === "falkordb") expect(told).toMatch(/still there: .*telemetry\{tests\}; to remove it: redis-cli .*DEL/);
  else expect(told).toMatch(/still there: .*transaction logs .* by the policy "2 days/);
  expect((await end.read()).nodes.length).toBe(1);
});
