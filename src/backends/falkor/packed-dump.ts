/** Dumps that are not a dump yet: compressed ones, and what DUMP gives for one graph. They are unpacked into a folder of ours. */
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { AccessError, DamagedStoreError, StoreKindError } from "../../errors.ts";
import { dumpOfPayload } from "../../rdb/dump-payload.ts";
import { openDumpFile } from "../../rdb/source.ts";
import { codeOf, freeBytes, remove } from "../../support/files.ts";
import { TEMPORARY_VARIABLE } from "../../support/private-folder.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { isDumpHead, type Packing } from "./descriptor.ts";

/** What is left free for others on the disk of temporary files. */
const RESERVE = 128 << 20;
/** Bytes between two looks at the free space. */
const STRETCH = 32 << 20;
const MAGIC_BYTES = 9;

interface Unpacked {
  /** Ours, to be removed in the end. */
  readonly folder: string;
  readonly file: string;
}

/**
 * @param location as messages name the file
 * @param graph the name that the graph of a payload gets
 * @throws StoreKindError for what holds no dump, DamagedStoreError for one that is cut, AccessError when there is no room
 */
export async function unpack(
  { path, location, graph }: { readonly path: string; readonly location: string; readonly graph: string },
  packing: Packing,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  const folder = temporaryFolder();
  const file = join(folder, "dump.rdb");
  try {
    if (packing === "payload") {
      using source = openDumpFile(path);
      const named = { name: location, size: source.size, read: source.read };
      dumpOfPayload(named, graph, file);
    } else {
      const decompress = packing === "gzip" ? createGunzip() : createZstdDecompress();
      const guard = new DumpGuard(location, folder);
      const output = createWriteStream(file, { mode: 0o600 });
      await pipeline(createReadStream(path), decompress, guard, output, { signal });
    }
    return { folder, file };
  } catch (error) {
    remove(folder);
    signal?.throwIfAborted();
    throw translate(error, location, folder);
  }
}

/** Lets a dump through, and stops anything else at its first bytes, and what the disk has no room for. */
class DumpGuard extends Transform {
  readonly #location: string;
  readonly #folder: string;
  #head: Buffer | null = Buffer.alloc(0);
  #unlooked = 0;

  constructor(location: string, folder: string) {
    super();
    this.#location = location;
    this.#folder = folder;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      this.#pass(chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#head === null ? null : cut(this.#location, `${this.#head.length} bytes come out`));
  }

  #pass(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#head !== null) {
      bytes = Buffer.concat([this.#head, chunk]);
      this.#head = bytes;
      if (bytes.length < MAGIC_BYTES) return;
      if (!isDumpHead(bytes)) throw noDump(this.#location);
      this.#head = null;
    }
    this.#unlooked += bytes.length;
    if (this.#unlooked > STRETCH) {
      this.#unlooked = 0;
      if ((freeBytes(this.#folder) ?? Number.POSITIVE_INFINITY) < RESERVE) throw noRoom(this.#location, this.#folder);
    }
    this.push(bytes);
  }
}

function noDump(location: string): StoreKindError {
  return new StoreKindError(`${location} is a compressed file, but not of a Redis dump`, {
    next: "Decompress it, and name the result with its own kind.",
  });
}

function noRoom(location: string, folder: string, cause?: unknown): AccessError {
  return new AccessError(`no space left to decompress ${location} in ${folder}`, {
    next: `Set ${TEMPORARY_VARIABLE} to a folder on a larger disk, or decompress it yourself and name the dump.`,
    cause,
  });
}

function translate(error: unknown, location: string, folder: string): unknown {
  const code = codeOf(error);
  if (/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) return noRoom(location, folder, error);
  // What the decompressor says: Z_DATA_ERROR, Z_BUF_ERROR, ZSTD_error_...
  if (!/^(Z_|ZSTD|ERR_)/.test(code)) return error;
  return cut(location, code, error);
}

function cut(location: string, why: string, cause?: unknown): DamagedStoreError {
  return new DamagedStoreError(`${location} cannot be decompressed: it is damaged or truncated (${why})`, {
    next: "Copy it again from its origin, or use an older backup.",
    cause,
  });
}
