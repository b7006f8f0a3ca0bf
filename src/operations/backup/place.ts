/** Where backups are kept: a folder of this machine, or a bucket of S3 under a prefix. Names are those of files in it. */
export interface Place {
  /** For people, without credentials. */
  readonly location: string;
  readonly kind: "folder" | "bucket";
  /** Files in it, not below it; none where the place is not there yet. */
  list(): Promise<readonly PlacedFile[]>;
  /** The whole of a small file; null where it is not there. */
  text(name: string): Promise<string | null>;
  /** The first bytes of a file, at most so many; none where it is not there. */
  head(name: string, bytes: number): Promise<Uint8Array>;
  read(name: string): AsyncIterable<Uint8Array>;
  /** Puts a finished file of this machine there under a name that is free; whole or not at all. The file may be gone then. */
  publish(path: string, name: string, signal?: AbortSignal): Promise<void>;
  /** Writes a small file, whole or not at all, over an earlier one. */
  write(name: string, text: string): Promise<void>;
  /** What is not there any more is not an error. */
  remove(name: string): Promise<void>;
  /** A private folder of this machine for archives that are not there yet; what stopped processes have left of theirs is removed. */
  workshop(): Promise<Workshop>;
  /** Whether others than its owner may read what is put there; null where that cannot be told. */
  isShared(): Promise<boolean | null>;
}

export interface PlacedFile {
  readonly name: string;
  readonly bytes: number;
  readonly modified: Date;
}

export interface Workshop extends Disposable {
  file(name: string): string;
}
