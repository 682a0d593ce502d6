# shellcheck shell=sh
# pair NAME LIMIT A B [PREPARE]: times the commands A and B in turn, ROUNDS times, and
# prints one `sample` record: medians in ns, the median of the ratios A/B, and
# the limit that the ratio shall keep. Needs hyperfine and jq. Where it may, it
# runs before all others (`first`), so that figures are those of a quiet machine.
ROUNDS=${ROUNDS:-10}
RUNS=${RUNS:-10}
first=''
! chrt -r 5 true 2>/dev/null || first='chrt -r 5'

pair() {
	name=$1 limit=$2 a=$3 b=$4
	times=$(mktemp -d)
	i=0
	while [ "$i" -lt "$ROUNDS" ]; do
		# shellcheck disable=SC2086 # words or none
		$first hyperfine -N -i -w 1 -r "$RUNS" --export-json "$times/$i.json" \
			"$a" "$b" >/dev/null 2>&1 || {
			echo "bench: cannot time: $a; $b" >&2
			rm -rf "$times"
			return 1
		}
		i=$((i + 1))
	done
	jq -cs --arg name "$name" --argjson limit "$limit" --arg a "$a" --arg b "$b" '
		def median: sort | .[length / 2 | floor];
		{type: "sample", name: $name,
		 a: $a, a_ns: (map(.results[0].median) | median * 1e9 | round),
		 b: $b, b_ns: (map(.results[1].median) | median * 1e9 | round),
		 ratio: (map(.results[0].median / .results[1].median) | median * 1000 | round / 1000),
		 limit: $limit}
		| .holds = (.ratio <= $limit)' "$times"/*.json
	rm -rf "$times"
}
