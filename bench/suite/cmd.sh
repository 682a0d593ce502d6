#!/bin/sh
# Commands as people start them, in a project of ten files: a suite, see the
# SUITES of clnrm-bench(1).
set -eu
PATH=${BIN:-$(cd "$(dirname "$0")/../bin" && pwd)}:$PATH

limit() {
	printf '{"type":"bench","id":"cmd/%s","suite":"cmd","metric":"p95_ns","limits":{"target":%s000000}}\n' \
		"$1" "$2"
}

if [ "${1-}" = list ]; then
	limit dry_run 1000
	limit fmt 500
	limit lint 1000
	limit diff 2000
	limit render 500
	limit init 2000
	exit 0
fi
[ $# = 5 ] || {
	echo "usage: list | run ID SAMPLES WARM_UP_NS MEASURE_NS" >&2
	exit 2
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
touch clnrm.conf
i=0
while [ "$i" -lt 10 ]; do
	printf '[meta]\nname = "t%d"\nversion = "1"\n\n[[scenario]]\nname = "s"\nrun = "echo {{ 1 + 1 }}"\n' \
		"$i" >"$i.clnrm.toml"
	i=$((i + 1))
done

# trace FIRST: a thousand spans, some of which differ by where they begin.
trace() {
	awk -v first="$1" 'BEGIN {
		for (i = 1; i <= 1000; i++)
			printf "{\"trace_id\":\"%032d\",\"span_id\":\"%016d\",\"parent_span_id\":\"%s\",\"name\":\"op%d\",\"start_time_unix_nano\":\"%d\",\"end_time_unix_nano\":\"%d\",\"attributes\":{\"k\":%d}}\n",
				1, i, i == 1 ? "" : sprintf("%016d", int(i / 8) + (i < 8)),
				i % 50, 1000 + i, 5000 + i, i % 100 == 7 ? first : 0
	}'
}

more=''
case $2 in
cmd/dry_run) set -- "$@" clnrm dry-run . ;;
cmd/fmt) set -- "$@" clnrm fmt --check 0.clnrm.toml 1.clnrm.toml ;;
cmd/lint) set -- "$@" clnrm lint . ;;
cmd/diff)
	trace 1 >a.ndjson
	trace 2 >b.ndjson
	more=-i # there is a difference, which is exit status 1
	set -- "$@" clnrm-diff --format text a.ndjson b.ndjson
	;;
cmd/render) set -- "$@" clnrm-render --format text 0.clnrm.toml ;;
cmd/init) set -- "$@" clnrm init new ;;
*)
	echo "no benchmark $2" >&2
	exit 2
	;;
esac
id=$2 samples=$3 warm_up=$4 measure=$5
shift 5
# shellcheck disable=SC2086 # an option or none
clnrm-bench cmd --raw --format ndjson --id "$id" --samples "$samples" $more \
	--warm-up "$((warm_up / 1000000))ms" --measure "$((measure / 1000000))ms" \
	-- "$@" >records || :
grep '"type":"sample"' records || {
	message=$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' records | head -n 1)
	printf '{"type":"sample","id":"%s","error":"%s"}\n' "$id" "$message"
}
