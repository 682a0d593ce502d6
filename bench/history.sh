#!/bin/sh
# Adds a file of results to the table `bench` of the history beside them, for
# trends: times in ns, memory in kB. Of the files only the newest ten are kept.
#
#   bench/history.sh .clnrm/bench/results/2026-11-21T120000Z.ndjson
set -eu
dir=${1%/*}
db=$dir/../../history.db

find "$dir" -name '*.ndjson' | sort -r | tail -n +11 | xargs -r rm -f
if ! command -v sqlite3 >/dev/null; then
	echo 'bench: no history is kept: there is no sqlite3' >&2
	exit 0
fi
jq -rs '
	def sql: if . == null then "NULL" elif type == "number" then tostring
		else "'\''" + gsub("'\''"; "'\'\''") + "'\''" end;
	(map(select(.type == "bench_env"))[0] // {}) as $env |
	"PRAGMA busy_timeout = 10000;", "PRAGMA journal_mode = WAL;", "BEGIN;",
	"CREATE TABLE IF NOT EXISTS bench (id TEXT NOT NULL, rev TEXT,
		ts TEXT NOT NULL, env TEXT, p50 REAL, p95 REAL, p99 REAL, mean REAL,
		rss INTEGER);",
	"CREATE INDEX IF NOT EXISTS bench_by_id ON bench (id, ts);",
	(.[] | select(.type == "bench_result" and .status == "ok") |
		"INSERT INTO bench VALUES (\([.id, $env.rev, $env.ts, $env.hash,
			.p50_ns, .p95_ns, .p99_ns, .mean_ns, .peak_rss_kb] |
			map(sql) | join(", ")));"),
	"COMMIT;"' "$1" | sqlite3 -bail "$db" >/dev/null
