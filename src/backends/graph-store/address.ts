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
 * @throws UsageError for what is no such address, which names the character that has to be percent-encoded, or when URI
 *   and options contradict each other
 */
export function addressOf(config: BackendConfig, { schemes, port: defaultPort }: ServerAddressing): Address {
  const uri = config.uri ?? "";
  const example = `${schemes[0]}://localhost:${defaultPort}`;
  const wrong: Wrong = (what, next = `Write it like ${example}; the schemes are ${schemes.join(", ")}.`) =>
    new UsageError(`"${withoutCredentials(uri)}" is not the address of a ${config.type} server: ${what}`, { next });
  const match = /^([a-z][a-z0-9+]*):\/\/(.*)$/is.exec(uri);
  if (match === null) throw wrong("it has no scheme");
  const scheme = match[1]!.toLowerCase();
  if (!schemes.includes(scheme)) throw wrong(`"${scheme}" is not one of its schemes`);
  const { login, authority, path } = partsOf(match[2]!, wrong);
  const [, name = "", portText] = /^(.*?)(?::([^:\]]*))?$/s.exec(authority)!;
  const username = decoded(login.user, "user", wrong);
  const password = decoded(login.password, "password", wrong);
  if (username !== null && config.username && username !== config.username) {
    throw new UsageError(`the address names the user ${username}, the options name ${config.username}`, {
      next: "Give only one of the two.",
    });
  }
  return {
    scheme,
    host: hostOf(name, wrong),
    port: portOf(portText, defaultPort, wrong),
    username: username ?? config.username ?? null,
    password: config.password ?? password,
    path: decoded(path, "path", wrong),
    certificates: config.caFile === undefined ? null : readCertificates(config.caFile),
  };
}

type Wrong = (what: string, next?: string) => UsageError;

const ENCODED: Record<string, string> = { "/": "%2F", "?": "%3F", "#": "%23", "@": "%40", "%": "%25" };

/** What a character that means something else must be written as. */
function encode(character: string): string {
  const written = ENCODED[character];
  const hint = "the password can also be given in a file, with --from-password-file or --to-password-file";
  return `Write ${character} as ${written} there; ${hint}.`;
}

/** Login, host and path of what follows the scheme, still percent-encoded. */
function partsOf(text: string, wrong: Wrong) {
  const end = text.search(/[/?#]/);
  const authority = end === -1 ? text : text.slice(0, end);
  const rest = end === -1 ? "" : text.slice(end);
  // What follows the host may hold no @: it would be the end of a login in which something is not encoded.
  if (rest.includes("@")) {
    const character = authority.includes("@") ? "@" : rest.charAt(0);
    const where = authority.includes("@") ? "its last part" : "user or password";
    throw wrong(`${where} has a raw ${character}`, encode(character));
  }
  if (/[?#]/.test(rest)) throw wrong("options after ? or # are not taken");
  const at = authority.lastIndexOf("@");
  const login = at === -1 ? "" : authority.slice(0, at);
  if (login.includes("@")) throw wrong("user or password has a raw @", encode("@"));
  const colon = login.indexOf(":");
  return {
    login: {
      user: colon === -1 ? login : login.slice(0, colon),
      password: colon === -1 ? "" : login.slice(colon + 1),
    },
    authority: authority.slice(at + 1),
    path: rest.slice(1),
  };
}

/** Null for none. */
function decoded(text: string, what: string, wrong: Wrong): string | null {
  if (text === "") return null;
  const raw = /%(?![0-9a-f]{2})/i.test(text);
  try {
    if (!raw) return decodeURIComponent(text);
  } catch {
    // It is hexadecimal, but of no text.
  }
  throw wrong(`its ${what} has a % that does not begin the code of a character`, encode("%"));
}

function hostOf(text: string, wrong: Wrong): string {
  if (text === "") throw wrong("it names no host");
  if (/[\s\\^|<>%]/.test(text)) throw wrong("its host cannot be read");
  try {
    // As every program on this machine would spell it.
    return new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    throw wrong("its host cannot be read");
  }
}

function portOf(text: string | undefined, otherwise: number, wrong: Wrong): number {
  if (text === undefined || text === "") return otherwise;
  const port = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw wrong(`its port is no number from 1 to 65535`);
  return port;
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
