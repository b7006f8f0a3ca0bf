/** Certificates that do not fit: each is named for what it is, with its own way out. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { probe } from "../../../src/backends/bolt/probe.ts";
import { ConnectionError } from "../../../src/errors.ts";
import { temporaryFolder } from "../../support/folder.ts";

const folder = temporaryFolder();
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  folder[Symbol.dispose]();
});

function openssl(...args: string[]): void {
  const made = Bun.spawnSync(["openssl", ...args], { cwd: folder.path });
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
}

/** An authority, and certificates of it: for this host, for others, and one that is no longer valid. */
beforeAll(() => {
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout"];
  openssl("req", "-x509", ...key, "ca.key", "-days", "30", "-out", "ca.pem", "-subj", "/CN=Test Authority");
  openssl("req", ...key, "server.key", "-out", "server.csr", "-subj", "/CN=server");
  const sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  for (const [name, hosts] of Object.entries({ here: "DNS:localhost", other: "DNS:db.example, DNS:graph.example" })) {
    writeFileSync(folder.file(`${name}.ext`), `subjectAltName=${hosts}\n`);
    openssl(...sign, "-days", "30", "-extfile", `${name}.ext`, "-out", `${name}.pem`);
  }
  mkdirSync(folder.file("issued"));
  writeFileSync(folder.file("issued/index.txt"), "");
  writeFileSync(folder.file("issued/serial"), "01\n");
  const settings = [
    ...["[ca]", "default_ca=own", "[own]", "database=issued/index.txt", "serial=issued/serial"],
    ...["new_certs_dir=issued", "default_md=sha256", "policy=any", "x509_extensions=host"],
    ...["[any]", "commonName=supplied", "[host]", "subjectAltName=DNS:localhost", ""],
  ];
  writeFileSync(folder.file("ca.cnf"), settings.join("\n"));
  const past = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
  openssl(
    "ca",
    "-batch",
    "-config",
    "ca.cnf",
    "-cert",
    "ca.pem",
    "-keyfile",
    "ca.key",
    "-in",
    "server.csr",
    "-out",
    "old.pem",
    ...past,
    "-notext",
  );
});

async function failureOf(cert: string, options: TlsOptions, trusted: boolean): Promise<ConnectionError> {
  const files = { key: readFileSync(folder.file("server.key")), cert: readFileSync(folder.file(cert)) };
  const server = createServer({ ...files, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(Buffer.of(0, 0, 8, 5)));
  });
  server.on("tlsClientError", () => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const certificates = trusted ? readFileSync(folder.file("ca.pem"), "utf8") : null;
  const address = {
    scheme: "bolt+s",
    host: "localhost",
    port,
    username: null,
    password: null,
    path: null,
    certificates,
  };
  const failure = await probe("neo4j", address).catch((error: unknown) => error);
  if (failure === undefined) throw new Error("it was trusted");
  expect(failure).toBeInstanceOf(ConnectionError);
  return failure as ConnectionError;
}

test.each([
  [
    "other.pem",
    {},
    true,
    /is for another host: db\.example, graph\.example/,
    /one of these names in the address in place of localhost/,
  ],
  ["old.pem", {}, true, /has expired on .*2020/, /Renew it/],
  ["here.pem", {}, false, /authority that is not trusted here: Test Authority/, /--from-ca-file or --to-ca-file/],
  ["here.pem", { requestCert: true }, true, /wants a certificate of the client/, /client_auth=NONE/],
  [
    "here.pem",
    { requestCert: true, maxVersion: "TLSv1.2" },
    true,
    /refuses the TLS handshake: it wants a certificate/,
    /client_auth=NONE/,
  ],
] as const)("%s with %p", async (cert, options, trusted, what, next) => {
  const ca = "requestCert" in options ? { ca: readFileSync(folder.file("ca.pem")), rejectUnauthorized: true } : {};
  const failure = await failureOf(cert, { ...options, ...ca }, trusted);
  expect(failure.message).toMatch(what);
  expect(failure.next).toMatch(next);
});

test("one that fits is trusted", async () => {
  await expect(failureOf("here.pem", {}, true)).rejects.toThrow("it was trusted");
});
