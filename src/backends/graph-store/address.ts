/** The address of a server: what a URI says, and what the configuration says beside it. */
import { readFileSync } from "node:fs";
import { AccessError, UsageError } from "../../errors.ts";
import { type BackendConfig, withoutCredentials } from "../config.ts";
import type { ServerAddressing } from "../descriptor.ts";

export interface Address {
  readonly scheme: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  /** What the path of the URI names: a database or a graph. */
  readonly path: string | null;
  /** Certificates to trust beside the system's, PEM; null for none. */
  readonly certificates: string | null;
}

/**
 * @throws UsageError for what is no such address, or when URI and options contradict each other
 */
export function addressOf(config: BackendConfig, { schemes, port: defaultPort }: ServerAddressing): Address {
  const uri = config.uri ?? "";
  const shown = withoutCredentials(uri);
  const example = `${schemes[0]}://localhost:${defaultPort}`;
  const wrong = (what: string) =>
    new UsageError(`"${shown}" is not the address of a ${config.type} server: ${what}`, {
      next: `Write it like ${example}; the schemes are ${schemes.join(", ")}.`,
    });
  const match = /^([a-z][a-z0-9+]*):\/\/(.*)$/is.exec(uri);
  if (match === null) throw wrong("it has no scheme");
  const scheme = match[1]!.toLowerCase();
  if (!schemes.includes(scheme)) throw wrong(`"${scheme}" is not one of its schemes`);
  let url: URL;
  try {
    // URL knows ports and hosts only of schemes that it knows.
    url = new URL(`http://${match[2]}`);
  } catch {
    throw wrong("host or port cannot be read");
  }
  if (url.hostname === "") throw wrong("it names no host");
  if (url.search !== "" || url.hash !== "") throw wrong("options after ? or # are not taken");
  // URL drops port 80, since it is what http has anyway.
  const port =
    url.port === "" ? (/^(?:[^@]*@)?[^/]*:0*80(?:\/|$)/.test(match[2]!) ? 80 : defaultPort) : Number(url.port);
  const username = part(url.username);
  const password = part(url.password);
  if (username !== null && config.username && username !== config.username) {
    throw new UsageError(`the address names the user ${username}, the options name ${config.username}`, {
      next: "Give only one of the two.",
    });
  }
  const path = decodeURIComponent(url.pathname.replace(/^\//, ""));
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    username: username ?? config.username ?? null,
    password: config.password ?? password,
    path: path === "" ? null : path,
    certificates: config.caFile === undefined ? null : readCertificates(config.caFile),
  };
}

function part(text: string): string | null {
  return text === "" ? null : decodeURIComponent(text);
}

function readCertificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AccessError(`the file of certificates ${path} cannot be read`, { next: "Check the path.", cause });
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new UsageError(`${path} holds no certificate`, { next: "Name a file in PEM form." });
}
