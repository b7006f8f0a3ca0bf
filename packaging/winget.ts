/**
 * The winget manifests of a release: `bun packaging/winget.ts SHA256SUMS FOLDER` writes the three files that the community
 * repository wants, as `FOLDER/manifests/m/MemoryGraph/MemorygraphMigrate/VERSION/...`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DESCRIPTION, LICENSE, REPOSITORY, VERSION } from "../scripts/release/project.ts";
import { readSums } from "../scripts/release/sums.ts";
import { PROGRAM } from "../scripts/release/targets.ts";
import { releaseFile } from "./release-files.ts";

const IDENTIFIER = "MemoryGraph.MemorygraphMigrate";
const FORMAT = "1.6.0";
/** Winget's names of the machines, and ours. */
const ARCHITECTURES = { x64: "windows-x64", arm64: "windows-arm64" } as const;

/** @param sums of the release's files, by name @returns the text of each file by its path */
export function manifests(version: string, sums: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const folder = `manifests/m/${IDENTIFIER.replace(".", "/")}/${version}`;
  const file = (kind: string, name: string, lines: readonly string[]): [string, string] => {
    const schema = `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${kind}.${FORMAT}.schema.json`;
    const head = [schema, `PackageIdentifier: ${IDENTIFIER}`, `PackageVersion: ${quoted(version)}`];
    const end = [`ManifestType: ${kind}`, `ManifestVersion: ${FORMAT}`];
    return [`${folder}/${IDENTIFIER}${name}.yaml`, `${[...head, ...lines, ...end].join("\n")}\n`];
  };
  return new Map([
    file("version", "", ["DefaultLocale: en-US"]),
    file("installer", ".installer", [
      "InstallerType: zip",
      "NestedInstallerType: portable",
      "Commands:",
      `- ${PROGRAM}`,
      "Installers:",
      ...Object.entries(ARCHITECTURES).flatMap(([architecture, target]) =>
        installer(architecture, target, version, sums),
      ),
    ]),
    file("defaultLocale", ".locale.en-US", [
      "PackageLocale: en-US",
      "Publisher: MemoryGraph",
      `PackageName: ${PROGRAM}`,
      `PackageUrl: ${REPOSITORY}`,
      `License: ${LICENSE}`,
      `LicenseUrl: ${REPOSITORY}/blob/v${version}/LICENSE`,
      `ShortDescription: ${quoted(DESCRIPTION)}`,
      `ReleaseNotesUrl: ${REPOSITORY}/releases/tag/v${version}`,
    ]),
  ]);
}

function installer(architecture: string, target: string, version: string, sums: ReadonlyMap<string, string>): string[] {
  const { url, sha256, folder } = releaseFile(target, version, sums);
  return [
    `- Architecture: ${architecture}`,
    "  NestedInstallerFiles:",
    `  - RelativeFilePath: ${folder}\\${PROGRAM}.exe`,
    `    PortableCommandAlias: ${PROGRAM}`,
    `  InstallerUrl: ${url}`,
    `  InstallerSha256: ${sha256.toUpperCase()}`,
  ];
}

/** A text that YAML would take for something else stays one. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

if (import.meta.main) {
  const [sums = "", folder = "."] = Bun.argv.slice(2);
  for (const [path, text] of manifests(VERSION, readSums(readFileSync(sums, "utf8")))) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
