#!/usr/bin/env bash
# node:zlib takes a Zstandard file that was cut off for a whole one, in Node and in Bun: less text comes out, and no error.
#
# Expected: zstdDecompressSync, zstdDecompress and createZstdDecompress of a frame whose end is missing fail, as gunzipSync of such a
#           file does.
# Found:    all three give what was whole of it and say nothing; of a frame that lacks its checksum, everything, unchecked. gunzipSync of
#           a cut file fails in both, and so does Bun's own Bun.zstdDecompressSync.
# Version:  node 24.4.1, bun 1.4.5; 2026-11-28.
# Matters:  a compressed backup that was cut off while it was copied is restored in part, as if that were all. Whoever reads Zstandard
#           by this interface has to find the end of the last frame, or count what should come.
source "$(dirname "$0")/lib.sh"
node_with bun@1.4.5 node@24.4.1

cat >"$work/run.mjs" <<'E2'
import { createZstdDecompress, gunzipSync, gzipSync, zstdCompressSync, zstdDecompress, zstdDecompressSync, constants } from "node:zlib";
const text = Array.from({ length: 40_000 }, (_, at) => `memory ${(at * 7919) % 100_003} of many\n`).join("");
const whole = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
const came = (bytes) => (bytes.length === Buffer.byteLength(text) ? "all" : "a part");

function told(work) {
  try {
    return `${came(work())}, no error`;
  } catch {
    return "an error";
  }
}
const cuts = { "the last 3 bytes missing": whole.subarray(0, -3), "a third missing": whole.subarray(0, -Math.floor(whole.length / 3)) };
for (const [what, cut] of Object.entries(cuts)) {
  console.log(`${what}: zstdDecompressSync: ${told(() => zstdDecompressSync(cut))}`);
  const later = await new Promise((done) => zstdDecompress(cut, (error, bytes) => done(error ? "an error" : `${came(bytes)}, no error`)));
  console.log(`${what}: zstdDecompress: ${later}`);
  const streamed = await new Promise((done) => {
    const stream = createZstdDecompress();
    const parts = [];
    stream.on("data", (part) => parts.push(part)).on("end", () => done(`${came(Buffer.concat(parts))}, no error`));
    stream.on("error", () => done("an error"));
    stream.end(cut);
  });
  console.log(`${what}: createZstdDecompress: ${streamed}`);
  if (globalThis.Bun) console.log(`${what}: Bun.zstdDecompressSync: ${told(() => Bun.zstdDecompressSync(cut))}`);
}
const gzipped = gzipSync(text);
console.log(`gzip, the last 3 bytes missing: ${told(() => gunzipSync(gzipped.subarray(0, -3)))}`);
E2
{
  echo "Bun"
  "$work/node/node_modules/.bin/bun" "$work/run.mjs"
  echo "Node"
  "$work/node/node_modules/.bin/node" "$work/run.mjs"
} >"$work/seen"
expect "$work/seen" <<'END'
Bun
the last 3 bytes missing: zstdDecompressSync: all, no error
the last 3 bytes missing: zstdDecompress: all, no error
the last 3 bytes missing: createZstdDecompress: all, no error
the last 3 bytes missing: Bun.zstdDecompressSync: an error
a third missing: zstdDecompressSync: a part, no error
a third missing: zstdDecompress: a part, no error
a third missing: createZstdDecompress: a part, no error
a third missing: Bun.zstdDecompressSync: an error
gzip, the last 3 bytes missing: an error
Node
the last 3 bytes missing: zstdDecompressSync: all, no error
the last 3 bytes missing: zstdDecompress: all, no error
the last 3 bytes missing: createZstdDecompress: all, no error
a third missing: zstdDecompressSync: a part, no error
a third missing: zstdDecompress: a part, no error
a third missing: createZstdDecompress: a part, no error
gzip, the last 3 bytes missing: an error
END
