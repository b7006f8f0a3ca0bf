/** Connections that break and servers that die in the middle of a run. */
import { afterEach, describe, expect, test } from "bun:test";
import { falkorBinaries } from "../../scripts/engines/falkordb.ts";
import { freePort } from "../../scripts/engines/ready.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { shortenPatience } from "../../src/support/patience.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { addressOf, proxyTo } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at, copyFixture } from "../support/stores.ts";
import { serverEnds } from "./ends.ts";
import { linesOf } from "./graph.ts";

const { second: ends } = await serverEnds();
/** With CUTS=100 in the environment, every stretch of the line. */
const CUTS = Number(Bun.env.CUTS ?? atLevel({ normal: 2, long: 10, full: 20 }));

describe.each(ends.map((end) => ({ name: end.name, end })))("$name behind a line that breaks", ({ end }) => {
  const through = (port: number) =>
    new BackendConfig({ ...end.config, uri: end.config.uri!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`) });

  test("as a target is as before, wherever the line breaks", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    await end.empty();
    await using proxy = await proxyTo(addressOf(end.server.uri));
    expect((await runMigration(source, through(proxy.port), {}, {})).result.errors).toEqual([]);
    const whole = proxy.sent();
    const strange = { nodes: [{ name: "x", labels: ["Other"], properties: { text: "was here" } }], relationships: [] };
    let broken = 0;
    for (let cut = 1; cut <= CUTS; cut++) {
      await end.empty();
      await end.fill(strange);
      const before = linesOf(await end.read());
      proxy.cutAfter(Math.floor((whole * cut) / (CUTS + 1)));
      const { result } = await runMigration(source, through(proxy.port), {}, {});
      proxy.cutAfter(null);
      if (result.success) continue;
      broken++;
      expect(["connection", "write_failed"]).toContain(result.errors[0]!.code);
      expect(linesOf(await end.read())).toEqual(before);
    }
    expect(broken).toBeGreaterThan(CUTS / 2);
  }, 120_000);

  test("as a source makes no target", async () => {
    using folder = temporaryFolder();
    await end.empty();
    expect((await runMigration(at(copyFixture("0.12.4", folder)), end.config, {}, {})).result.errors).toEqual([]);
    await using proxy = await proxyTo(addressOf(end.server.uri));
    const target = folder.file("new.db");
    const { result } = await runMigration(
      through(proxy.port),
      at(target),
      {},
      {
        onProgress: ({ phase }) => {
          if (phase === "transfer") proxy.cut();
        },
      },
    );
    expect(result.errors[0]?.code).toBe("connection");
    expect(await Bun.file(target).exists()).toBe(false);
  }, 120_000);
});

const falkor = await serversOf("falkordb");
afterEach(() => shortenPatience(null));

test.skipIf(falkor.length === 0)(
  "a server that dies for good leaves word of what is to be undone",
  async () => {
    using folder = temporaryFolder();
    const { server, module } = falkorBinaries();
    const port = await freePort();
    const command = [server, "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder.path];
    const child = Bun.spawn([...command, "--loadmodule", module], { stdout: "ignore", stderr: "ignore" });
    await Bun.sleep(1_000);
    const target = new BackendConfig({ type: "falkordb", uri: `redis://127.0.0.1:${port}` });
    shortenPatience({ comeBack: 2_000 });
    const { result } = await runMigration(
      at(copyFixture("0.12.4", folder)),
      target,
      {},
      {
        onProgress: ({ phase }) => {
          if (phase === "verify") child.kill("SIGKILL");
        },
      },
    );
    await child.exited;
    expect(result.errors[0]?.code).toBe("rollback_failed");
    expect(result.errors[0]?.message).toContain("could not be undone");
    expect(result.errors[0]?.details.join("\n")).toContain("60 nodes and 120 relationships");
  },
  120_000,
);
