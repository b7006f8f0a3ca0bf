// @level normal
/** MemoryGraph itself at work on graph servers that we have filled. */
import { afterAll, describe, expect, test } from "bun:test";
import neo4j from "neo4j-driver";
import { runMigration } from "../../src/operations/migrate.ts";
import { withDriver } from "../conformance/bolt.ts";
import type { Plain, PlainGraph } from "../conformance/corpus.ts";
import { endOf } from "../conformance/ends.ts";
import { graphOfTruth } from "../conformance/graph.ts";
import { temporaryFolder } from "../support/folder.ts";
import { availableServers, type TestServer } from "../support/servers.ts";
import { at, copyFixture, FIXTURES, truthFile } from "../support/stores.ts";
import { hasOracle, listening } from "./oracle.ts";

const GRAPH = "oracle";
const servers = hasOracle("neo4j", "falkordb") ? [...(await availableServers()).values()].map(([first]) => first!) : [];

interface Memory {
  readonly type: string;
  readonly title: string;
  readonly content: string;
  readonly tags: readonly string[];
  readonly importance: number;
  readonly created_at: string;
  readonly project: string | null;
}
/** The other memory, the type, the strength. */
type Joined = readonly [other: string, type: string, strength: number];
interface Look {
  readonly memories: Readonly<Record<string, Memory>>;
  readonly related: Readonly<Record<string, readonly Joined[]>>;
  readonly counts: readonly [memories: number, relationships: number];
}
interface Answer extends Look {
  readonly written: Look & { readonly refusal: string | null };
}

const oracle = servers.length === 0 ? null : listening("open_server.py");
afterAll(() => oracle?.close());

function open(
  { kind, uri, username = "", password = "" }: TestServer,
  quoted: boolean,
  asked = oracle!,
): Promise<Answer> {
  return asked.ask({ kind, uri, user: username, password, graph: GRAPH, quoted }) as Promise<Answer>;
}

/** What MemoryGraph relies on, and old releases of Memgraph have not. */
async function abilitiesOf(server: TestServer): Promise<{ bareLabel: boolean; zonedTimes: boolean }> {
  if (server.kind === "falkordb") return { bareLabel: true, zonedTimes: true };
  const takes = (statement: string, parameters = {}) =>
    withDriver(server, (run) => run(statement, parameters)).then(
      () => true,
      () => false,
    );
  return {
    bareLabel: await takes("MATCH (m:Memory) RETURN m LIMIT 1"),
    zonedTimes: await takes("RETURN $time", { time: neo4j.types.DateTime.fromStandardDate(new Date()) }),
  };
}

/** FalkorDB tells doubles with 15 digits, whoever asks. */
function toldOf(kind: TestServer["kind"]): (value: Plain) => number {
  return kind === "falkordb" ? (value) => Number(Number(value).toPrecision(15)) : Number;
}

/** As MemoryGraph would tell the memories of the truth. */
function memoriesOf({ nodes }: PlainGraph, number: (value: Plain) => number): Record<string, Memory> {
  const text = (value: Plain | undefined) => String(value);
  return Object.fromEntries(
    nodes.map(({ properties: { id, type, title, content, tags, importance, created_at, context_project_path } }) => [
      text(id),
      {
        type: text(type),
        title: text(title),
        content: text(content),
        tags: (tags ?? []) as string[],
        importance: number(importance ?? 0.5),
        created_at: isoformat(text(created_at)),
        project: (context_project_path ?? null) as string | null,
      },
    ]),
  );
}

/** What MemoryGraph suggests to somebody who looks at a memory. */
const SUGGESTED = ["BUILDS_ON", "CONFIRMS", "SIMILAR_TO", "RELATED_TO", "ALTERNATIVE_TO", "IMPROVES"];

function joinedTo(id: string, { relationships }: PlainGraph, kind: TestServer["kind"]): Joined[] {
  const joined = relationships.map(({ from, to, type, properties: { strength } }) => {
    return { from, to, type, strength: toldOf(kind)(strength ?? 0.5) };
  });
  const told =
    kind === "falkordb"
      ? joined.filter(({ from, type, strength }) => from === id && SUGGESTED.includes(type) && strength >= 0.5)
      : joined.filter(({ from, to }) => from !== to && (from === id || to === id));
  return told.map(({ from, to, type, strength }) => [from === id ? to : from, type, strength]);
}

/** The spelling of Python's `isoformat`. */
function isoformat(time: string): string {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.(\d+))?(?:Z|\+00:00)$/.exec(time)!;
  const micros = fraction.padEnd(6, "0");
  return `${seconds}${/^0+$/.test(micros) ? "" : `.${micros}`}+00:00`;
}

/** MemoryGraph gives no more. */
const MOST = 20;
const sorted = (list: readonly Joined[]) => list.map((joined) => JSON.stringify(joined)).sort();

const abilities = await Promise.all(servers.map(abilitiesOf));
const cases = servers.map((server, index) => ({ name: server.kind, server, ...abilities[index]! }));

describe.each(cases)("MemoryGraph 0.12.4 itself on $name", ({ server, bareLabel, zonedTimes }) => {
  const end = endOf(server, GRAPH);
  afterAll(() => end.empty());

  // It would be at a loss there with a store of its own no less: the word is put in quotes for the tests below.
  if (!bareLabel) {
    test("cannot do anything with a server that reserves the word Memory", async () => {
      const other = listening("open_server.py");
      try {
        await expect(open(server, false, other)).rejects.toThrow("mismatched input 'Memory'");
      } finally {
        await other.close();
      }
    });
  }

  test.each(FIXTURES)("returns every memory and its relationships of sqlite-%s, and goes on writing", async (name) => {
    using folder = temporaryFolder();
    await end.clear();
    const { result } = await runMigration(at(copyFixture(name, folder)), end.config, { for: "0.12" }, {});
    expect(result.errors).toEqual([]);
    const truth = graphOfTruth(truthFile(name));
    const { memories, related, counts, written } = await open(server, !bareLabel);
    expect(memories).toEqual(memoriesOf(truth, toldOf(server.kind)));
    expect(counts).toEqual([truth.nodes.length, truth.relationships.length]);
    for (const id of Object.keys(memories)) {
      const all = joinedTo(id, truth, server.kind);
      const told = related[id]!;
      if (all.length <= MOST) expect([id, sorted(told)]).toEqual([id, sorted(all)]);
      else {
        expect(told.length).toBe(MOST);
        expect(sorted(all)).toEqual(expect.arrayContaining(sorted(told)));
      }
    }
    const old = Object.keys(memories).sort()[0]!;
    expect(written.memories["written-later"]?.content).toBe("by MemoryGraph");
    expect(written.memories[old]?.title).toBe("renamed by MemoryGraph");
    // On FalkorDB no release of it can join two memories, in a graph of its own no more than in ours.
    if (server.kind === "falkordb") expect(written.refusal).toContain("properties");
    // Nor on a Memgraph that does not know the date-times that it gives every relationship.
    else if (!zonedTimes) expect(written.refusal).toContain("Something went wrong while executing the query");
    else {
      expect([written.refusal, written.related["written-later"]]).toEqual([null, [[old, "SOLVES", 0.625]]]);
      expect(written.related[old]!.length).toBe(Math.min(MOST, related[old]!.length + 1));
    }
  });
});
