/** A TCP proxy on this machine that a test can make fail. */
import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/**
 * How a line can break: `ends` as when a server closes it, `is reset`, `stalls` and keeps silent, `stays down`, so that
 * nobody listens any more.
 */
export const BREAKS = ["ends", "is reset", "stalls", "stays down"] as const;
export type Break = (typeof BREAKS)[number];

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** How many clients have connected so far. */
  accepted(): number;
  /** Bytes that clients have sent so far. */
  sent(): number;
  /** Bytes that the server has answered so far. */
  received(): number;
  /** Breaks every connection. */
  cut(): void;
  /** From now on breaks every connection once clients have sent so many bytes more; null for never. */
  cutAfter(bytes: number | null): void;
  /** Breaks every connection, once, in the middle of an answer: when the server has sent so many bytes more. */
  breakAfter(bytes: number, how: Break): void;
  /**
   * From now on nothing passes any more, in either direction, and nobody is told: on the connections that are open, as
   * when a router forgets them, or on all, as when a cable is pulled. `mend` ends it for new ones; those that were open end.
   */
  silence(which: "open" | "all"): void;
  /** Whether the break that was asked for has come. */
  isBroken(): boolean;
  /** Gets the bytes that the server sends from now on, to change them in place; null for nobody. */
  garble(pick: ((bytes: Buffer) => void) | null): void;
  /** The line is whole again: what was held back goes on its way. */
  mend(): Promise<void>;
}

export async function proxyTo(target: { host: string; port: number }, tls: TlsOptions | null = null): Promise<Proxy> {
  const open = new Set<Socket>();
  const counts = { accepted: 0, sent: 0, received: 0 };
  let limit: number | null = null;
  let planned: { readonly at: number; readonly how: Break } | null = null;
  let garble: ((bytes: Buffer) => void) | null = null;
  let broken = false;
  const silent = new Set<Socket>();
  let isSilent = false;
  /** What goes on its way when a line that stalls is mended. */
  let held: (() => void)[] | null = null;
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const breaking = (how: Break, client: Socket) => {
    planned = null;
    broken = true;
    if (how === "stalls") held = [];
    else if (how === "is reset") {
      const now = [...open];
      for (const socket of now) socket.resetAndDestroy();
      // Bun leaves one open now and then.
      setTimeout(() => {
        for (const socket of now) socket.destroy();
      }, 200);
    } else {
      if (how === "stays down") listener.close();
      // What has come up to here still arrives.
      client.end(cut);
    }
  };
  const pass = (to: Socket, data: Buffer, from: Socket) => {
    if (held !== null) held.push(() => to.write(data));
    else if (!to.write(data)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  };
  const accept = (client: Socket) => {
    counts.accepted++;
    const server = connect(target);
    const isDeaf = () => isSilent || silent.has(client);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        // Nobody learns of it where nothing passes.
        if (isDeaf()) return;
        client.destroy();
        server.destroy();
      });
    }
    server.on("data", (data: Buffer) => {
      if (isDeaf()) return;
      counts.received += data.length;
      garble?.(data);
      if (planned === null || counts.received < planned.at) {
        pass(client, data, server);
        return;
      }
      const rest = counts.received - planned.at;
      client.write(data.subarray(0, data.length - rest));
      breaking(planned.how, client);
      if (held !== null) pass(client, data.subarray(data.length - rest), server);
    });
    client.on("data", (data: Buffer) => {
      if (isDeaf()) return;
      counts.sent += data.length;
      if (limit !== null && counts.sent >= limit) {
        limit = null;
        cut();
      } else pass(server, data, client);
    });
  };
  const listener = tls === null ? createServer(accept) : createTlsServer(tls, accept);
  const listen = (at: number) => new Promise<void>((resolve) => listener.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const { port } = listener.address() as { port: number };
  return {
    port,
    accepted: () => counts.accepted,
    sent: () => counts.sent,
    received: () => counts.received,
    cut,
    cutAfter(bytes) {
      limit = bytes === null ? null : counts.sent + bytes;
    },
    breakAfter(bytes, how) {
      broken = false;
      planned = { at: counts.received + bytes, how };
    },
    silence(which) {
      for (const socket of open) silent.add(socket);
      isSilent = which === "all";
    },
    isBroken: () => broken,
    garble(pick) {
      garble = pick;
    },
    async mend() {
      planned = null;
      isSilent = false;
      for (const socket of silent) socket.destroy();
      silent.clear();
      const waiting = held ?? [];
      held = null;
      for (const go of waiting) go();
      if (!listener.listening) await listen(port);
    },
    async [Symbol.asyncDispose]() {
      cut();
      if (listener.listening) await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Where a server of the tests listens. */
export function addressOf(uri: string): { host: string; port: number } {
  const { hostname: host, port } = new URL(uri.replace(/^\w+:/, "http:"));
  return { host, port: Number(port) };
}
