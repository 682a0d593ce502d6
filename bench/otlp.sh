#!/bin/sh
# Spans taken in: in process, against libprotobuf with an arena and a bare pass of
# yajl; where none are sent; over HTTP on loopback; and judged. In each turn of a
# race all take part. Where it may, it runs before all others, so that figures are
# those of a quiet machine.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
BIN=${BIN:-$root/build/bin}
lib=${LIB:-$BIN/../libclnrm.a}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
first=
! chrt -r 5 true 2>/dev/null || first='chrt -r 5'

cat >"$dir/peer.cc" <<'END'
#include "otlp.pb.h"
extern "C" size_t
peer_decode(const char *s, size_t n)
{
	google::protobuf::Arena arena;
	auto *r = google::protobuf::Arena::CreateMessage<otlp::Request>(&arena);
	size_t spans = 0;

	if (!r->ParseFromArray(s, n))
		return 0;
	for (const auto &resource : r->resource_spans())
		for (const auto &scope : resource.scope_spans())
			spans += scope.spans_size();
	return spans;
}
END
protoc -I"$root/bench" --cpp_out="$dir" otlp.proto
for file in peer.cc otlp.pb.cc; do
	g++ -O2 -std=c++17 -DNDEBUG -I"$dir" -c -o "$dir/$file.o" "$dir/$file"
done
for file in otlp race; do
	gcc -D_GNU_SOURCE -I"$root/lib" -std=gnu11 -O2 -c -o "$dir/$file.o" \
		"$root/bench/$file.c"
done
g++ -o "$dir/otlp" "$dir/otlp.o" "$dir/peer.cc.o" "$dir/otlp.pb.cc.o" "$lib" \
	-lprotobuf -lpthread -lyajl -lnettle -lpcre2-8 -lz -lzstd -lnghttp2 -lm
gcc -o "$dir/race" "$dir/race.o" "$lib" -lm
python3 "$root/bench/otlp.py" records 20480 512 >"$dir/records"
python3 "$root/bench/otlp.py" requests 20480 512 >"$dir/requests"

# In process: ns for a span, and spans in a second.
$first "$dir/otlp" protobuf "$dir/records" | jq -c '{type: "sample"} + . + {limit: 0.6667,
	spans_per_s: (1e9 / .a_ns | round), peer_spans_per_s: (1e9 / .b_ns | round)} |
	.holds = (.ratio <= .limit)'
$first "$dir/otlp" json "$dir/requests" | jq -c '{type: "sample"} + . + {limit_ns: 2000,
	spans_per_s: (1e9 / .a_ns | round)} | .holds = (.a_ns <= .limit_ns)'

# What it costs a scenario to be heard that sends nothing.
$first "$dir/otlp" none | jq -c '{type: "sample"} + . + {limit_ns: 200000} |
	.holds = (.a_ns <= .limit_ns)'

# send NAME LEAST [OPTION]: how many spans a second a collector takes in, whose
# records go down a pipe.
send() {
	for _ in 1 2 3 4 5 6 7; do
		$first "$BIN/clnrm-collect" --listen "127.0.0.1:$port" \
			--max-spans 20480 ${3:+"$3"} | $first wc -l >/dev/null &
		$first "$dir/otlp" send "$port" "$dir/records"
		wait
	done | jq -cs --arg name "$1" --argjson least "$2" '
		{type: "sample", name: $name, spans_per_s:
		 (20480e9 / (sort | .[length / 2 | floor]) | round), least: $least} |
		.holds = (.spans_per_s >= .least)'
}

port=${PORT:-14318}
send otlp.http.pipe 300000
send otlp.http.count 1000000 --count

# Verdict on 100,000 spans by 50 rules, against yajl over the same bytes. What
# it passes on is not written to a disk, which would be measured with it.
cat >"$dir/t.clnrm.toml" <<'END'
[meta]
name = "t"
version = "1"
[[scenario]]
name = "s"
run = "true"
END
i=0
for name in order pay ship pack 'GET /items/{id}' 'SELECT items' cache.get render; do
	for ask in 'attrs.all = { retry = { exists = true } }' \
		'attrs.all = { "url.path" = { regex = "^/items/" } }' \
		'kind = "server"' 'count = { gte = 100 }' \
		'attrs.any = { "http.request.method" = "GET" }' 'parent = "*"'; do
		i=$((i + 1))
		printf '[[expect.span]]\nname = "%s"\n%s\n' "$name" "$ask"
	done
done >>"$dir/t.clnrm.toml"
printf '[expect.counts]\nspans_total = { eq = 100000 }\nerrors_total = { eq = 0 }\n' \
	>>"$dir/t.clnrm.toml"
cd "$dir"
python3 "$root/bench/otlp.py" run 100000 500 >ran
"$BIN/clnrm-render" t.clnrm.toml | "$BIN/clnrm-lint" - | cat - ran >run
"$BIN/clnrm-verify" <run | grep '^{"type":"verdict"' |
	jq -e '.verdict == "pass"' >/dev/null
$first ./race 9 verify=sh -c "'$BIN/clnrm-verify' <run >/dev/null" -- yajl=./otlp yajl run |
	jq -c 'select(.name == "verify") | {type: "sample"} + . + {name: "otlp.verify", limit: 2.5} |
		.holds = (.ratio <= .limit)'
