/** What an S3 service answers, as something that a person can act on. */
import { ConnectionError, MigrateError, UsageError, WriteError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";

interface Meaning {
  readonly what: string;
  readonly next: string;
}

/** By the code of the service, or of the line to it; `BUCKET` stands for its name. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: {
    what: "there is no bucket BUCKET",
    next: "Make it, or correct its name; also check the region (AWS_REGION) and the address (AWS_ENDPOINT_URL_S3).",
  },
  NoSuchKey: { what: "it is not there", next: "memorygraph-migrate backups s3://BUCKET/PREFIX lists what is there." },
  AccessDenied: {
    what: "these keys are not allowed to do that in the bucket BUCKET",
    next: "They need s3:ListBucket on it, and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it.",
  },
  InvalidAccessKeyId: {
    what: "the service does not know the access key",
    next: "Check AWS_ACCESS_KEY_ID or AWS_PROFILE, and that the keys are of this service (AWS_ENDPOINT_URL_S3).",
  },
  SignatureDoesNotMatch: {
    what: "the secret key does not fit the access key",
    next: "Copy AWS_SECRET_ACCESS_KEY again, whole.",
  },
  ExpiredToken: { what: "the session token has expired", next: "Log in again, or get new keys, and run it once more." },
  InvalidToken: { what: "the session token is not valid", next: "Log in again, or unset AWS_SESSION_TOKEN." },
  PermanentRedirect: {
    what: "the bucket BUCKET is in another region",
    next: "Set AWS_REGION to that of the bucket.",
  },
  RequestTimeTooSkewed: {
    what: "the clock of this machine is not that of the service",
    next: "Set the clock (as NTP does), and run it once more.",
  },
  SlowDown: { what: "the service asks for fewer requests", next: "Run it again in some minutes." },
  QuotaExceeded: { what: "the bucket BUCKET is full", next: "Free some room in it, or keep fewer backups (--keep-…)." },
};
const SAME_AS: Readonly<Record<string, string>> = {
  Forbidden: "AccessDenied",
  AllAccessDisabled: "AccessDenied",
  AuthorizationHeaderMalformed: "PermanentRedirect",
  IllegalLocationConstraintException: "PermanentRedirect",
  TemporaryRedirect: "PermanentRedirect",
  TokenRefreshRequired: "ExpiredToken",
  RequestExpired: "RequestTimeTooSkewed",
  ServiceUnavailable: "SlowDown",
  XMinioStorageFull: "QuotaExceeded",
};
/** Codes of this side: nobody answers, or the line breaks. */
const LINE =
  /^(Connection|Failed|Unable|DNS|UNABLE_|DEPTH_|CERT_|SELF_|ERR_TLS|ECONN|ENOTFOUND|ETIMEDOUT|EPIPE|Timeout|Socket)/i;

export interface BucketAddress {
  readonly bucket: string;
  /** Of the service, without a login. */
  readonly service: string;
}

/** @param work what was being done, as in "read NAME" */
export function bucketError(error: unknown, work: string, { bucket, service }: BucketAddress): MigrateError {
  if (error instanceof MigrateError) return error;
  const code = codeOf(error);
  const cannot = `cannot ${work} (bucket ${bucket}, ${service})`;
  const known = SAME_AS[code] ?? code;
  const meaning = MEANINGS[known];
  if (meaning !== undefined) {
    const [what, next] = [meaning.what, meaning.next].map((text) => text.replaceAll("BUCKET", bucket)) as [
      string,
      string,
    ];
    const Kind = known === "NoSuchBucket" || known === "NoSuchKey" ? UsageError : ConnectionError;
    return new Kind(`${cannot}: ${what}`, { next, cause: error });
  }
  if (LINE.test(code)) {
    return new ConnectionError(`${cannot}: nobody answers there, or the line broke (${code})`, {
      next: "Check AWS_ENDPOINT_URL_S3 and the network, and run it again; what counts there was not changed.",
      cause: error,
    });
  }
  const said = error instanceof Error ? error.message : String(error);
  return new WriteError(`${cannot}: ${said} (${code || "no code"})`, {
    next: "Run it again; what counts there was not changed.",
    cause: error,
  });
}
