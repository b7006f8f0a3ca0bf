// @level normal
/** Texts that are not UTF-8, which engines store as they come: they cost the property, by name, and never the store. */
import { describe, expect, test } from "bun:test";
import { expectError, program } from "../cli/program.ts";
import { Engine, engines } from "../rdb/engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { ask } from "./raw-client.ts";

const kinds = await engines();

describe.each(kinds.map((kind) => [kind.version, kind] as const))("a dump of FalkorDB %s", (_, { module }) => {
  test("with names that are not UTF-8 is read, and says that they come out as others", async () => {
    using folder = temporaryFolder();
    {
      await using engine = await Engine.start(module, folder.path, "dump.rdb");
      const query = "CREATE (:Memory:`Z\xfc` {id: 'a', title: 't', `n\xe9`: 1})";
      await ask(engine.port, "GRAPH.QUERY", "memorygraph", Buffer.from(query, "latin1"));
      await engine.command("SAVE");
    }
    const from = ["--from", "falkordblite", "--from-path", folder.file("dump.rdb")];
    const to = ["--to", "sqlite", "--to-path", folder.file("new.db")];
    const refused = await program(folder, [...from, ...to]);
    expectError(refused, 8, "a label, type or property name that is not UTF-8");
    expect((await program(folder, [...from, ...to, "--allow-loss"])).code).toBe(0);
  });

  test("with texts that are not UTF-8 loses them alone, when that is allowed", async () => {
    using folder = temporaryFolder();
    {
      await using engine = await Engine.start(module, folder.path, "dump.rdb");
      const bad = Buffer.from("Z\xfcrich", "latin1").toString("latin1");
      const memory = (id: string, title: string) =>
        `(:Memory {id: '${id}', type: 'general', title: '${title}', content: 'Köln', tags: ['a', '${title}'], n: 1})`;
      const query = `CREATE ${memory("whole", "fine")}-[:R {note: '${bad}', n: 2}]->${memory("bad", bad)}, (:X {t: '${bad}'})`;
      // All but the marked texts is UTF-8.
      const bytes = Buffer.concat(
        query.split(bad).flatMap((part, at) => [...(at > 0 ? [Buffer.from(bad, "latin1")] : []), Buffer.from(part)]),
      );
      await ask(engine.port, "GRAPH.QUERY", "memorygraph", bytes);
      await engine.command("SAVE");
    }
    const from = ["--from", "falkordblite", "--from-path", folder.file("dump.rdb")];
    const seen = await program(folder, ["inspect", ...from]);
    expect([seen.code, seen.stderr]).toEqual([8, expect.stringContaining("bad: title")]);
    const to = ["--to", "sqlite", "--to-path", folder.file("new.db")];
    const refused = await program(folder, [...from, ...to]);
    expectError(refused, 8, "4 properties of the source cannot be read; all others can");
    for (const lost of ["bad: title", "bad: tags", "node 2 of the dump: t", "relationship 0 of the dump: note"]) {
      expect(refused.stderr).toContain(lost);
    }
    const allowed = await program(folder, [...from, ...to, "--allow-loss", "--json"]);
    expect(allowed.code).toBe(0);
    const written = await program(folder, ["inspect", "--from-path", folder.file("new.db"), "--json"]);
    expect(JSON.parse(written.stdout)).toMatchObject({ count: { nodes: 3, relationships: 1, memories: 2 } });
    // What could not be proven unharmed is not written anew.
    const into = ["--to", "falkordblite", "--to-path", folder.file("dump.rdb")];
    const target = await program(folder, ["--from-path", copyFixture("0.12.4", folder), ...into, "--dry-run"]);
    expectError(target, 8, "holds records that cannot be read, so it cannot be verified that they stay unchanged");
  });
});
