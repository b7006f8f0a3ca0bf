// @level normal
/** Times in every form of ISO 8601, into every kind of server and back: shown there, and as they were written here. */
import { describe, expect, test } from "bun:test";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, createLike, differences, digestOf, readAll, settle } from "../support/stores.ts";
import { serverEnds } from "./ends.ts";
import { isReadBy013, timesOf } from "./graph.ts";

const SPELLINGS = [
  ...["2026-03-29", "2026-03-29T02:30:00+05", "20260329T023000Z", "2026-03-29T02:30:00,123+00:00", "2026-W13-7"],
  ...["2026-088", "2026-03-29T02:30:00.123456789123+00:00", "2026-03-29T24:00Z", "2026-03-29T02:30:00.123456+00:00"],
];

function make(path: string): string {
  const store = createLike("0.12.4", path);
  const node = store.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, ?, ?)");
  const relationship = store.prepare(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES (?, 'n0', ?, 'SOLVES', ?, ?, ?)",
  );
  for (const [number, time] of SPELLINGS.entries()) {
    const own = {
      type: "solution",
      title: "t",
      content: "c",
      created_at: time,
      updated_at: time,
      context_timestamp: time,
    };
    node.run(`n${number}`, "Memory", JSON.stringify({ id: `n${number}`, ...own }));
    node.run(`e${number}`, "Entity", JSON.stringify({ id: `e${number}`, text: "x", created_at: time }));
    relationship.run(`r${number}`, `n${number}`, JSON.stringify({ id: `r${number}`, created_at: time }), time, time);
  }
  store.close();
  return settle(path);
}

describe.each((await serverEnds()).first)("in $name", (end) => {
  test.each(["0.12", "0.13", "0.14"])("for %s", async (release) => {
    using folder = temporaryFolder();
    await end.clear();
    const source = make(folder.file("s.db"));
    const { result } = await runMigration(at(source), end.config, { for: release }, {});
    expect([result.errors, result.verified, result.notShown.count]).toEqual([[], true, 0]);
    const found = await inspectStore(end.config, () => {});
    expect([found.digest, found.notShown.filter((one) => one.release === release)]).toEqual([
      await digestOf(source),
      [],
    ]);
    if (release !== "0.12") expect(timesOf(await end.read()).filter((time) => !isReadBy013(time))).toEqual([]);
    await runMigration(end.config, at(folder.file("back.db")), { for: "0.12" }, {});
    expect(await differences(source, folder.file("back.db"))).toEqual([]);
    const { records } = await readAll(folder.file("back.db"));
    const times = records
      .filter(({ kind }) => kind === "relationship")
      .map(({ properties }) => properties.get("created_at"));
    // What no Python reads is spelled as 0.12 writes it, and means the same.
    const instead: Record<string, string> = {
      "2026-088": "2026-03-29T00:00:00+00:00",
      "2026-03-29T24:00Z": "2026-03-30T00:00:00+00:00",
    };
    expect(times.map(String).sort()).toEqual(SPELLINGS.map((time) => instead[time] ?? time).sort());
  });
});
