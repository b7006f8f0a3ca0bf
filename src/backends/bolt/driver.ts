/** The driver for an address. */
import neo4j, { type Driver } from "neo4j-driver";
import { patience } from "../../support/patience.ts";
import type { BackendConfig } from "../config.ts";
import type { Address } from "../graph-store/address.ts";
import type { ClientCertificate } from "../graph-store/certificates.ts";

/** Records that the server may send ahead: each can hold a text of a megabyte. */
const FETCH_SIZE = 250;

/** A driver that connects with the first statement. The caller closes it. */
export function driverTo(config: BackendConfig, address: Address): Driver {
  const { scheme, host, port, username, password, clientCertificate } = address;
  const auth =
    password === null && username === null ? undefined : neo4j.auth.basic(username ?? "neo4j", password ?? "");
  // With certificates of one's own, encryption is a setting and not part of the scheme.
  const own = address.certificates !== null && config.caFile !== undefined && scheme.endsWith("+s");
  const plain = own ? scheme.replace("+s", "") : scheme;
  const { connect } = patience();
  return neo4j.driver(`${plain}://${host.includes(":") ? `[${host}]` : host}:${port}`, auth, {
    telemetryDisabled: true,
    connectionTimeout: connect,
    connectionAcquisitionTimeout: 2 * connect,
    maxConnectionPoolSize: 8,
    fetchSize: FETCH_SIZE,
    ...(clientCertificate !== undefined && { clientCertificate: providerOf(clientCertificate) }),
    ...(own && {
      encrypted: "ENCRYPTION_ON" as const,
      trust: "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES" as const,
      trustedCertificates: [config.caFile!],
    }),
  });
}

/** The driver takes the names of the files themselves only where the scheme says that the line is encrypted (6.3). */
function providerOf({ certFile: certfile, keyFile: keyfile }: ClientCertificate) {
  return { hasUpdate: () => false, getClientCertificate: () => ({ certfile, keyfile }) };
}
