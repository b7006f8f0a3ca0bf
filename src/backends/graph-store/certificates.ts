/** The files of TLS: the authorities to trust, and the certificate by which we show a server who we are. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { AccessError, UsageError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { keptPrivate, shellQuote } from "../../support/shell.ts";
import type { BackendConfig } from "../config.ts";

export interface ClientCertificate {
  readonly certFile: string;
  /** The same file where that holds both. */
  readonly keyFile: string;
  /** Their contents, PEM. */
  readonly cert: string;
  readonly key: string;
  /** Whose it is, and who has issued it, as messages name it. */
  readonly about: string;
}

const IN_PEM = "Name a file in PEM form.";

/** @throws AccessError, UsageError */
export function readAuthorities(path: string): string {
  const text = read(path, "file of certificates");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new UsageError(`${path} holds no certificate`, { next: IN_PEM });
}

/**
 * Null where none is given. What a server would refuse without a word of why is refused here: a key of another
 * certificate, one behind a passphrase, and a certificate out of its time.
 * @throws AccessError, UsageError
 */
export function readClientCertificate({
  certFile,
  keyFile = certFile,
}: Pick<BackendConfig, "certFile" | "keyFile">): ClientCertificate | null {
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined) {
    throw new UsageError(`${keyFile} is the key of a client certificate, but no certificate is given`, {
      next: "Name it with --from-cert-file or --to-cert-file.",
    });
  }
  const cert = read(certFile, "client certificate");
  const certificate = certificateIn(cert, certFile);
  const key = read(keyFile, "private key");
  if (!certificate.checkPrivateKey(keyIn(key, keyFile, certFile))) {
    throw new UsageError(`the private key ${keyFile} does not belong to the client certificate ${certFile}`, {
      next: "Name the key that the certificate was made with.",
    });
  }
  assertInTime(certificate, certFile);
  return { certFile, keyFile, cert, key, about: aboutCertificate(certificate) };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AccessError(`the ${what} ${path} cannot be read`, { next: "Check the path.", cause });
  }
}

/** The first one of the file, which is the client's own. */
function certificateIn(text: string, path: string): X509Certificate {
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`${path} holds no certificate`, { next: IN_PEM });
  }
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new UsageError(`the client certificate ${path} is damaged`, {
      next: "Request a new copy from its issuer.",
      cause,
    });
  }
}

function keyIn(text: string, path: string, certFile: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new UsageError(`${path} holds no private key`, {
      next:
        path === certFile
          ? "Name the file of its key with --from-key-file or --to-key-file."
          : "Name a file in PEM form, with the key that the certificate was made with.",
    });
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    if (codeOf(cause) === "ERR_MISSING_PASSPHRASE") {
      throw new UsageError(`the private key ${path} is protected by a passphrase, which is not supported`, {
        next: `Write a copy without it to a file that only you can read, and name that one: ${keptPrivate(`openssl pkey -in ${shellQuote(path)} -out plain-key.pem`)}`,
        cause,
      });
    }
    throw new UsageError(`the private key ${path} is damaged, or of an unsupported kind`, {
      next: "Check it with: openssl pkey -noout -check -in FILE",
      cause,
    });
  }
}

function assertInTime({ validFrom, validTo }: X509Certificate, path: string): void {
  const now = Date.now();
  if (now > Date.parse(validTo)) {
    throw new UsageError(`the client certificate ${path} has expired on ${validTo}`, {
      next: "Renew it; or correct this machine's clock.",
    });
  }
  if (now < Date.parse(validFrom)) {
    throw new UsageError(`the client certificate ${path} is not valid before ${validFrom}`, {
      next: "Correct this machine's clock; or use another certificate.",
    });
  }
}

function aboutCertificate({ subject, issuer }: X509Certificate): string {
  const line = (name: string | undefined) => (name ?? "nobody").split("\n").join(", ");
  return `${line(subject)}, issued by ${line(issuer)}`;
}
