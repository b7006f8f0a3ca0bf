#!/bin/sh
# Installs memorygraph-migrate: fetches the archive for this machine, compares it with SHA256SUMS, tries the program, and
# only then puts it in place. Writes to that one folder and nowhere else, and never asks for root.
set -eu

usage() {
  cat <<'END'
usage: install.sh [--to DIR] [--version VERSION]

  --to DIR           the folder for the program; by default ~/.local/bin
  --version VERSION  a release such as 0.1.0; by default the latest

MEMORYGRAPH_MIGRATE_RELEASES names another place than GitHub that keeps the releases in the same order.
END
}

fail() { # WHAT WHAT-NEXT
  printf 'error: %s\nnext: %s\n' "$1" "$2" >&2
  exit 1
}

target() {
  os=$(uname -s) cpu=$(uname -m)
  case $os in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no build for $os" "On Windows, use install.ps1." ;;
  esac
  case $cpu in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no build for the processor $cpu" "Build it with Bun from the sources." ;;
  esac
  # Rosetta tells a shell that it emulates another processor than there is.
  if [ "$os" = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then cpu=arm64; fi
  libc=
  if [ "$os" = linux ] && ldd --version 2>&1 | grep -qi musl; then libc=-musl; fi
  printf '%s-%s%s\n' "$os" "$cpu" "$libc"
}

fetch() { # URL FILE
  if command -v curl >/dev/null; then curl -fsSL "$1" -o "$2"
  elif command -v wget >/dev/null; then wget -q "$1" -O "$2"
  else fail "there is neither curl nor wget" "Install one of them, or download $1 yourself."
  fi || fail "$1 cannot be downloaded" "Check the connection and the version."
}

sum() { # FILE
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

main() {
  from=${MEMORYGRAPH_MIGRATE_RELEASES-https://github.com/memorygraph/memorygraph-migrate/releases}
  to=${HOME-}/.local/bin
  version=
  while [ $# -gt 0 ]; do
    case $1 in
      --to | --version) [ $# -gt 1 ] || fail "$1 needs a value" "install.sh --help tells more." ;;
    esac
    case $1 in
      --to) to=$2 && shift 2 ;;
      --version) version=${2#v} && shift 2 ;;
      --help | -h) usage && return ;;
      *) fail "unknown option $1" "install.sh --help lists the options." ;;
    esac
  done
  target=$(target)
  command -v sha256sum >/dev/null || command -v shasum >/dev/null ||
    fail "there is neither sha256sum nor shasum" "Install one of them: nothing is installed unchecked."
  work=$(mktemp -d)
  # Beside its place, so that it appears there whole; and tried there, since the temporary folder may run no programs.
  staged=$to/.memorygraph-migrate.$$
  trap 'rm -rf "$work" "$staged"' EXIT
  trap 'exit 1' HUP INT TERM

  # The list of sums also tells the name, and with it the version, of the latest archive.
  if [ -n "$version" ]; then base=$from/download/v$version; else base=$from/latest/download; fi
  fetch "$base/SHA256SUMS" "$work/SHA256SUMS"
  line=$(grep -E "^[0-9a-f]{64} [ *]memorygraph-migrate-[0-9][^ ]*-$target\.tar\.gz\$" "$work/SHA256SUMS" || true)
  [ -n "$line" ] || fail "the release has no archive for $target" "See $from for what there is."
  wanted=${line%% *} archive=${line##*[ *]}
  version=${archive#memorygraph-migrate-}
  version=${version%-"$target".tar.gz}
  fetch "$from/download/v$version/$archive" "$work/$archive"
  found=$(sum "$work/$archive")
  [ "$found" = "$wanted" ] ||
    fail "$archive is not what SHA256SUMS says: $found, not $wanted" "Nothing was installed. Try again; if it stays so, report it."

  tar -xzf "$work/$archive" -C "$work"
  program=$work/${archive%.tar.gz}/memorygraph-migrate
  { mkdir -p "$to" && cp "$program" "$staged" && chmod 755 "$staged"; } 2>/dev/null ||
    fail "$to cannot be written to" "Name a folder of your own with --to DIR."
  told=$("$staged" --version 2>&1) || case $target in
    *-musl) fail "the program does not start: $told" "On Alpine, install what it needs with: apk add libstdc++" ;;
    *) fail "the program does not start: $told" "Nothing was installed. Please report it, with the output of uname -a." ;;
  esac

  mv -f "$staged" "$to/memorygraph-migrate" 2>/dev/null ||
    fail "$to cannot be written to" "Name a folder of your own with --to DIR."
  printf 'installed %s\n       in %s\n' "$told" "$to/memorygraph-migrate"
  case :$PATH: in
    *":$to:"*) ;;
    *) printf 'next: add %s to your PATH\n' "$to" ;;
  esac
}

# In the last line, so that a script that was cut off on its way does nothing.
main "$@"
