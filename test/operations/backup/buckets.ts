/** The S3 server of a test file. Tests in buckets count as skipped where there is none; s3Server says why. */
import { afterAll, test } from "bun:test";
import { BucketPlace } from "../../../src/operations/backup/bucket.ts";
import { type S3Server, s3Server } from "../../support/s3-server.ts";

/** To be called by each file that needs one, as the server ends with the tests of the file. */
export async function buckets() {
  const server = await s3Server();
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** To be asked for in tests that need it only. */
  const s3 = (): S3Server => {
    if (server === null) throw new Error("there is no S3 server for a test that needs one");
    return server;
  };

  return {
    s3,
    /** A test that needs the server. */
    inBucket: test.if(server !== null),
    /** Variables by which the program finds it; none where there is none. */
    s3Env: (server?.env ?? {}) as Readonly<Record<string, string>>,
    /** A new bucket as a place of backups. */
    async newBucket(name: string): Promise<BucketPlace> {
      const { env, endpoint } = s3();
      await s3().bucket(name);
      const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY! };
      return new BucketPlace({ bucket: name, key: "" }, { ...keys, region: "us-east-1", endpoint });
    },
  };
}
