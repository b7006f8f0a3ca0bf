/**
 * Loaded before the program: the calls named in REFUSE (`chmod,link,folder-fsync`) fail as file systems without POSIX
 * extras (FAT, SMB, FUSE, WSL mounts) make them fail.
 */
import { mock } from "bun:test";
import * as fs from "node:fs";

const refused = new Set((Bun.env.REFUSE ?? "").split(","));
const real = { ...fs };

function fail(code: string, call: string): never {
  throw Object.assign(new Error(`${code}: ${call}`), { code, syscall: call });
}

const replacements = {
  ...(refused.has("chmod") && { chmodSync: () => fail("EPERM", "chmod") }),
  ...(refused.has("link") && { linkSync: () => fail("EPERM", "link") }),
  ...(refused.has("folder-fsync") && {
    fsyncSync(file: number) {
      if (real.fstatSync(file).isDirectory()) fail("EINVAL", "fsync");
      real.fsyncSync(file);
    },
  }),
};

mock.module("node:fs", () => ({ ...real, ...replacements, default: { ...real, ...replacements } }));
