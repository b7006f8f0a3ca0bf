/** The recipe of a release for Arch Linux (AUR, `memorygraph-migrate-bin`): `bun packaging/aur.ts SHA256SUMS` prints the PKGBUILD. */
import { readFileSync } from "node:fs";
import { COMPLETION_FILES, MAN_PAGE } from "../scripts/release/archive.ts";
import { DESCRIPTION, LICENSE, REPOSITORY, VERSION } from "../scripts/release/project.ts";
import { readSums } from "../scripts/release/sums.ts";
import { PROGRAM } from "../scripts/release/targets.ts";
import { releaseFile } from "./release-files.ts";

/** Arch's names of the machines, and ours. */
const ARCHITECTURES = { x86_64: "linux-x64", aarch64: "linux-arm64" } as const;

/** @param sums of the release's files, by name */
export function pkgbuild(version: string, sums: ReadonlyMap<string, string>): string {
  const sources = Object.entries(ARCHITECTURES).map(([machine, target]) => {
    const { url, sha256 } = releaseFile(target, version, sums);
    return `source_${machine}=('${url}')\nsha256sums_${machine}=('${sha256}')`;
  });
  const folders = Object.entries(ARCHITECTURES).map(([machine, target]) => {
    return `    ${machine}) cd '${releaseFile(target, version, sums).folder}' ;;`;
  });
  // Whoever strips the executable cuts the program off and leaves plain Bun.
  return `pkgname=${PROGRAM}-bin
pkgver=${version.replaceAll("-", "_")}
pkgrel=1
pkgdesc='${DESCRIPTION.replaceAll("'", `'\\''`)}'
arch=(${Object.keys(ARCHITECTURES).join(" ")})
url='${REPOSITORY}'
license=('${LICENSE}')
depends=(glibc)
provides=(${PROGRAM})
conflicts=(${PROGRAM})
options=('!strip' '!debug')
${sources.join("\n")}

package() {
  case $CARCH in
${folders.join("\n")}
  esac
  install -Dm755 ${PROGRAM} "$pkgdir/usr/bin/${PROGRAM}"
  install -Dm644 completions/${COMPLETION_FILES.bash} "$pkgdir/usr/share/bash-completion/completions/${PROGRAM}"
  install -Dm644 completions/${COMPLETION_FILES.zsh} "$pkgdir/usr/share/zsh/site-functions/${COMPLETION_FILES.zsh}"
  install -Dm644 completions/${COMPLETION_FILES.fish} "$pkgdir/usr/share/fish/vendor_completions.d/${COMPLETION_FILES.fish}"
  install -Dm644 man/${MAN_PAGE} "$pkgdir/usr/share/man/man1/${MAN_PAGE}"
  install -Dm644 LICENSE THIRD_PARTY_LICENSES.txt -t "$pkgdir/usr/share/licenses/$pkgname"
}
`;
}

if (import.meta.main) process.stdout.write(pkgbuild(VERSION, readSums(readFileSync(Bun.argv[2] ?? "", "utf8"))));
