/** What each release opens with the variables that it is given: stores.md's tables, and 0.12.4's own factory. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { defaultPlaces, likeliestFile, openedBy, pathToOpen, releaseOfVersion } from "../../src/memorygraph/opens.ts";
import { RELEASES } from "../../src/memorygraph/releases.ts";
import { temporaryFolder } from "../support/folder.ts";
import { asPosix } from "../support/system.ts";

const at = (env: Record<string, string>) => ({ env, home: "/h", cwd: "/w" });
const path = (release: string, env: Record<string, string>, backend?: string) => {
  const opened = openedBy(release, at(env), backend);
  return opened.kind === "file" ? `${opened.backend} ${asPosix(opened.path)}` : `${opened.kind} ${opened.backend}`;
};

describe("files", () => {
  test.each([
    ["0.12", {}, "sqlite /h/.memorygraph/memory.db"],
    ["0.13", {}, "falkordblite /h/.memorygraph/falkordblite.db"],
    ["0.14", {}, "falkordblite /w/.memorygraph/falkordblite.db"],
    ["0.100", {}, "falkordblite /w/.memorygraph/falkordblite.db"],
    ["0.14", { MEMORY_BACKEND: "sqlite" }, "sqlite /w/.memorygraph/memory.db"],
    ["0.14", { MEMORY_BACKEND: "sqlite", MEMORY_STORE_PATH: "/s" }, "sqlite /s/memory.db"],
    ["0.14", { MEMORY_STORE_PATH: "s" }, "falkordblite /w/s/falkordblite.db"],
    ["0.14", { MEMORY_STORE_PATH: "/s", FALKORDBLITE_PATH: "/own" }, "falkordblite /own"],
    ["0.13", { MEMORY_STORE_PATH: "/s" }, "falkordblite /h/.memorygraph/falkordblite.db"],
    ["0.12", { MEMORY_SQLITE_PATH: "~/mine.db" }, "sqlite /w/~/mine.db"],
    ["0.12", { MEMORY_BACKEND: "SQLite", MEMORY_SQLITE_PATH: "mine.db" }, "sqlite /w/mine.db"],
  ])("%s with %o opens %s", (release, env, expected) => {
    expect(path(release, env as unknown as Record<string, string>)).toBe(expected);
  });

  test("what a variable's ~ was meant to be counts where nothing is at the path that the application takes", () => {
    using folder = temporaryFolder();
    const surroundings = { env: { MEMORY_SQLITE_PATH: "~/m.db" }, home: folder.file("home"), cwd: folder.file("work") };
    const opened = () => pathToOpen(likeliestFile("sqlite", surroundings)!);
    expect(opened()).toBe(folder.file("home/m.db"));
    mkdirSync(folder.file("work/~"), { recursive: true });
    writeFileSync(folder.file("work/~/m.db"), "");
    expect(opened()).toBe(folder.file("work/~/m.db"));
  });

  test("without a variable the project's store is taken where there is one, else the one at home", () => {
    using folder = temporaryFolder();
    const surroundings = { env: {}, home: folder.file("home"), cwd: folder.file("work") };
    const taken = () => likeliestFile("sqlite", surroundings)?.path;
    expect(taken()).toBe(folder.file("home/.memorygraph/memory.db"));
    mkdirSync(folder.file("work/.memorygraph"), { recursive: true });
    writeFileSync(folder.file("work/.memorygraph/memory.db"), "");
    expect(taken()).toBe(folder.file("work/.memorygraph/memory.db"));
  });
});

test("auto is what the release does with it", () => {
  expect(path("0.12", { MEMORY_BACKEND: "auto" })).toBe("sqlite /h/.memorygraph/memory.db");
  expect(path("0.12", { MEMORY_BACKEND: "auto", NEO4J_PASSWORD: "" })).toBe("server neo4j");
  expect(path("0.12", { MEMORY_BACKEND: "auto", MEMORY_MEMGRAPH_URI: "bolt://m" })).toBe("server memgraph");
  expect(path("0.13", { MEMORY_BACKEND: "auto", NEO4J_PASSWORD: "x" })).toBe(
    "falkordblite /h/.memorygraph/falkordblite.db",
  );
});

test("a server's address is made of the first variables that are set, and the defaults", () => {
  const env = { NEO4J_URI: "bolt://one", MEMORY_NEO4J_URI: "bolt://two", NEO4J_PASSWORD: "p" };
  expect(openedBy("0.12", at(env), "neo4j")).toEqual({
    kind: "server",
    backend: "neo4j",
    parts: { uri: "bolt://two", username: "neo4j", password: "p", database: "neo4j" },
    variable: "MEMORY_NEO4J_URI",
  });
  expect(openedBy("0.12", at({}), "falkordb")).toMatchObject({
    parts: { host: "localhost", port: "6379" },
    variable: null,
  });
});

test.each(["turso", "cloud", "ladybugdb"])("%s is a backend that is not read, with what can be done", (word) => {
  for (const release of RELEASES) {
    const opened = openedBy(release, at({ MEMORY_BACKEND: word }));
    expect(opened.kind).toBe("unread");
    if (opened.kind === "unread") expect(opened.about.next).not.toBe("");
  }
  expect(openedBy("0.12", at({ MEMORY_BACKEND: "postgres" })).kind).toBe("unknown");
});

test("the default places are those of all releases, each once", () => {
  const places = defaultPlaces({ home: "/h", cwd: "/w" });
  expect(places.map((place) => `${asPosix(place.path)} ${place.backend ?? place.title} ${place.former}`)).toEqual([
    "/h/.memorygraph/memory.db sqlite false",
    "/h/.claude-memory/memory.db sqlite true",
    "/h/.memorygraph/falkordblite.db falkordblite false",
    "/h/.memorygraph/memory.db Turso false",
    "/h/.memorygraph/ladybugdb.db LadybugDB false",
    "/h/.memorygraph/memory.lbdb LadybugDB false",
    "/w/.memorygraph/memory.db sqlite false",
    "/w/.memorygraph/falkordblite.db falkordblite false",
  ]);
  expect(places.find((place) => asPosix(place.path) === "/w/.memorygraph/memory.db")?.releases).toEqual([
    "0.14",
    "0.100",
  ]);
});

test("a version belongs to the first line that is not older", () => {
  const lines = ["0.8.3", "0.12.4", "0.13.0", "0.14.2", "0.15.0", "0.100.1", "0.101.0", "1.0.0"].map(releaseOfVersion);
  expect(lines).toEqual(["0.12", "0.12", "0.13", "0.14", "0.100", "0.100", "0.100", "0.100"]);
});
