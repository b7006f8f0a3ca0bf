/**
 * A Memgraph that is played: in no registry is one, and what a real one says can seldom be caused. It holds a graph, knows the
 * statements that the program sends and no others, and refuses, waits and acts as 2.14.1 and 2.22.1 were seen to do. It shows what
 * the program does then; that a Memgraph does so, only one that is lent (MEMGRAPH_URI) can show.
 */
import { BackendConfig } from "../../src/backends/config.ts";
import type { ServerEnd } from "../conformance/ends.ts";
import { type Asked, type BoltDouble, boltDouble, type Played, Refusal, type Rows, Tagged } from "./bolt-double.ts";
import type { TestServer } from "./servers.ts";

type Properties = ReadonlyMap<string, unknown>;

interface Node {
  readonly labels: readonly string[];
  readonly properties: Properties;
}

interface Relationship {
  readonly from: bigint;
  readonly to: bigint;
  readonly type: string;
  readonly properties: Properties;
}

/** Records are replaced, never changed, so that a copy is a snapshot. */
class Graph {
  constructor(
    readonly nodes = new Map<bigint, Node>(),
    readonly relationships = new Map<bigint, Relationship>(),
    public next = 0n,
  ) {}

  copy(): Graph {
    return new Graph(new Map(this.nodes), new Map(this.relationships), this.next);
  }

  addNode(labels: readonly string[], properties: Properties): bigint {
    this.nodes.set(this.next, { labels, properties: withoutNulls(properties) });
    return this.next++;
  }

  addRelationship(relationship: Relationship): bigint {
    this.relationships.set(this.next, { ...relationship, properties: withoutNulls(relationship.properties) });
    return this.next++;
  }
}

interface Trigger {
  readonly name: string;
  readonly phase: "BEFORE COMMIT" | "AFTER COMMIT";
  act(graph: Graph): void;
}

interface Settings {
  readonly version?: string;
  readonly storageMode?: "IN_MEMORY_TRANSACTIONAL" | "IN_MEMORY_ANALYTICAL" | "ON_DISK_TRANSACTIONAL";
  readonly role?: "main" | "replica";
  readonly propertiesOnEdges?: boolean;
  readonly triggers?: readonly Trigger[];
  /** Rows of SHOW CONSTRAINT INFO: kind, label, property or properties, type. */
  readonly constraints?: Rows;
  /** After how long without a byte it closes a connection, in milliseconds; a real one by default after half an hour. */
  readonly inactivity?: number;
  /** How long it works on a statement, in milliseconds; none where absent. */
  readonly work?: (statement: string) => number;
}

export interface PlayedMemgraph extends BoltDouble {
  readonly server: TestServer;
  readonly end: ServerEnd;
  /** Statements that it was asked, in order. */
  readonly asked: readonly string[];
}

export async function playedMemgraph(settings: Settings = {}): Promise<PlayedMemgraph> {
  const memgraph = new Memgraph(settings);
  const double = await boltDouble(memgraph);
  const end: ServerEnd = {
    ...{ name: "memgraph, played", kind: "memgraph", server: { kind: "memgraph", number: 1, uri: double.uri } },
    config: new BackendConfig({ type: "memgraph", uri: double.uri }),
    async fill({ nodes, relationships }) {
      const ids = new Map<string, bigint>();
      for (const { name, labels, properties } of nodes) {
        ids.set(name, memgraph.graph.addNode(labels, new Map(Object.entries(properties))));
      }
      for (const { from, to, type, properties } of relationships) {
        const ends = { from: ids.get(from)!, to: ids.get(to)! };
        memgraph.graph.addRelationship({ ...ends, type, properties: new Map(Object.entries(properties)) });
      }
    },
    async read() {
      const { nodes, relationships } = memgraph.graph;
      const plain = (properties: Properties) => Object.fromEntries(properties) as Record<string, string>;
      return {
        nodes: [...nodes].map(([id, { labels, properties }]) => {
          return { name: String(id), labels: [...labels], properties: plain(properties) };
        }),
        relationships: [...relationships.values()].map(({ from, to, type, properties }) => {
          return { from: String(from), to: String(to), type, properties: plain(properties) };
        }),
      };
    },
    empty: async () => memgraph.reset(),
    clear: async () => memgraph.reset(),
  };
  return { ...double, end, server: end.server, asked: memgraph.asked };
}

interface Transaction {
  readonly metadata: Asked["metadata"];
  /** What it sees; null for a statement of its own, which sees what is there when it begins. */
  readonly snapshot: Graph | null;
  statement: string;
  isWaiting?: boolean;
}

/** What a server with nothing but a password-less user says of itself. */
class Memgraph implements Played {
  readonly agent = "Neo4j/v5.11.0 compatible graph database server - Memgraph";
  readonly asked: string[] = [];
  readonly inactivity: number;
  graph = new Graph();
  readonly #settings: Settings;
  readonly #version: string;
  readonly #mode: string;
  #constraints: Rows;
  #indexes: Rows = [];
  readonly #open = new Map<object, Transaction>();
  #waiting: (() => void)[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
    this.inactivity = settings.inactivity ?? 0;
    this.#version = settings.version ?? "2.22.1";
    this.#mode = settings.storageMode ?? "IN_MEMORY_TRANSACTIONAL";
    this.#constraints = settings.constraints ?? [];
  }

  reset(): void {
    this.graph = new Graph();
    this.#indexes = [];
    this.#constraints = this.#settings.constraints ?? [];
  }

  begin(connection: object, metadata: Asked["metadata"]): void {
    const snapshot = this.#mode === "IN_MEMORY_ANALYTICAL" ? null : this.graph.copy();
    this.#open.set(connection, { metadata, snapshot, statement: "BEGIN" });
  }

  end(connection: object): void {
    if (!this.#open.delete(connection)) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  async run(connection: object, { text, parameters, metadata }: Asked): Promise<Rows> {
    this.asked.push(text);
    const open = this.#open.get(connection);
    const isSchema = /^(CREATE|DROP) (CONSTRAINT|INDEX) /.test(text);
    if (open !== undefined && (isSchema || /^SHOW (INDEX|CONSTRAINT|STORAGE) INFO|^SHOW VERSION/.test(text))) {
      throw refusal(`${text} not allowed in multicommand transactions.`);
    }
    if (this.#isBefore(2, 16) && /:Memory\b/.test(text)) throw refusal("line 1:10 mismatched input 'Memory'");
    if (this.#isBefore(2, 19) && holdsZoneOrPlace(parameters)) throw refusal("Unsupported type of parameter");
    if (open === undefined) this.#open.set(connection, { metadata, snapshot: null, statement: text });
    else open.statement = text;
    // It waits for every other transaction, however long those last.
    const others = () => [...this.#open].some(([other, { isWaiting }]) => other !== connection && !isWaiting);
    for (const own = this.#open.get(connection)!; isSchema && others(); ) {
      own.isWaiting = true;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      own.isWaiting = false;
    }
    await Bun.sleep(this.#settings.work?.(text) ?? 0);
    return (
      this.#told(text) ??
      this.#schema(text) ??
      this.#read(open?.snapshot ?? this.graph, text, parameters) ??
      this.#write(text, parameters)
    );
  }

  #isBefore(major: number, minor: number): boolean {
    const [ownMajor = 0, ownMinor = 0] = this.#version.split(".").map(Number);
    return ownMajor < major || (ownMajor === major && ownMinor < minor);
  }

  #told(text: string): Rows | null {
    const { role = "main", propertiesOnEdges = true, triggers = [] } = this.#settings;
    if (text === "SHOW VERSION") return [[this.#version]];
    if (text === "SHOW STORAGE INFO") {
      const level = "SNAPSHOT_ISOLATION";
      return [
        ["name", "memgraph"],
        ["database_uuid", "played"],
        ["storage_mode", this.#mode],
        ["global_isolation_level", level],
      ];
    }
    if (text === "SHOW REPLICATION ROLE") return [[role]];
    if (text === "SHOW CONFIG") {
      return [
        ["storage_properties_on_edges", "true", String(propertiesOnEdges), "Controls whether edges have properties."],
      ];
    }
    if (text === "SHOW TRIGGERS") return triggers.map(({ name, phase }) => [name, "CREATE (:Log)", "ANY", phase, null]);
    if (text === "SHOW CONSTRAINT INFO") return this.#constraints.map((row) => [...row, null].slice(0, 4));
    if (text === "SHOW INDEX INFO") return this.#indexes;
    if (text === "SHOW DATABASES") return [["memgraph"]];
    if (text === "SHOW TRANSACTIONS") {
      return [...this.#open.values()].map(({ metadata, statement }, at) => ["", String(at), [statement], metadata]);
    }
    return null;
  }

  #schema(text: string): Rows | null {
    const [, verb, on] = /^(CREATE|DROP) (?:CONSTRAINT|INDEX) ON (.*)$/.exec(text) ?? [];
    if (verb === undefined) return null;
    const [, label, property] = /^:`(.*)`\(`?(.*?)`?\)$/.exec(on!) ?? [];
    const [, subject, unique] = /^\(\w:`(.*)`\) ASSERT \w\.`?(\w+)`? IS UNIQUE$/.exec(on!) ?? [];
    const row = subject === undefined ? ["label+property", label, property, 0n] : ["unique", subject, [unique]];
    const without = (rows: Rows) =>
      rows.filter((other) => JSON.stringify(other.slice(0, 3)) !== JSON.stringify(row.slice(0, 3)));
    const now = (rows: Rows) => [...without(rows), ...(verb === "CREATE" ? [row] : [])];
    if (subject === undefined) this.#indexes = now(this.#indexes);
    else {
      this.#assertKept(this.graph, [row]);
      this.#constraints = now(this.#constraints);
    }
    return [];
  }

  #read({ nodes, relationships }: Graph, text: string, parameters: Asked["parameters"]): Rows | null {
    const node = ([id, { labels, properties }]: [bigint, Node]) => [
      id,
      labels,
      properties,
      properties.get("__proto__"),
    ];
    const relationship = ([id, { from, to, type, properties }]: [bigint, Relationship]) => {
      const idOf = (end: bigint) => nodes.get(end)?.properties.get("id");
      return [id, from, to, idOf(from), idOf(to), type, properties, properties.get("__proto__")];
    };
    const shared = (all: Iterable<{ readonly properties: Properties }>) => {
      const ids = Map.groupBy(
        [...all].map(({ properties }) => properties.get("id")),
        (id) => id,
      );
      return [...ids].filter(([id, list]) => id !== undefined && list.length > 1).map(([id]) => [id]);
    };
    if (text === "RETURN 1") return [[1n]];
    const [, count] = /^UNWIND range\(1, (\d+)\) /.exec(text) ?? [];
    if (count !== undefined) return [[BigInt(count)]];
    if (text === "MATCH (m:Memory) RETURN 1 LIMIT 1") return nodes.size > 0 ? [[1n]] : [];
    if (text === "MATCH (n) RETURN count(n)") return [[BigInt(nodes.size)]];
    if (text === "MATCH ()-[r]->() RETURN count(r)") return [[BigInt(relationships.size)]];
    if (/^MATCH \(x\) .* RETURN id$/.test(text)) return shared(nodes.values());
    if (/^MATCH \(\)-\[x\]->\(\) .* RETURN id$/.test(text)) return shared(relationships.values());
    if (/^MATCH \(m:`Memory`\) .* RETURN m\.created_at, m\.updated_at/.test(text)) {
      return [...nodes.values()]
        .slice(0, 1_000)
        .map(({ properties }) => [properties.get("created_at"), properties.get("updated_at")]);
    }
    if (/^MATCH \(n\) RETURN id\(n\), labels/.test(text)) return [...nodes].map(node);
    if (/^MATCH \(a\)-\[r\]->\(b\) RETURN id\(r\)/.test(text)) return [...relationships].map(relationship);
    if (/^UNWIND \$ids AS i MATCH \(n\)/.test(text)) {
      const ids = parameters.get("ids") as bigint[];
      return ids.flatMap((id) => (nodes.has(id) ? [node([id, nodes.get(id)!])] : []));
    }
    if (/^UNWIND \$refs AS x MATCH \(a\)-\[r\]->\(b\)/.test(text)) {
      this.#assertFindable();
      const refs = (parameters.get("refs") as [bigint, bigint][]).map(([, id]) => id);
      return refs.flatMap((id) => (relationships.has(id) ? [relationship([id, relationships.get(id)!])] : []));
    }
    return null;
  }

  /** All of it or nothing, as one transaction. */
  #write(text: string, parameters: Asked["parameters"]): Rows {
    if (this.#settings.role === "replica") throw refusal("Write query forbidden on the replica!");
    const graph = this.graph.copy();
    const answer = this.#changed(graph, text, parameters.get("rows") as unknown[]);
    for (const { phase, act } of this.#settings.triggers ?? []) if (phase === "BEFORE COMMIT") act(graph);
    this.#assertKept(graph, this.#constraints);
    this.graph = graph;
    // Later than the answer.
    for (const { phase, act } of this.#settings.triggers ?? [])
      if (phase === "AFTER COMMIT") setTimeout(() => act(this.graph), 1);
    return answer;
  }

  #changed(graph: Graph, text: string, rows: readonly unknown[]): Rows {
    const listed = rows as readonly [bigint, ...unknown[]][];
    const created = /^UNWIND \$rows AS row CREATE \(n(.*?)\) SET n = row\[1\] RETURN/.exec(text);
    if (created)
      return listed.map(([at, properties]) => [at, graph.addNode(namesIn(created[1]!), properties as Properties)]);
    const joined = / CREATE \(a\)-\[r:`(.*)`\]->\(b\) SET r = row\[3\] RETURN/.exec(text);
    if (joined) {
      return listed.flatMap(([at, from, to, properties]) => {
        const [start, end] = [from as bigint, to as bigint];
        if (!graph.nodes.has(start) || !graph.nodes.has(end)) return [];
        return [
          [at, graph.addRelationship({ from: start, to: end, type: joined[1]!, properties: properties as Properties })],
        ];
      });
    }
    const changed =
      /^UNWIND \$rows AS row MATCH \(n\) WHERE id\(n\) = row\[0\] SET n = row\[1\](?: REMOVE n(.*?))?(?: SET n(:.*?))? RETURN/.exec(
        text,
      );
    if (changed) {
      const [removed, added] = [namesIn(changed[1] ?? ""), namesIn(changed[2] ?? "")];
      return listed.flatMap(([id, properties]) => {
        const before = graph.nodes.get(id);
        if (before === undefined) return [];
        const labels = [...before.labels.filter((label) => !removed.includes(label)), ...added];
        graph.nodes.set(id, { labels, properties: withoutNulls(properties as Properties) });
        return [[id]];
      });
    }
    if (text.endsWith("DELETE n RETURN i")) {
      const held = new Set([...graph.relationships.values()].flatMap(({ from, to }) => [from, to]));
      return (rows as bigint[]).filter((id) => !held.has(id) && graph.nodes.delete(id)).map((id) => [id]);
    }
    this.#assertFindable();
    const found = listed.filter(([, id]) => graph.relationships.has(id as bigint));
    for (const [, id, properties] of found) {
      if (text.endsWith("DELETE r")) graph.relationships.delete(id as bigint);
      else if (text.endsWith("SET r = row[2] RETURN id(r)")) {
        const before = graph.relationships.get(id as bigint)!;
        graph.relationships.set(id as bigint, { ...before, properties: withoutNulls(properties as Properties) });
      } else throw refusal(`not played: ${text}`);
    }
    return found.map(([, id]) => [id]);
  }

  #assertFindable(): void {
    if (!this.#mode.startsWith("ON_DISK")) return;
    throw refusal("Id based lookup for on-disk storage mode is not yet implemented on edges.");
  }

  #assertKept(graph: Graph, constraints: Rows): void {
    for (const [kind, label, of, type] of constraints) {
      const names = [of].flat() as string[];
      const nodes = [...graph.nodes.values()].filter(({ labels }) => labels.includes(label as string));
      const values = nodes.map(({ properties }) => names.map((name) => properties.get(name)));
      const where = `:${label}(${names.join(", ")})`;
      const whole = values.filter((row) => !row.includes(undefined)).map((row) => row.map(String).join("\0"));
      if (kind === "unique" && new Set(whole).size < whole.length) {
        throw refusal(`Unable to commit due to unique constraint violation on ${where}`);
      }
      if (kind === "exists" && whole.length < nodes.length) {
        throw refusal(`Unable to commit due to existence constraint violation on ${where}`);
      }
      if (kind === "data_type" && values.some(([value]) => value !== undefined && typeof value !== "string")) {
        throw refusal(`IS TYPED ${type} violation on ${where}`);
      }
    }
  }
}

/** Nearly all that it complains of has this code. */
function refusal(message: string): Refusal {
  return new Refusal(message, "Memgraph.ClientError.MemgraphError.MemgraphError");
}

function withoutNulls(properties: Properties): Properties {
  return new Map([...properties].filter(([, value]) => value !== null && value !== undefined));
}

/** Out of ":`A`:`B`". */
function namesIn(text: string): string[] {
  return [...text.matchAll(/:`((?:[^`]|``)*)`/g)].map(([, name]) => name!.replaceAll("``", "`"));
}

/** Zoned date-times by offset or by zone, points of two or three numbers. */
function holdsZoneOrPlace(value: unknown): boolean {
  if (value instanceof Tagged) return [0x46, 0x49, 0x66, 0x69, 0x58, 0x59].includes(value.tag);
  if (value instanceof Map) return [...value.values()].some(holdsZoneOrPlace);
  return Array.isArray(value) && value.some(holdsZoneOrPlace);
}
