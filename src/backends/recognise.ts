/** What stands at a path, by its first bytes rather than its name. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { AccessError } from "../errors.ts";

export type Found =
  | "nothing"
  | "empty file"
  | "SQLite database"
  | "Redis dump (FalkorDBLite)"
  | "FalkorDBLite directory"
  | "directory"
  | "JSON text"
  | "text file"
  | "LadybugDB directory"
  | "other file";

/** @throws AccessError when the system does not let us look. */
export function recognise(path: string): Found {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return "nothing";
    if (stat.isDirectory()) return recogniseDirectory(path);
    if (!stat.isFile()) return "other file";
    return stat.size === 0 ? "empty file" : recogniseBytes(firstBytes(path));
  } catch (cause) {
    throw accessError(path, cause);
  }
}

function recogniseDirectory(path: string): Found {
  if (existsSync(join(path, "dump.rdb"))) return "FalkorDBLite directory";
  return /\.(lbdb|db)$/.test(path) && existsSync(join(path, "catalog.kz")) ? "LadybugDB directory" : "directory";
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(512);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

function recogniseBytes(bytes: Buffer): Found {
  if (bytes.toString("latin1", 0, 16) === "SQLite format 3\0") return "SQLite database";
  if (/^REDIS\d{4}/.test(bytes.toString("latin1", 0, 9))) return "Redis dump (FalkorDBLite)";
  if (bytes.includes(0)) return "other file";
  return /^\uFEFF?\s*[[{]/.test(bytes.toString("utf8")) ? "JSON text" : "text file";
}

/** The system's refusal to read or write a path, with the way out. */
export function accessError(path: string, cause: unknown): AccessError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ELOOP") {
    return new AccessError(`${path} is a symbolic link that leads round in a circle`, {
      next: "Name the file itself.",
      cause,
    });
  }
  if (code === "ENOTDIR") {
    return new AccessError(`${path} leads through something that is not a directory`, {
      next: "Check the path.",
      cause,
    });
  }
  if (code === "ENAMETOOLONG") {
    return new AccessError("the path is longer than the system allows", { next: "Check the path.", cause });
  }
  return new AccessError(`no permission to open ${path}`, {
    next: "Run as the user who owns it, or copy it to a place that you may read.",
    cause,
  });
}
