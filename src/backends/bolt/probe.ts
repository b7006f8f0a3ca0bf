/**
 * Knocks before the driver does: whether anything listens there, has the right certificate, and speaks Bolt. The driver
 * tells none of these apart, and waits long for a stranger who keeps silent.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { ConnectionError, type MigrateError, StoreKindError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import type { BackendType } from "../config.ts";
import type { Address } from "../server/address.ts";

const WAIT_MS = 5_000;
/** Bolt's magic number and four proposals: 5.8 down to 5.0, 4.4 down to 4.2, 4.1, 3. */
const HANDSHAKE = Uint8Array.of(0x60, 0x60, 0xb0, 0x17, 0, 8, 8, 5, 0, 2, 4, 4, 0, 0, 1, 4, 0, 0, 0, 3);

/** @throws ConnectionError, StoreKindError */
export async function probe(type: BackendType, address: Address): Promise<void> {
  const { scheme, host, port } = address;
  const encrypted = scheme.includes("+s");
  const answer = await knock(address, encrypted).catch((error: unknown) => {
    throw reason(error, type, address, encrypted);
  });
  // Four bytes: the version that the server chose. Whoever speaks another protocol sends words, or more than that.
  if (answer.length >= 4 && answer[0] === 0 && answer[1] === 0 && answer[2]! < 32 && answer[3]! > 0) return;
  const next = encrypted
    ? "Check the port (7687 is usual)."
    : "Check the port (7687 is usual); if the server wants TLS, use bolt+s:// instead.";
  throw new StoreKindError(`what answers at ${host}:${port} does not speak Bolt${guess(answer)}`, { next });
}

function guess(answer: Uint8Array): string {
  const text = Buffer.from(answer).toString("latin1");
  if (text.startsWith("HTTP/")) return ", but HTTP";
  if (/^[-+]/.test(text)) return ", but what Redis speaks";
  return text.startsWith("\x15\x03") ? ", but TLS" : "";
}

function knock({ host, port, scheme, certificates }: Address, encrypted: boolean): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket: Socket = encrypted
      ? connectTls({
          host,
          port,
          ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
          rejectUnauthorized: !scheme.endsWith("+ssc"),
          ...(certificates !== null && { ca: [...rootCertificates, certificates] }),
        })
      : connectTcp({ host, port });
    const silence = setTimeout(
      () => end(() => reject(Object.assign(new Error("no answer"), { code: "SILENT" }))),
      WAIT_MS,
    );
    const end = (settle: () => void) => {
      clearTimeout(silence);
      socket.removeAllListeners();
      // What still goes wrong on a connection that is given up concerns nobody.
      socket.on("error", () => {});
      socket.destroy();
      settle();
    };
    socket.once(encrypted ? "secureConnect" : "connect", () => socket.write(HANDSHAKE));
    socket.once("data", (data: Buffer) => end(() => resolve(data)));
    socket.once("error", (error) => end(() => reject(error)));
    socket.once("close", () => end(() => resolve(new Uint8Array())));
  });
}

function reason(error: unknown, type: BackendType, { host, port }: Address, encrypted: boolean): MigrateError {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const at = `${host}:${port}`;
  const failed = (what: string, next: string) => new ConnectionError(what, { next, cause: error });
  if (code === "ECONNREFUSED") {
    return failed(`nothing listens at ${at}`, `Start the ${type} server, or check host and port.`);
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return failed(`there is no host named ${host}`, "Check the address.");
  if (code === "SILENT" || code === "ETIMEDOUT") {
    return failed(
      `what is at ${at} keeps silent when it is spoken to in Bolt`,
      "Check host and port (7687 is usual), that the server has started up, and that no firewall stands between.",
    );
  }
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY|UNABLE_TO_GET/.test(code) || /certificate|altname/i.test(message)) {
    return failed(
      `the certificate of ${at} is not to be trusted: ${message}`,
      "Name the authority's file with --from-ca-file or --to-ca-file; or use the scheme bolt+ssc, which trusts anybody.",
    );
  }
  if (encrypted && /SSL|TLS|EPROTO|ECONNRESET|handshake|disconnected/i.test(`${code} ${message}`)) {
    return failed(`${at} does not speak TLS`, "Use bolt:// instead of bolt+s://, or turn TLS on in the server.");
  }
  return failed(`the connection to ${at} failed: ${message}`, "Check that the server can be reached from here.");
}
