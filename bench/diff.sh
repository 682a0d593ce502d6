#!/bin/sh
# A comparison of two traces, from files to text, against a bare pass of yajl
# over the same two in the same run: a is ours, b is the pass.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
gen=${SHARED:-$root/../shared}/corpus/traces/gen.py
# shellcheck source=bench/pair.sh
. "$root/bench/pair.sh"

[ -f "$gen" ] || {
	echo "bench: diff is skipped: no generator of traces" >&2
	exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc -D_GNU_SOURCE -DVERSION='""' -I"$root/lib" -O2 -static -o "$dir/pass" \
	"$root/bench/diff.c" "$bin/../libclnrm.a" -lyajl_s

ROUNDS=5 RUNS=5
for n in ${SIZES:-10 100 1000 10000 100000}; do
	python3 "$gen" --spans "$n" --seed 3 --noise --out "$dir/$n" >/dev/null
	for form in otlp.json ndjson; do
		files="$dir/$n/baseline.$form $dir/$n/current.$form"
		pair "diff.$n.$form" 3 "$bin/clnrm-diff --format text $files" \
			"$dir/pass $files"
	done
done
