#!/bin/sh
# `clnrm run` of a one-step scenario, the whole process tree, cold, against one
# bwrap call and, where an engine answers, one `docker run` of the same command.
# IMAGE names an image that has `true`.
set -eu
# shellcheck source=bench/pair.sh
. "$(dirname "$0")/pair.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
touch "$dir/clnrm.conf"
cat >"$dir/t.clnrm.toml" <<'T'
[meta]
name = "t"
version = "1"
[[scenario]]
name = "s"
[[scenario.steps]]
name = "s"
command = ["true"]
T
run="$BIN/clnrm run $dir/t.clnrm.toml"
if command -v bwrap >/dev/null; then
	pair run.bwrap 4.0 "$run" \
		"bwrap --unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp true"
else
	echo 'bench: no bwrap: run.bwrap is not measured' >&2
fi
IMAGE=${IMAGE:-clnrm-debian12}
if docker image inspect "$IMAGE" >/dev/null 2>&1; then
	ROUNDS=5 RUNS=3 first='' # the engine would not be before all others
	pair run.docker 0.067 "$run" "docker run --rm --network none $IMAGE true"
else
	echo "bench: no engine with $IMAGE: run.docker is not measured" >&2
fi
