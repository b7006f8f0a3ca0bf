/** Ports that are free, and servers that answer on theirs. */
import { connect } from "node:net";
import type { Kind } from "../servers.ts";

export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** @param isEnded true when waiting is of no use any more @throws Error when it does not answer within three minutes */
export async function untilReady(kind: Kind, uri: string, isEnded: () => boolean): Promise<void> {
  const port = Number(new URL(uri).port);
  const begun = performance.now();
  while (!(await accepts(port, kind))) {
    if (isEnded() || performance.now() - begun > 180_000) throw new Error(`${kind} does not come up`);
    await Bun.sleep(50);
  }
}

/** A port can be open before the server behind it is ready. */
function accepts(port: number, kind: Kind): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: "127.0.0.1", port });
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
