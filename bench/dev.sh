#!/usr/bin/env bash
# From the save of a one-step test to its verdict, in the warm pipe.
set -eu
dir=$(mktemp -d)
# shellcheck disable=SC2154 # coproc sets it
trap 'pkill -P "$pipe_PID" || :; rm -rf "$dir"' EXIT
PATH=$BIN:$PATH
touch "$dir/clnrm.conf"
save() {
	printf '[meta]\nname="t"\nversion="%s"\n[[scenario]]\nname="s"\nrun="true"\n' \
		"$1" >"$dir/t.clnrm.toml"
}
save 0
coproc pipe { clnrm-watch "$dir" | clnrm-render - | clnrm-lint - | clnrm-exec - | clnrm-verify 2>/dev/null; }
await() {
	while read -r -t 10 line; do
		case $line in '{"type":"'"$1"'"'*) return ;; esac
	done <&"${pipe[0]}"
	echo "bench: no $1 came" >&2
	exit 3
}
await batch
i=0
while [ $i -lt "${ROUNDS:-30}" ]; do
	i=$((i + 1))
	from=${EPOCHREALTIME/./}
	save $i
	await verdict
	echo $((${EPOCHREALTIME/./} - from))
	await batch
done >"$dir/us"
sort -n "$dir/us" | awk '{ v[NR] = $1 } END {
	printf "{\"type\":\"sample\",\"name\":\"dev.save_to_verdict\",\"median_ns\":%d,\"p95_ns\":%d,\"runs\":%d}\n",
		v[int((NR + 1) / 2)] * 1000, v[int(NR * 0.95 + 0.5)] * 1000, NR }'
