/** A TCP proxy on this machine that a test can make fail. */
import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent so far. */
  sent(): number;
  /** Breaks every connection. */
  cut(): void;
  /** From now on breaks every connection once clients have sent so many bytes more; null for never. */
  cutAfter(bytes: number | null): void;
}

export async function proxyTo(target: { host: string; port: number }, tls: TlsOptions | null = null): Promise<Proxy> {
  const open = new Set<Socket>();
  let sent = 0;
  let limit: number | null = null;
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const accept = (client: Socket) => {
    const server = connect(target);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    server.pipe(client);
    client.on("data", (data: Buffer) => {
      sent += data.length;
      if (limit !== null && sent >= limit) {
        limit = null;
        cut();
      } else server.write(data);
    });
  };
  const listener = tls === null ? createServer(accept) : createTlsServer(tls, accept);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: (listener.address() as { port: number }).port,
    sent: () => sent,
    cut,
    cutAfter(bytes) {
      limit = bytes === null ? null : sent + bytes;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Where a server of the tests listens. */
export function addressOf(uri: string): { host: string; port: number } {
  const { hostname: host, port } = new URL(uri.replace(/^\w+:/, "http:"));
  return { host, port: Number(port) };
}
