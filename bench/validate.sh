#!/bin/sh
# Everything that can be said of our speed on this machine, section by section:
# benchmarks, a new user's first steps, memory, commands, scalability; then a
# report in Markdown and HTML, and a summary. Exits 0 when all budgets are kept.
#
#   bench/validate.sh [--quick] [PREFIX ...]
#
# Results go below .clnrm/bench: the newest ten are kept, and the report has
# their history.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=${BIN:-$root/build/bin}:$PATH
out=${OUT:-.clnrm/bench}
# The limits of the benchmarks themselves are meant, whoever's project this is.
budget=${BUDGET:-}
how='--warm-up 300ms --measure 2s' quick=''
if [ "${1-}" = --quick ]; then
	how='--quick' quick='--allow-quick'
	shift
fi
if [ -t 1 ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[31m') off=$(printf '\033[0m')
else
	bold='' red='' off=''
fi
worst=0
mkdir -p "$out/results" || exit 3
now=$out/results/$(date -u +%Y-%m-%dT%H%M%SZ).ndjson
judged=$out/judged.ndjson
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

section() {
	printf '\n%s%s%s\n' "$bold" "$*" "$off"
}

bad() {
	printf '%sFAIL%s %s\n' "$red" "$off" "$*"
	worst=1
}

section Benchmarks
# shellcheck disable=SC2086 # lists of options
clnrm-bench run $how --format ndjson "$@" >"$now" || bad 'a benchmark failed to run'
# shellcheck disable=SC2086
clnrm-bench gate $quick ${BASELINE:+--baseline "$BASELINE"} ${budget:+--budget "$budget"} --format ndjson "$@" \
	<"$now" >"$judged"
rc=$?
[ $rc = 0 ] || bad "the gate ends with status $rc"
clnrm-bench report "$judged" >"$out/report.md" || bad 'no report was made'
sed -n '/^## Budgets/,/^## Results/p' "$out/report.md" | grep -c 'green' |
	sed 's/$/ budgets are green/'
grep 'FAILS' "$out/report.md" | sed 's/^/  /'

section 'New user'
"$root/bench/new-user.sh" || bad 'a step of a new user failed or took too long'

section Memory
# The largest that any of them was, against the limit of a hundred megabytes.
jq -rs 'map(select(.peak_rss_kb)) | max_by(.peak_rss_kb) // empty |
	"\(.peak_rss_kb) \(.id)"' "$now" >"$work/peak"
if read -r peak id <"$work/peak"; then
	printf '%s kB at most, by %s\n' "$peak" "$id"
	[ "$peak" -le 102400 ] || bad 'more than 100 MB'
else
	bad 'no benchmark tells its memory'
fi

section Commands
jq -r 'select(.type == "bench_verdict" and (.id | startswith("cmd/"))) |
	"\(.id)  p95 \(.actual / 1e6 | round) ms of \(.limit / 1e6 | round) ms: \(.status)"' \
	"$judged"

section Scalability
jq -r 'select(.type == "bench_result" and (.id | test("/[0-9]+[KM]?$"))) |
	{type: "sample", id, ns: .observed_ns} | tojson' "$now" |
	clnrm-bench stats --loose --format ndjson >"$work/scaling"
grep '"bench_scaling"' "$work/scaling" >"$work/families"
jq -r '"\(.id)  exponent \(.exponent), \(if .linear then "linear" else "MORE THAN LINEAR" end)"' \
	"$work/families"

section Report
set --
for old in $(find "$out/results" -name '*.ndjson' | sort | tail -n 10); do
	[ "$old" = "$now" ] || set -- "$@" --history "$old"
done
cat "$judged" "$work/families" | clnrm-bench report --loose --format html "$@" \
	>"$out/report.html" || bad 'no page was made'
cat "$judged" "$work/families" | clnrm-bench report --loose >"$out/report.md"
{
	printf '\n## Bottlenecks\n\nOf a reload, from the save to what is shown:\n\n'
	jq -rs '[.[] | select(.type == "bench_result" and .status == "ok" and
			(.id | test("^path/(detect|render|parse|validate|display)$")))] |
		(map(.p50_ns) | add) as $all |
		if length == 0 then "The stages of path/ were not measured." else
		sort_by(-.p50_ns)[:3][] |
		"- \(.id): \(.p50_ns / $all * 1000 | round / 10) % (\(.p50_ns / 1e4 | round / 100) ms)"
		end' "$judged"
	printf '\n## Regressions\n\n'
	jq -r 'select(.type == "bench_verdict" and .level and .level != "none") |
		"- \(.id): \(.level)"' "$judged" | grep . ||
		printf 'None was found; %s was compared with.\n' "${BASELINE:-no baseline}"
	printf '\n## Method\n\n'
	printf 'Warm-up, then samples as clnrm-bench(1) says; percentiles by linear\n'
	printf 'interpolation; limits are those of each benchmark, or of\n'
	printf '.clnrm/perf-baseline.toml. Reproduce with bench/validate.sh.\n'
	printf '\n## Known limits\n\n'
	printf 'Times of one machine; noise is told beside each result.\n'
	printf '\n## Next steps\n\n'
	jq -r 'select(.type == "bench_verdict" and .fails) |
		"- bring \(.id) below its limit"' "$judged" | grep . ||
		printf 'None: every budget is kept.\n'
} >>"$out/report.md"
if grep -nE 'TBD|TODO|\|  +\|| null' "$out/report.md"; then
	bad 'the report has a blank'
fi
"$root/bench/history.sh" "$now" || bad 'the history was not kept'
printf '%s\n%s\n' "$out/report.md" "$out/report.html"

section Summary
jq -rs 'map(select(.type == "bench_verdict")) |
	"\(length) budgets, \(map(select(.fails)) | length) not kept"' "$judged"
[ $worst = 0 ] && echo pass
exit $worst
