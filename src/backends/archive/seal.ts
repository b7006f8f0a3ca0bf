/** How the end of an archive vouches for the rest of it: where everything lies, and whether it is as it was written. */
import { linesOf, parsedLine } from "./blocks.ts";
import type { ByteSource } from "./bytes.ts";
import { type Footer, footerOf } from "./format.ts";
import { contentAt, TRAILER_BYTES, type Trailer, trailerOf } from "./frames.ts";
import type { Written } from "./writer.ts";

/** The footer where the trailer says that it is; null where it is damaged. */
export function indexedFooter(bytes: ByteSource, { footerBytes }: Trailer): Footer | null {
  const content = contentAt(bytes, bytes.size - TRAILER_BYTES - footerBytes, footerBytes);
  return content === null ? null : footerOf(parsedLine(linesOf(content)[0] ?? ""));
}

/** Where the first block begins, by what the footer says of all of them; null where that cannot be. */
export function startOf(
  { blocks }: Pick<Footer, "blocks">,
  { footerBytes }: Trailer,
  bytes: ByteSource,
): number | null {
  const others = blocks.reduce((sum, { head, body }) => sum + head + body, 0);
  const start = bytes.size - TRAILER_BYTES - footerBytes - others;
  return start > 0 ? start : null;
}

/** Whether the bytes before and behind the blocks are as they were written. */
export function isSealedBy({ footerBytes, hash }: Trailer, bytes: ByteSource, start: number): boolean {
  const found = new Bun.CryptoHasher("sha256").update(bytes.read(0, start));
  const footer = bytes.read(bytes.size - TRAILER_BYTES - footerBytes, footerBytes);
  return Buffer.compare(found.update(footer).digest(), hash) === 0;
}

/**
 * Whether a file that was read anew has exactly the frames that were written.
 * @param each is told how many records each frame of them has
 */
export function isAsWritten(bytes: ByteSource, { blocks, seal }: Written, each: (records: number) => void): boolean {
  const trailer = trailerOf(bytes);
  if (trailer === null || Buffer.compare(trailer.hash, seal) !== 0) return false;
  let offset = startOf({ blocks: [...blocks] }, trailer, bytes);
  if (offset === null || !isSealedBy(trailer, bytes, offset)) return false;
  for (const { head, body, sha256, records } of blocks) {
    const frames = bytes.read(offset, head + body);
    if (new Bun.CryptoHasher("sha256").update(frames).digest("hex") !== sha256) return false;
    each(records);
    offset += head + body;
  }
  return true;
}
