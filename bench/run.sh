#!/bin/sh
# The full suite: the machine, all benchmarks of these prefixes, a log of memory,
# comparison with a baseline (BASELINE=NAME), gate, reports. The newest ten
# results are kept below .clnrm/bench.
#
#   bench/run.sh [--quick] [--hooks DIR] [PREFIX ...]
#
# Exit status: the gate's. See bench/hooks/README.md for hooks.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=${BIN:-$root/build/bin}:$PATH
out=${OUT:-.clnrm/bench}
hooks=$root/bench/hooks quick='' allow=''
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=--quick allow=--allow-quick ;;
	--hooks)
		[ $# -gt 1 ] || { echo 'bench: --hooks DIR' >&2; exit 2; }
		hooks=$2
		shift
		;;
	-*)
		echo 'usage: bench/run.sh [--quick] [--hooks DIR] [PREFIX ...]' >&2
		exit 2
		;;
	*) break ;;
	esac
	shift
done
mkdir -p "$out/results" || exit 3
now=$out/results/$(date -u +%Y-%m-%dT%H%M%SZ).ndjson
judged=$out/judged.ndjson

# hook NAME: with JSON on its standard input; what it does is its own affair.
hook() {
	[ -x "$hooks/$1" ] || return 0
	timeout 60 "$hooks/$1" || echo "bench: hook $1: status $?" >&2
}

event() {
	printf '{"event":"%s","results":"%s","status":%d}\n' "$1" "$now" "$2"
}

# The memory of all that is ours, every half a second.
log_memory() {
	while sleep 0.5; do
		ps -e -o rss=,comm= | awk -v at="$(date +%s)" \
			'$2 ~ /^clnrm/ { kb += $1; n++ } END { printf "%s %d %d\n", at, n, kb }'
	done >"$out/memory.log"
}

event pre-task 0 | hook pre-task
log_memory &
logger=$!
# shellcheck disable=SC2086 # an option or none
clnrm-bench run $quick --format ndjson "$@" >"$now"
ran=$?
kill $logger 2>/dev/null
wait $logger 2>/dev/null
event post-suite $ran | hook post-suite
# shellcheck disable=SC2086
clnrm-bench gate $allow ${BASELINE:+--baseline "$BASELINE"} --format ndjson "$@" \
	<"$now" >"$judged"
status=$?
[ $ran = 0 ] || [ $status != 0 ] || status=$ran
set --
for old in $(find "$out/results" -name '*.ndjson' | sort | tail -n 10); do
	[ "$old" = "$now" ] || set -- "$@" --history "$old"
done
for form in markdown:md html:html bencher:txt prometheus:prom; do
	clnrm-bench report --loose --format "${form%:*}" "$@" "$judged" \
		>"$out/report.${form#*:}" || status=3
done
[ $status = 0 ] || event notify $status | hook notify
event post-task $status | hook post-task
"$root/bench/history.sh" "$now" || status=3
jq -rs 'map(select(.type == "bench_verdict")) |
	"\(length) budgets, \(map(select(.fails)) | length) not kept"' "$judged"
printf '%s\n' "$out/report.md" "$out/report.html"
exit $status
