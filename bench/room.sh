#!/bin/bash
# What a cleanroom costs, as root and as a user without rights: in process
# against vfork and exec, as a whole process against bwrap, and against a fresh
# container of a real engine, spoken to directly. A table is at the end.
#
# Where it may, it runs before all others, so that figures are those of a quiet
# machine. RUNS is how many turns each comparison has; DOCKER_HOST names an
# engine, else one of its own is started.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lib=${LIB:-${BIN:-$root/build/bin}/../libclnrm.a}
RUNS=${RUNS:-100}
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'end_engine; rm -rf "$dir"' EXIT

skip() {
	echo "bench: room: $*" >&2
}

for name in room race; do
	gcc -D_GNU_SOURCE -DVERSION='""' -I"$root/lib" -std=gnu11 -O2 -static \
		-Wl,--gc-sections -o "$dir/$name" "$root/bench/$name.c" "$lib"
done
cp "${BIN:-$root/build/bin}"/clnrm-{render,lint,exec} "$dir"
busybox=$(command -v busybox) || { skip "skipped: no busybox"; exit 0; }
mkdir -p "$dir/image/bin" "$dir/project"
cp "$busybox" "$dir/image/bin"
touch "$dir/project/clnrm.conf"

# scenarios N STEPS [LEVEL]: the plan of a test with N scenarios, on stdout
scenarios() {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		for i in $(seq "$1"); do
			printf '[[scenario]]\nname = "s%d"\n' "$i"
			[ -z "${3-}" ] ||
				printf 'policy = { security_level = "%s" }\n' "$3"
			for k in $(seq "$2"); do
				printf '[[scenario.steps]]\nname = "s%d"\n' "$k"
				printf 'command = ["true"]\n'
			done
		done
	} >"$dir/project/t.clnrm.toml"
	"$dir/clnrm-render" "$dir/project/t.clnrm.toml" | "$dir/clnrm-lint" -
}
scenarios 1 1 >"$dir/one.plan"
scenarios 400 1 >"$dir/many.plan"
scenarios 1 5 >"$dir/none.plan"
scenarios 40 5 >"$dir/nones.plan"
for level in low medium high; do
	scenarios 1 5 "$level" >"$dir/$level.plan"
	scenarios 40 5 "$level" >"$dir/${level}s.plan"
done

first=()
! chrt -r 5 true 2>/dev/null || first=(chrt -r 5)

# The command "$@" before all others, as $who.
as() {
	local run=("${first[@]}")
	[ "$who" = root ] || [ "$(id -u)" != 0 ] || run+=(setpriv --reuid 65534
		--regid 65534 --clear-groups env HOME=/nonexistent)
	"${run[@]}" "$@"
}

# The objects on standard input as records; of those that FILTER picks, with a
# limit: told PREFIX FILTER
told() {
	jq -c --arg prefix "room.$who" "($1) as \$limit |
		{type: \"sample\", name: \"\(\$prefix).\(.name)\"} +
		(to_entries | map(select(.key != \"name\")) | from_entries) +
		if \$limit == null then {} else \$limit end" |
		tee -a "$dir/records"
}

# The member `ratio` may be at most .[name].
ratios() {
	told "($1)[.name] as \$most | if \$most == null then null else
		{limit: \$most, holds: (.ratio <= \$most)} end"
}

in_process() {
	as "$dir/room" "$dir/project" "$dir/image" busybox "$RUNS" >"$dir/out"
	grep -v -e '"idle"' -e '"kill"' "$dir/out" |
		ratios '{"cold.image": 8, "ready.image": 4, "ready.host": 6,
			"again.host": 1.5, "again.image": 1.5}'
	grep '"idle"' "$dir/out" | told '{limit_kib: 1024, holds: (.kib <= 1024)}'
	grep '"kill"' "$dir/out" |
		told '{limit_ns: 1e8, holds: (.worst_ns <= 1e8)}'
}

bwrap=(bwrap --unshare-all --die-with-parent --ro-bind / / --proc /proc
	--dev /dev --tmpfs /tmp)

against_bwrap() {
	as "$dir/race" "$RUNS" whole.bwrap="$dir/clnrm-exec" "$dir/one.plan" -- \
		bwrap="${bwrap[0]}" "${bwrap[@]:1}" true |
		head -n 1 | ratios '{"whole.bwrap": 1}'
	cat >"$dir/loops" <<-L
	for i in 1 2 3 4; do
		(for k in \$(seq 100); do ${bwrap[*]} true; done) &
	done
	wait
	L
	as "$dir/race" 5 many.bwrap="$dir/clnrm-exec" -j4 "$dir/many.plan" -- \
		loops=sh "$dir/loops" | head -n 1 | ratios '{"many.bwrap": 1}' |
		jq -c '. + {per_s: (400e9 / .a_ns | round)}'
}

levels() {
	as "$dir/race" "$RUNS" level.low="$dir/clnrm-exec" "$dir/low.plan" -- \
		level.medium="$dir/clnrm-exec" "$dir/medium.plan" -- \
		level.high="$dir/clnrm-exec" "$dir/high.plan" -- \
		none="$dir/clnrm-exec" "$dir/none.plan" | head -n 3 |
		ratios '{"level.low": 1.05, "level.medium": 1.1, "level.high": 1.2}'
	# Many in a row: what is waited for meanwhile costs nothing.
	as "$dir/race" 7 levels.low="$dir/clnrm-exec" "$dir/lows.plan" -- \
		levels.medium="$dir/clnrm-exec" "$dir/mediums.plan" -- \
		levels.high="$dir/clnrm-exec" "$dir/highs.plan" -- \
		none="$dir/clnrm-exec" "$dir/nones.plan" | head -n 3 |
		ratios '{"levels.low": 1.05, "levels.medium": 1.1, "levels.high": 1.2}'
}

end_engine() {
	[ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" || :
	wait
	umount "$dir"/run/netns/* 2>/dev/null || :
}

# An engine that answers at $engine, with the image clnrm-bench.
engine() {
	engine=${DOCKER_HOST:-unix://$dir/socket}
	engine=${engine#unix://}
	if [ -z "${DOCKER_HOST-}" ]; then
		[ "$(id -u)" = 0 ] || { skip "no engine: not root"; return 1; }
		command -v dockerd >/dev/null || { skip "no dockerd"; return 1; }
		"${first[@]}" dockerd --data-root "$dir/data" --exec-root "$dir/run" \
			--bridge none --iptables=false -H "unix://$engine" \
			--pidfile "$dir/pid" >"$dir/log" 2>&1 &
	fi
	for _ in $(seq 100); do
		curl -sf --unix-socket "$engine" http://d/_ping >"$dir/out" && break
		sleep 0.2
	done
	tar -C "$dir/image" -c . | curl -sf --unix-socket "$engine" -T - \
		-X POST -H 'Content-Type: application/x-tar' \
		"http://d/images/create?fromSrc=-&repo=clnrm-bench" >"$dir/out" ||
		{ skip "the engine does not answer"; return 1; }
}

# Create, start, wait and delete, over one connection.
container() {
	cat <<-C
	#!/bin/sh
	name=clnrm-bench-\$\$
	exec curl -sf -o /dev/null --unix-socket $engine -X POST \
		-H 'Content-Type: application/json' \
		-d '{"Image":"clnrm-bench","Cmd":["/bin/busybox","true"],"HostConfig":{"NetworkMode":"none"}}' \
		"http://d/containers/create?name=\$name" --next -sf -o /dev/null \
		--unix-socket $engine -X POST "http://d/containers/\$name/start" \
		--next -sf -o /dev/null --unix-socket $engine -X POST \
		"http://d/containers/\$name/wait" --next -sf -o /dev/null \
		--unix-socket $engine -X DELETE \
		"http://d/containers/\$name?force=1&v=1"
	C
}

# A cleanroom is a fraction of a container, and more of them fit into a second.
against_engine() {
	container >"$dir/container"
	chmod 755 "$dir/container"
	as "$dir/race" 12 whole.engine="$dir/clnrm-exec" "$dir/one.plan" -- \
		engine="$dir/container" | head -n 1 | ratios '{"whole.engine": 0.02}'
	# 400 cleanrooms against 16 containers, in one loop and in four.
	echo "for k in \$(seq 16); do $dir/container; done" >"$dir/loop"
	cat >"$dir/loops" <<-L
	for i in 1 2 3 4; do
		(for k in 1 2 3 4; do $dir/container; done) &
	done
	wait
	L
	as "$dir/race" 3 many.engine="$dir/clnrm-exec" -j4 "$dir/many.plan" -- \
		loop=sh "$dir/loop" | head -n 1 | each | ratios '{"many.engine": 0.01}'
	as "$dir/race" 3 many.engine.4="$dir/clnrm-exec" -j4 "$dir/many.plan" -- \
		loops=sh "$dir/loops" | head -n 1 | each | ratios '{}'
}

# The times of one cleanroom and of one container.
each() {
	jq -c '.a_ns /= 400 | .b_ns /= 16 | .ratio /= 25 | .low /= 25 | .high /= 25'
}

for who in $([ "$(id -u)" != 0 ] || echo root) user; do
	in_process
	if command -v bwrap >/dev/null; then
		against_bwrap
	else
		skip "no bwrap: whole.bwrap and many.bwrap are not measured"
	fi
	levels
done
who=root
! engine || against_engine
jq -r '[.name, if .a_ns then "\(.a_ns / 1e6 * 1000 | round / 1000) ms" else "\(.kib) KiB" end,
	if .ratio then "\(.ratio) (\(.low) to \(.high))" else "" end,
	.limit // .limit_kib // (if .limit_ns then "\(.limit_ns / 1e6) ms" else "" end) | tostring] +
	[if .holds == null then "" elif .holds then "holds" else "MISSED" end] |
	@tsv' "$dir/records" |
	awk -F'\t' 'BEGIN { printf f = "%-24s %14s %24s %10s %s\n", "figure", "median",
		"ratio", "limit", "" } { printf f, $1, $2, $3, $4, $5 }' >&2
