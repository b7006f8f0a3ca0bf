/** MemoryGraph itself at work on graph servers that we have filled. */
import { afterAll, describe, expect, test } from "bun:test";
import { runMigration } from "../../src/migration/migrate.ts";
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

function open({ kind, uri, username = "", password = "" }: TestServer): Promise<Answer> {
  return oracle!.ask({ kind, uri, user: username, password, graph: GRAPH }) as Promise<Answer>;
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

describe.each(servers.map((server) => ({ name: server.kind, server })))("MemoryGraph 0.12.4 itself on $name", ({
  server,
}) => {
  const end = endOf(server, GRAPH);
  afterAll(() => end.empty());

  test.each(FIXTURES)("returns every memory and its relationships of sqlite-%s, and goes on writing", async (name) => {
    using folder = temporaryFolder();
    await end.clear();
    const { result } = await runMigration(at(copyFixture(name, folder)), end.config, { for: "0.12" }, {});
    expect(result.errors).toEqual([]);
    const truth = graphOfTruth(truthFile(name));
    const { memories, related, counts, written } = await open(server);
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
    else {
      expect([written.refusal, written.related["written-later"]]).toEqual([null, [[old, "SOLVES", 0.625]]]);
      expect(written.related[old]!.length).toBe(Math.min(MOST, related[old]!.length + 1));
    }
  });
});
