/** Redis's protocol in bytes: clients that make texts of everything would spoil what is not UTF-8. */
import { connect } from "node:net";

/** One command; the bytes of the answer up to its first whole line or bulk string, without its head. */
export async function ask(port: number, ...words: readonly (string | Buffer)[]): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  const parts = words.map((word) => Buffer.from(word)).map((word) => [`$${word.length}\r\n`, word, "\r\n"] as const);
  socket.write(Buffer.concat([`*${words.length}\r\n`, ...parts.flat()].map((part) => Buffer.from(part))));
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    const [head, kind, length] = /^([-+:$*])([^\r]*)\r\n/.exec(bytes.toString("latin1", 0, 1_000)) ?? [];
    if (head === undefined || (kind === "$" && bytes.length < head.length + Number(length) + 2)) continue;
    socket.destroy();
    if (kind === "-") throw new Error(length);
    return kind === "$" ? bytes.subarray(head.length, head.length + Number(length)) : bytes;
  }
  throw new Error("the engine closed the connection");
}
