// @level normal
/** The executable moves stores as the source version does: files, and every server that is there. */
import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RELEASES } from "../../src/memorygraph/releases.ts";
import { document, program } from "../cli/program.ts";
import { endOf } from "../conformance/ends.ts";
import { temporaryFolder } from "../support/folder.ts";
import { availableServers, type TestServer } from "../support/servers.ts";
import { copyFixture, digestOf, FIXTURES } from "../support/stores.ts";
import { runExecutable } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const servers = [...(await availableServers()).values()].flat();
const GRAPH = "release";

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Without what no two runs have in common. */
function comparable(stdout: string, target: string): unknown {
  const own = /Seconds$|^run$/;
  return JSON.parse(stdout.replaceAll(target, "TARGET"), (key, value) => (own.test(key) ? "some" : value));
}

describe.each(
  FIXTURES.flatMap((name) => RELEASES.map((release) => [name, release] as const)),
)("the store of %s, for %s", (name, release) => {
  test("becomes the same file, and the same is told of it", async () => {
    const source = copyFixture(name, folder);
    const [ours, theirs] = ["executable", "source"].map((way) => folder.file(`${name}-${release}-${way}.db`));
    const args = (target: string) => [
      "--from-path",
      source,
      "--to",
      "sqlite",
      "--to-path",
      target,
      "--for",
      release,
      "--allow-loss",
      "--json",
    ];
    const shipped = await runExecutable(folder, args(ours!));
    const checkout = await program(folder, args(theirs!));
    expect([shipped.code, shipped.stderr]).toEqual([checkout.code, checkout.stderr]);
    expect(comparable(shipped.stdout, ours!)).toEqual(comparable(checkout.stdout, theirs!));
    expect(document(shipped.stdout)).toMatchObject({ success: true, verified: true });
    expect(sha256(ours!)).toBe(sha256(theirs!));
  });
});

describe.each(servers.map((server) => ({ name: `${server.kind} ${server.number}`, server })))("$name", ({ server }) => {
  const end = endOf(server, GRAPH);

  test("is filled, compared and read back", async () => {
    await end.empty();
    const source = copyFixture("0.12.4", folder, `to-${server.kind}-${server.number}.db`);
    const back = folder.file(`from-${server.kind}-${server.number}.db`);
    for (const args of [
      ["migrate", "--from-path", source, ...addressOf(server, "to")],
      ["verify", "--from-path", source, ...addressOf(server, "to")],
      ["migrate", ...addressOf(server, "from"), "--to", "sqlite", "--to-path", back, "--for", "0.12"],
    ]) {
      const { code, stdout, stderr } = await runExecutable(folder, [...args, "--json"], { env: withPassword(server) });
      expect([code, stderr]).toEqual([0, ""]);
      document(stdout);
    }
    expect((await end.read()).nodes).toHaveLength(60);
    expect(await digestOf(back)).toBe(await digestOf(source));
    await end.empty();
    // A Neo4j that has just started takes its time over the first write.
  }, 180_000);
});

function addressOf({ kind, uri, username }: TestServer, side: "from" | "to"): string[] {
  return [
    ...[`--${side}`, kind, `--${side}-uri`, uri],
    ...(username === undefined ? [] : [`--${side}-user`, username]),
    ...(kind === "falkordb" ? [`--${side}-graph`, GRAPH] : []),
  ];
}

/** And nothing else: neither home nor path. */
function withPassword({ password }: TestServer): Record<string, string> {
  return password === undefined ? {} : { MEMORYGRAPH_FROM_PASSWORD: password, MEMORYGRAPH_TO_PASSWORD: password };
}
