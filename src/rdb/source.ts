/** A dump in a file. Read in portions and synchronously: what takes the time is decoding, and the pages are mostly cached. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { whenFree } from "../support/files.ts";
import type { ByteSource } from "./dump.ts";

export interface FileSource extends ByteSource, Disposable {
  close(): void;
}

/** @throws the system's error */
export function openDumpFile(path: string): FileSource {
  const file = whenFree(() => openSync(path, "r"));
  const close = () => closeSync(file);
  return {
    name: path,
    size: fstatSync(file).size,
    read: (into, position) => readFully(file, into, position),
    close,
    [Symbol.dispose]: close,
  };
}

function readFully(file: number, into: Uint8Array, position: number): number {
  let have = 0;
  while (have < into.length) {
    const count = readSync(file, into, have, into.length - have, position + have);
    if (count === 0) break;
    have += count;
  }
  return have;
}

/** For a dump that is in memory. */
export function bytesSource(bytes: Uint8Array, name = "dump"): ByteSource {
  return {
    name,
    size: bytes.length,
    read(into, position) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}
