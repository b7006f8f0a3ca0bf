/** The Homebrew formula of a release: `bun packaging/homebrew.ts SHA256SUMS` prints it. A formula, since a cask is quarantined. */
import { readFileSync } from "node:fs";
import { COMPLETION_FILES, MAN_PAGE } from "../scripts/release/archive.ts";
import { LICENSE, REPOSITORY, VERSION } from "../scripts/release/project.ts";
import { readSums } from "../scripts/release/sums.ts";
import { PROGRAM } from "../scripts/release/targets.ts";
import { releaseFile } from "./release-files.ts";

/** @param sums of the release's files, by name */
export function formula(version: string, sums: ReadonlyMap<string, string>): string {
  const file = (target: string) => {
    const { url, sha256 } = releaseFile(target, version, sums);
    return `url "${url}"\n      sha256 "${sha256}"`;
  };
  return `class MemorygraphMigrate < Formula
  desc "Move, upgrade, verify and rescue MemoryGraph stores"
  homepage "${REPOSITORY}"
  version "${version}"
  license "${LICENSE}"

  livecheck do
    url :stable
    strategy :github_latest
  end

  on_macos do
    depends_on macos: :ventura

    on_arm do
      ${file("darwin-arm64")}
    end
    on_intel do
      ${file("darwin-x64")}
    end
  end

  on_linux do
    on_arm do
      ${file("linux-arm64")}
    end
    on_intel do
      ${file("linux-x64")}
    end
  end

  def install
    bin.install "${PROGRAM}"
    bash_completion.install "completions/${COMPLETION_FILES.bash}" => "${PROGRAM}"
    zsh_completion.install "completions/${COMPLETION_FILES.zsh}"
    fish_completion.install "completions/${COMPLETION_FILES.fish}"
    man1.install "man/${MAN_PAGE}"
  end

  test do
    assert_match "${PROGRAM} #{version} ", shell_output("#{bin}/${PROGRAM} --version")
    assert_match "none.db does not exist", shell_output("#{bin}/${PROGRAM} inspect --from-path none.db 2>&1", 2)
  end
end
`;
}

if (import.meta.main) process.stdout.write(formula(VERSION, readSums(readFileSync(Bun.argv[2] ?? "", "utf8"))));
