#!/bin/sh
# The check of a hundred files of 10 KB against taplo (npm package @taplo/cli)
# in the same run: a is ours, b is theirs. Then ours for each file.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
# shellcheck source=bench/pair.sh
. "$root/bench/pair.sh"

command -v npm >/dev/null || {
	echo "bench: fmt is skipped: no npm to install taplo with" >&2
	exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" \
	@taplo/cli@0.7.0 >"$dir/said" 2>&1 || {
	echo "bench: fmt is skipped: taplo was not installed:" >&2
	cat "$dir/said" >&2
	exit 0
}

# text NUMBER: a test file of 10 KB in the form that both have.
text() {
	awk -v file="$1" 'BEGIN {
		s = "[meta]\nname = \"bench " file "\"\nversion = \"1.0.0\"\n"
		for (i = 0; length(s) < 10000; i++)
			s = s "\n# Scenario " i "\n[[scenario]]\n" \
			    "name = \"scenario_" i "\"\n" \
			    "run = \"echo hello " i "\"\n" \
			    "timeout_ms = " 1000 + i "\n" \
			    "\n[services.svc_" i "]\n" \
			    "image = \"alpine:3." i % 28 "\"\n" \
			    "env = { LEVEL = \"debug\", NAME = \"app-" i "\" }\n" \
			    "ports = [80" 10 + i % 28 ", 90" 10 + i % 28 "]\n"
		printf "%s", s
	}'
}

mkdir "$dir/files"
i=0
while [ "$i" -lt 100 ]; do
	text "$i" >"$dir/files/$i.clnrm.toml"
	i=$((i + 1))
done

ROUNDS=5 RUNS=2
files=$(echo "$dir"/files/*)
ours="$bin/clnrm-fmt --check $files"
theirs="$dir/node_modules/.bin/taplo fmt --check $files"
export RUST_LOG=error
if ! $ours || ! $theirs; then
	echo "bench: fmt: the files are not in the form that both have" >&2
	exit 1
fi
pair fmt.check.100 0.01 "$ours" "$theirs" >"$dir/sample"
jq -c 'del(.a, .b), {type, name: "fmt.check.file", a_ns: (.a_ns / 100 | round)}' \
	"$dir/sample"
