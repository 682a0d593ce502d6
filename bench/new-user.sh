#!/bin/sh
# The first steps of someone new, in an empty directory, each with its limit.
# A step that fails or takes too long is exit status 1. Editing is not counted.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=${BIN:-$root/build/bin}:$PATH
dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 3
worst=0 total=0

# step ID LIMIT_MS COMMAND...
step() {
	id=$1 limit=$2
	shift 2
	from=$(date +%s%N)
	"$@" >said 2>&1 </dev/null
	rc=$?
	ms=$((($(date +%s%N) - from) / 1000000))
	total=$((total + ms))
	word=ok
	[ "$ms" -le "$limit" ] || word='too slow'
	[ $rc = 0 ] || word="failed, status $rc"
	[ "$word" = ok ] || {
		worst=1
		cat said >&2
	}
	printf '%-24s %6d ms of %6d ms: %s\n' "$id" "$ms" "$limit" "$word"
}

# Until the first record can be had.
# shellcheck disable=SC2317 # called by step
dev_start() {
	clnrm-watch . >records &
	watcher=$!
	until grep -q '"type":"ready"' records; do
		kill -0 "$watcher" 2>/dev/null || return 1
		sleep 0.01
	done
	kill "$watcher"
	wait "$watcher" || :
}

step user/init 2000 clnrm init
step user/dev_start 3000 dev_start
step user/first_test_warm 30000 clnrm run --allow-degraded
step user/results 1000 sh -c 'clnrm-render . | clnrm-lint - | clnrm-report --format plan'
printf '%-24s %6d ms of %6d ms\n' user/total "$total" 60000
[ "$total" -le 60000 ] || worst=1
exit $worst
