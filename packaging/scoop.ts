/** The scoop manifest of a release: `bun packaging/scoop.ts SHA256SUMS` prints it. */
import { readFileSync } from "node:fs";
import { DESCRIPTION, LICENSE, REPOSITORY, VERSION } from "../scripts/release/project.ts";
import { readSums, SUMS_FILE } from "../scripts/release/sums.ts";
import { PROGRAM } from "../scripts/release/targets.ts";
import { releaseFile } from "./release-files.ts";

/** Scoop's names of the machines, and ours. */
const ARCHITECTURES = { "64bit": "windows-x64", arm64: "windows-arm64" } as const;

/** @param sums of the release's files, by name */
export function manifest(version: string, sums: ReadonlyMap<string, string>): string {
  const now = (target: string) => {
    const { url, sha256, folder } = releaseFile(target, version, sums);
    return { url, hash: sha256, extract_dir: folder };
  };
  // Scoop finds the sums of later versions itself, in the file that lies beside the archives.
  const later = (target: string) => {
    const { url, extract_dir } = now(target);
    return { url: url.replaceAll(version, "$version"), extract_dir: extract_dir.replaceAll(version, "$version") };
  };
  const document = {
    version,
    description: DESCRIPTION,
    homepage: REPOSITORY,
    license: LICENSE,
    architecture: forEach(now),
    bin: `${PROGRAM}.exe`,
    checkver: "github",
    autoupdate: { architecture: forEach(later), hash: { url: `$baseurl/${SUMS_FILE}` } },
  };
  return `${JSON.stringify(document, null, 4)}\n`;
}

function forEach<T>(of: (target: string) => T): Record<keyof typeof ARCHITECTURES, T> {
  return { "64bit": of(ARCHITECTURES["64bit"]), arm64: of(ARCHITECTURES.arm64) };
}

if (import.meta.main) process.stdout.write(manifest(VERSION, readSums(readFileSync(Bun.argv[2] ?? "", "utf8"))));
