/**
 * Lines that fall silent without an end, and servers that stand still: every wait ends, is told of, and leaves one of the
 * promised states; and what a live server works on is not cut off. The limits are short from the silence on; in the long
 * level the program is tried with those that people have.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { Connection } from "../../src/backends/bolt/connection.ts";
import { memgraphDialect } from "../../src/backends/bolt/memgraph.ts";
import { neo4jDialect } from "../../src/backends/bolt/neo4j.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { connectFalkor } from "../../src/backends/falkor/connect.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { ConnectionError, InterruptedError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationResult, Progress } from "../../src/operations/models.ts";
import { onWait, shortenPatience } from "../../src/support/patience.ts";
import { endOf, endsOfAllKinds, type ServerEnd } from "../conformance/ends.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { ownFalkor, ownNeo4j } from "../support/own-servers.ts";
import { playedMemgraph } from "../support/played-memgraph.ts";
import { addressOf, proxyTo, type Proxy as TestProxy } from "../support/proxy.ts";
import { at, createLike, manyMemories, settle } from "../support/stores.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";

/** From the moment of silence on; before, a busy machine may take what it takes. */
const SHORT = {
  ...{ connect: 1_500, voice: 400, probeEvery: 400, probe: 1_500, silence: 2_000 },
  ...{ lastAnswers: 800, comeBack: 1_000, close: 500 },
} as const;
/** The longest that a silence and what follows it may last by these limits: for a line to be given up, and for undoing what was written. */
const LONGEST = SHORT.silence + SHORT.probeEvery + SHORT.probe + SHORT.comeBack + 2 * SHORT.connect + SHORT.close;
/** What a busy machine adds, whatever the limits. */
const SLACK = 12_000;
/** From the first signal to the end, as it is promised to people. */
const STOPPED = 30_000;
const MEMORIES = 6_000;
const ends = await endsOfAllKinds();

const told: string[] = [];
beforeAll(() => onWait((text) => told.push(text)));
afterAll(() => onWait(null));
afterEach(() => shortenPatience(null));

function bigFile(path: string, memories = MEMORIES): BackendConfig {
  return manyMemories(path, memories, 2_000);
}

function through(proxy: TestProxy, { config }: ServerEnd): BackendConfig {
  return new BackendConfig({ ...config, uri: config.uri!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`) });
}

interface Silenced {
  readonly result: MigrationResult;
  /** From the silence to the end, in milliseconds. */
  readonly waited: number;
  readonly error: unknown;
}

/** A run during which, in this phase, once so many records are done, the line falls silent. */
async function silenced(
  from: BackendConfig,
  to: BackendConfig,
  proxy: TestProxy,
  phase: Progress["phase"],
  which: "open" | "all",
  stopAfter: number | null = null,
): Promise<Silenced> {
  told.length = 0;
  let since: number | null = null;
  const controller = new AbortController();
  const onProgress = (progress: Progress) => {
    if (since !== null || progress.phase !== phase || progress.done < (phase === "check" ? 0 : 1)) return;
    since = performance.now();
    proxy.silence(which);
    shortenPatience(SHORT);
    const stop = () => controller.abort(new InterruptedError("interrupted", { next: "Run it again." }));
    if (stopAfter !== null) setTimeout(stop, stopAfter);
  };
  const { result, error } = await runMigration(from, to, {}, { onProgress, signal: controller.signal });
  if (since === null) throw new Error(`no ${phase}`);
  return { result, error, waited: performance.now() - since };
}

interface Opened {
  ask(statement: string): Promise<readonly unknown[]>;
  close(): void | Promise<void>;
}

async function openedFor(end: ServerEnd): Promise<Opened> {
  if (end.kind === "falkordb") {
    const { client } = await connectFalkor(end.config, { access: "read" });
    return { ask: (statement) => client.read(statement), close: () => client.close() };
  }
  const address = { ...addressOf(end.server.uri), scheme: "bolt", path: null, certificates: null };
  const login = { username: end.config.username ?? null, password: end.config.password ?? null };
  const options = { access: "read", database: null, location: "it" } as const;
  const connection = new Connection(end.config, { ...address, ...login }, options);
  const dialect = end.kind === "neo4j" ? neo4jDialect(connection, "it") : memgraphDialect(connection);
  connection.watchBy((await dialect).activity);
  return { ask: (statement) => connection.rows(statement), close: () => connection.close() };
}

describe.each(ends.map((end) => ({ name: end.kind, end })))("a line to $name that falls silent", ({ end }) => {
  describe.each(["open", "all"] as const)("on %s connections", (which) => {
    // In many rounds also where the source is read to plan.
    const phases = Number(Bun.env.NETWORK_ROUNDS ?? 1) > 1 ? (["plan", "transfer"] as const) : (["transfer"] as const);
    test.each(phases)("of the source, in the phase %s", async (phase) => {
      using folder = temporaryFolder();
      await end.empty();
      expect((await runMigration(bigFile(folder.file("a.db")), end.config, {}, {})).error).toBeNull();
      await using proxy = await proxyTo(addressOf(end.server.uri));
      const target = folder.file(`${phase}.db`);
      // Into a file that holds something there is a plan first.
      if (phase === "plan") {
        const other = createLike("0.12.4", target);
        other.run("INSERT INTO nodes (id, label, properties) VALUES ('own', 'Memory', '{\"id\": \"own\"}')");
        other.close();
        settle(target);
      }
      const { result, error, waited } = await silenced(through(proxy, end), at(target), proxy, phase, which);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(result.errors[0]!.message).toContain("has not answered for");
      expect(waited).toBeLessThan(LONGEST + SLACK);
      expect(told.length).toBeGreaterThan(0);
    }, 120_000);

    test("of the target, while it is written to", async () => {
      using folder = temporaryFolder();
      await end.empty();
      await using proxy = await proxyTo(addressOf(end.server.uri));
      const { error, waited } = await silenced(
        bigFile(folder.file("a.db")),
        through(proxy, end),
        proxy,
        "transfer",
        which,
      );
      expect(error).not.toBeNull();
      expect(waited).toBeLessThan(LONGEST + SLACK);
      expect(told.length).toBeGreaterThan(0);
      // Where a new connection gets through, everything has been undone over that.
      if (which === "open") expect((await end.read()).nodes.length).toBe(0);
    }, 120_000);

    test.each([
      "transfer",
      "verify",
    ] as const)("of the target, and the run is stopped, in the phase %s", async (phase) => {
      using folder = temporaryFolder();
      await end.empty();
      await using proxy = await proxyTo(addressOf(end.server.uri));
      // So few that undoing them fits into the seconds that there are, also on a busy machine.
      const source = bigFile(folder.file("a.db"), MEMORIES / 3);
      const { error, waited } = await silenced(source, through(proxy, end), proxy, phase, which, 200);
      expect(error).not.toBeNull();
      expect(waited).toBeLessThan(200 + STOPPED);
      if (which === "open") expect((await end.read()).nodes.length).toBe(0);
    }, 120_000);
  });

  test("while it is opened", async () => {
    using folder = temporaryFolder();
    await end.empty();
    expect((await runMigration(bigFile(folder.file("a.db"), 10), end.config, {}, {})).error).toBeNull();
    await using proxy = await proxyTo(addressOf(end.server.uri));
    const config = through(proxy, end);
    const open = async () => (await (await loadBackend(config)).openForReading(config)).close();
    await open();
    const answered = proxy.received();
    let givenUp = 0;
    for (const place of [0.05, 0.2, 0.4, 0.6, 0.8, 0.9]) {
      const begun = proxy.received();
      let since = 0;
      // From that byte on; new connections get through, so that the server says that it lives.
      proxy.garble(() => {
        if (since > 0 || proxy.received() - begun < place * answered) return;
        since = performance.now();
        proxy.silence("open");
        shortenPatience(SHORT);
      });
      const failed = await open().then(
        () => null,
        (error: unknown) => error,
      );
      proxy.garble(null);
      shortenPatience(null);
      expect(performance.now() - since).toBeLessThan(LONGEST + SLACK);
      // What has had its answer by then is not missed.
      if (failed === null) continue;
      expect(failed).toBeInstanceOf(ConnectionError);
      givenUp++;
    }
    expect(givenUp).toBeGreaterThan(1);
  }, 240_000);

  test("does not cut off what the server works on, and tells of it", async () => {
    using folder = temporaryFolder();
    await end.empty();
    expect((await runMigration(bigFile(folder.file("a.db"), 10), end.config, {}, {})).error).toBeNull();
    told.length = 0;
    const { silence, voice } = SHORT;
    shortenPatience({ ...SHORT, probe: 5_000 });
    const { ask, close } = await openedFor(end);
    try {
      let took = 0;
      // Until one statement has taken longer than any silence may last.
      for (let work = 4_000_000; took < silence + voice; work *= 2) {
        const begun = performance.now();
        const question = `UNWIND range(1, ${work}) AS x WITH x % 1000003 AS y RETURN count(DISTINCT y * y % 7919)`;
        // Two at once, as batches are written.
        const answers = await Promise.all([ask(question), ask(question)]);
        expect(answers.map((rows) => rows.length)).toEqual([1, 1]);
        took = performance.now() - begun;
      }
      expect(told.some((text) => / has been working on this for \d+ s/.test(text))).toBe(true);
    } finally {
      await close();
    }
  }, 240_000);
});

describe.each(ends.map((end) => ({ name: end.kind, end })))("the program, when its line to $name falls silent", ({
  end,
}) => {
  const patiences = atLevel({ normal: [SHORT], long: [SHORT, {}] });
  test.each(patiences)("says so, ends at the first signal, and says how to go on, by %p", async (limits) => {
    using folder = temporaryFolder();
    await end.empty();
    await using proxy = await proxyTo(addressOf(end.server.uri));
    bigFile(folder.file("a.db"));
    const { graph } = end.config;
    const named = graph === undefined ? [] : ["--to-graph", graph];
    const to = ["--to", end.kind, "--to-uri", through(proxy, end).uri!, ...named];
    const args = ["migrate", "--from-path", folder.file("a.db"), ...to, "--yes"];
    const env = { PATIENCE: JSON.stringify(limits) };
    const child = begin(folder, args, { pause: "batch answered#2", env });
    await standsStill(child);
    proxy.silence("all");
    child.kill("SIGCONT");
    const ending = ended(child);
    // Somewhat longer than people wait before they are told.
    await Bun.sleep(limits === SHORT ? 1_500 : 14_000);
    const stopped = performance.now();
    child.kill("SIGTERM");
    const { code, stderr } = await ending;
    expect(performance.now() - stopped).toBeLessThan(STOPPED);
    expect(code).toBe(6);
    expect(stderr).toMatch(/no answer from .* for \d+ s: writing records/);
    const [run] = await runsOf(folder);
    expect(run).toMatchObject({ status: "stopped", can: ["resume", "rollback"] });
    expect(stderr).toContain(`memorygraph-migrate rollback ${run!.id}`);
    await proxy.mend();
    const undone = await program(folder, ["rollback", run!.id, "--yes"]);
    expect([undone.code, undone.stderr.includes("error")]).toEqual([0, false]);
    expect((await end.read()).nodes.length).toBe(0);
  }, 120_000);
});

const OWN = { neo4j: ownNeo4j, falkordb: ownFalkor, memgraph: playedMemgraph } as const;
const KINDS = ["neo4j", "falkordb", "memgraph"] as const;
const standing = KINDS.filter((name) => ends.some(({ kind }) => kind === name));
describe.each(standing)("a %s that stands still", (name) => {
  test("as a source, and as a target", async () => {
    using folder = temporaryFolder();
    await using own = await OWN[name]();
    const end = "end" in own ? own.end : endOf(own.server);
    const source = bigFile(folder.file("a.db"));
    const stoppedAt = async (from: BackendConfig, to: BackendConfig) => {
      told.length = 0;
      let since = 0;
      const onProgress = ({ phase, done }: Progress) => {
        if (since > 0 || phase !== "transfer" || done === 0) return;
        since = performance.now();
        own.stand();
        shortenPatience(SHORT);
      };
      const { error } = await runMigration(from, to, {}, { onProgress });
      own.go();
      shortenPatience(null);
      expect(error).not.toBeNull();
      expect(performance.now() - since).toBeLessThan(LONGEST + SLACK);
      expect(told.length).toBeGreaterThan(0);
    };
    await stoppedAt(source, end.config);
    await end.empty();
    expect((await runMigration(source, end.config, {}, {})).error).toBeNull();
    await stoppedAt(end.config, at(folder.file("out.db")));
  }, 300_000);
});
