/** A server that speaks S3 (moto, from PyPI), for one test file: empty at its start, gone at its end. */
import { cached, run } from "../../scripts/engines/cache.ts";
import { endProcess, logOf, startProcess } from "../../scripts/engines/process.ts";
import { freePort } from "../../scripts/engines/ready.ts";

const VERSION = "5.2.5";
const UP_MS = 60_000;

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  /** Variables by which the program finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a bucket, and gives a client for it. */
  bucket(name: string): Promise<Bun.S3Client>;
}

/** Null, with a line that says so, where it cannot be had; REQUIRE_S3=1 turns that into a failure. */
export async function s3Server(): Promise<S3Server | null> {
  try {
    return await start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (Bun.env.REQUIRE_S3) throw error;
    console.warn(`SKIPPED: no tests against S3: ${reason}`);
    return null;
  }
}

async function start(): Promise<S3Server> {
  const folder = cached(`moto-${VERSION}`, (into) => {
    // Not a virtual environment: that would hold the path at which it was made.
    const install = ["python3", "-m", "pip", "install", "--quiet", "--target", into, `moto[s3,server]==${VERSION}`];
    const { ok, error } = run(install);
    if (!ok) throw new Error(`moto could not be installed: ${error.slice(-300)}`);
  });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const serve = `import sys; sys.path.insert(0, ${JSON.stringify(folder)}); from moto.server import main; main(["-H", "127.0.0.1", "-p", "${port}"])`;
  // The address stands among the arguments, by which the process is known again.
  const server = startProcess("s3", port, (own) => ["python3", "-c", serve, own, `127.0.0.1:${port}`]);
  const keys = { accessKeyId: "AKIATESTTESTTESTTEST", secretAccessKey: "canary-secret-key", region: "us-east-1" };
  const until = Date.now() + UP_MS;
  while (!(await isUp(endpoint))) {
    if (Date.now() > until) throw new Error(`moto does not answer: ${logOf(server)}`);
    await Bun.sleep(100);
  }
  return {
    endpoint,
    env: {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: keys.region,
      AWS_ENDPOINT_URL_S3: endpoint,
    },
    async bucket(name) {
      const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;
      const { ok, status } = await fetch(`${endpoint}/${name}`, { method: "PUT", headers: { authorization } });
      if (!ok) throw new Error(`the bucket ${name} was not made: ${status}`);
      return new Bun.S3Client({ ...keys, endpoint, bucket: name });
    },
    [Symbol.asyncDispose]: () => endProcess(server),
  };
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/moto-api/`)).status < 500;
  } catch {
    return false;
  }
}
