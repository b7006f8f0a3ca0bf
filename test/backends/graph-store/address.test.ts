/** Addresses as people write them: read, or refused with the character that has to be written in another way. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BackendConfig } from "../../../src/backends/config.ts";
import { addressOf } from "../../../src/backends/graph-store/address.ts";
import { MigrateError, UsageError } from "../../../src/errors.ts";

const BOLT = { schemes: ["bolt", "bolt+s", "neo4j"], encrypted: ["bolt+s"], port: 7687 };

function read(uri: string, more: object = {}) {
  return addressOf(new BackendConfig({ type: "neo4j", uri, ...more }), BOLT);
}

function refusal(uri: string): UsageError {
  try {
    read(uri);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${uri} was read`);
}

test.each([
  ["bolt://localhost", { host: "localhost", port: 7687, username: null, password: null, path: null }],
  ["BOLT://h:80/", { host: "h", port: 80, path: null }],
  ["bolt://[::1]:7688/neo4j", { host: "::1", port: 7688, path: "neo4j" }],
  ["bolt://[::1]", { host: "::1", port: 7687 }],
  ["bolt://neo4j:p%40ss%2Fw%25rd%23@h:1/db%20x", { username: "neo4j", password: "p@ss/w%rd#", path: "db x" }],
  ["bolt://:only-a-password@h", { username: null, password: "only-a-password" }],
  ["bolt://neo4j:a:b:c@h", { username: "neo4j", password: "a:b:c" }],
  ["bolt://neo4j:pässwörd 😀@h", { password: "pässwörd 😀" }],
  ["bolt://neo4j@h", { username: "neo4j", password: null }],
] as const)("%s is read", (uri, parts) => {
  expect(read(uri)).toMatchObject(parts);
});

describe("a character of the login that means something else", () => {
  test.each([
    ["bolt://neo4j:secr%et@h:7687", "%", "%25"],
    ["bolt://neo4j:secr%zzet@h:7687", "%", "%25"],
    ["bolt://neo4j:secr%ffet@h:7687", "%", "%25"],
    ["bolt://ne%o4j:secret@h:7687", "%", "%25"],
    ["bolt://neo4j:secr/et@h:7687", "/", "%2F"],
    ["bolt://neo4j:secr#et@h:7687", "#", "%23"],
    ["bolt://neo4j:secr?et@h:7687/db", "?", "%3F"],
    ["bolt://neo4j:secr@et@h:7687", "@", "%40"],
    ["bolt://h:7687/a@b", "/", "%2F"],
  ])("%s", (uri, character, written) => {
    const { message, next } = refusal(uri);
    expect(message).toMatch(character === "%" ? /has a % that/ : new RegExp(`has a raw \\${character}`));
    expect(next).toContain(`Write ${character} as ${written}`);
    expect(message + next).not.toContain("secr");
  });
});

test.each([
  ["h:7687", "no scheme"],
  ["http://h", '"http" is not one'],
  ["bolt://", "no host"],
  ["bolt://neo4j:x@", "no host"],
  ["bolt://h:0", "port"],
  ["bolt://h:99999", "port"],
  ["bolt://h:bolt", "port"],
  ["bolt://h o s t", "host is not valid"],
  ["bolt://[::1", "is not valid"],
  ["bolt://h?x=1", "options after"],
])("%s is refused: %s", (uri, what) => {
  expect(refusal(uri).message).toContain(what);
});

test("whatever is typed is read, or refused in words, and no password is told", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "@",
      ":",
      "/",
      "?",
      "#",
      "%",
      "%4",
      "%40",
      "%ff",
      "[",
      "]",
      "h",
      "7687",
      " ",
      "\\",
      "\0",
      "😀",
      "\ud800",
    ),
  );
  const anything = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
  const uris = fc.oneof(
    anything,
    anything.map((rest) => `bolt://${rest}`),
    anything.map((rest) => `bolt://user:S3CRET${rest}@host:7687/x`),
  );
  fc.assert(
    fc.property(uris, (uri) => {
      try {
        const { host, port } = read(uri);
        expect(host).not.toBe("");
        expect(port).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(MigrateError);
        if (uri.endsWith("@host:7687/x")) expect((error as Error).message).not.toContain("S3CRET");
      }
    }),
    { numRuns: 100 * Number(Bun.env.RUNS ?? 20) },
  );
}, 60_000);
