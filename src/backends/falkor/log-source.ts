/** A FalkorDBLite store whose newest state is in its append-only log: followed without the engine, where that can be done. */
import { join } from "node:path";
import { MigrateError, SourceChangedError } from "../../errors.ts";
import type { ByteSource } from "../../rdb/dump.ts";
import { UnreadableLog } from "../../rdb/effect-reader.ts";
import { dumpOfLog } from "../../rdb/log-replay.ts";
import { type FileSource, openDumpFile } from "../../rdb/source.ts";
import { remove } from "../../support/files.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions } from "../backend.ts";
import { accessError } from "../recognise.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { AppendLog, LogRefusal } from "./append-log.ts";
import type { DumpOrigin } from "./describe-dump.ts";
import { DumpSource } from "./dump-source.ts";

/**
 * @param refusal what is said where the log cannot be read
 * @throws LogRefusal with the reason, AccessError; SourceChangedError when all has been read and the log has grown meanwhile
 */
export async function openLog(origin: DumpOrigin, refusal: LogRefusal, { signal }: OpenOptions): Promise<DumpSource> {
  const { log } = refusal;
  if (log === null) throw refusal;
  if (!log.isWhole || log.files.some(({ role }) => role === "other")) {
    throw refusal.because("it is not one manifest with all the files that it names");
  }
  const state = log.files.map(({ path }) => stateOf(path)).join();
  const folder = temporaryFolder();
  const file = join(folder, "dump.rdb");
  try {
    await follow(log, origin, file, signal);
  } catch (error) {
    remove(folder);
    signal?.throwIfAborted();
    if (error instanceof UnreadableLog || error instanceof MigrateError) throw refusal.because(error.message);
    throw error instanceof Error && "syscall" in error ? accessError(log.folder, error) : error;
  }
  const what = "read from the append-only log, which has the newest state";
  const note = { kind: "note", what, count: log.files.length, examples: log.files.map(({ path }) => path) } as const;
  const read = { ...origin, engine: "FalkorDBLite (append-only log)", notes: [...origin.notes, note] };
  return DumpSource.ofOwn(read, folder, file, signal, () => {
    if (log.files.map(({ path }) => stateOf(path)).join() === state) return;
    throw new SourceChangedError(`the log of ${origin.location} changed while it was read`, {
      next: "Close the application that writes to it, and run the same command again. The target was not changed.",
    });
  });
}

async function follow(
  { files }: AppendLog,
  { location, graph, database }: DumpOrigin,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const opened: FileSource[] = [];
  const open = (role: string): ByteSource[] =>
    files
      .filter((file) => file.role === role)
      .map((file) => {
        const source = openDumpFile(file.path);
        opened.push(source);
        return { name: location, size: source.size, read: source.read };
      });
  try {
    const [base = null] = open("base");
    await dumpOfLog({ base, increments: open("increment"), graph, database, signal }, path);
  } finally {
    for (const source of opened) source.close();
  }
}
