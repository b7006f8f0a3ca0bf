/** Where the files of a release will be, and the sums that SHA256SUMS gives them. */
import { archiveFolder, archiveName } from "../scripts/release/archive.ts";
import { REPOSITORY } from "../scripts/release/project.ts";
import { sumOf } from "../scripts/release/sums.ts";
import { TARGETS } from "../scripts/release/targets.ts";

export interface ReleaseFile {
  readonly url: string;
  readonly sha256: string;
  /** The one folder in it. */
  readonly folder: string;
}

/** Where a version's files are; `version` may be a package manager's own variable. */
export function downloads(version: string): string {
  return `${REPOSITORY}/releases/download/v${version}`;
}

/** @throws Error when there is no such target, or no sum for its archive */
export function releaseFile(targetName: string, version: string, sums: ReadonlyMap<string, string>): ReleaseFile {
  const target = TARGETS.find(({ name }) => name === targetName);
  if (target === undefined) throw new Error(`no such target: ${targetName}`);
  const name = archiveName(target, version);
  return {
    url: `${downloads(version)}/${name}`,
    sha256: sumOf(sums, name),
    folder: archiveFolder(target, version),
  };
}
