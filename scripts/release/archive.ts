/** One target's archive: the executable with all that has to come along. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { completionScript } from "../../src/cli/commands/completions.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { manPage } from "../../src/cli/man-page.ts";
import { thirdPartyLicences } from "./dependencies.ts";
import { ROOT, VERSION } from "./project.ts";
import { type Entry, tar } from "./tar.ts";
import { executableName, PROGRAM, type Target } from "./targets.ts";
import { zip } from "./zip.ts";

/** The one folder in the archive, and its own name without the ending. */
export function archiveFolder({ name }: Target, version: string = VERSION): string {
  return `${PROGRAM}-${version}-${name}`;
}

export function archiveName(target: Target, version: string = VERSION): string {
  return `${archiveFolder(target, version)}.${target.os === "windows" ? "zip" : "tar.gz"}`;
}

/** The completion scripts, each under the name that its shell looks for. */
export const COMPLETION_FILES = {
  bash: `${PROGRAM}.bash`,
  zsh: `_${PROGRAM}`,
  fish: `${PROGRAM}.fish`,
  powershell: `${PROGRAM}.ps1`,
} as const;

/** Where `man` looks for section 1. */
export const MAN_PAGE = `${PROGRAM}.1`;

/** What goes beside every executable. */
export async function companions(): Promise<Entry[]> {
  const text = (path: string, content: string | Uint8Array): Entry => {
    return { path, executable: false, bytes: Buffer.from(content) };
  };
  const scripts = await Promise.all(
    (Object.keys(COMPLETION_FILES) as (keyof typeof COMPLETION_FILES)[]).map(async (shell) =>
      text(`completions/${COMPLETION_FILES[shell]}`, await completionScript(shell)),
    ),
  );
  return [
    text("LICENSE", readFileSync(join(ROOT, "LICENSE"))),
    text("README.md", readFileSync(join(ROOT, "README.md"))),
    text("THIRD_PARTY_LICENSES.txt", thirdPartyLicences()),
    ...scripts,
    text(`man/${MAN_PAGE}`, manPage(await Promise.all(Object.values(COMMANDS).map((load) => load())))),
  ];
}

/** @param time seconds since 1970 that every file carries */
export function pack(target: Target, executable: Uint8Array, beside: readonly Entry[], time: number): Uint8Array {
  const program: Entry = { path: executableName(target), executable: true, bytes: executable };
  const entries = [program, ...beside].map((entry) => ({ ...entry, path: `${archiveFolder(target)}/${entry.path}` }));
  if (target.os === "windows") return zip(entries, time);
  return Bun.gzipSync(Buffer.from(tar(entries, time)), { library: "libdeflate", level: 6 });
}
