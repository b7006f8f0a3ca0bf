// @level normal
/** Buckets of a real S3 server: backup, list, drill, restore; and what a service can answer instead. */
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { bucketAccess } from "../../../src/operations/backup/aws.ts";
import { BucketPlace, bucketName } from "../../../src/operations/backup/bucket.ts";
import { inProcess } from "../../cli/in-process.ts";
import { document, expectError } from "../../cli/program.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { copyFixture } from "../../support/stores.ts";
import { refusesAtOnce } from "../../support/system.ts";
import { buckets } from "./buckets.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const { inBucket, s3, s3Env } = await buckets();
copyFixture("0.12.4", folder, "old.db");

const run = (args: readonly string[], more: Record<string, string> = {}) =>
  inProcess(folder, args, { ...s3Env, ...more });

describe("a bucket", () => {
  inBucket("keeps a backup that is listed, tried and restored, and gets none where nothing has changed", async () => {
    const client = await s3().bucket("keeps");
    const address = "s3://keeps/my memories/ä+1";
    const made = await run(["backup", "old.db", address, "--json"]);
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("whoever may read the bucket")]);
    const { name, digest } = document(made.stdout) as { name: string; digest: string };
    const keys = ((await client.list()).contents ?? []).map(({ key }) => key).sort();
    expect(keys).toEqual([`my memories/ä+1/${name}`, `my memories/ä+1/${name}.note.json`]);
    expect(await run(["backup", "old.db", address, "--quiet"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing has changed"),
    });
    const drill = await run(["verify", "--restore", address, "--json"]);
    expect([drill.code, document(drill.stdout)]).toMatchObject([
      0,
      { success: true, proofs: [{ digest, source: "same" }] },
    ]);
    const listed = await run(["backups", address, "--json"]);
    expect(document(listed.stdout)).toMatchObject({
      backups: [{ name, digest, state: "whole", memories: 60, relationships: 120, proven: expect.any(String) }],
    });
    const back = await run(["restore", `${address}/${name}`, "back.db", "--json"]);
    expect([back.code, document(back.stdout)]).toMatchObject([0, { verification: { targetDigest: digest } }]);
  });

  inBucket("with more than a page of other objects is listed whole, and large files go in parts", async () => {
    const client = await s3().bucket("many");
    await Promise.all(Array.from({ length: 1_050 }, (_, at) => client.write(`p/${at}`, "x")));
    const place = new BucketPlace(bucketName("s3://many/p"), bucketAccess(s3Env, "/nowhere"));
    expect(await place.list()).toHaveLength(1_050);
    const large = folder.file("large");
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    writeFileSync(large, Buffer.concat(Array(600).fill(bytes)));
    await place.publish(large, "large");
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of place.read("large")) hash.update(chunk);
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(await Bun.file(large).bytes()).digest("hex"));
    // Of an object in parts the tag tells how many.
    expect((await client.list({ prefix: "p/large" })).contents![0]!.eTag).toMatch(/-3"$/);
  });

  inBucket(
    "keeps archives for a recipient, of which nothing is plain, and its identity tries and restores them",
    async () => {
      const client = await s3().bucket("locked");
      const identity = await generateIdentity();
      writeFileSync(folder.file("key.txt"), `${identity}\n`, { mode: 0o600 });
      const recipient = await identityToRecipient(identity);
      const made = await run(["backup", "old.db", "s3://locked", "--to-recipient", recipient, "--json"]);
      // What anybody may read needs no warning.
      expect([made.code, made.stderr]).toEqual([0, ""]);
      const { name, digest } = document(made.stdout) as { name: string; digest: string };
      const bytes = Buffer.from(await client.file(name).arrayBuffer());
      expect([name.endsWith(".jsonl.zst.age"), bytes.toString("latin1").startsWith("age-encryption.org/v1")]).toEqual([
        true,
        true,
      ]);
      expectError(await run(["restore", "s3://locked", "never.db"]), 2, "is encrypted for recipients");
      const drill = await run(["verify", "--restore", "s3://locked", "--from-identity", "key.txt", "--json"]);
      expect([drill.code, document(drill.stdout)]).toMatchObject([0, { success: true, proofs: [{ digest }] }]);
      const back = await run(["restore", "s3://locked", "unlocked.db", "--from-identity", "key.txt", "--json"]);
      expect([back.code, document(back.stdout)]).toMatchObject([0, { verification: { targetDigest: digest } }]);
      await run(["backup", "old.db", "s3://locked", "--to-recipient", recipient]);
      expect(((await client.list()).contents ?? []).length).toBe(2);
    },
  );

  inBucket("whose archive was changed gives none of it, and names the archive", async () => {
    const client = await s3().bucket("changed");
    const { name, bytes } = document((await run(["backup", "old.db", "s3://changed", "--json"])).stdout) as {
      name: string;
      bytes: number;
    };
    await client.write(name, new Uint8Array(bytes));
    expectError(await run(["restore", `s3://changed/${name}`, "never.db"]), 8, "is not the file that was stored there");
  });
});

/** What a service answers, in its own words. */
function answering(status: number, code: string): Disposable & { readonly endpoint: string } {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response(body, { status, headers: { "content-type": "application/xml" } }),
  });
  return { endpoint: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

const KEYS = {
  AWS_ACCESS_KEY_ID: "AKIACANARY",
  AWS_SECRET_ACCESS_KEY: "canary-secret",
  AWS_SESSION_TOKEN: "canary-token",
};

describe("what a service answers is told with a next step, and no key", () => {
  test.each([
    [404, "NoSuchBucket", 2, "there is no bucket some-bucket"],
    [403, "AccessDenied", 5, "are not allowed to do that"],
    [403, "InvalidAccessKeyId", 5, "does not know the access key"],
    [403, "SignatureDoesNotMatch", 5, "the secret key does not fit"],
    [400, "ExpiredToken", 5, "the session token has expired"],
    [301, "PermanentRedirect", 5, "is in another region"],
    [400, "AuthorizationHeaderMalformed", 5, "is in another region"],
    [403, "RequestTimeTooSkewed", 5, "the clock of this machine"],
    [503, "SlowDown", 5, "asks for fewer requests"],
    [418, "Teapot", 1, "Teapot"],
  ])("%d %s", async (status, code, exit, message) => {
    using service = answering(status, code);
    for (const args of [
      ["backups", "s3://some-bucket/p"],
      ["backup", "old.db", "s3://some-bucket/p"],
    ]) {
      const outcome = await inProcess(folder, args, { ...KEYS, AWS_ENDPOINT_URL_S3: service.endpoint });
      expectError(outcome, exit, message);
      expect(outcome.stderr).not.toMatch(/canary|AKIACANARY/i);
    }
  });

  test("nobody at the address", async () => {
    if (!(await refusesAtOnce())) return console.warn("SKIPPED: this system leaves such a connection open");
    const outcome = await inProcess(folder, ["backups", "s3://some-bucket"], {
      ...KEYS,
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1",
    });
    expectError(outcome, 5, "nobody answers there, or the line broke");
  });

  inBucket("a line that breaks in the middle of an upload leaves what counted, and tells so", async () => {
    await s3().bucket("breaks");
    await run(["backup", "old.db", "s3://breaks"]);
    const target = new URL(s3().endpoint);
    // Everything passes but the archive itself.
    using proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request, server) {
        const url = new URL(request.url);
        if (request.method === "PUT" && url.pathname.endsWith(".zst")) {
          server.stop(true);
          return new Response();
        }
        return fetch(`${target.origin}${url.pathname}${url.search}`, {
          method: request.method,
          headers: { authorization: request.headers.get("authorization") ?? "" },
          body: request.method === "GET" || request.method === "HEAD" ? undefined : await request.bytes(),
        });
      },
    });
    copyFixture("0.13.0", folder, "other.db");
    const broken = await run(["backup", "other.db", "s3://breaks"], { AWS_ENDPOINT_URL_S3: proxy.url.origin });
    expectError(broken, 5, "the line broke");
    const listed = await run(["backups", "s3://breaks", "--json"]);
    const { backups } = document(listed.stdout) as { backups: { state: string }[] };
    expect(backups.filter(({ state }) => state === "whole")).toHaveLength(1);
    // The next one cleans up.
    expect((await run(["backup", "other.db", "s3://breaks"])).code).toBe(0);
    const after = document((await run(["backups", "s3://breaks", "--json"])).stdout) as {
      backups: { state: string }[];
    };
    expect(after.backups.map(({ state }) => state)).toEqual(["whole", "whole"]);
  });
});

describe("keys are found as the AWS tools find them", () => {
  const home = temporaryFolder();
  afterAll(() => home[Symbol.dispose]());
  const credentials = home.file("credentials");
  const config = home.file("config");
  writeFileSync(
    credentials,
    "[default]\naws_access_key_id = A1\naws_secret_access_key=s1\n\n# others\n[work]\naws_access_key_id=A2\naws_secret_access_key = s2\naws_session_token = t2\n",
  );
  writeFileSync(
    config,
    "[default]\nregion = eu-west-1\ns3 =\n  region = nowhere\n[profile work]\nregion=eu-central-1\nendpoint_url = https://minio.example/\n[profile sso]\nsso_session = me\nregion = us-east-2\n",
  );
  const files = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config };

  test.each([
    [{}, { accessKeyId: "A1", secretAccessKey: "s1", region: "eu-west-1" }],
    [
      { AWS_PROFILE: "work" },
      {
        accessKeyId: "A2",
        secretAccessKey: "s2",
        sessionToken: "t2",
        region: "eu-central-1",
        endpoint: "https://minio.example",
      },
    ],
    [
      {
        AWS_ACCESS_KEY_ID: "A3",
        AWS_SECRET_ACCESS_KEY: "s3",
        AWS_REGION: "r",
        AWS_ENDPOINT_URL: "http://x",
        AWS_ENDPOINT_URL_S3: "http://y:9",
      },
      { accessKeyId: "A3", secretAccessKey: "s3", region: "r", endpoint: "http://y:9" },
    ],
    [
      { AWS_PROFILE: "sso", AWS_ACCESS_KEY_ID: "A3", AWS_SECRET_ACCESS_KEY: "s3" },
      { accessKeyId: "A3", secretAccessKey: "s3", region: "us-east-2" },
    ],
  ])("%p", (env, expected) => {
    expect(bucketAccess({ ...files, ...env }, "/nowhere")).toEqual(expected as never);
  });

  test.each([
    [{ AWS_PROFILE: "sso" }, /the profile "sso" gets its keys by sso_session/],
    [{ AWS_PROFILE: "none" }, /there is no profile "none"/],
    [{ AWS_ACCESS_KEY_ID: "A3" }, /without AWS_SECRET_ACCESS_KEY/],
    [{ AWS_ACCESS_KEY_ID: "A3", AWS_SECRET_ACCESS_KEY: "s3\n" }, /a space or a line break/],
    [{ AWS_ENDPOINT_URL_S3: "https://user:canary@host" }, /not of the form https:\/\/HOST/],
  ])("%p is refused", (env, message) => {
    expect(() => bucketAccess({ ...files, ...env }, "/nowhere")).toThrow(message);
  });

  test("or not at all", () => {
    expect(() => bucketAccess({}, "/nowhere")).toThrow("there are no keys for S3");
  });
});
