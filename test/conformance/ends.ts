/** The ends that a migration can have in the tests: each can be filled, read and emptied by plain means. */
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { descriptorOf } from "../../src/backends/descriptors.ts";
import type { Release } from "../../src/memorygraph/releases.ts";
import { sharedEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { playedMemgraph } from "../support/played-memgraph.ts";
import { availableServers, serversOf, type TestServer } from "../support/servers.ts";
import { emptyBolt, fillBolt, readBolt, withDriver } from "./bolt.ts";
import { contractEnd } from "./contract-end.ts";
import type { PlainGraph } from "./corpus.ts";
import { emptyFalkor, fillFalkor, readFalkor } from "./falkor.ts";
import { emptyLite, type Form, fillLite, readLite } from "./falkordblite.ts";

export interface End {
  /** As a test's name has it. */
  readonly name: string;
  readonly kind: BackendConfig["type"];
  readonly config: BackendConfig;
  /** Adds to what is there. */
  fill(graph: PlainGraph): Promise<void>;
  read(): Promise<PlainGraph>;
  empty(): Promise<void>;
  /** As empty, but indexes stay where making them takes longer than all else in a test. */
  clear(): Promise<void>;
}

/** Whether a store of that kind is refused as a target once it holds something. */
export function isWrittenOnce({ kind }: End): boolean {
  return descriptorOf(kind).capabilities.isWrittenOnce === true;
}

export interface ServerEnd extends End {
  readonly server: TestServer;
}

export function endOf(server: TestServer, graph = "tests"): ServerEnd {
  const { kind, number, uri, username, password } = server;
  const base = { name: `${kind} ${number}`, kind, server };
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  if (kind === "falkordb") {
    return {
      ...base,
      config: new BackendConfig({ type: kind, uri, graph, ...login }),
      fill: (content) => fillFalkor(server, graph, content),
      read: () => readFalkor(server, graph),
      empty: () => emptyFalkor(server, graph),
      clear: () => emptyFalkor(server, graph),
    };
  }
  return {
    ...base,
    config: new BackendConfig({ type: kind, uri, ...login }),
    fill: (content) => fillBolt(server, content),
    read: () => readBolt(server),
    empty: () => emptyBolt(server),
    clear: () => withDriver(server, async (run) => void (await run("MATCH (n) DETACH DELETE n"))),
  };
}

export function liteName(form: Form): string {
  return `falkordblite ${form}`;
}

/** Its store is in the folder of the engine that judges it, and goes with that. */
export async function liteEnd(form: Form): Promise<End> {
  const { folder } = await sharedEngine();
  const path = join(folder, form === "file" ? "falkordblite.db" : "falkordblite");
  return {
    name: liteName(form),
    kind: "falkordblite",
    config: new BackendConfig({ type: "falkordblite", path }),
    fill: (content) => fillLite(path, form, content),
    read: () => readLite(path, form),
    empty: () => emptyLite(path, form),
    clear: () => emptyLite(path, form),
  };
}

/** One end of each kind of server, and of each kind a second one where there is one. */
export async function serverEnds(): Promise<{
  readonly first: readonly ServerEnd[];
  readonly second: readonly ServerEnd[];
}> {
  const servers = [...(await availableServers()).values()];
  return {
    first: servers.map((list) => endOf(list[0]!)),
    second: servers.map((list) => endOf(list.at(-1)!)),
  };
}

/** Of a played Memgraph, in milliseconds: less than undoing has time for after a signal, and more than a busy machine stands still. */
const INACTIVITY = 8_000;

/**
 * One server of each kind that is there, and in the long level a played Memgraph where there is no other: for what can happen on the
 * way between a server and the program, whatever the server holds.
 */
export async function endsOfAllKinds(): Promise<readonly ServerEnd[]> {
  const found = await Promise.all((["neo4j", "falkordb", "memgraph"] as const).map((kind) => serversOf(kind)));
  const ends = found.flatMap((servers) => servers.slice(-1)).map((server) => endOf(server));
  if (!ALL_OF_IT || ends.some(({ kind }) => kind === "memgraph")) return ends;
  return [...ends, (await playedMemgraph({ work: workOf, inactivity: INACTIVITY })).end];
}

/** What is asked only to keep a server busy takes a second for each four millions. */
function workOf(statement: string): number {
  return Number(/^UNWIND range\(1, (\d+)\) /.exec(statement)?.[1] ?? 0) / 4_000;
}

interface FileRow {
  readonly kind: BackendConfig["type"];
  /** For which releases the store at the first and at the second end of a pair is made. */
  readonly first: Release;
  readonly second: Release;
}

/** Stores that are files, which need no server: they are ends wherever the tests run. */
const FILES: readonly FileRow[] = [
  { kind: "archive", first: "0.12", second: "0.13" },
  { kind: "sqlite", first: "0.12", second: "0.13" },
  { kind: "markdown", first: "0.12", second: "0.13" },
];
/** Judged by an engine where there is one, since the program alone would judge itself. */
const LITE: FileRow = { kind: "falkordblite", first: "0.12", second: "0.13" };

const folder = temporaryFolder();
process.on("exit", () => folder[Symbol.dispose]());

function fileEnd({ kind, ...releases }: FileRow, at: "first" | "second"): End {
  const config = new BackendConfig({ type: kind, path: folder.file(`${at}-${kind}.store`) });
  return contractEnd(`${kind} for ${releases[at]}`, config, releases[at]);
}

/**
 * One end of each kind of server that is there and of each kind of file, and of each kind a second one where there is
 * one; of a file, a store for another release.
 */
export async function allEnds(): Promise<{ readonly first: readonly End[]; readonly second: readonly End[] }> {
  const { first, second } = await serverEnds();
  const engine = first.some(({ kind }) => kind === "falkordb");
  const files = engine ? FILES : [...FILES, LITE];
  const [a, b] = (["first", "second"] as const).map((at) => files.map((row) => fileEnd(row, at)));
  return {
    first: [...first, ...(engine ? [await liteEnd("file")] : []), ...a!],
    second: [...second, ...(engine ? [await liteEnd("directory")] : []), ...b!],
  };
}
