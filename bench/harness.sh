#!/bin/bash
# What `clnrm-bench` adds to each run of a program, over a bare loop of
# posix_spawn and wait4: a is ours, b the loop. Where it may, it runs before all
# others, so that figures are those of a quiet machine.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lib=${LIB:-${BIN:-$root/build/bin}/../libclnrm.a}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -D_GNU_SOURCE -I"$root/lib" -std=gnu11 -O2 -static -o "$dir/harness" \
	"$root/bench/harness.c" "$lib" -lm
echo 'int main(void) { return 0; }' | gcc -O2 -static -x c -o "$dir/true" -
first=()
! chrt -r 5 true 2>/dev/null || first=(chrt -r 5)
"${first[@]}" "$dir/harness" "${TURNS:-100}" "$dir/true"
