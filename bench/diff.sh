#!/bin/sh
# A comparison of two traces, from files to text, against a bare pass of yajl
# over the same two in the same run: a is ours, b is the pass. Then memory for
# each byte of input; what 1 % new spans cost a live comparison; how the time
# grows; and npm's jsondiffpatch on the spans of 10,000 as two lists, by id.
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

# spent WORDS...: seconds of processor and KiB of memory of a command; a
# difference is no failure.
spent() {
	/usr/bin/time -q -o "$dir/time" -f '%U %S %M' "$@" >/dev/null || :
	awk '{ print $1 + $2, $3 }' "$dir/time"
}

# memory NAME LIMIT FILES: KiB at the most for each KiB that is read.
memory() {
	name=$1 limit=$2
	shift 2
	spent "$bin/clnrm-diff" --format text "$@" | jq -cR --arg name "$name" \
		--argjson limit "$limit" --argjson read "$(cat "$@" | wc -c)" '
		(split(" ")[1] | tonumber * 1024) as $used |
		{type: "sample", $name, used_bytes: $used, read_bytes: $read,
		 ratio: ($used / $read * 100 | round / 100), limit: $limit} |
		.holds = (.ratio <= .limit)'
}

# growth FORM: the exponent of the sizes, by least squares through the
# logarithms of the medians that were measured.
growth() {
	jq -cs --arg form "$1" '
		map(select(.name | test("^diff\\.[0-9]+\\." + $form + "$"))) |
		map({n: (.name | split(".")[1] | tonumber), ns: .a_ns}) |
		select(length > 1) | sort_by(.n) |
		map({x: (.n | log), y: (.ns | log)}) as $p |
		($p | map(.x) | add / length) as $x |
		($p | map(.y) | add / length) as $y |
		(($p | map((.x - $x) * (.y - $y)) | add) /
			($p | map((.x - $x) * (.x - $x)) | add)) as $k |
		{type: "sample", name: "diff.growth.\($form)", sizes: map(.n),
		 exponent: ($k * 1000 | round / 1000), limit: 1.1, holds: ($k <= 1.1)}' \
		"$dir/samples"
}

# Needs the two of 10,000; one run of the peer, which takes its time.
peer() {
	npm install --silent --no-audit --no-fund --prefix "$dir" \
		jsondiffpatch@0.7.3 >"$dir/said" 2>&1 || {
		echo "bench: jsondiffpatch is skipped: it was not installed:" >&2
		cat "$dir/said" >&2
		return 0
	}
	cat >"$dir/peer.mjs" <<-'END'
	import { readFileSync } from "node:fs";
	import { create } from "jsondiffpatch";
	const [a, b] = process.argv.slice(2).map(path =>
		readFileSync(path, "utf8").trim().split("\n").map(s => JSON.parse(s)));
	create({ objectHash: span => span.span_id }).diff(a, b);
	END
	set -- "$dir/10000/baseline.ndjson" "$dir/10000/current.ndjson"
	spent node "$dir/peer.mjs" "$@" >"$dir/theirs"
	for _ in 1 2 3 4 5; do
		spent "$bin/clnrm-diff" --format text "$@"
	done | sort -n | sed -n 3p | jq -cR --arg theirs "$(cat "$dir/theirs")" '
		(split(" ") | map(tonumber)) as $a |
		($theirs | split(" ") | map(tonumber)) as $b |
		{type: "sample", name: "diff.10000.jsondiffpatch", a_s: $a[0],
		 b_s: $b[0], a_kb: $a[1], b_kb: $b[1],
		 ratio: ($a[0] / $b[0] * 10000 | round / 10000), limit: 0.01} |
		.holds = (.ratio <= .limit)'
}

export ROUNDS=5 RUNS=5
sizes=${SIZES:-10 30 100 300 1000 3000 10000 30000 100000}
for n in $sizes; do
	python3 "$gen" --spans "$n" --seed 3 --noise --out "$dir/$n" >/dev/null
	for form in otlp.json ndjson; do
		files="$dir/$n/baseline.$form $dir/$n/current.$form"
		pair "diff.$n.$form" 3 "$bin/clnrm-diff --format text $files" \
			"$dir/pass $files" | tee -a "$dir/samples"
		# shellcheck disable=SC2086 # two words
		[ "$n" -lt 10000 ] || memory "diff.$n.$form.memory" 4 $files
	done
	[ "$n" -lt 10000 ] || python3 "$root/bench/live.py" "diff.$n.live" \
		"$bin/clnrm-diff" "$dir/$n/baseline.ndjson" \
		"$dir/$n/current.ndjson"
done
growth otlp.json
growth ndjson
case " $sizes " in
*' 10000 '*)
	if command -v npm >/dev/null && command -v node >/dev/null; then
		peer
	else
		echo 'bench: jsondiffpatch is skipped: no npm' >&2
	fi
	;;
esac
