import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import { BACKEND_TYPES } from "../../src/backends/descriptors.ts";

const root = join(import.meta.dir, "../../src");
const files = [...new Glob("**/*.ts").scanSync(root)].sort();

/** What each room may import of ours, besides itself: the arrows of the house point one way. */
const ARROWS: Record<string, readonly string[]> = {
  "main.ts": ["cli"],
  "index.ts": ["doctor", "operations", "backends", "journal", "errors.ts", "support", "version.ts"],
  "version.ts": [],
  "errors.ts": [],
  "sqlite-file": [],
  cli: ["doctor", "operations", "backends", "journal", "memorygraph", "graph", "errors.ts", "support", "version.ts"],
  doctor: ["operations", "backends", "journal", "memorygraph", "graph", "errors.ts", "support"],
  operations: ["backends", "journal", "memorygraph", "graph", "errors.ts", "support"],
  backends: ["journal", "memorygraph", "rdb", "sqlite-file", "graph", "errors.ts", "support", "version.ts"],
  journal: ["memorygraph", "graph", "errors.ts", "support"],
  rdb: ["graph", "errors.ts", "support"],
  memorygraph: ["graph", "errors.ts", "support"],
  graph: ["errors.ts", "support"],
  support: [],
};

/** Packages and globals that belong to certain rooms only. */
const ROOMS: readonly (readonly [what: string, pattern: RegExp, rooms: RegExp])[] = [
  ["bun:sqlite", /from "bun:sqlite"/, /^(backends\/sqlite\/|support\/(scratch|durable)\.ts$)/],
  ["falkordb", /from "(falkordb|@redis\/client)"/, /^backends\/falkor\/(raw-)?client\.ts$/],
  ["redis", /from "redis"/, /^none$/],
  ["citty", /from "citty/, /^cli\//],
  ["consola", /from "consola/, /^cli\/(log|guide)\.ts$/],
  ["process", /\bprocess\./, /^(cli\/|main\.ts$|support\/(files|private-folder|processes|shell)\.ts$)/],
  [
    "valibot",
    /from "valibot"/,
    /^(cli\/|doctor\/|journal\/|operations\/(models|run-models|(journal|backup)\/models)\.ts$|backends\/(config|graph-store\/(server-journal|noted-schema)|archive\/format)\.ts$)/,
  ],
];

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) =>
    relative(root, join(root, dirname(file), path!)),
  );
}

/** What is loaded with a file: neither types, nor what is imported when it is asked for. */
function loadedBy(file: string): string[] {
  const statements = code(file).matchAll(/^(?:import|export) (?!type\b)[^;]*?from "(\.[^"]+)";/gm);
  return [...statements].map(([, path]) => relative(root, join(root, dirname(file), path!)));
}

function reaches(from: string, wanted: string, seen: Set<string>): boolean {
  return loadedBy(from).some((file) => {
    if (file === wanted) return true;
    if (seen.has(file)) return false;
    seen.add(file);
    return reaches(file, wanted, seen);
  });
}

function room(file: string): string {
  return file.includes("/") ? file.split("/")[0]! : file;
}

/** Comments may name anything. */
function code(file: string): string {
  return readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

describe("the house", () => {
  test("has files, and every one belongs to a known room", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.map(room).filter((name) => ARROWS[name] === undefined)).toEqual([]);
  });

  test("imports point one way", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => room(target) !== room(file) && !ARROWS[room(file)]!.includes(room(target)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no modules import each other in a circle when they are loaded", () => {
    const circles = files.filter((file) => reaches(file, file, new Set()));
    expect(circles).toEqual([]);
  });

  test("no backend folder imports another one, except the bases of those that are servers, and of those that are files", () => {
    const wrong = files.flatMap((file) => {
      const own = /^backends\/([^/]+)\//.exec(file)?.[1];
      if (own === undefined) return [];
      return importsOf(file).filter(
        (target) => ![own, "graph-store", "file"].includes(/^backends\/([^/]+)\//.exec(target)?.[1] ?? own),
      );
    });
    expect(wrong).toEqual([]);
  });

  test("backends are loaded by the registry alone, and only when asked for", () => {
    const wrong = files.filter(
      (file) => !file.startsWith("backends/") && importsOf(file).some((target) => /^backends\/[^/]+\//.test(target)),
    );
    expect(wrong).toEqual([]);
  });

  test.each(ROOMS)("%s has one room", (_, pattern, rooms) => {
    expect(files.filter((file) => pattern.test(code(file)) && !rooms.test(file))).toEqual([]);
  });

  test("no file is longer than one subject, and none has an any", () => {
    expect(files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 400)).toEqual([]);
    expect(files.filter((file) => /(:|as|<) ?any\b/.test(code(file)))).toEqual([]);
  });

  test("outside their folder no release is asked for by its name", () => {
    const named = /"0\.\d+"/;
    const rooms = /^memorygraph\/(releases|layouts)\//;
    expect(files.filter((file) => !rooms.test(file) && named.test(code(file)))).toEqual([]);
  });

  test("outside its folder no backend is asked for its name to find out what it can do", () => {
    // JSON is also a meaning of fields.
    const names = BACKEND_TYPES.filter((name) => name !== "json").join("|");
    const asked = new RegExp(`([!=]==? |case )"(${names})"|"(${names})" [!=]==?|(includes|has)\\("(${names})"\\)`);
    const table = new RegExp(`^ *"?(${names})"?: `, "m");
    const outside = files.filter((file) => !/^(backends\/(?!graph-store\/)[^/]+|memorygraph\/releases)\//.test(file));
    expect(outside.filter((file) => asked.test(code(file)) || table.test(code(file)))).toEqual([]);
  });

  test("descriptors import nothing that takes time to load", () => {
    const descriptors = files.filter((file) => /^backends\/(.*\/)?descriptors?\.ts$/.test(file));
    expect(descriptors.length).toBeGreaterThan(4);
    const loaded = descriptors.flatMap(loadedBy);
    // What MemoryGraph's releases say is data as well.
    const light = /^memorygraph\/opens\.ts$/;
    expect(loaded.filter((file) => !descriptors.includes(file) && !light.test(file))).toEqual([]);
  });
});
