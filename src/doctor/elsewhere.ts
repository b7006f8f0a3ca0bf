/** Stores of this machine in file systems of their own: volumes of containers, and distributions of WSL seen from Windows. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Machine, placeOn } from "./machine.ts";

/** Where container engines keep their named volumes, each with its files in `_data`. The system's own are often out of reach. */
const VOLUMES: readonly (readonly [engine: string, folder: string])[] = [
  ["docker", "%XDG_DATA_HOME|~/.local/share%/docker/volumes"],
  ["docker", "/var/lib/docker/volumes"],
  ["podman", "%XDG_DATA_HOME|~/.local/share%/containers/storage/volumes"],
  ["podman", "/var/lib/containers/storage/volumes"],
];

export interface Volume {
  readonly engine: string;
  readonly name: string;
  /** What a container sees where the volume is mounted. */
  readonly folder: string;
}

/** Every volume whose files can be reached. */
export function volumesOf(machine: Machine): Volume[] {
  if (machine.platform !== "linux") return [];
  return VOLUMES.flatMap(([engine, template]) => {
    const root = placeOn(machine, template);
    if (root === null) return [];
    return namesIn(root)
      .map((name) => ({ engine, name, folder: join(root, name, "_data") }))
      .filter(({ folder }) => existsSync(folder));
  });
}

/** Each distribution of WSL has a disk of its own; looking into one from Windows would start it. */
const WSL_DISKS = ["%LOCALAPPDATA%/Packages/*/LocalState/ext4.vhdx", "%LOCALAPPDATA%/wsl/*/ext4.vhdx"];

/** The distributions whose disks are on this Windows, as their folders are called: `CanonicalGroupLimited.Ubuntu_79rhkp1fndgsc`. */
export function wslDistributions(machine: Machine): string[] {
  if (machine.platform !== "win32") return [];
  return WSL_DISKS.flatMap((template) => {
    const disk = placeOn(machine, template);
    if (disk === null) return [];
    const [before = "", after = ""] = disk.split("*");
    return namesIn(dirname(join(before, "x"))).filter((name) => existsSync(join(before, name, after)));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there, or not ours to read.
    return [];
  }
}
