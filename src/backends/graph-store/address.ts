/** The address of a server: what a URI says, and what the configuration says beside it. */
import { UsageError } from "../../errors.ts";
import { type BackendConfig, withoutCredentials } from "../config.ts";
import type { ServerAddressing } from "../descriptor.ts";
import { type ClientCertificate, readAuthorities, readClientCertificate } from "./certificates.ts";

export interface Address {
  readonly scheme: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  /** What the path of the URI names: a database or a graph. */
  readonly path: string | null;
  /** The path of a unix socket, in the place of host and port. */
  readonly socket?: string;
  /** What stands after ?, by its name. */
  readonly options?: ReadonlyMap<string, string>;
  /** Certificates to trust beside the system's, PEM; null for none. */
  readonly certificates: string | null;
  /** Which certificate we show; absent for none. */
  readonly clientCertificate?: ClientCertificate;
}

/** Where it listens, as messages have it. */
export function placeOf({ host, port, socket }: Pick<Address, "host" | "port" | "socket">): string {
  return socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * @throws UsageError for what is no such address, which names the character that has to be percent-encoded, when URI and
 *   options contradict each other, and for certificates that cannot be used; AccessError for those that cannot be read
 */
export function addressOf(config: BackendConfig, addressing: ServerAddressing): Address {
  const { schemes, port: defaultPort, socketScheme, options: known = [] } = addressing;
  const uri = config.uri ?? "";
  const example = `${schemes[0]}://localhost:${defaultPort}`;
  const wrong: Wrong = (what, next = `Write it like ${example}; the schemes are ${schemes.join(", ")}.`) =>
    new UsageError(`"${withoutCredentials(uri)}" is not the address of a ${config.type} server: ${what}`, { next });
  const match = /^([a-z][a-z0-9+]*):\/\/(.*)$/is.exec(uri);
  if (match === null) throw wrong("it has no scheme");
  const scheme = match[1]!.toLowerCase();
  if (!schemes.includes(scheme)) throw wrong(`"${scheme}" is not one of its schemes`);
  const { login, authority, path, query } = partsOf(match[2]!, known.length > 0, wrong);
  const username = decoded(login.user, "user", wrong);
  const password = decoded(login.password, "password", wrong);
  if (username !== null && config.username && username !== config.username) {
    throw new UsageError(`the address names the user ${username}, the options name ${config.username}`, {
      next: "Give only one of the two.",
    });
  }
  if (!addressing.encrypted.includes(scheme)) assertNoCertificates(config, scheme, addressing);
  const clientCertificate = readClientCertificate(config);
  const where = scheme === socketScheme ? socketOf(authority, path, wrong) : hostAndPort(authority, defaultPort, wrong);
  return {
    scheme,
    ...where,
    username: username ?? config.username ?? null,
    password: config.password ?? password,
    path: scheme === socketScheme ? null : decoded(path, "path", wrong),
    options: optionsOf(query, known, wrong),
    certificates: config.caFile === undefined ? null : readAuthorities(config.caFile),
    ...(clientCertificate !== null && { clientCertificate }),
  };
}

/** @throws UsageError where certificates would be of no use: nothing is encrypted there */
function assertNoCertificates(config: BackendConfig, scheme: string, { encrypted }: ServerAddressing): void {
  if (config.caFile === undefined && config.certFile === undefined && config.keyFile === undefined) return;
  throw new UsageError(`certificates are given, but an address with ${scheme}:// has no TLS`, {
    next: `Use ${encrypted.map((each) => `${each}://`).join(" or ")} if the server has TLS; else leave the certificates out.`,
  });
}

function hostAndPort(authority: string, defaultPort: number, wrong: Wrong): Pick<Address, "host" | "port"> {
  const [, name = "", portText] = /^(.*?)(?::([^:\]]*))?$/s.exec(authority)!;
  return { host: hostOf(name, wrong), port: portOf(portText, defaultPort, wrong) };
}

/** The machine is this one, whatever it is called. */
function socketOf(authority: string, path: string, wrong: Wrong): Pick<Address, "host" | "port" | "socket"> {
  const spelled = "Write it like unix:///run/redis.sock, with the whole path of the socket.";
  if (authority !== "") throw wrong("a unix socket has no host", spelled);
  const socket = decoded(path, "path", wrong);
  if (socket === null) throw wrong("it has no path of a socket", spelled);
  return { host: "localhost", port: 0, socket: `/${socket}` };
}

function optionsOf(query: string, known: readonly string[], wrong: Wrong): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const part of query.split("&").filter(Boolean)) {
    const [, name = "", text = ""] = /^([^=]*)=?(.*)$/s.exec(part)!;
    const spelled = `After ? it takes ${known.map((option) => `${option}=...`).join(" and ")}.`;
    if (!known.includes(name)) throw wrong(`"${name}" is not an option`, spelled);
    const value = decoded(text, `option ${name}`, wrong);
    if (value === null || options.has(name)) throw wrong(`${name} has no value, or several`, spelled);
    options.set(name, value);
  }
  return options;
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
function partsOf(text: string, takesOptions: boolean, wrong: Wrong) {
  const end = text.search(/[/?#]/);
  const authority = end === -1 ? text : text.slice(0, end);
  const rest = end === -1 ? "" : text.slice(end);
  // What follows the host may hold no @: it would be the end of a login in which something is not encoded.
  if (rest.includes("@")) {
    const character = authority.includes("@") ? "@" : rest.charAt(0);
    const where = authority.includes("@") ? "its last part" : "user or password";
    throw wrong(`${where} has a raw ${character}`, encode(character));
  }
  if (rest.includes("#") || (rest.includes("?") && !takesOptions)) {
    throw wrong("options after ? or # are not taken");
  }
  const question = rest.indexOf("?");
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
    path: rest.slice(1, question === -1 ? undefined : Math.max(question, 1)),
    query: question === -1 ? "" : rest.slice(question + 1),
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
  throw wrong(`its ${what} has a % that is not followed by two hexadecimal digits`, encode("%"));
}

function hostOf(text: string, wrong: Wrong): string {
  if (text === "") throw wrong("it has no host");
  if (/[\s\\^|<>%]/.test(text)) throw wrong("its host is not valid");
  try {
    // As every program on this machine would spell it.
    return new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    throw wrong("its host is not valid");
  }
}

function portOf(text: string | undefined, otherwise: number, wrong: Wrong): number {
  if (text === undefined || text === "") return otherwise;
  const port = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw wrong(`its port is not a number from 1 to 65535`);
  return port;
}
