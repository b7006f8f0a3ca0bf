/** A disk that is soon full, where we may mount one. */
import { mkdirSync } from "node:fs";
import { temporaryFolder } from "./folder.ts";
import { has } from "./system.ts";

/** Whether it could be mounted; where not, that is said. */
export async function withSmallDisk(kibibytes: number, work: (disk: string) => Promise<void>): Promise<boolean> {
  if (!has.mounts) {
    console.warn("SKIPPED: no small disk can be mounted on this system");
    return false;
  }
  using folder = temporaryFolder();
  const disk = folder.file("disk");
  mkdirSync(disk);
  if (Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", disk]).exitCode !== 0) {
    console.warn("SKIPPED: no right to mount a small disk here");
    return false;
  }
  try {
    await work(disk);
  } finally {
    Bun.spawnSync(["umount", disk]);
  }
  return true;
}
