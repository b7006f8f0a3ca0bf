// @level long
/**
 * Many silences: the line to a server falls silent, or the server stands still, wherever a run is: after so much of what the
 * program sends in an undisturbed one, from the first byte (connecting) over probing, reading, writing and the schema to the
 * last of verification, and while the run is undone. No wait is longer than it may be, and none lasts without a word. On FalkorDB
 * all rows run beside one another, each on a graph of its own, by the limits of a release; on Neo4j, which has one graph, one after
 * another by shorter ones, and in each phase by those of a release as well, as on Memgraph, which is played.
 * silence.test.ts has the phases one by one.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BackendConfig } from "../../src/backends/config.ts";
import { InterruptedError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { Progress } from "../../src/operations/models.ts";
import { onWait, patience, shortenPatience } from "../../src/support/patience.ts";
import { endOf } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownFalkor, ownNeo4j } from "../support/own-servers.ts";
import { playedMemgraph } from "../support/played-memgraph.ts";
import { addressOf, type Proxy as Line, proxyTo } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at, manyMemories } from "../support/stores.ts";

/** Side by side, all rows take as long as one. */
const LONGEST = 180_000;
/** From the signal on, whatever the limits. */
const STOPPED = 30_000;
/** For rows that come one after another. */
const SHORT = {
  ...{ connect: 1_500, voice: 400, probeEvery: 400, probe: 1_500, silence: 2_000 },
  ...{ lastAnswers: 800, comeBack: 1_000, close: 500 },
} as const;
/** By those limits. */
const SHORTLY = 12_000;
/** What a busy machine adds. */
const SLACK = 10_000;
const MEMORIES = 1_500;
/** Of what the program sends. */
const PLACES = [0, 0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.6, 0.75, 0.9, 0.95];
/** One in each phase: connecting, looking at the target, reading or writing, the schema, verifying. */
const PHASES = [0, 0.05, 0.35, 0.75, 0.95];
/** And where servers stand still as well. */
const BETWEEN = [0.03, 0.07, 0.3, 0.4, 0.45, 0.55, 0.65, 0.7, 0.8];

/** More Neo4j than this starve one another of two processors, until they answer nobody for minutes. */
const AT_ONCE = 5;

/** A played one is filled already where it is to be a source. */
type Silenced = Pick<OwnServer, "server" | "stand" | "go">;
type Direction = "from the server" | "into the server" | "undone";
type Silence = "open" | "all" | "frozen";

interface Row {
  readonly direction: Direction;
  readonly silence: Silence;
  readonly place: number;
}

function rowsOf(silences: readonly Silence[], places: readonly number[]): Row[] {
  const directions = ["from the server", "into the server", "undone"] as const;
  const all = silences.flatMap((silence) =>
    directions.flatMap((direction) => places.map((place) => ({ direction, silence, place }))),
  );
  // A run is undone once it has written something, and before the first byte no connection is open.
  return all.filter(({ direction, silence, place }) => {
    return (direction !== "undone" || place >= 0.25) && (silence !== "open" || place > 0);
  });
}

/** What was said, and when. */
const words: { readonly text: string; readonly at: number }[] = [];
const say = (text: string) => void words.push({ text, at: performance.now() });
let folder: TemporaryFolder;
let source: BackendConfig;
const isThere = { neo4j: (await serversOf("neo4j")).length > 0, falkordb: (await serversOf("falkordb")).length > 0 };

beforeAll(() => {
  folder = temporaryFolder();
  source = manyMemories(folder.file("a.db"), MEMORIES, 1_000);
  onWait(say);
});
afterAll(() => {
  onWait(null);
  folder[Symbol.dispose]();
});

function graphOf({ server: { kind, uri } }: Silenced, graph: string, port?: number): BackendConfig {
  const through = port === undefined ? uri : uri.replace(/\d+$/, String(port));
  return new BackendConfig({ type: kind, uri: through, ...(kind === "falkordb" && { graph }) });
}

/** How many bytes the program sends in each direction when nothing happens. */
async function sentIn(own: Silenced): Promise<Record<Direction, number>> {
  const measure = async (from: BackendConfig, to: BackendConfig, line: Line) => {
    const before = line.sent();
    expect((await runMigration(from, to, {}, {})).error).toBeNull();
    return line.sent() - before;
  };
  await using line = await proxyTo(addressOf(own.server.uri));
  const there = graphOf(own, "measured", line.port);
  const into = await measure(source, there, line);
  return {
    "into the server": into,
    undone: into,
    "from the server": await measure(there, at(folder.file(`measured-${crypto.randomUUID()}.db`)), line),
  };
}

interface Came {
  readonly row: Row;
  /** From the silence to the end, in milliseconds. */
  readonly waited: number;
  readonly failed: boolean;
  readonly told: boolean;
  /** The longest time of it in which nothing was said, likewise. */
  readonly wordless: number;
}

/** @param limits from the silence on */
async function silenced(
  own: Silenced,
  row: Row,
  name: string,
  sent: number,
  limits: Parameters<typeof shortenPatience>[0] = null,
): Promise<Came> {
  await using line = await proxyTo(addressOf(own.server.uri));
  const there = graphOf(own, name, line.port);
  const isSource = row.direction === "from the server";
  const isFilled = "end" in own;
  if (isSource && !isFilled) expect((await runMigration(source, graphOf(own, name), {}, {})).error).toBeNull();
  const controller = new AbortController();
  let since: number | null = null;
  const fall = () => {
    since = performance.now();
    if (row.silence === "frozen") own.stand();
    else line.silence(row.silence);
    shortenPatience(limits);
  };
  const watch = setInterval(() => {
    if (since !== null || line.sent() < sent * row.place) return;
    if (row.direction === "undone") controller.abort(new InterruptedError("interrupted", { next: "Run it again." }));
    fall();
  }, 1);
  if (row.place === 0) fall();
  const [from, to] = isSource ? [there, at(folder.file(`${name}.db`))] : [source, there];
  const port = `:${line.port}`;
  // Who has stopped a run is told that it is undone.
  const onProgress = ({ phase }: Progress) => phase === "rollback" && say(`${port}: ${phase}`);
  const { error } = await runMigration(from, to, {}, { signal: controller.signal, onProgress });
  clearInterval(watch);
  if (row.silence === "frozen") own.go();
  shortenPatience(null);
  if (since === null) throw new Error(`no silence at ${JSON.stringify(row)}: ${error?.message ?? "ended well"}`);
  const said = words.filter(({ text, at }) => text.includes(port) && at >= since!).map(({ at }) => at);
  const moments = [since, ...said, performance.now()];
  const pauses = moments.slice(1).map((moment, n) => moment - moments[n]!);
  const [waited, wordless] = [performance.now() - since, Math.max(...pauses)];
  return { row, waited, failed: error !== null, told: said.length > 0, wordless };
}

/**
 * @param longest in milliseconds, as voice
 * @param voice what ends before has its error for a word
 */
function judge(all: readonly Came[], longest = LONGEST, voice = patience().voice + SLACK): void {
  const most = (which: "waited" | "wordless", some = all) => {
    return `${(Math.max(...some.map((came) => came[which])) / 1_000).toFixed(1)} s`;
  };
  const undone = all.filter(({ row: { direction } }) => direction === "undone");
  console.log(
    `${all.length} silences; the longest ${most("waited")}, without a word ${most("wordless")}; ${undone.length} runs were stopped: ${most("waited", undone)}`,
  );
  const tooLong = all.filter(({ row: { direction }, waited }) => {
    return waited > (direction === "undone" ? STOPPED : longest) + SLACK;
  });
  const silent = all.filter((came) => {
    return (!came.told && came.waited > voice) || came.wordless > patience().voice + SLACK;
  });
  expect({ tooLong, silent, notFailed: all.filter(({ failed }) => !failed) }).toEqual({
    tooLong: [],
    silent: [],
    notFailed: [],
  });
}

describe.skipIf(!isThere.falkordb)("FalkorDB", () => {
  test("lines that fall silent", async () => {
    await using own = await ownFalkor();
    const sent = await sentIn(own);
    const rows = rowsOf(["open", "all"], PLACES);
    expect(rows.length).toBeGreaterThanOrEqual(50);
    const one = (row: Row) => silenced(own, row, `silent-${rows.indexOf(row)}`, sent[row.direction]);
    // So many undone at once beside all others would take a busy machine longer than there is time for one.
    const { undone = [], others = [] } = Object.groupBy(rows, ({ direction }) =>
      direction === "undone" ? direction : "others",
    );
    const first = await Promise.all(undone.map(one));
    judge([...first, ...(await Promise.all(others.map(one)))]);
  }, 600_000);

  test("servers that stand still", async () => {
    await using measured = await ownFalkor();
    const sent = await sentIn(measured);
    const rows = rowsOf(["frozen"], [...PLACES, ...BETWEEN]);
    expect(rows.length).toBeGreaterThanOrEqual(50);
    await using servers = new AsyncDisposableStack();
    const each: OwnServer[] = [];
    // One after another: a port that is free is not yet taken.
    for (const _ of rows) each.push(servers.use(await ownFalkor()));
    judge(await Promise.all(rows.map((row, n) => silenced(each[n]!, row, `frozen-${n}`, sent[row.direction]))));
  }, 600_000);
});

describe.skipIf(!isThere.neo4j)("Neo4j", () => {
  test("lines that fall silent, and a server that stands still", async () => {
    await using own = await ownNeo4j();
    const { empty } = endOf(own.server);
    const sent = await sentIn(own);
    const rows = [...rowsOf(["open", "all"], PLACES), ...rowsOf(["frozen"], [...PLACES, ...BETWEEN])];
    expect(rows.length).toBeGreaterThanOrEqual(100);
    const came: Came[] = [];
    for (const [n, row] of rows.entries()) {
      await empty();
      came.push(await silenced(own, row, `neo4j-${n}`, sent[row.direction], SHORT));
    }
    judge(came, SHORTLY, SHORT.silence);
  }, 3_600_000);

  test("each phase, by the limits of a release", async () => {
    // Those that are stopped end soonest: side by side.
    const rows = rowsOf(["all", "frozen"], PHASES).toSorted(
      (a, b) => Number(b.direction === "undone") - Number(a.direction === "undone"),
    );
    const came: Came[] = [];
    for (let first = 0; first < rows.length; first += AT_ONCE) {
      await using servers = new AsyncDisposableStack();
      const each: OwnServer[] = [];
      for (const _ of rows.slice(first, first + AT_ONCE)) each.push(servers.use(await ownNeo4j()));
      const sent = await sentIn(each[0]!);
      await endOf(each[0]!.server).empty();
      const wave = rows.slice(first, first + AT_ONCE);
      const names = wave.map((_, n) => `phase-${first + n}`);
      came.push(...(await Promise.all(wave.map((row, n) => silenced(each[n]!, row, names[n]!, sent[row.direction])))));
    }
    judge(came);
  }, 3_600_000);
});

/** So many played servers and runs does one process serve while each of them still answers in time. */
const PLAYED_AT_ONCE = 10;

test("Memgraph, played: each phase, by the limits of a release", async () => {
  await using measured = await playedMemgraph();
  const sent = await sentIn(measured);
  const filled = await measured.end.read();
  const rows = rowsOf(["open", "all", "frozen"], PHASES).toSorted(
    (a, b) => Number(b.direction === "undone") - Number(a.direction === "undone"),
  );
  const one = async (row: Row) => {
    await using own = await playedMemgraph({ inactivity: 60_000 });
    if (row.direction === "from the server") await own.end.fill(filled);
    // Awaited here: the server goes when this ends.
    return await silenced(own, row, `memgraph-${rows.indexOf(row)}`, sent[row.direction]);
  };
  const came: Came[] = [];
  for (let first = 0; first < rows.length; first += PLAYED_AT_ONCE) {
    came.push(...(await Promise.all(rows.slice(first, first + PLAYED_AT_ONCE).map(one))));
  }
  judge(came);
}, 2_400_000);
