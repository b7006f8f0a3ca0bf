/**
 * Encoding 17, which no engine that can be had writes, but newer ones load: made of a dump of ours, whose records it
 * shares. Its matrices are serialized whole, and compressed where they are long.
 */
import { zstdCompressSync } from "node:zlib";
import { Crc64 } from "../../src/rdb/crc64.ts";
import { Cursor } from "../../src/rdb/cursor.ts";
import type { ByteSource, DumpGraph, DumpScan } from "../../src/rdb/dump.ts";
import { indexGraph } from "../../src/rdb/graph-index.ts";
import { STATE } from "../../src/rdb/header.ts";
import { type Numbers, readMatrix, SEVERAL } from "../../src/rdb/matrix.ts";
import { GRAPH_DATA, moduleTypeBytes } from "../../src/rdb/module-type.ts";
import { payloadAt } from "../../src/rdb/packed-reader.ts";
import { PackedWriter } from "../../src/rdb/packed-writer.ts";
import type { Payload, ReadPosition } from "../../src/rdb/payload.ts";
import { FileSink } from "../../src/rdb/sink.ts";

const V18 = moduleTypeBytes({ name: GRAPH_DATA, encoding: 18 });
const V17 = moduleTypeBytes({ name: GRAPH_DATA, encoding: 17 });
const COMPRESSED_FROM = 256;
const STRING = 5;

/** @param dump one that writeDump made, with a single graph */
export async function asVersion17(path: string, dump: Buffer, scan: DumpScan, graph: DumpGraph): Promise<void> {
  const index = await indexGraph(scan.source, graph);
  const [key] = graph.keys;
  const first = index.matrices.get(STATE.labels)!.position;
  const checksum = new Crc64();
  const sink = new FileSink(path, checksum);
  sink.write(replaceAll(dump.subarray(0, key!.payload), V18, V17));
  const writer = new PackedWriter(sink);
  copyBefore(first, key!.payload, scan.source, sink);
  const payload = payloadAt(new Cursor(scan.source, key!.payload), 18);
  payload.seek(first);
  writer.unsigned(payload.unsigned());
  for (const _label of graph.schema.labels) {
    writer.unsigned(payload.unsigned());
    copyDelta(payload, writer);
  }
  for (const _type of graph.schema.types) {
    writer.unsigned(payload.unsigned());
    copyDelta(payload, writer);
    const lists = payload.unsigned();
    if (lists > 0) payload.unsigned();
    writer.unsigned(lists);
    for (let left = lists; left > 0; left--) {
      writer.unsigned(payload.unsigned());
      writer.unsigned(payload.unsigned());
      writer.buffer(new Uint8Array(payload.buffer()));
    }
    if (lists > 0) payload.unsigned();
  }
  for (let matrix = 0; matrix < 2; matrix++) copyDelta(payload, writer);
  writer.flush();
  sink.byte(0);
  sink.write(replaceAll(dump.subarray(key!.end, scan.layout.end + 1), V18, V17));
  sink.flush();
  sink.write(checksum.digest());
  sink.flush();
  sink.close();
}

function replaceAll(bytes: Buffer, from: Uint8Array, to: Uint8Array): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll(latin1(from), latin1(to)), "latin1");
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Whole strings as they are; of the one in which the matrices begin, what stands before them, as a string of its own. */
function copyBefore({ offset, at }: ReadPosition, start: number, source: ByteSource, sink: FileSink): void {
  const bytes = new Uint8Array(offset - start);
  source.read(bytes, start);
  sink.write(bytes);
  sink.byte(STRING);
  sink.string(new Cursor(source, offset + 1).string().slice(0, at));
}

function copyDelta(payload: Payload, writer: PackedWriter): void {
  const main = readMatrix(payload);
  const isBoolean = main.x instanceof Uint8Array;
  readMatrix(payload);
  readMatrix(payload);
  const isHyper = main.form === 1;
  const arrays = [
    bytes4(main.p),
    isHyper ? bytes4(main.h) : new Uint8Array(0),
    new Uint8Array(0),
    bytes4(main.i),
    isBoolean ? new Uint8Array(main.x) : bytes8(main.x),
  ];
  const blocks = arrays.map((array) =>
    array.length >= COMPRESSED_FROM
      ? { method: 3001, data: zstdCompressSync(array) }
      : { method: -1, data: Buffer.from(array) },
  );
  const filled = blocks.filter(({ data }) => data.length > 0);
  const head = Buffer.alloc(160 + 8 * filled.length);
  head.writeUInt32LE((isBoolean ? 1 : 9) | 0x1110, 8);
  head.writeInt32LE(10_000_002, 12);
  const numbers = [main.columns, main.rows, isHyper ? main.h.length : main.rows, isHyper ? main.h.length : -1];
  [...numbers, main.entries, isBoolean ? 1 : 8, ...arrays.map(({ length }) => length)].forEach((number, place) => {
    head.writeBigInt64LE(BigInt(number), 16 + 8 * place);
  });
  head.writeFloatLE(0.0625, 104);
  head.writeFloatLE(0.04, 108);
  head.writeUInt32LE(3, 112);
  head.writeInt32LE(4 * main.form + (main.isUniform ? 2 : 0), 116);
  for (const [array, { method, data }] of blocks.entries()) {
    head.writeInt32LE(data.length > 0 ? 1 : 0, 120 + 8 * array);
    head.writeInt32LE(method, 124 + 8 * array);
  }
  for (const [place, { data }] of filled.entries()) head.writeBigUInt64LE(BigInt(data.length), 160 + 8 * place);
  const names = Buffer.from(isBoolean ? "\0GrB_BOOL\0" : "\0GrB_UINT64\0", "latin1");
  const blob = Buffer.concat([head, ...blocks.map(({ data }) => data), names]);
  blob.writeBigUInt64LE(BigInt(blob.length), 0);
  writer.buffer(blob);
}

function bytes4(numbers: Numbers): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

/** What the reader has made one number of stands there as 2^63 and more. */
function bytes8(numbers: Numbers): Uint8Array {
  const wide = BigUint64Array.from(numbers, (number) => (number === SEVERAL ? 2n ** 63n + 2n : BigInt(number)));
  return new Uint8Array(wide.buffer);
}
