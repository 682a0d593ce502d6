#!/bin/bash
# Ours beside what else there is, on the same work in the same run: docker, bwrap,
# hyperfine, inotifywait, entr, taplo, jsondiffpatch, jq, bats, as far as they are
# installed. Prints the table of ratios in Markdown; with --write it replaces the
# table between the marks in README.md.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
export BIN=${BIN:-$root/build/bin} ROUNDS=${ROUNDS:-5} RUNS=${RUNS:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=bench/pair.sh
. "$root/bench/pair.sh"

has() {
	command -v "$1" >/dev/null || { echo "bench: no $1" >&2; return 1; }
}

{
	"$root/bench/whole.sh"
	"$root/bench/fmt.sh"
	SIZES='10000' "$root/bench/diff.sh"
	ROUNDS=10 "$root/bench/watch.sh"
	cd "$dir"
	touch clnrm.conf
	printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n' \
		>t.clnrm.toml
	if has bats; then
		printf '#!/usr/bin/env bats\n@test "t" {\n\ttrue\n}\n' >t.bats
		pair run.bats 1 "$BIN/clnrm run --allow-degraded t.clnrm.toml" "bats t.bats"
	fi
	if has jq; then
		"$BIN/clnrm-bench" gen trace --size 10000 -o t.ndjson
		pair spans.jq 1 "$BIN/clnrm-diff --show table --longer 99ms t.ndjson" \
			"jq -c select((.end_time_unix_nano|tonumber)-(.start_time_unix_nano|tonumber)>99000000) t.ndjson"
	fi
	if has hyperfine; then
		pair measure.hyperfine 1 \
			"$BIN/clnrm-bench cmd --warm-up 0ms --samples 100 --measure 300ms --format ndjson -- true" \
			"hyperfine -N -w 0 -r 300 --style none true"
	fi
} >"$dir/samples" || :

jq -rs '
	def ms: . / 1e4 | round / 100 | tostring + " ms";
	def what: {"run.bwrap": "a one-step run | bwrap",
		"run.docker": "a one-step run | docker run",
		"run.bats": "a one-step run | bats",
		"fmt.check.100": "100 files checked | taplo fmt",
		"diff.10000.jsondiffpatch": "two traces of 10,000 spans | jsondiffpatch",
		"spans.jq": "long spans of 10,000 | jq",
		"measure.hyperfine": "a third of a second of `true` | hyperfine"}[.name];
	(map(select(.name | startswith("watch."))) | map({(.name): .median_ns}) | add // {}) as $w |
	[.[] | select(what and .ratio) |
		"| \(what) | \((.a_ns // .a_s * 1e9) | ms) | \((.b_ns // .b_s * 1e9) | ms) | \(.ratio) |"] +
	[["watch.save_to_record", "entr", "a save is told"],
	 ["watch.ready.10000", "inotifywait", "10,000 directories watched"] |
		. as [$n, $p, $t] | select($w["\($n).\($p)"]) |
		"| \($t) | \($p) | \($w[$n] | ms) | \($w["\($n).\($p)"] | ms) | \($w[$n] / $w["\($n).\($p)"] * 1000 | round / 1000) |"] |
	"| work | beside | ours | theirs | ratio |", "| --- | --- | --- | --- | --- |", .[]' \
	"$dir/samples" >"$dir/table"
cat "$dir/table"
[ "${1-}" != --write ] || {
	awk -v table="$dir/table" '
		/^<!-- peers:/ { print; while ((getline line <table) > 0) print line; skip = 1; next }
		/^<!-- end of peers/ { skip = 0 }
		!skip' "$root/README.md" >"$dir/README.md"
	cat "$dir/README.md" >"$root/README.md"
}
