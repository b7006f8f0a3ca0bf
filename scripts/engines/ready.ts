/** Ports that are free, and servers that answer on theirs. */
import { connect } from "node:net";
import type { Kind } from "../servers.ts";

export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** A port can be open before the server behind it is ready. */
export function accepts(host: string, port: number, kind: Kind): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host, port });
    const end = (answer: boolean) => {
      socket.destroy();
      settle(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("data", (data: Buffer) => end(!data.toString("latin1").startsWith("-LOADING")));
    socket.once("close", () => end(false));
    socket.once("connect", () =>
      socket.write(
        kind === "falkordb"
          ? "PING\r\n"
          : Uint8Array.of(0x60, 0x60, 0xb0, 0x17, 0, 0, 0, 5, 0, 2, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0),
      ),
    );
  });
}
