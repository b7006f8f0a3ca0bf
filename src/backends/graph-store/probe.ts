/**
 * Asks a server before its driver does: whether anything listens there, has the right certificate, and answers in
 * its protocol. Drivers tell none of these apart, and wait long for a stranger who keeps silent.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { ConnectionError, type MigrateError, StoreKindError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { patience } from "../../support/patience.ts";
import type { BackendType } from "../config.ts";
import { type Address, placeOf } from "./address.ts";
import { certificateFailure, closedAfterHandshake } from "./tls-failure.ts";

interface Probe {
  readonly type: BackendType;
  readonly encrypted: boolean;
  /** Whether any certificate will do. */
  readonly trusting: boolean;
  /** The first bytes of the protocol. */
  readonly hello: Uint8Array;
  /** As messages name it. */
  readonly protocol: string;
  /** The schemes without and with TLS, for the way out. */
  readonly schemes: readonly [plain: string, encrypted: string];
  /** Whether that is how such a server answers. */
  readonly understood: (answer: Uint8Array) => boolean;
}

/** Options of Node's TLS for an address. */
export function tlsOptions({ host, certificates, clientCertificate }: Address, trusting: boolean) {
  return {
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    rejectUnauthorized: !trusting,
    ...(certificates !== null && { ca: [...rootCertificates, certificates] }),
    ...(clientCertificate !== undefined && { cert: clientCertificate.cert, key: clientCertificate.key }),
  };
}

/** Gives the first bytes of the answer. @throws ConnectionError, StoreKindError */
export async function probeServer(address: Address, how: Probe): Promise<Uint8Array> {
  const answer = await firstAnswer(address, how).catch(async (error: unknown) => {
    throw (how.encrypted ? await certificateFailure(error, address) : null) ?? reason(error, address, how);
  });
  if (how.understood(answer)) return answer;
  if (how.encrypted && answer.length === 0) throw closedAfterHandshake(address, how.protocol);
  const [plain, encrypted] = how.schemes;
  throw new StoreKindError(`what answers at ${placeOf(address)} does not speak ${how.protocol}${guess(answer)}`, {
    next: how.encrypted
      ? `Check the port; if the server has no TLS, use ${plain}:// instead.`
      : `Check the port; if the server wants TLS, use ${encrypted}:// instead.`,
  });
}

function guess(answer: Uint8Array): string {
  const text = Buffer.from(answer).toString("latin1");
  if (text.startsWith("HTTP/")) return ", but HTTP";
  if (/^[-+][A-Z]/.test(text)) return ", but what Redis speaks";
  return text.startsWith("\x15\x03") ? ", but TLS" : "";
}

function firstAnswer(address: Address, { encrypted, trusting, hello }: Probe): Promise<Uint8Array> {
  const { host, port, socket: path } = address;
  return new Promise((resolve, reject) => {
    const socket: Socket = encrypted
      ? connectTls({ host, port, ...tlsOptions(address, trusting) })
      : connectTcp(path === undefined ? { host, port } : { path });
    let isSecure = false;
    const silent = Object.assign(new Error("no answer"), { code: "SILENT" });
    const silence = setTimeout(() => end(() => reject(silent)), patience().connect);
    const end = (settle: () => void) => {
      clearTimeout(silence);
      socket.removeAllListeners();
      // What still goes wrong on a connection that is given up concerns nobody.
      socket.on("error", () => {});
      socket.destroy();
      settle();
    };
    socket.once(encrypted ? "secureConnect" : "connect", () => {
      isSecure = encrypted;
      socket.write(hello);
    });
    socket.once("data", (data: Buffer) => end(() => resolve(data)));
    socket.once("error", (error) => {
      // Once the handshake is done, a line that is reset speaks TLS: some servers end so what they do not accept.
      if (isSecure && codeOf(error) === "ECONNRESET") end(() => resolve(new Uint8Array()));
      else end(() => reject(error));
    });
    socket.once("close", () => end(() => resolve(new Uint8Array())));
  });
}

function reason(error: unknown, address: Address, { type, encrypted, protocol, schemes }: Probe): MigrateError {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const at = placeOf(address);
  const failed = (what: string, next: string) => new ConnectionError(what, { next, cause: error });
  if (code === "ECONNREFUSED") {
    return failed(`nothing listens at ${at}`, `Start the ${type} server, or check host and port.`);
  }
  if (address.socket !== undefined && /^(ENOENT|ENOTSOCK|EACCES|EPERM)$/.test(code)) {
    return failed(
      `the socket ${at} cannot be opened: ${message}`,
      "Check its path, its permissions, and that the server runs.",
    );
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return failed(`there is no host named ${address.host}`, "Check the address.");
  if (encrypted && /SILENT|SSL|TLS|EPROTO|ECONNRESET|handshake|disconnected/i.test(`${code} ${message}`)) {
    return failed(
      `${at} does not speak TLS`,
      `Use ${schemes[0]}:// instead of ${schemes[1]}://, or turn TLS on in the server.`,
    );
  }
  if (code === "SILENT" || code === "ETIMEDOUT") {
    return failed(
      `${at} did not answer in ${protocol}`,
      "Check host and port, that the server has started, and that no firewall blocks it.",
    );
  }
  return failed(`the connection to ${at} failed: ${message}`, "Check that the server can be reached from here.");
}
