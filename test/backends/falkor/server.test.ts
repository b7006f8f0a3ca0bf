import { describe, expect, test } from "bun:test";
import { openFalkor } from "../../../src/backends/falkor/falkor-server.ts";
import { AccessError, ConnectionError, DamagedStoreError, StoreKindError, UsageError } from "../../../src/errors.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { withFalkor } from "../../conformance/falkor.ts";
import { allOf, configOf, createValues, readValues, server, withGraph } from "./support.ts";

const named = (id: string, more: readonly (readonly [string, string | bigint | number])[] = []) =>
  Properties.from([["id", id] as const, ...more]);
const ids = (nodes: readonly { readonly properties: Properties }[]) =>
  nodes.map(({ properties }) => String(properties.get("id"))).sort();

describe.skipIf(server === undefined)("a FalkorDB graph", () => {
  test("that is not there reads as empty, and reading does not create it", () =>
    withGraph(async (graph, raw, name) => {
      expect(await graph.counts()).toEqual({ nodes: 0, relationships: 0 });
      expect(await allOf(graph.nodes())).toEqual([]);
      expect(await allOf(graph.relationships())).toEqual([]);
      expect(await graph.schema()).toEqual([]);
      expect(await graph.sharedIds()).toEqual([]);
      expect(await graph.sampleTimes(10)).toEqual([]);
      expect(await graph.nodesById([1n])).toEqual([]);
      expect(await raw("EXISTS", name)).toBe("0");
      await graph.removeEmpty();
    }, "read"));

  test("opened to read is never written to", () =>
    withGraph(async (graph, raw, name) => {
      expect(() => graph.writer.createNodes({ labels: ["X"], rows: [named("a")] })).toThrow("opened to read");
      expect(graph.writer.deleteNodes([1n])).rejects.toThrow("opened to read");
      expect(await raw("EXISTS", name)).toBe("0");
    }, "read"));

  test("says what and where it is", () =>
    withGraph(async (graph, _, name) => {
      expect(graph.engine).toMatch(/^FalkorDB \d+\.\d+\.\d+ on Redis \d/);
      expect(graph.location).toMatch(new RegExp(`^redis://[^@]+/${name}$`));
      expect(await graph.identity()).toMatch(new RegExp(`^\\w{40} ${name}$`));
    }));

  test("has a change token that every write changes and no reading does", () =>
    withGraph(async (graph, raw, name) => {
      const tokens = [await graph.changeToken()];
      await createValues(graph, [1n, 2n]);
      tokens.push(await graph.changeToken());
      await raw("GRAPH.QUERY", name, "MATCH (n) SET n.value = 5");
      tokens.push(await graph.changeToken());
      await raw("GRAPH.QUERY", name, "MATCH (n) DELETE n");
      tokens.push(await graph.changeToken());
      expect(new Set(tokens).size).toBe(4);
      await allOf(graph.nodes());
      await allOf(graph.relationships());
      await graph.schema();
      expect(await graph.changeToken()).toBe(tokens.at(-1)!);
    }));

  test("is read whole where answers are cut off, and written, too", () =>
    withGraph(async (graph, raw) => {
      const [, before] = (await raw("GRAPH.CONFIG", "GET", "RESULTSET_SIZE")) as string[];
      await raw("GRAPH.CONFIG", "SET", "RESULTSET_SIZE", "100");
      try {
        const values = Array.from({ length: 1_000 }, (_, at) => 1 / (at + 1));
        await createValues(graph, values);
        expect(await readValues(graph)).toEqual(values);
        const nodes = await allOf(graph.nodes());
        const rows = nodes.map(({ id }, at) => ({ from: nodes[0]!.id, to: id, properties: named(String(at % 400)) }));
        expect(new Set(await graph.writer.createRelationships({ type: "T", rows })).size).toBe(1_000);
        expect((await allOf(graph.relationships())).length).toBe(1_000);
        expect((await graph.sharedRelationshipIds()).length).toBe(400);
        expect((await graph.relationshipsById(await allOf(graph.relationships()))).length).toBe(1_000);
        expect(await graph.writer.deleteNodes(nodes.map(({ id }) => id))).toEqual([]);
        await graph.writer.deleteRelationships(await allOf(graph.relationships()));
        expect((await graph.writer.deleteNodes(nodes.map(({ id }) => id))).length).toBe(1_000);
      } finally {
        await raw("GRAPH.CONFIG", "SET", "RESULTSET_SIZE", before!);
      }
    }));

  test("of which most was deleted is read whole", () =>
    withGraph(async (graph, raw, name) => {
      await raw("GRAPH.QUERY", name, "UNWIND range(1, 50000) AS i CREATE (:X {id: toString(i)})");
      await raw("GRAPH.QUERY", name, "MATCH (n:X) WHERE toInteger(n.id) % 5000 <> 0 DELETE n");
      expect(ids(await allOf(graph.nodes()))).toEqual(
        Array.from({ length: 10 }, (_, at) => `${(at + 1) * 5000}`).sort(),
      );
    }));

  test("is read in pages, and stops when asked to", () =>
    withGraph(async (graph) => {
      await createValues(
        graph,
        Array.from({ length: 1_000 }, (_, at) => BigInt(at)),
      );
      const controller = new AbortController();
      const pages: number[] = [];
      const reading = (async () => {
        for await (const batch of graph.nodes(controller.signal)) {
          pages.push(batch.length);
          controller.abort(new Error("enough"));
        }
      })();
      expect(reading).rejects.toThrow("enough");
      await reading.catch(() => {});
      expect(pages).toHaveLength(1);
    }));

  test("with text that is not UTF-8 is not read as something else", () =>
    withGraph(async (graph, raw, name) => {
      await createValues(graph, ["\ufffd is a character like others"]);
      expect(await readValues(graph)).toEqual(["\ufffd is a character like others"]);
      const bytes = Buffer.concat([Buffer.from("CREATE (:X {a: 'x"), Buffer.from([0xff]), Buffer.from("'})")]);
      await raw("GRAPH.QUERY", name, bytes as unknown as string);
      expect(allOf(graph.nodes())).rejects.toThrow(DamagedStoreError);
    }));

  test("creates, finds, changes and deletes what it is told to, and nothing else", () =>
    withGraph(async (graph) => {
      const rows = ["a", "b", "c"].map((id) => named(id, [["n", 1n]]));
      const [a, b, c] = (await graph.writer.createNodes({ labels: ["Memory", "Old"], rows })) as [
        bigint,
        bigint,
        bigint,
      ];
      const joined = [
        { from: a, to: b, properties: named("ab") },
        { from: a, to: b, properties: named("ab2") },
        { from: b, to: c, properties: named("bc") },
      ];
      const [ab, ab2, bc] = await graph.writer.createRelationships({ type: "T", rows: joined });
      expect(ids(await graph.nodesById([c, a, 999n]))).toEqual(["a", "c"]);
      const refs = [
        { id: ab!, from: a },
        { id: bc!, from: b },
      ];
      expect(ids(await graph.relationshipsById(refs))).toEqual(["ab", "bc"]);
      await graph.writer.changeRelationships([
        { id: ab!, from: a, properties: named("ab", [["x", 0.1]]) },
        { ...refs[1]!, properties: named("new") },
      ]);
      await graph.writer.changeNodes([
        { id: b, labelsBefore: ["Memory", "Old"], labels: ["Memory", "New"], properties: named("b") },
      ]);
      expect(ids(await allOf(graph.relationships()))).toEqual(["ab", "ab2", "new"]);
      const [changed] = await graph.nodesById([b]);
      expect([[...changed!.labels].sort(), [...changed!.properties.entries()]]).toEqual([
        ["Memory", "New"],
        [["id", "b"]],
      ]);
      expect(await graph.writer.deleteNodes([a, b, c])).toEqual([]);
      await graph.writer.deleteRelationships([{ id: ab2!, from: a }, refs[0]!]);
      expect(ids(await allOf(graph.relationships()))).toEqual(["new"]);
      expect(await graph.writer.deleteNodes([a, b, c])).toEqual([a]);
      expect(await graph.counts()).toEqual({ nodes: 2, relationships: 1 });
    }));

  test("refuses a batch whole of which one row does not go, and relationships without their ends", () =>
    withGraph(async (graph, raw, name) => {
      for (const item of graph.ownSchema("0.13")) await graph.createSchema(item);
      await graph.schemaReady([]);
      const rows = [named("a"), named("b"), named("a")];
      await expect(graph.writer.createNodes({ labels: ["Memory"], rows })).rejects.toThrow("constraint");
      expect(await graph.counts()).toEqual({ nodes: 0, relationships: 0 });
      const missing = [{ from: 5n, to: 6n, properties: Properties.from([]) }];
      await expect(graph.writer.createRelationships({ type: "T", rows: missing })).rejects.toThrow("0 of 1");
      expect(await raw("EXISTS", name)).toBe("1");
      await graph.removeEmpty();
      expect(await raw("EXISTS", name)).toBe("0");
    }));

  test("has MemoryGraph's indexes and constraint, made once and taken away again", () =>
    withGraph(async (graph) => {
      await graph.writer.createNodes({ labels: ["Memory"], rows: [named("a"), named("b")] });
      const own = graph.ownSchema("0.12");
      for (const item of [...own, ...own]) await graph.createSchema(item);
      expect(await graph.schemaReady(own)).toEqual([]);
      expect((await graph.schema()).map(({ what, own: ours }) => [what, ours]).sort()).toEqual([
        ["index on :Memory(confidence)", true],
        ["index on :Memory(created_at)", true],
        ["index on :Memory(id)", true],
        ["index on :Memory(importance)", true],
        ["index on :Memory(type)", true],
        ["unique constraint on :Memory(id)", true],
      ]);
      expect(await graph.uniqueIdLabels()).toEqual(["Memory"]);
      for (const item of [...own, ...own].reverse()) await graph.dropSchema(item);
      expect(await graph.schema()).toEqual([]);
    }));

  test("does not take a unique constraint that its nodes violate, and is left without", () =>
    withGraph(async (graph) => {
      await graph.writer.createNodes({ labels: ["Memory"], rows: [named("a"), named("a")] });
      const own = graph.ownSchema("0.12");
      for (const item of own.slice(0, -1)) await graph.createSchema(item);
      await graph.createSchema(own.at(-1)!);
      expect((await graph.schemaReady(own)).map(({ item }) => item.what)).toEqual(["unique constraint on :Memory(id)"]);
      expect(await graph.uniqueIdLabels()).toEqual([]);
      expect(await graph.sharedIds()).toEqual(["a"]);
    }));

  test("gives indexes and constraints of every kind so that another graph can have them", () =>
    withGraph(async (graph, raw, name) => {
      const q = (statement: string) => raw("GRAPH.QUERY", name, statement);
      await q("CREATE (a:`A b`:A_b {x: 1, v: vecf32([1, 2]), t: 'x', y: 2})-[:R_1 {x: 1}]->(a)");
      await q("CREATE INDEX FOR (n:`A b`) ON (n.x, n.`y`)");
      await q("CREATE INDEX FOR (n:A_b) ON (n.x, n.y)");
      await q("CREATE FULLTEXT INDEX FOR (n:`A b`) ON (n.t)");
      await q("CREATE VECTOR INDEX FOR (n:`A b`) ON (n.v) OPTIONS {dimension: 2, similarityFunction: 'cosine'}");
      await q("CREATE INDEX FOR ()-[r:R_1]-() ON (r.x)");
      await raw("GRAPH.CONSTRAINT", "CREATE", name, "UNIQUE", "NODE", "A_b", "PROPERTIES", "2", "x", "y");
      await raw("GRAPH.CONSTRAINT", "CREATE", name, "MANDATORY", "RELATIONSHIP", "R_1", "PROPERTIES", "1", "x");
      const schema = await graph.schema();
      expect(schema.map(({ what }) => what).sort()).toEqual([
        "existence constraint on -[:R_1]-(x)",
        "full-text index on :A b(t)",
        "index on -[:R_1]-(x)",
        "index on :A b(x)",
        "index on :A b(y)",
        "index on :A_b(x)",
        "index on :A_b(y)",
        "unique constraint on :A_b(x, y)",
        "vector index on :A b(v)",
      ]);
      expect(schema.some(({ own }) => own)).toBe(false);
      await withGraph(async (other) => {
        await other.writer.createNodes({ labels: ["A b"], rows: [] });
        for (const item of schema) await other.createSchema(item);
        expect(await other.schemaReady(schema)).toEqual([]);
        const sorted = (items: typeof schema) => items.map(({ statement }) => statement).sort();
        expect(sorted(await other.schema())).toEqual(sorted(schema));
      });
    }));

  test("whose key holds something else is refused", () =>
    withGraph(async (_, raw, name) => {
      await raw("SET", name, "text");
      for (const access of ["read", "write"] as const) {
        await expect(openFalkor(configOf(server!, name), { access })).rejects.toThrow(StoreKindError);
      }
      expect(await raw("GET", name)).toBe("text");
    }));

  test("is closed as often as one likes", () =>
    withGraph(async (graph) => {
      await graph.close();
      await graph.close();
      await expect(graph.counts()).rejects.toThrow(ConnectionError);
    }));
});

describe.skipIf(server === undefined)("connecting to FalkorDB", () => {
  const open = (fields: object) =>
    openFalkor(Object.assign(configOf(server!, "falkortest"), fields), { access: "read" });

  test("the graph is named by the address or the options, and not by both", async () => {
    const { uri } = server!;
    const graph = await openFalkor(Object.assign(configOf(server!, "x"), { uri: `${uri}/0`, graph: undefined }), {
      access: "read",
    });
    await graph.close();
    expect(graph.location).toEndWith("/memorygraph");
    await expect(open({ uri: `${uri}/one`, graph: "two" })).rejects.toThrow(UsageError);
  });

  test("a wrong password is told from a missing one, and is not shown", () =>
    withFalkor(server!, async (raw) => {
      await raw("ACL", "SETUSER", "falkortest", "on", ">right-password", "~*", "+ping", "+graph.RO_QUERY");
      try {
        const wrong = open({ username: "falkortest", password: "wrong-password" });
        await expect(wrong).rejects.toThrow(ConnectionError);
        const error = (await wrong.catch((reason: unknown) => reason)) as ConnectionError;
        expect(error.message).toContain("refuses the password for the user falkortest");
        expect(`${error.message} ${error.next}`).not.toContain("wrong-password");
        // Whoever may only read is told no more than what reading needs.
        const graph = await open({ username: "falkortest", password: "right-password" });
        expect([graph.engine, await graph.identity(), await graph.changeToken()]).toEqual(["FalkorDB", null, null]);
        expect(await allOf(graph.nodes())).toEqual([]);
        await graph.close();
        await raw("ACL", "SETUSER", "falkortest", "-graph.RO_QUERY");
        await expect(open({ username: "falkortest", password: "right-password" })).rejects.toThrow(AccessError);
      } finally {
        await raw("ACL", "DELUSER", "falkortest");
      }
    }));

  test.each([
    ["nobody listens", "redis://127.0.0.1:1", ConnectionError, "nothing listens"],
    ["there is no such host", "redis://no-such-host.invalid", ConnectionError, "no host named"],
    ["it is no address", "http://localhost", UsageError, "schemes"],
  ] as const)("%s", async (_, uri, kind, words) => {
    const failure = open({ uri, password: undefined });
    await expect(failure).rejects.toThrow(kind);
    const error = (await failure.catch((reason: unknown) => reason)) as ConnectionError;
    expect(`${error.message} ${error.next}`).toContain(words);
  });

  test("what answers is a stranger", async () => {
    const stranger = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") },
    });
    const failure = open({ uri: `redis://127.0.0.1:${stranger.port}`, password: undefined });
    await expect(failure).rejects.toThrow(StoreKindError);
    stranger.stop(true);
  });
});
