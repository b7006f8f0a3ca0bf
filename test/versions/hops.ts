/**
 * One chain of migrations through a server of each version that HOPS names, in its order, and back into a file: what
 * arrives is what was there at the first, as plain driver calls see it. `npm run test:versions` starts it; by itself:
 * HOPS=neo4j@4.4.48,falkordb@4.14.7 bun test --timeout 300000 ./test/versions/hops.ts
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { engineVersion } from "../../scripts/engines/versions.ts";
import type { Kind } from "../../scripts/servers.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { contractEnd } from "../conformance/contract-end.ts";
import { sharedCorpus, withoutBackticks } from "../conformance/corpus.ts";
import { type End, endOf } from "../conformance/ends.ts";
import { graphOfTruth, linesOf } from "../conformance/graph.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownOfVersion } from "../support/own-servers.ts";
import { copyFixture, truthFile } from "../support/stores.ts";

const STARTING = 300_000;
const HOPS = (Bun.env.HOPS ?? "").split(",").map((name) => {
  const [kind, version] = name.split("@");
  return engineVersion(kind as Kind, version ?? "");
});

const folder = temporaryFolder();
/** The server whose store the next hop reads, and the one that it fills. */
const servers: OwnServer[] = [];
let last: End | null = null;
let expected: string[] = [];

function fileEnd(name: string): End {
  return contractEnd(name, new BackendConfig({ type: "sqlite", path: folder.file(`${name}.db`) }), "0.12");
}

async function hop(to: End): Promise<string[]> {
  const { result } = await runMigration(last!.config, to.config, {}, {});
  expect(result.errors).toEqual([]);
  expect([result.complete, result.verified]).toEqual([true, true]);
  last = to;
  return linesOf(await to.read());
}

beforeAll(async () => {
  // What the application wrote, and beside it whatever is hard to hold and every kind of store can.
  const corpus = withoutBackticks(sharedCorpus());
  last = fileEnd("first");
  const fixture = new BackendConfig({ type: "sqlite", path: copyFixture("0.12.4", folder) });
  expect((await runMigration(fixture, last.config, {}, {})).result.errors).toEqual([]);
  await last.fill(corpus);
  expected = linesOf(await last.read());
  expect(expected.length).toBe(linesOf(corpus).length + linesOf(graphOfTruth(truthFile("0.12.4"))).length);
});

test.each(HOPS)(
  "to $kind $version",
  async (release) => {
    const server = await ownOfVersion(release);
    servers.push(server);
    expect(await hop(endOf(server.server))).toEqual(expected);
    if (servers.length > 1) await servers.shift()![Symbol.asyncDispose]();
  },
  STARTING,
);

test(
  "back into a file",
  async () => {
    expect(await hop(fileEnd("last"))).toEqual(expected);
  },
  STARTING,
);

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});
