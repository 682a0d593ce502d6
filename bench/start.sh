#!/bin/sh
# Start-up of the stages against a static program that does nothing.
set -eu
# shellcheck source=bench/pair.sh
. "$(dirname "$0")/pair.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 'int main(void) { return 0; }' | gcc -O2 -static -x c -o "$dir/true" -
RUNS=50
for tool in render lint exec verify report watch collect; do
	pair "start.$tool" 2.0 "$BIN/clnrm-$tool --version" "$dir/true"
done
