#!/bin/bash
# On container engines: a step in a container that lives beside a bare exec of
# the same command (create, start, inspect) by libcurl, in turns; what a kept
# connection saves such calls; and how long after a kill -9 of the runner, at
# random moments, anything of a scenario with three services is left.
#
# DOCKER_HOST and CONTAINER_HOST name sockets of engines, IMAGE an image there
# that has sh and sleep; RUNS turns of STEPS steps each, KILLS moments.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
RUNS=${RUNS:-5} STEPS=${STEPS:-20} KILLS=${KILLS:-20}
dir=$(mktemp -d)
container='' image=''
trap 'end; rm -rf "$dir"' EXIT
cd "$dir"

# ask METHOD PATH [OPTION]...: calls the engine at $socket.
ask() {
	curl -sSf --max-time 60 --unix-socket "$socket" -X "$1" "${@:3}" \
		"http://engine/v1.41$2"
}

end() {
	[ -z "$container" ] || ask DELETE "/containers/$container?force=1&v=1" >/dev/null || :
	[ -z "$image" ] || ask DELETE "/images/$image?force=1" >/dev/null || :
	container='' image=''
}

skip() {
	echo "bench: engine: skipped: $*" >&2
	exit 0
}
for program in busybox curl jq; do
	command -v $program >/dev/null || skip "no $program"
done
gcc -D_GNU_SOURCE -DVERSION='""' -I"$root/lib" -std=gnu11 -O2 -o engine "$root/bench/engine.c" \
	"$bin/../libclnrm.a" -lcurl -lm 2>/dev/null || skip "no libcurl to build with"
touch clnrm.conf

# The test on standard input as a plan.
plan() {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		cat
	} >t.clnrm.toml
	"$bin/clnrm-render" t.clnrm.toml | "$bin/clnrm-lint" -
}

make_image() {
	mkdir -p bb/bin bb/etc
	cp "$(command -v busybox)" bb/bin/busybox
	for program in sh true sleep; do
		ln -f bb/bin/busybox bb/bin/$program
	done
	echo root:x:0:0::/root:/bin/sh >bb/etc/passwd
	image=clnrm-bench-$$
	tar -C bb -c . | ask POST "/images/create?fromSrc=-&repo=$image&tag=latest" \
		--data-binary @- -H 'Content-Type: application/x-tar' >/dev/null
}

make_container() {
	container=$(ask POST /containers/create -H 'Content-Type: application/json' -d "{
		\"Image\": \"$image\", \"Cmd\": [\"sleep\", \"1000\"],
		\"HostConfig\": {\"NetworkMode\": \"none\"}}" | jq -r .Id)
	ask POST "/containers/$container/start"
}

# Nanoseconds from the begin of a step to that of the next.
step_ns() {
	"$bin/clnrm-exec" --backend "$engine" --image "$image" steps.plan |
		jq -n '[inputs | select(.type == "step").start_unix_nano | tonumber] |
			(max - min) / (length - 1)'
}

# The objects on standard input, a turn each, as a record.
steps_told() {
	jq -sc --arg engine "$engine" '
		def median: sort | .[length / 2 | floor];
		{type: "sample", name: "engine.\($engine).step", runs: length,
		 a: "a step", a_ns: (map(.ours) | median | round),
		 b: "a bare exec", b_ns: (map(.bare) | median | round),
		 ratio: (map(.ours / .bare) | median * 1000 | round / 1000), limit: 1.1}
		| .holds = (.ratio <= .limit)'
}

measure_steps() {
	{
		printf '[[scenario]]\nname = "s"\n'
		for i in $(seq "$STEPS"); do
			printf '[[scenario.steps]]\nname = "s%d"\ncommand = ["true"]\n' "$i"
		done
	} | plan >steps.plan
	for _ in $(seq "$RUNS"); do
		./engine "$socket" "$container" "$STEPS" >calls
		jq -c --argjson ours "$(step_ns)" \
			'select(.name == "exec.kept") | {ours: $ours, bare: .a_ns}' calls
		cat calls >>all.calls
	done | steps_told
	jq -sc --arg engine "$engine" '
		def median: sort | .[length / 2 | floor];
		group_by(.name)[] | {type: "sample", name: "engine.\($engine).\(.[0].name)",
			runs: length, a: "a kept connection", a_ns: (map(.a_ns) | median),
			b: "a new one each", b_ns: (map(.b_ns) | median),
			ratio: (map(.ratio) | median)}' all.calls
	rm all.calls
}

ours() {
	ask GET '/containers/json?all=1' | jq -r --arg pid "$1:" '.[]
		| select(.Labels."clnrm.pid" // "" | startswith($pid)).Id'
}

# Milliseconds until nothing of a runner is left that was killed.
left_ms() {
	local runner begun
	mkfifo out
	{ cat out >/dev/null && touch over; } &
	"$bin/clnrm-exec" --backend "$engine" --image "$image" three.plan >out &
	runner=$!
	until [ -n "$(ours $runner)" ]; do sleep 0.01; done
	sleep "$((RANDOM % 2)).$((RANDOM % 900 + 100))"
	kill -KILL $runner
	begun=$(date +%s%N)
	wait $runner 2>/dev/null || :
	# Who removes them has the other end, too.
	until [ -e over ]; do sleep 0.01; done
	[ -z "$(ours $runner)" ] || { echo "bench: engine: $engine has something left" >&2; exit 1; }
	echo $((($(date +%s%N) - begun) / 1000000))
	rm out over
}

measure_kills() {
	{
		for name in a b c; do
			printf '[service.%s]\nimage = "%s"\ncommand = ["sleep", "1000"]\n' $name "$image"
			printf 'ready = { command = ["true"] }\n'
		done
		printf '[[scenario]]\nname = "s"\nrun = "sleep 1000"\n'
	} | plan >three.plan
	for _ in $(seq "$KILLS"); do
		left_ms
	done 2>/dev/null | jq -sc --arg engine "$engine" '
		{type: "sample", name: "engine.\($engine).killed", runs: length,
		 low_ms: min, median_ms: (sort | .[length / 2 | floor]), high_ms: max, limit_ms: 2000}
		| .holds = (.high_ms <= .limit_ms)'
}

for engine in docker podman; do
	case $engine in
	docker) socket=${DOCKER_HOST-} ;;
	podman) socket=${CONTAINER_HOST-} ;;
	esac
	socket=${socket#unix://}
	[ -S "$socket" ] || { echo "bench: engine: $engine is not there" >&2; continue; }
	make_image
	make_container
	measure_steps
	measure_kills
	end
done
