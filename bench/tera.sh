#!/bin/sh
# Templates of 10, 50 and 200 variables against the real Tera, in the same run:
# parse and render, render alone, the whole process; a is ours, b is Tera.
# Then 1,000 templates one after the other: by how much the process grows.
#
# Tera is built from Debian's Rust packages where ../shared/peers is; PEERS names
# the folder with a build that is there already.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lib=${LIB:-${BIN:-$root/build/bin}/../libclnrm.a}
shared=$root/../shared/peers
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=bench/pair.sh
. "$root/bench/pair.sh"

skip() {
	echo "bench: tera: skipped: $*" >&2
	exit 0
}

[ -d "$shared" ] || [ -n "${PEERS-}" ] || skip "there is no ../shared/peers"
if [ -z "${PEERS-}" ]; then
	command -v cargo >/dev/null || skip "there is no cargo"
	PEERS=$dir/peers
	"$shared/build.sh" "$PEERS" >&2 || skip "the peers do not build here"
fi
for tera in "$PEERS"/tera-*; do :; done # the newest
context=$PEERS/data/tera/context.json

gcc -D_GNU_SOURCE -I"$root/lib" -std=gnu11 -O2 -c -o "$dir/tera.o" \
	"$root/bench/tera.c"
gcc -static -Wl,--gc-sections -o "$dir/tera" "$dir/tera.o" "$lib" \
	-lyajl_s -lpcre2-8 -lnettle -lm

# in_process NAME FILE: both in turn, nine times; the medians of the ratios.
in_process() {
	for _ in 1 2 3 4 5 6 7 8 9; do
		"$dir/tera" "$2" "$context"
		"$tera/tera-bench" "$2" "$context" 7
	done | jq -cs --arg name "$1" '
		def median: sort | .[length / 2 | floor];
		def sample($what; $key; $limit):
			[range(0; length; 2) as $i | {a: .[$i][$key], b: .[$i + 1][$key]}] |
			{type: "sample", name: "tera.\($what).\($name)",
			 a_ns: (map(.a) | median), b_ns: (map(.b) | median),
			 ratio: (map(.a / .b) | median * 1e4 | round / 1e4), limit: $limit} |
			.holds = (.ratio <= .limit);
		sample("parse_render"; "parse_render_ns"; 0.05),
		sample("render"; "render_ns"; 0.5)'
}

for size in simple medium complex; do
	file=$PEERS/data/tera/$size/$size.toml.tera
	in_process "$size" "$file"
	pair "tera.process.$size" 0.3333 \
		"${BIN:-$root/build/bin}/clnrm-render --context $context $file" \
		"$tera/tera-oracle $context $file"
done
"$dir/tera" 1000 "$context" | jq -c '{type: "sample", name: "tera.many",
	templates, peak_kib, grown_kib, limit: 64, holds: (.grown_kib <= 64)}'
