#!/bin/bash
# What `clnrm-bench cmd` adds to each run of a program, over a bare loop of
# posix_spawn and wait4, and what hyperfine adds. Each takes its turn, ROUNDS
# times; it is the slope between few runs and many, so that a tool'"'"'s start and
# its arithmetic are left out. Prints a `sample` record of the medians.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -D_GNU_SOURCE -I"$root/lib" -std=gnu11 -O2 -static -o "$dir/harness" \
	"$root/bench/harness.c" "$bin/../libclnrm.a"
first=()
! chrt -r 5 true 2>/dev/null || first=(chrt -r 5)
echo 'int main(void) { return 0; }' | gcc -O2 -static -x c -o "$dir/true" -

# ours MS: how many runs, and the milliseconds that were given to them
ours() {
	"${first[@]}" "$bin/clnrm-bench" cmd --format ndjson --samples 10 \
		--warm-up 0ms --measure "$1ms" -- "$dir/true" >"$dir/said"
	echo "$(jq 'select(.type == "bench_result").iterations' "$dir/said") $1"
}

# timed RUNS COMMAND...
timed() {
	local from runs=$1
	shift
	from=$(date +%s%N)
	"${first[@]}" "$@" >"$dir/said" 2>&1
	echo "$runs $((($(date +%s%N) - from) / 1000)).0e-3"
}

for _ in $(seq "${ROUNDS:-15}"); do
	echo "ours $(ours 100) $(ours 500)"
	for runs in 100 600; do
		timed $runs "$dir/harness" $runs "$dir/true"
	done | paste -sd ' ' | sed 's/^/bare /'
	! command -v hyperfine >/dev/null || for runs in 100 600; do
		timed $runs hyperfine -N -w 0 -r $runs --style none "$dir/true"
	done | paste -sd ' ' | sed 's/^/hyperfine /'
done | jq -cRs '
	def median: sort | .[length / 2 | floor];
	[split("\n")[] | select(. != "") | split(" ") | [.[0]] + (.[1:] | map(tonumber))] as $turns |
	def of($who): [$turns[] | select(.[0] == $who) |
		(.[4] - .[2]) / (.[3] - .[1]) * 1e6];
	of("bare") as $bare |
	def cost($who): of($who) as $x |
		if $x == [] then null
		else [range($x | length) | $x[.] - $bare[.]] | median | round end;
	{type: "sample", name: "harness.cost", bare_ns: ($bare | median | round),
	 cost_ns: cost("ours"), hyperfine_cost_ns: cost("hyperfine"),
	 limit_ns: 30000} | .holds = (.cost_ns <= .limit_ns)'
