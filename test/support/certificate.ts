/** Certificates made by openssl: one for `localhost` that nobody has signed but itself, and those of a small authority. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { TemporaryFolder } from "./folder.ts";

const RSA_KEY = ["-newkey", "rsa:2048", "-nodes", "-keyout"];

function openssl(folder: TemporaryFolder, ...args: string[]): void {
  const made = Bun.spawnSync(["openssl", ...args], { cwd: folder.path });
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
}

export function selfSigned(folder: TemporaryFolder): { key: string; cert: string; file: string } {
  const [key, cert] = [folder.file("key.pem"), folder.file("cert.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  openssl(folder, "req", "-x509", ...RSA_KEY, key, "-days", "2", "-out", cert, ...names);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8"), file: cert };
}

export interface Authority {
  /** Its own certificate. */
  readonly file: string;
  /**
   * A certificate with a key of its own.
   * @param validity the first and the last second, as openssl spells them; else from now on
   */
  issue(name: string, hosts?: string, validity?: readonly [string, string]): { cert: string; key: string };
}

/** @param name of the authority, and of the folder's subfolder that it has to itself */
export function authority(folder: TemporaryFolder, name: string): Authority {
  const at = (file: string) => folder.file(`${name}/${file}`);
  mkdirSync(at("issued"), { recursive: true });
  openssl(
    folder,
    "req",
    "-x509",
    ...RSA_KEY,
    at("ca.key"),
    "-days",
    "30",
    "-out",
    at("ca.pem"),
    "-subj",
    `/CN=${name}`,
  );
  writeFileSync(at("issued/index.txt"), "");
  writeFileSync(at("issued/serial"), "01\n");
  const issue = (subject: string, hosts = "DNS:localhost", validity?: readonly [string, string]) => {
    const [cert, key] = [at(`${subject}.pem`), at(`${subject}.key`)];
    openssl(folder, "req", ...RSA_KEY, key, "-out", at(`${subject}.csr`), "-subj", `/CN=${subject}`);
    const settings = [
      ...["[ca]", "default_ca=own", "[own]", `database=${at("issued/index.txt")}`, `serial=${at("issued/serial")}`],
      ...[
        `new_certs_dir=${at("issued")}`,
        "default_md=sha256",
        "policy=any",
        "x509_extensions=host",
        "default_days=30",
      ],
      ...["unique_subject=no", "[any]", "commonName=supplied", "[host]", `subjectAltName=${hosts}`, ""],
    ];
    writeFileSync(at("ca.cnf"), settings.join("\n"));
    const signed = ["-cert", at("ca.pem"), "-keyfile", at("ca.key"), "-in", at(`${subject}.csr`), "-out", cert];
    const time = validity === undefined ? [] : ["-startdate", validity[0], "-enddate", validity[1]];
    openssl(folder, "ca", "-batch", "-notext", "-config", at("ca.cnf"), ...signed, ...time);
    return { cert, key };
  };
  return { file: at("ca.pem"), issue };
}
