/**
 * How to reach S3, as the tools of AWS find it: variables, then the profile's part of ~/.aws/credentials and ~/.aws/config. What these
 * tools can do beyond keys (single sign-on, roles, programs that print keys, metadata of a machine) they can print as variables.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AccessError, UsageError } from "../../errors.ts";
import { quoteFor, runPrinted, type Shell } from "../../support/shell.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface BucketAccess {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  /** Of another service than AWS. */
  readonly endpoint?: string;
}

const DEFAULT_REGION = "us-east-1";
/** What a profile may have in the place of keys. */
const OTHER_WAYS = ["sso_session", "sso_start_url", "role_arn", "credential_process", "login_session"];
const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/** @param home where `.aws` is. @throws UsageError where there are no keys; AccessError for a file that cannot be read */
export function bucketAccess(env: Environment, home: string): BucketAccess {
  const profile = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE || "default";
  const credentials = section(env.AWS_SHARED_CREDENTIALS_FILE || join(home, ".aws/credentials"), [profile]);
  const names = profile === "default" ? ["default", "profile default"] : [`profile ${profile}`];
  const config = section(env.AWS_CONFIG_FILE || join(home, ".aws/config"), names);
  if (env.AWS_PROFILE && credentials === null && config === null) {
    throw new UsageError(`there is no profile "${profile}" in the files of the AWS tools`, {
      next: `Correct AWS_PROFILE, or set it up: aws configure --profile ${profile}`,
    });
  }
  const file = { ...config, ...credentials };
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || file.endpoint_url;
  return {
    ...keysOf(env, file, profile),
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || file.region || DEFAULT_REGION,
    ...(endpoint && { endpoint: checkedEndpoint(endpoint) }),
  };
}

function keysOf(env: Environment, file: Settings, profile: string) {
  // Those of the variables belong together, and so do those of the files.
  const [id, secret, token] = env.AWS_ACCESS_KEY_ID
    ? KEYS.map((name) => env[name])
    : KEYS.map((name) => file[name.toLowerCase()]);
  if (!id || !secret) throw noKeys(file, profile, Boolean(id));
  if ([id, secret, token].some((text) => /[\s\p{Cc}]/u.test(text ?? ""))) {
    throw new UsageError("the keys for S3 hold a space or a line break, which no key has", {
      next: "Copy them again, without what is around them.",
    });
  }
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
}

function noKeys(file: Settings, profile: string, hasId: boolean): UsageError {
  if (hasId) {
    return new UsageError("AWS_ACCESS_KEY_ID is there without AWS_SECRET_ACCESS_KEY", { next: "Set both." });
  }
  const way = OTHER_WAYS.find((name) => file[name] !== undefined);
  if (way !== undefined) {
    const message = `the profile "${profile}" gets its keys by ${way}, which this program does not do`;
    const printing = (shell: Shell) => {
      const format = shell === "posix" ? "env" : shell === "cmd" ? "windows-cmd" : "powershell";
      return `aws configure export-credentials --profile ${quoteFor(shell, profile)} --format ${format}`;
    };
    return new UsageError(message, { next: `Let the AWS tools print them as variables: ${runPrinted(printing)}` });
  }
  return new UsageError("there are no keys for S3", {
    next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; `aws configure` writes the files that hold them.",
  });
}

function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "") return text.replace(/\/+$/, "");
  throw new UsageError("the address of the S3 service is not of the form https://HOST", {
    next: "Correct AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL; keys do not belong into it.",
  });
}

type Settings = Readonly<Record<string, string>>;

/** One part of an INI file; null where the file or the part is not there. Indented lines belong to settings of their own. */
function section(path: string, names: readonly string[]): Settings | null {
  const text = textOf(path);
  let current: string | null = null;
  let found: Record<string, string> | null = null;
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\s*\[\s*(.+?)\s*\]\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      current = name.replace(/\s+/g, " ");
      if (names.includes(current)) found ??= {};
      continue;
    }
    const [, key, value] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && found !== null && current !== null && names.includes(current)) {
      found[key.toLowerCase()] = value!;
    }
  }
  return found;
}

function textOf(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  } catch (cause) {
    throw new AccessError(`the file ${path} of the AWS tools cannot be read`, {
      next: "Check who may read it.",
      cause,
    });
  }
}
