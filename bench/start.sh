#!/bin/sh
# Start-up of the stages against a static program that does nothing; and of that
# against a dynamic one.
set -eu
# shellcheck source=bench/pair.sh
. "$(dirname "$0")/pair.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 'int main(void) { return 0; }' | gcc -O2 -static -x c -o "$dir/true" -
echo 'int main(void) { return 0; }' | gcc -O2 -x c -o "$dir/dynamic" -
RUNS=50
pair start.static 1.0 "$dir/true" "$dir/dynamic"
for tool in render lint exec verify report watch collect; do
	pair "start.$tool" 2.0 "$BIN/clnrm-$tool --version" "$dir/true"
done
