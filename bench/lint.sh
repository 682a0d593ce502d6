#!/bin/sh
# `clnrm-lint` over 100, 1,000 and 10,000 files of 10 KB, the whole process, as
# people call it (text) and as a stage (records), on one processor and on two.
# The processor time of 100 files and what a file more costs have a limit.
set -eu
BIN=${BIN:-$(cd "$(dirname "$0")/.." && pwd)/build/bin}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A right test file of about 10 KB, on standard output.
text() {
	awk 'BEGIN {
		s = "[meta]\nname = \"bench\"\nversion = \"1.0.0\"\n" \
		    "description = \"A test configuration, measured\"\n"
		for (i = 0; length(s) < 10000; i++)
			s = s "\n[[scenario]]\nname = \"scenario_" i "\"\n" \
			    "service = \"svc_" i "\"\n" \
			    "run = \"echo '\''hello " i "'\''\"\n" \
			    "\n[services.svc_" i "]\nplugin = \"generic_container\"\n" \
			    "image = \"alpine:3." i % 28 "\"   # pinned\n" \
			    "env = { LEVEL = \"debug\", APP_NAME = \"app-" i "\" }\n" \
			    "\n[[expect.span]]\nname = \"scenario_" i ".exec\"\n" \
			    "kind = \"internal\"\n" \
			    "attrs.all = { result = \"pass\", \"http.status_code\" = \"200\" }\n"
		printf "%s", s
	}'
}

# The largest resident set of a command in KiB, or null.
rss() {
	if [ -x /usr/bin/time ]; then
		/usr/bin/time -o "$dir/rss" -f %M "$@" >"$dir/out"
		cat "$dir/rss"
	else
		echo null
	fi
}

# sample FORMAT FILES JOBS RUNS [LIMIT]: LIMIT of the processor time in ns
sample() {
	command="$BIN/clnrm-lint --format $1 -q -j $3 $dir/$2"
	hyperfine -N -w 1 -r "$4" --export-json "$dir/times" "$command" \
		>"$dir/out" 2>&1 || {
		echo "bench: cannot time: $command" >&2
		exit 3
	}
	# shellcheck disable=SC2086 # a list of words
	jq -c --arg name "lint.$1" --argjson files "$2" --argjson jobs "$3" \
		--argjson rss "$(rss $command)" --argjson limit "${5-null}" '
		.results[0] | (.user + .system) as $cpu |
		{type: "sample", name: $name, files: $files, jobs: $jobs,
		 wall_ns: (.median * 1e9 | round), cpu_ns: ($cpu * 1e9 | round),
		 file_ns: ($cpu * 1e9 / $files | round), max_rss_kib: $rss}
		+ if $limit then {limit: $limit, holds: ($cpu * 1e9 <= $limit)}
		else {} end' "$dir/times"
}

for files in 100 1000 10000; do
	mkdir "$dir/$files"
	text | awk -v dir="$dir/$files" -v n="$files" '{ s = s $0 "\n" } END {
		for (i = 1; i <= n; i++) {
			file = sprintf("%s/%05d.clnrm.toml", dir, i)
			printf "%s", s >file
			close(file)
		}
	}'
done
sample text 100 1 20 10000000
sample text 1000 1 10 100000000
sample text 10000 1 3 1000000000
sample text 10000 2 3
sample ndjson 100 1 20
sample ndjson 1000 1 10
sample ndjson 10000 1 3
sample ndjson 10000 2 3
