/**
 * Backups in a bucket of S3, or of a service that speaks its language. Whole objects only: an upload that is broken off leaves none
 * that can be seen, at most parts that the rules of the bucket should remove (AbortIncompleteMultipartUpload).
 */
import { join } from "node:path";
import { S3Client } from "bun";
import { temporaryFolder } from "../../backends/temporary-folder.ts";
import { UsageError } from "../../errors.ts";
import { remove } from "../../support/files.ts";
import type { BucketAccess } from "./aws.ts";
import { bucketError } from "./bucket-errors.ts";
import type { Place, PlacedFile, Workshop } from "./place.ts";

const SCHEME = "s3://";
/** Of one part of an upload. S3 takes 10,000 of them, so that an archive may be 160 GB. */
const PART_BYTES = 16 << 20;

export interface BucketName {
  readonly bucket: string;
  /** Without a slash in front; empty, or ending with one where it is that of a folder. */
  readonly key: string;
}

/** Whether a bucket is meant; with a slash too few as well, which `bucketName` refuses: it is not taken for a folder called "s3:". */
export function isBucketAddress(text: string): boolean {
  return /^s3:/i.test(text);
}

/** @throws UsageError for an address that names no bucket, or a key that would arrive as another one */
export function bucketName(address: string): BucketName {
  const [, bucket, key = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(address) ?? [];
  if (bucket === undefined || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/i.test(bucket)) {
    throw new UsageError("that is not the address of a bucket", {
      next: "Write s3://BUCKET/PREFIX; keys come from the variables or files of the AWS tools.",
    });
  }
  // The client sends a backslash as a slash.
  if (/[\\\p{Cc}]/u.test(key)) {
    throw new UsageError("a prefix in a bucket cannot have a backslash or a control character", {
      next: "Write folders in it with /.",
    });
  }
  return { bucket, key: key.replace(/^\/+/, "") };
}

export class BucketPlace implements Place {
  readonly kind = "bucket";
  readonly location: string;
  readonly #client: S3Client;
  readonly #prefix: string;
  readonly #address: { bucket: string; service: string };

  constructor({ bucket, key }: BucketName, access: BucketAccess) {
    this.#prefix = key === "" || key.endsWith("/") ? key : `${key}/`;
    this.location = `${SCHEME}${bucket}/${this.#prefix}`;
    this.#address = { bucket, service: access.endpoint ?? `S3 in ${access.region}` };
    this.#client = new S3Client({ ...access, bucket, retry: 3 });
  }

  async list(): Promise<readonly PlacedFile[]> {
    const found: PlacedFile[] = [];
    for (let continuationToken: string | undefined; ; ) {
      const page = await this.#doing("list what is there", () =>
        this.#client.list({ prefix: this.#prefix, ...(continuationToken !== undefined && { continuationToken }) }),
      );
      for (const { key, size = 0, lastModified = "" } of page.contents ?? []) {
        const name = key.slice(this.#prefix.length);
        if (name !== "" && !name.includes("/")) found.push({ name, bytes: size, modified: new Date(lastModified) });
      }
      continuationToken = page.nextContinuationToken;
      if (page.isTruncated !== true || continuationToken === undefined) return found;
    }
  }

  async text(name: string): Promise<string | null> {
    try {
      return await this.#client.file(this.#prefix + name).text();
    } catch (error) {
      if (isMissing(error)) return null;
      throw bucketError(error, `read ${name}`, this.#address);
    }
  }

  async head(name: string, bytes: number): Promise<Uint8Array> {
    try {
      return await this.#client
        .file(this.#prefix + name)
        .slice(0, bytes)
        .bytes();
    } catch (error) {
      if (isMissing(error)) return new Uint8Array();
      throw bucketError(error, `read ${name}`, this.#address);
    }
  }

  async *read(name: string): AsyncIterable<Uint8Array> {
    try {
      const stream = this.#client.file(this.#prefix + name).stream();
      for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw bucketError(error, `read ${name}`, this.#address);
    }
  }

  async publish(path: string, name: string): Promise<void> {
    // Not by a writer: one that is ended with an error completes what it has.
    await this.#doing(`store ${name}`, () =>
      this.#client.write(this.#prefix + name, Bun.file(path), { partSize: PART_BYTES, queueSize: 2, retry: 3 }),
    );
  }

  async write(name: string, text: string): Promise<void> {
    await this.#doing(`store ${name}`, () =>
      this.#client.write(this.#prefix + name, text, { type: "application/json" }),
    );
  }

  async remove(name: string): Promise<void> {
    await this.#doing(`delete ${name}`, () => this.#client.delete(this.#prefix + name));
  }

  async workshop(): Promise<Workshop> {
    // Before anything is read: the first question to a service that refuses us costs nothing yet.
    await this.list();
    const folder = temporaryFolder();
    return { file: (name) => join(folder, name), [Symbol.dispose]: () => remove(folder) };
  }

  async isShared(): Promise<boolean | null> {
    return null;
  }

  async #doing<T>(work: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw bucketError(error, work, this.#address);
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "NoSuchKey";
}
