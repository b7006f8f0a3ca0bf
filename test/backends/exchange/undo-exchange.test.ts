/** A run that made an exchange file is undone: the file goes, or what somebody has put into it since stays. */
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { document, program } from "../../cli/program.ts";
import { begin, ended, standsStill } from "../../faults/program.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { copyFixture, settle } from "../../support/stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const source = copyFixture("0.12.4", folder, "from.db");

/** Somebody's own record, put into the file. */
const OWN: Record<string, (path: string) => void> = {
  jsonl: (path) =>
    appendFileSync(path, '{"type":"entity","name":"own","entityType":"person","observations":["likes tea"]}\n'),
  graphml: (path) =>
    writeFileSync(path, readFileSync(path, "utf8").replace("</graph>", '<node id="own"></node>\n</graph>')),
  cypher: (path) =>
    appendFileSync(path, "CREATE (:`MemorygraphMigrateLoading` {`memorygraph_migrate_key`: '=own', `id`: 'own'});\n"),
};

test.each(Object.keys(OWN))("a .%s file", async (ending) => {
  for (const touched of [false, true]) {
    const path = folder.file(`${touched}.${ending}`);
    expect((await program(folder, [source, path, "-q"])).code).toBe(0);
    if (touched) OWN[ending]!(path);
    settle(path);
    const { runs } = document((await program(folder, ["runs", "--to-path", path, "--json"])).stdout) as {
      runs: { id: string }[];
    };
    const undone = await program(folder, ["rollback", runs[0]!.id, "--yes"]);
    expect([undone.stderr, undone.code]).toEqual(["", 0]);
    expect(existsSync(path)).toBe(touched);
    if (!touched) continue;
    const { count } = document((await program(folder, ["inspect", path, "--json"])).stdout) as { count: object };
    expect(count).toMatchObject({ nodes: 1, relationships: 0 });
    expect(readFileSync(path, "utf8")).toContain("own");
  }
});

test
  .skipIf(process.platform !== "linux")
  .each(Object.keys(OWN).flatMap((ending) => [false, true].map((touched) => [ending, touched] as const)))(
  "a .%s file is not open any more when it is removed or replaced, as Windows wants it (%p)",
  async (ending, touched) => {
    const path = folder.file(`closed-${touched}.${ending}`);
    expect((await program(folder, [source, path, "-q"])).code).toBe(0);
    if (touched) OWN[ending]!(path);
    settle(path);
    const { runs } = document((await program(folder, ["runs", "--to-path", path, "--json"])).stdout) as {
      runs: { id: string }[];
    };
    const child = begin(folder, ["rollback", runs[0]!.id, "--yes"], { pause: "rolled back#1" });
    await standsStill(child);
    const open = readdirSync(`/proc/${child.pid}/fd`).map((name) => linkOf(`/proc/${child.pid}/fd/${name}`));
    expect(open.filter((name) => name.startsWith(path))).toEqual([]);
    process.kill(child.pid, "SIGCONT");
    expect((await ended(child)).code).toBe(0);
  },
);

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
