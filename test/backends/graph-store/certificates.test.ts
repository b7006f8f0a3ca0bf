/** Client certificates that no server would accept are refused here, each with its own reason and way out. */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { neo4jDescriptor } from "../../../src/backends/bolt/descriptor.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { falkordbDescriptor } from "../../../src/backends/falkor/descriptor.ts";
import { addressOf } from "../../../src/backends/graph-store/address.ts";
import { readClientCertificate } from "../../../src/backends/graph-store/certificates.ts";
import { AccessError, MigrateError, UsageError } from "../../../src/errors.ts";
import { authority } from "../../support/certificate.ts";
import { temporaryFolder } from "../../support/folder.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const ca = authority(folder, "Test Authority");
const client = ca.issue("client");
const other = ca.issue("other");
const past = ca.issue("past", "DNS:client", ["20200101000000Z", "20200201000000Z"]);
const future = ca.issue("future", "DNS:client", ["20990101000000Z", "20990201000000Z"]);

function written(name: string, text: string): string {
  const path = folder.file(name);
  writeFileSync(path, text);
  return path;
}

/** A copy of the client's key that a passphrase protects, as openssl's two formats have it. */
function locked(name: string, ...how: string[]): string {
  const path = folder.file(name);
  const made = Bun.spawnSync(["openssl", ...how, "-in", client.key, "-out", path, "-passout", "pass:some words"]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return path;
}

function refusal(certFile: string | undefined, keyFile: string | undefined): MigrateError {
  try {
    readClientCertificate({ ...(certFile !== undefined && { certFile }), ...(keyFile !== undefined && { keyFile }) });
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const text = (path: string) => readFileSync(path, "utf8");
const cases: Record<string, readonly [string | undefined, string | undefined, RegExp, RegExp]> = {
  "a key without a certificate": [
    undefined,
    client.key,
    /no certificate is given/,
    /--from-cert-file or --to-cert-file/,
  ],
  "a certificate without its key": [client.cert, undefined, /holds no private key/, /--from-key-file or --to-key-file/],
  "the two files the wrong way round": [client.key, client.cert, /client\.key holds no certificate/, /PEM/],
  "a file that holds something else": [client.cert, written("x.txt", "hello"), /x\.txt holds no private key/, /PEM/],
  "the key of another certificate": [
    client.cert,
    other.key,
    /other\.key does not belong to the client certificate .*client\.pem/,
    /the key that the certificate was made with/,
  ],
  "a key behind a passphrase": [
    client.cert,
    locked("locked.key", "pkey", "-aes256"),
    /locked\.key is protected by a passphrase/,
    /openssl pkey -in .*locked\.key -out plain-key\.pem/,
  ],
  "a key behind a passphrase, in the older format": [
    client.cert,
    locked("older.key", "rsa", "-traditional", "-aes128"),
    /older\.key is protected by a passphrase/,
    /openssl pkey/,
  ],
  "a damaged key": [
    client.cert,
    written("damaged.key", text(client.key).replace(/[A-Za-z]{8}/g, "AAAAAAAA")),
    /damaged\.key is damaged/,
    /openssl pkey -noout -check/,
  ],
  "a damaged certificate": [
    written("damaged.pem", text(client.cert).replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA")),
    client.key,
    /damaged\.pem is damaged/,
    /Request a new copy/,
  ],
  "one that has expired": [past.cert, past.key, /past\.pem has expired on .*2020/, /Renew it/],
  "one that is not valid yet": [future.cert, future.key, /future\.pem is not valid before .*2099/, /clock/],
};

test.each(Object.entries(cases))("%s", (_, [certFile, keyFile, what, next]) => {
  const error = refusal(certFile, keyFile);
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatch(what);
  expect(error.next).toMatch(next);
});

test("a file that is not there", () => {
  expect(refusal(folder.file("nowhere.pem"), client.key)).toBeInstanceOf(AccessError);
  expect(refusal(client.cert, folder.file("nowhere.key")).message).toMatch(
    /the private key .*nowhere\.key cannot be read/,
  );
});

test("one that fits is taken, from two files or from one, and nothing is asked for without any", () => {
  const both = written("both.pem", text(client.key) + text(client.cert));
  expect(readClientCertificate({ certFile: client.cert, keyFile: client.key })).toMatchObject({
    keyFile: client.key,
    about: "CN=client, issued by CN=Test Authority",
  });
  expect(readClientCertificate({ certFile: both })).toMatchObject({ certFile: both, keyFile: both });
  expect(readClientCertificate({})).toBeNull();
});

describe.each([
  ["neo4j", neo4jDescriptor.server, "bolt", "bolt+s:// or bolt+ssc://"],
  ["falkordb", falkordbDescriptor.server, "redis", "rediss:// or falkors://"],
  ["falkordb", falkordbDescriptor.server, "unix", "rediss:// or falkors://"],
] as const)("an address of %s without TLS", (type, addressing, scheme, instead) => {
  test.each([{ certFile: client.cert, keyFile: client.key }, { caFile: ca.file }])("%p", (files) => {
    const uri = scheme === "unix" ? "unix:///run/redis.sock" : `${scheme}://localhost`;
    const open = () => addressOf(new BackendConfig({ type, uri, ...files }), addressing);
    expect(open).toThrow(`certificates are given, but an address with ${scheme}:// has no TLS`);
    try {
      open();
    } catch (error) {
      expect((error as MigrateError).next).toContain(instead);
    }
  });
});
