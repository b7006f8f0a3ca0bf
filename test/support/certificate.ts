/** A certificate for `localhost` that nobody has signed but itself. */
import { readFileSync } from "node:fs";
import type { TemporaryFolder } from "./folder.ts";

export function selfSigned(folder: TemporaryFolder): { key: string; cert: string; file: string } {
  const [key, cert] = [folder.file("key.pem"), folder.file("cert.pem")];
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8"), file: cert };
}
