#!/bin/bash
# From the save of a file to its record, how long the start takes, what it holds.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
export PATH=$bin:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -D_GNU_SOURCE -DVERSION='""' -I"$root/lib" -std=gnu11 -O2 \
	-o "$dir/notice" "$root/bench/notice.c" "${LIB:-$bin/../libclnrm.a}" -lm
gcc -std=gnu11 -O2 -D_GNU_SOURCE -static -o "$dir/floor" "$root/bench/floor.c"
mkdir "$dir/t"
"$dir/notice" 300 "$dir/t/a" watch.kernel_to_stdout 200000 \
	clnrm-watch --debounce 0s "$dir/t"
# What hashes nothing, on the same machine.
if command -v inotifywait >/dev/null; then
	printf '%s\n' '(sleep 1; echo "\"ready\"") &' \
		"exec inotifywait -q -m -e close_write --format '\"change\"' '$dir/t'" \
		>"$dir/peer"
	"$dir/notice" 300 "$dir/t/a" watch.kernel_to_stdout.inotifywait 0 \
		sh "$dir/peer"
fi
FLOOR=$dir/floor perl "$root/bench/loop.pl" watch
