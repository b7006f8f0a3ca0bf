#!/bin/sh
# What an installed program must do on any machine. Arguments: the command that runs it, after the version that it must be.
#   sh packaging/try.sh 0.1.0 ./memorygraph-migrate
#   sh packaging/try.sh 0.1.0 arch -x86_64 ./memorygraph-migrate
set -eu
version=$1
shift
example=$(cd "$(dirname "$0")/.." && pwd)/examples/memory-0.12.db
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$@" --version | grep -F "memorygraph-migrate $version "
cp "$example" "$work/old.db"
(cd "$work" && for release in 0.12 0.13; do
  "$@" --from-path old.db --to sqlite --to-path "new-$release.db" --for "$release" --quiet
  "$@" verify --from-path old.db --to sqlite --to-path "new-$release.db" --quiet
done)
cmp "$example" "$work/old.db"
"$@" doctor --json >"$work/diagnosis.json"
# A reader that goes away is no failure, and an error is told with its code.
"$@" --help | head -n 1
code=0
"$@" inspect --from-path "$work/none.db" 2>"$work/errors" || code=$?
[ "$code" -eq 2 ]
echo "works: $*"
