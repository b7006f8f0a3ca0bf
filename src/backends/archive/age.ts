/**
 * Encrypted archives: age files (age-encryption.org/v1). The package knows headers and keys; the payload is written and read
 * here, chunk by chunk, since a damaged chunk must cost no other.
 */
import { hkdfSync, randomBytes, scryptSync } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { Decrypter, Encrypter, type Identity, type Recipient, Stanza } from "age-encryption";
import type { ByteSource } from "./bytes.ts";
import type { ByteSink } from "./sink.ts";

export const AGE = "age-encryption.org/v1\n";
export const ARMORED = "-----BEGIN AGE ENCRYPTED FILE-----";

const NONCE_BYTES = 16;
const CHUNK = 64 << 10;
const TAG = 16;
/** A header with thousands of recipients is shorter. */
const MOST_HEADER = 1 << 20;

/** What encrypts: one passphrase, or the keys of recipients (`age1...`). */
export type Lock = { readonly passphrase: string } | { readonly recipients: readonly string[] };

/** What decrypts. */
export interface Keys {
  readonly passphrase: string | null;
  /** `AGE-SECRET-KEY-...` */
  readonly identities: readonly string[];
}

/** Whoever encrypts takes 2 ** 18 steps, as `age` does: about a second. A file that wants more than 2 ** 22 is refused. */
const WORK_FACTOR = 18;
const MOST_WORK = 22;
const SCRYPT_LABEL = "age-encryption.org/v1/scrypt";

/** Why an encrypted file cannot be opened. */
export class AgeError extends Error {
  override readonly name = "AgeError";

  constructor(
    readonly reason:
      | "passphrase wanted"
      | "identity wanted"
      | "wrong passphrase"
      | "no identity fits"
      | "too much work"
      | "damaged header",
  ) {
    super(reason);
  }
}

/** Encrypts what is written on its way to another sink. Nothing plain goes further than the memory. */
export class AgeSink implements ByteSink {
  readonly #sink: ByteSink;
  readonly #key: Uint8Array;
  /** Header and nonce, as they were written. */
  readonly #head: Buffer;
  readonly #chunk = Buffer.alloc(CHUNK);
  #filled = 0;
  #number = 0;

  private constructor(sink: ByteSink, key: Uint8Array, head: Buffer) {
    this.#sink = sink;
    this.#key = key;
    this.#head = head;
  }

  /** @param workFactor of a passphrase, as a power of two @throws Error for what is no recipient */
  static async begin(sink: ByteSink, lock: Lock, workFactor = WORK_FACTOR): Promise<AgeSink> {
    const { header, fileKey } = await newHeader(lock, workFactor);
    const nonce = randomBytes(NONCE_BYTES);
    const head = Buffer.concat([header, nonce]);
    sink.write(head);
    return new AgeSink(sink, streamKey(fileKey, nonce), head);
  }

  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      // Only when more comes is it known that a full chunk is not the last one.
      if (this.#filled === CHUNK) this.#flush(false);
      const part = bytes.subarray(from, from + CHUNK - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
    }
  }

  close(): void {
    this.#flush(true);
    this.#sink.close();
  }

  abandon(): void {
    this.#sink.abandon();
  }

  /** Nobody else can read it who has not the key of a recipient. @throws AgeError where the header is not as it was written */
  reading(file: ByteSource): ByteSource {
    if (!file.read(0, this.#head.length).equals(this.#head)) throw new AgeError("damaged header");
    return AgeBytes.within(this.#sink.reading(file), this.#head.length, this.#key);
  }

  #flush(isLast: boolean): void {
    const cipher = chacha20poly1305(this.#key, chunkNonce(this.#number++, isLast));
    this.#sink.write(cipher.encrypt(this.#chunk.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

/** What is encrypted in a file, at any offset. Chunks that are damaged read as zeros. */
export class AgeBytes implements ByteSource {
  readonly size: number;
  readonly #bytes: ByteSource;
  readonly #start: number;
  readonly #key: Uint8Array;
  readonly #chunks: number;
  #cached: { number: number; plain: Uint8Array } | null = null;
  /** Offsets in the file of chunks that turned out to be damaged. */
  readonly damaged = new Set<number>();

  private constructor(bytes: ByteSource, start: number, key: Uint8Array) {
    this.#bytes = bytes;
    this.#start = start;
    this.#key = key;
    const payload = Math.max(0, bytes.size - start);
    this.#chunks = Math.ceil(payload / (CHUNK + TAG));
    this.size = Math.max(0, payload - this.#chunks * TAG);
  }

  /** Of a file whose key is known. @param start where the payload begins */
  static within(bytes: ByteSource, start: number, key: Uint8Array): AgeBytes {
    return new AgeBytes(bytes, start, key);
  }

  /** @throws AgeError */
  static async open(bytes: ByteSource, keys: Keys): Promise<AgeBytes> {
    const header = headerOf(bytes);
    const fileKey = await fileKeyOf(header, keys);
    const nonce = bytes.read(header.length, NONCE_BYTES);
    return new AgeBytes(bytes, header.length + NONCE_BYTES, streamKey(fileKey, nonce));
  }

  read(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.size);
    const result = Buffer.alloc(Math.max(0, end - offset));
    for (let at = offset; at < end; ) {
      const number = Math.floor(at / CHUNK);
      const from = at % CHUNK;
      const part = this.#chunk(number).subarray(from, from + end - at);
      result.set(part, at - offset);
      at += part.length;
    }
    return result;
  }

  placeOf(offset: number): number {
    return this.#bytes.placeOf(this.#start + Math.floor(offset / CHUNK) * (CHUNK + TAG) + (offset % CHUNK));
  }

  close(): void {
    this.#bytes.close();
  }

  #chunk(number: number): Uint8Array {
    if (this.#cached?.number === number) return this.#cached.plain;
    const at = this.#start + number * (CHUNK + TAG);
    const sealed = this.#bytes.read(at, CHUNK + TAG);
    const plain = this.#opened(sealed, number);
    if (plain === null) this.damaged.add(this.#bytes.placeOf(at));
    this.#cached = { number, plain: plain ?? new Uint8Array(Math.max(0, sealed.length - TAG)) };
    return this.#cached.plain;
  }

  #opened(sealed: Uint8Array, number: number): Uint8Array | null {
    // The last chunk of a file that was cut between two chunks was not the last one.
    const marks = number === this.#chunks - 1 ? [true, false] : [false];
    for (const isLast of marks) {
      try {
        const plain = chacha20poly1305(this.#key, chunkNonce(number, isLast)).decrypt(sealed);
        if (number === this.#chunks - 1 && !isLast) this.damaged.add(this.#bytes.placeOf(this.#bytes.size));
        return plain;
      } catch {
        // Its tag does not fit: another mark, or damage.
      }
    }
    return null;
  }
}

function streamKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

function chunkNonce(number: number, isLast: boolean): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 3);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** The package makes the header; the key in it is learnt by being one of its recipients, who leaves no trace. */
async function newHeader(lock: Lock, workFactor: number): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  let fileKey = new Uint8Array();
  const witness: Recipient = {
    wrapFileKey(key) {
      fileKey = new Uint8Array(key);
      return [];
    },
  };
  const encrypter = new Encrypter();
  if ("passphrase" in lock) encrypter.addRecipient(scryptRecipient(lock.passphrase, workFactor));
  else for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
  encrypter.addRecipient(witness);
  const empty = await encrypter.encrypt(new Uint8Array());
  return { header: empty.subarray(0, empty.length - NONCE_BYTES - TAG), fileKey };
}

/** Whether the key of a recipient is whole: it ends with a checksum of its own. */
export function isRecipient(text: string): boolean {
  return isTaken(() => new Encrypter().addRecipient(text));
}

/** The same of a secret key. */
export function isIdentity(text: string): boolean {
  return isTaken(() => new Decrypter().addIdentity(text));
}

function isTaken(give: () => void): boolean {
  try {
    give();
    return true;
  } catch {
    return false;
  }
}

const LAST_LINE = "\n--- ";

/** With its last line. @throws AgeError */
function headerOf(bytes: ByteSource): Buffer {
  const head = bytes.read(0, MOST_HEADER);
  const last = head.indexOf(LAST_LINE);
  const end = last === -1 ? -1 : head.indexOf("\n", last + LAST_LINE.length);
  if (end === -1) throw new AgeError("damaged header");
  return head.subarray(0, end + 1);
}

/** @throws AgeError */
async function fileKeyOf(header: Buffer, { passphrase, identities }: Keys): Promise<Uint8Array> {
  const isByPassphrase = header.includes("\n-> scrypt ");
  if (isByPassphrase && passphrase === null) throw new AgeError("passphrase wanted");
  if (!isByPassphrase && identities.length === 0) throw new AgeError("identity wanted");
  const decrypter = new Decrypter();
  if (isByPassphrase) decrypter.addIdentity(scryptIdentity(passphrase!));
  else for (const identity of identities) decrypter.addIdentity(identity);
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    if (cause instanceof AgeError) throw cause;
    const isUnmatched = cause instanceof Error && /no identity matched/.test(cause.message);
    if (!isUnmatched) throw new AgeError("damaged header");
    throw new AgeError(isByPassphrase ? "wrong passphrase" : "no identity fits");
  }
}

/** The system's scrypt is several times faster than one in JavaScript. */
function scryptKey(passphrase: string, salt: Uint8Array, workFactor: number): Uint8Array {
  const N = 2 ** workFactor;
  const labelled = Buffer.concat([Buffer.from(SCRYPT_LABEL), salt]);
  return scryptSync(passphrase, labelled, 32, { N, r: 8, p: 1, maxmem: 2 * 128 * 8 * N });
}

function scryptRecipient(passphrase: string, workFactor: number): Recipient {
  return {
    wrapFileKey(fileKey) {
      const salt = randomBytes(16);
      const sealed = chacha20poly1305(scryptKey(passphrase, salt, workFactor), new Uint8Array(12)).encrypt(fileKey);
      return [new Stanza(["scrypt", unpadded(salt), String(workFactor)], sealed)];
    },
  };
}

function scryptIdentity(passphrase: string): Identity {
  return {
    unwrapFileKey(stanzas) {
      const [stanza] = stanzas;
      const [, salt = "", work = ""] = stanza?.args ?? [];
      if (stanzas.length !== 1 || !/^[1-9]\d?$/.test(work)) throw new AgeError("damaged header");
      if (Number(work) > MOST_WORK) throw new AgeError("too much work");
      const key = scryptKey(passphrase, Buffer.from(salt, "base64"), Number(work));
      try {
        return chacha20poly1305(key, new Uint8Array(12)).decrypt(stanza!.body);
      } catch {
        // Its tag does not fit: this is not the passphrase.
        return null;
      }
    },
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
