/** Certificates that do not fit: each is named for what it is, with its own way out. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { freePort } from "../../../scripts/engines/ready.ts";
import { neo4jDescriptor } from "../../../src/backends/bolt/descriptor.ts";
import { probe } from "../../../src/backends/bolt/probe.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { addressOf } from "../../../src/backends/graph-store/address.ts";
import { ConnectionError } from "../../../src/errors.ts";
import { authority } from "../../support/certificate.ts";
import { temporaryFolder } from "../../support/folder.ts";

const folder = temporaryFolder();
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  folder[Symbol.dispose]();
});

const PAST = ["20200101000000Z", "20200201000000Z"] as const;
const ours = authority(folder, "Test Authority");
const strangers = authority(folder, "Strangers");
const pairs = {
  here: ours.issue("here"),
  other: ours.issue("other", "DNS:db.example, DNS:graph.example"),
  old: ours.issue("old", "DNS:localhost", PAST),
  client: ours.issue("client"),
  stranger: strangers.issue("stranger"),
};

interface Given {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

function probed(port: number, given: Given): Promise<void> {
  const config = new BackendConfig({ type: "neo4j", uri: `bolt+s://localhost:${port}`, ...given });
  return probe("neo4j", addressOf(config, neo4jDescriptor.server));
}

async function failureOf({ cert, key }: { cert: string; key: string }, options: TlsOptions, given: Given) {
  const files = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer({ ...files, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(Buffer.of(0, 0, 8, 5)));
  });
  server.on("tlsClientError", () => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return failed(probed((server.address() as AddressInfo).port, given));
}

async function failed(probing: Promise<void>): Promise<ConnectionError> {
  const failure = await probing.then(
    () => "it was trusted",
    (error: unknown) => error,
  );
  if (failure === "it was trusted") throw new Error(failure);
  expect(failure).toBeInstanceOf(ConnectionError);
  return failure as ConnectionError;
}

const TRUSTED: Given = { caFile: ours.file };
const DEMANDING = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(ours.file) };
const CLIENT: Given = { ...TRUSTED, certFile: pairs.client.cert, keyFile: pairs.client.key };

test.each([
  [
    "other",
    {},
    TRUSTED,
    /is for another host: db\.example, graph\.example/,
    /one of these names in the address in place of localhost/,
  ],
  ["old", {}, TRUSTED, /has expired on .*2020/, /Renew it/],
  ["here", {}, {}, /authority that is not trusted here: Test Authority/, /--from-ca-file or --to-ca-file/],
  ["here", DEMANDING, TRUSTED, /requires a client certificate/, /--from-cert-file and --from-key-file/],
  [
    "here",
    { ...DEMANDING, maxVersion: "TLSv1.2" },
    TRUSTED,
    /refuses the TLS handshake: it requires a client certificate/,
    /--from-cert-file and --from-key-file/,
  ],
] as const)("%s with %p", async (pair, options, given, what, next) => {
  const failure = await failureOf(pairs[pair], options, given);
  expect(failure.message).toMatch(what);
  expect(failure.next).toMatch(next);
});

test.each(["TLSv1.2", "TLSv1.3"] as const)("one that fits is trusted, on both sides, over %s", async (version) => {
  const range = { minVersion: version, maxVersion: version };
  await expect(failureOf(pairs.here, range, TRUSTED)).rejects.toThrow("it was trusted");
  await expect(failureOf(pairs.here, { ...DEMANDING, ...range }, CLIENT)).rejects.toThrow("it was trusted");
});

test.each([
  "-tls1_2",
  "-tls1_3",
])("a client certificate that the server does not trust is named, over %s", async (version) => {
  const port = await freePort();
  const { cert, key } = pairs.here;
  const server = Bun.spawn(
    [
      ...["openssl", "s_server", "-accept", `127.0.0.1:${port}`, "-cert", cert, "-key", key, version],
      ...["-CAfile", ours.file, "-Verify", "1", "-verify_return_error", "-quiet"],
    ],
    { stdin: "pipe", stdout: "ignore", stderr: "ignore" },
  );
  try {
    const given = { ...TRUSTED, certFile: pairs.stranger.cert, keyFile: pairs.stranger.key };
    let failure: ConnectionError;
    do failure = await failed(probed(port, given));
    while (/nothing listens/.test(failure.message));
    expect(failure.message).toMatch(
      /does not accept the client certificate .*stranger\.pem \(CN=stranger, issued by CN=Strangers\)/,
    );
    expect(failure.next).toContain("an authority which the server trusts");
  } finally {
    server.kill();
    await server.exited;
  }
});

test("a server that closes the line without a word may want a client certificate, or another protocol", async () => {
  const { cert, key } = pairs.here;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.destroy());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect((await failed(probed(port, TRUSTED))).message).toMatch(
    /after the TLS handshake: it does not speak Bolt, or requires a client certificate$/,
  );
  expect((await failed(probed(port, CLIENT))).message).toMatch(
    /it does not speak Bolt, or does not accept the client certificate .*client\.pem/,
  );
});
