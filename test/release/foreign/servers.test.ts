// @level normal
/** Servers as target and as source of the executables for Windows and for Linux with musl: by connections of their own, over this machine's network. */
import { beforeEach, describe, expect, test } from "bun:test";
import { document } from "../../cli/program.ts";
import { endOf } from "../../conformance/ends.ts";
import { availableServers } from "../../support/servers.ts";
import { digestOf } from "../../support/stores.ts";
import { Desk, machineForFile } from "./desk.ts";
import { missing, SYSTEMS } from "./system.ts";

const machineOf = machineForFile();
const servers =
  missing === null ? [...(await availableServers())].map(([kind, list]) => [kind, list.at(-1)!] as const) : [];

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(machineOf(), name);
  });

  test.each(servers)(
    "%s: there, verified, back as the same store, and undone",
    async (kind, server) => {
      const { system, here, there } = desk;
      const source = desk.fixture("0.12.4");
      const end = endOf(server, kind === "falkordb" ? "memorygraph" : undefined);
      await end.empty();
      const at = ["--to", kind, "--to-uri", server.uri];
      const moved = await system.run(["--from-path", source, ...at, "--json"]);
      expect([moved.code, moved.stderr]).toEqual([0, ""]);
      const { run } = document(moved.stdout) as { run: string };
      expect((await system.run(["verify", "--from-path", source, ...at, "--quiet"])).code).toBe(0);
      const from = ["--from", kind, "--from-uri", server.uri];
      const back = ["--to", "sqlite", "--to-path", there("back.db"), "--for", "0.12", "--quiet"];
      expect((await system.run([...from, ...back])).code).toBe(0);
      expect(await digestOf(here("back.db"))).toBe(await digestOf(here("source.db")));
      expect((await system.run(["rollback", run, "--yes"])).code).toBe(0);
      expect((await end.read()).nodes).toEqual([]);
    },
    120_000,
  );
});
