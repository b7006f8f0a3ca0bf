import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { BACKEND_TYPES, BackendConfig, FILE_BACKENDS } from "../../src/backends/config.ts";
import { UsageError } from "../../src/errors.ts";
import { migrate } from "../../src/index.ts";
import {
  MigrationOptionsSchema,
  MigrationResultSchema,
  parseOptions,
  toInstant,
  ValidationResultSchema,
  VerificationResultSchema,
} from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, run } from "../support/stores.ts";
import { asPosix } from "../support/system.ts";

const through = <T>(data: T): unknown => JSON.parse(JSON.stringify(data));

describe("plain data survives JSON", () => {
  test("options", () => {
    const options = parseOptions({
      dryRun: true,
      onConflict: "newest",
      since: "2024-01-31",
      for: "0.13",
      allowLoss: true,
      verify: false,
      rollbackOnFailure: false,
      verbose: true,
    });
    expect(parseOptions(through(options) as never)).toEqual(options);
    expect(v.parse(MigrationOptionsSchema, {})).toEqual({
      dryRun: false,
      verbose: false,
      verify: true,
      rollbackOnFailure: true,
      allowLoss: false,
      allowEmpty: false,
    });
  });

  test("a configuration, and it stays one", () => {
    for (const type of BACKEND_TYPES) {
      const config = new BackendConfig({
        type,
        path: "p",
        uri: "u",
        username: "n",
        password: "w",
        database: "d",
        graph: "g",
      });
      const back = BackendConfig.from(through(config));
      expect(back).toEqual(config);
      expect(back.validate()).toEqual([]);
      expect(through(new BackendConfig({ type }))).toEqual({ type });
    }
  });

  test("results of a success, a dry run, a conflict and a failure, and they fit their schema", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("hybrid-0.12-0.13", folder);
    const target = folder.file("new.db");
    const results = [
      await migrate(at(source), at(target), { dryRun: true }),
      await migrate(at(source), at(target)),
      await migrate(at(source), at(target)),
      await migrate(at(source), at(source)),
      await migrate(at(folder.file("none.db")), at(target), { since: "2024-01-01" }),
      await migrate(new BackendConfig({ type: "neo4j", uri: "bolt://user:secret@x" }), at(target)),
    ];
    expect(results.map(({ success }) => success)).toEqual([true, true, true, false, false, false]);
    for (const result of results) {
      expect(through(result)).toEqual(result as never);
      expect(v.parse(v.strictObject(MigrationResultSchema.entries), through(result))).toEqual(result);
      v.parse(ValidationResultSchema, through(result.validation));
      if (result.verification !== null) v.parse(VerificationResultSchema, through(result.verification));
      expect(JSON.stringify(result)).not.toContain("secret");
    }
  });
});

describe("options that are not valid are refused by name", () => {
  const bad: [Record<string, unknown>, string][] = [
    [{ dryRun: "yes" }, "dryRun"],
    [{ onConflict: "merge" }, "onConflict"],
    [{ since: "yesterday" }, "since"],
    [{ since: "2023-02-29" }, "since"],
    [{ for: "0.15" }, "for"],
    [{ skipDuplicates: true, onConflict: "fail" }, "onConflict"],
    [{ skipDuplicates: false, onConflict: "skip" }, "skipDuplicates"],
    [{ dry_run: true }, "dry_run"],
  ];
  for (const [options, name] of bad) {
    test(JSON.stringify(options), async () => {
      expect(() => parseOptions(options as never)).toThrow(UsageError);
      expect(() => parseOptions(options as never)).toThrow(name);
      await expect(run("/a", "/b", options as never)).rejects.toThrow(UsageError);
    });
  }
  test("what a policy is by default", () => {
    const policy = (options: Parameters<typeof parseOptions>[0]) => parseOptions(options).onConflict;
    expect([
      policy({}),
      policy({ skipDuplicates: true }),
      policy({ skipDuplicates: false }),
      policy({ since: "2024-01-01" }),
      policy({ since: "2024-01-01", skipDuplicates: false }),
      policy({ since: "2024-01-01", onConflict: "skip" }),
    ]).toEqual(["skip", "skip", "fail", "newest", "fail", "skip"]);
  });
  test("since may be a date, a local or a zoned time", () => {
    const instants = ["2024-01-31", "2024-01-31T12:00", "2024-01-31 12:00:00", "2024-01-31T12:00:00.5+02:00"].map(
      toInstant,
    );
    expect(instants).toEqual([
      "2024-01-31T00:00:00Z",
      "2024-01-31T12:00:00Z",
      "2024-01-31T12:00:00Z",
      "2024-01-31T10:00:00.5Z",
    ]);
  });
});

describe("validate() names each missing field", () => {
  for (const type of BACKEND_TYPES) {
    test(type, () => {
      const field = FILE_BACKENDS.has(type) ? "path" : "uri";
      expect(new BackendConfig({ type }).validate().join()).toContain(`'${field}'`);
      expect(new BackendConfig({ type, [field]: "" }).validate()).toHaveLength(1);
      expect(new BackendConfig({ type, [field]: "x" }).validate()).toEqual([]);
    });
  }
  test("and a migration without them is a usage error that touches nothing", async () => {
    const { errors } = await migrate(new BackendConfig({ type: "sqlite" }), new BackendConfig({ type: "neo4j" }));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: "usage" });
    expect(errors[0]!.message).toMatch(/source.*path.*target.*uri/);
  });
  for (const data of [
    null,
    [],
    "sqlite",
    {},
    { type: "oracle" },
    { type: "sqlite", path: 5 },
    { type: "sqlite", file: "x" },
  ]) {
    test(`${JSON.stringify(data)} is no configuration`, () =>
      expect(() => BackendConfig.from(data)).toThrow(UsageError));
  }
});

describe("the environment names what MemoryGraph itself would open", () => {
  const of = (env: Record<string, string>, type?: (typeof BACKEND_TYPES)[number]) => {
    const config = BackendConfig.fromEnv({ HOME: "/h/x", ...env }, type);
    return through({ ...config, ...(config.path !== undefined && { path: asPosix(config.path) }) });
  };
  const cases: [Record<string, string>, unknown][] = [
    [{}, { type: "sqlite", path: "/h/x/.memorygraph/memory.db" }],
    [{ MEMORY_BACKEND: "" }, { type: "sqlite", path: "/h/x/.memorygraph/memory.db" }],
    [
      { MEMORY_SQLITE_PATH: "/s.db", MEMORY_BACKEND: "SQLite" },
      { type: "sqlite", path: "/s.db" },
    ],
    [{ MEMORY_SQLITE_PATH: "~/s.db" }, { type: "sqlite", path: "/h/x/s.db" }],
    [
      { MEMORY_BACKEND: "falkordblite", FALKORDBLITE_PATH: "/b", MEMORY_FALKORDBLITE_PATH: "/a" },
      { type: "falkordblite", path: "/a" },
    ],
    [
      { MEMORY_BACKEND: "falkordblite", FALKORDBLITE_PATH: "/b", MEMORY_FALKORDBLITE_PATH: "" },
      { type: "falkordblite", path: "/b" },
    ],
    [
      { MEMORY_BACKEND: "neo4j", NEO4J_URI: "bolt://n", NEO4J_PASSWORD: "w" },
      { type: "neo4j", uri: "bolt://n", username: "neo4j", password: "w", database: "neo4j" },
    ],
    [
      {
        MEMORY_BACKEND: "neo4j",
        NEO4J_URI: "bolt://n",
        MEMORY_NEO4J_URI: "bolt://m",
        NEO4J_USER: "u",
        MEMORY_NEO4J_DATABASE: "d",
      },
      { type: "neo4j", uri: "bolt://m", username: "u", database: "d" },
    ],
    [{ MEMORY_BACKEND: "memgraph" }, { type: "memgraph", uri: "bolt://localhost:7687", username: "", password: "" }],
    [
      { MEMORY_BACKEND: "falkordb", FALKORDB_HOST: "h", MEMORY_FALKORDB_PORT: "1" },
      { type: "falkordb", uri: "redis://h:1" },
    ],
  ];
  for (const [env, config] of cases) test(JSON.stringify(env), () => expect(of(env)).toEqual(config as never));
  test("a type of one's own comes before MEMORY_BACKEND", () => {
    expect(of({ MEMORY_BACKEND: "neo4j", MEMORY_SQLITE_PATH: "/s" }, "sqlite")).toEqual({ type: "sqlite", path: "/s" });
  });
  test("an unknown backend is named in the error", () => {
    expect(() => BackendConfig.fromEnv({ MEMORY_BACKEND: "oracle" })).toThrow(/oracle/);
  });
});
