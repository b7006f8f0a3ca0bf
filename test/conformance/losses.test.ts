/**
 * What a target cannot hold, in nodes that have no id and in relationships at them: refused by name, or left out by
 * name; and what was left out parts no record from itself, in this run or the next.
 */
import { describe, expect, test } from "bun:test";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadTarget } from "../../src/backends/registry.ts";
import { EXAMPLES, type HardValue } from "../../src/graph/hard-values.ts";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "../../src/graph/record.ts";
import type { Value } from "../../src/graph/value.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { compatibility } from "../../src/operations/compatibility.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../src/operations/models.ts";
import { fittedTo } from "../support/fitted.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { settle } from "../support/stores.ts";
import { allEnds, type End } from "./ends.ts";

const { first, second } = await allEnds();

interface Source {
  readonly name: string;
  readonly kind: BackendConfig["type"];
  config(folder: TemporaryFolder): BackendConfig;
  empty(): Promise<void>;
}

const ends: readonly Source[] = first.map((end) => ({ ...end, config: () => end.config, empty: () => end.clear() }));
/** The first end that is a SQLite file is one for 0.12. */
const newer: Source = {
  name: "sqlite for 0.13",
  kind: "sqlite",
  config: (folder) => new BackendConfig({ type: "sqlite", path: folder.file("0.13.db") }),
  empty: async () => {},
};

const cases: { name: string; from: Source; to: End; hard: HardValue }[] = [];
for (const from of [newer, ...ends]) {
  for (const to of second) {
    if (from.kind === to.kind) continue;
    for (const hard of (await compatibility(from.kind, to.kind)).losses) {
      if (hard === "dangling relationship") continue;
      cases.push({ name: `${hard}, ${from.name} to ${to.name}`, from, to, hard });
    }
  }
}

/** Names of properties that some store cannot have. */
const NAMES: Partial<Record<HardValue, string>> = { "nameless property": "", backtick: "a`b" };

function node(values: Record<string, Value>): Omit<GraphNode, "key"> {
  return { kind: "node", labels: ["Entity"], properties: Properties.from(Object.entries(values)) };
}

/** Three entities without an id, two of which are equal once the value has gone, a memory, and relationships at them. */
function graphWith(hard: HardValue): GraphRecord[] {
  const values = EXAMPLES[hard] ?? ["x"];
  const name = NAMES[hard];
  const hardly = Object.fromEntries(values.map((value, at) => [name ?? `hard${at}`, value]));
  const keyed = (entity: Omit<GraphNode, "key">): GraphNode => {
    return { ...entity, key: `#${hashOf({ ...entity, key: "#" }).toHex()}.1` };
  };
  const [a, bare, b] = [keyed(node({ name: "a", ...hardly })), keyed(node({ name: "a" })), keyed(node({ uuid: "b" }))];
  const memory: GraphNode = {
    kind: "node",
    key: "=m",
    labels: ["Memory"],
    properties: Properties.from(
      Object.entries({ id: "m", title: "t", created_at: "2024-01-31T23:59:59.000000+00:00" }),
    ),
  };
  const join = (from: GraphNode, to: GraphNode, own: Record<string, Value> = {}): GraphRelationship => ({
    ...{ kind: "relationship", from: from.key, to: to.key, type: "RELATES_TO" },
    properties: Properties.from(Object.entries(own)),
  });
  return [a, bare, b, memory, join(a, b), join(a, a, hardly), join(bare, a), join(memory, a, { id: "r" }), join(b, a)];
}

async function fill(config: BackendConfig, records: readonly GraphRecord[], release: "0.12" | "0.13"): Promise<void> {
  const session = await (await loadTarget(config)).openForWriting(config, { release, fallbackRelease: "0.12" });
  try {
    const fitted = fittedTo(session.fitting, records);
    expect(fitted.losses).toEqual([]);
    await session.write(fitted.records);
    await session.finish();
    await session.describe();
  } catch (error) {
    await session.rollback();
    throw error;
  }
  await session.commit();
  if (config.path !== undefined && config.type === "sqlite") settle(config.path);
}

async function run(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput): Promise<MigrationResult> {
  return (await runMigration(from, to, options, {})).result;
}

// None where no server is: then nothing that a test can reach has a loss.
describe.if(cases.length > 0)("a loss in nodes without an id", () => {
  test.each(cases)("$name", async ({ from, to, hard }) => {
    using folder = temporaryFolder();
    await from.empty();
    await to.clear();
    const config = from.config(folder);
    await fill(config, graphWith(hard), from.name.endsWith("0.13") ? "0.13" : "0.12");
    for (const dryRun of [true, false]) {
      const { errors, losses } = await run(config, to.config, { dryRun });
      expect(errors.map(({ code }) => code)).toEqual(["refused"]);
      // One in a node, one in a relationship, for each value of the kind.
      const count = 2 * (NAMES[hard] === undefined ? EXAMPLES[hard]!.length : 1);
      expect(errors[0]!.message).toBe(`${count} properties of the source cannot be kept unchanged`);
      expect(losses.every(({ unit }) => unit === "property")).toBe(true);
      expect(errors[0]!.details.join("\n")).toContain(`a node :Entity without id (name "a").${NAMES[hard] ?? "hard"}`);
    }
    const done = await run(config, to.config, { allowLoss: true });
    expect(done.errors).toEqual([]);
    expect([done.verified, done.imported.nodes, done.imported.relationships]).toEqual([true, 4, 5]);
    const { nodes, relationships } = await to.read();
    expect(nodes.map(({ labels }) => labels.join()).sort()).toEqual(["Entity", "Entity", "Entity", "Memory"]);
    const nameOf = new Map(
      nodes.map(({ name, properties }) => [name, String(properties.id ?? properties.name ?? "b")]),
    );
    const joined = relationships.map(({ from: start, to: end }) => `${nameOf.get(start)} ${nameOf.get(end)}`);
    expect(joined.sort()).toEqual(["a a", "a a", "a b", "b a", "m a"]);
    const again = await run(config, to.config, { allowLoss: true });
    expect(again.errors).toEqual([]);
    expect([again.verified, again.imported.nodes, again.imported.relationships]).toEqual([true, 0, 0]);
    expect(again.present.nodes + again.present.relationships).toBe(9);
  });
});
