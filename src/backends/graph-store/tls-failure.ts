/** What is wrong between our TLS and a server's, told apart: each has another way out. */
import { connect, type PeerCertificate } from "node:tls";
import { ConnectionError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { patience } from "../../support/patience.ts";
import type { Address } from "./address.ts";
import type { ClientCertificate } from "./certificates.ts";

const UNKNOWN_AUTHORITY =
  /SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|CERT_UNTRUSTED|self.signed|issuer certificate/i;
/**
 * What the server says of ours. TLS 1.3 says that one is required, some servers that the empty one is bad; before, one that
 * wants one only refuses the handshake.
 */
const OUR_CERTIFICATE =
  /ALERT_(CERTIFICATE|BAD_CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT)|CERTIFICATE_REQUIRED/i;
const REFUSED_HANDSHAKE = /ALERT_HANDSHAKE_FAILURE/i;
const ANY = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|UNABLE_TO_GET|certificate|altname/i;

/** Null for a failure that has nothing to do with certificates. */
export async function certificateFailure(error: unknown, address: Address): Promise<ConnectionError | null> {
  const message = error instanceof Error ? error.message : String(error);
  const told = `${codeOf(error)} ${message}`;
  const at = `${address.host}:${address.port}`;
  const failed = (what: string, next: string) => new ConnectionError(what, { next, cause: error });
  const { clientCertificate } = address;
  if (OUR_CERTIFICATE.test(told)) {
    return clientCertificate === undefined
      ? failed(`${at} requires a client certificate`, GIVE_CERTIFICATE)
      : failed(`${at} does not accept the ${nameOfOurs(clientCertificate)}`, OTHER_CERTIFICATE);
  }
  if (REFUSED_HANDSHAKE.test(told)) {
    return clientCertificate === undefined
      ? failed(
          `${at} refuses the TLS handshake: it requires a client certificate, or accepts none of our ciphers`,
          GIVE_CERTIFICATE,
        )
      : failed(
          `${at} refuses the TLS handshake: it does not accept the ${nameOfOurs(clientCertificate)}, or none of our ciphers`,
          OTHER_CERTIFICATE,
        );
  }
  if (!ANY.test(told)) return null;
  const certificate = await certificateOf(address);
  if (/ALTNAME|altname/.test(told)) {
    const names = namesOf(certificate);
    return failed(
      `the certificate of ${at} is for another host${names.length === 0 ? "" : `: ${names.join(", ")}`}`,
      names.length === 0
        ? "Issue a new certificate for the server, with the name by which you reach it."
        : `Write one of these names in the address in place of ${address.host}, or issue a new certificate with ${address.host} among its names.`,
    );
  }
  if (/EXPIRED|expired/.test(told)) {
    const until = certificate?.valid_to === undefined ? "" : ` on ${certificate.valid_to}`;
    return failed(
      `the certificate of ${at} has expired${until}`,
      "Renew it on the server; or correct this machine's clock.",
    );
  }
  if (/NOT_YET_VALID|not yet valid/.test(told)) {
    const from = certificate?.valid_from === undefined ? "" : ` before ${certificate.valid_from}`;
    return failed(`the certificate of ${at} is not valid${from}`, "Correct this machine's clock, or the server's.");
  }
  if (UNKNOWN_AUTHORITY.test(told)) {
    const issuer = nameOf(certificate?.issuer);
    return failed(
      `the certificate of ${at} comes from an authority that is not trusted here${issuer === null ? "" : `: ${issuer}`}`,
      "Name the authority's file with --from-ca-file or --to-ca-file.",
    );
  }
  return failed(`the certificate of ${at} is not trusted: ${message}`, "Look at the certificate in the server.");
}

const GIVE_CERTIFICATE =
  "Give one that the server accepts: --from-cert-file and --from-key-file for the source, --to-cert-file and --to-key-file for the target.";
const OTHER_CERTIFICATE = "Use a certificate that an authority which the server trusts has issued.";

function nameOfOurs({ certFile, about }: ClientCertificate): string {
  return `client certificate ${certFile} (${about})`;
}

/**
 * Many servers say nothing of why: the certificates were exchanged, and then the line is closed.
 * @param protocol as messages name it
 */
export function closedAfterHandshake(address: Address, protocol: string): ConnectionError {
  const { host, port, clientCertificate } = address;
  const closed = `${host}:${port} closed the connection after the TLS handshake: it does not speak ${protocol}`;
  return clientCertificate === undefined
    ? new ConnectionError(`${closed}, or requires a client certificate`, {
        next: `Check the port. ${GIVE_CERTIFICATE}`,
      })
    : new ConnectionError(`${closed}, or does not accept the ${nameOfOurs(clientCertificate)}`, {
        next: `Check the port. ${OTHER_CERTIFICATE}`,
      });
}

/** What the server shows, looked at without trusting it; null where it shows nothing. */
function certificateOf({ host, port }: Address): Promise<PeerCertificate | null> {
  return new Promise((resolve) => {
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = connect({ host, port, ...servername, rejectUnauthorized: false });
    const end = (certificate: PeerCertificate | null) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.destroy();
      resolve(certificate);
    };
    const timer = setTimeout(() => end(null), patience().connect);
    socket.once("secureConnect", () => end(socket.getPeerCertificate()));
    socket.once("error", () => end(null));
    socket.once("close", () => end(null));
  });
}

function namesOf(certificate: PeerCertificate | null): string[] {
  const alternative = (certificate?.subjectaltname ?? "")
    .split(/,\s*/)
    .map((name) => name.replace(/^(DNS|IP Address|IP):/, ""))
    .filter((name) => name !== "");
  const common = nameOf(certificate?.subject);
  return alternative.length > 0 || common === null ? alternative : [common];
}

function nameOf(subject: PeerCertificate["subject"] | undefined): string | null {
  const name = subject?.CN ?? subject?.O;
  return name === undefined ? null : String(name);
}
