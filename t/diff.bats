#!/usr/bin/env bats
# clnrm-diff from outside, and the verbs that stand on it.
load helper

trace=5b8efff798038103d269b633813fc60c

# A span record: span ID PARENT NAME [ATTRIBUTES [START [END]]]
span() {
	printf '{"type":"span","trace_id":"%s","span_id":"%016x","parent_span_id":"%s","name":"%s","kind":"INTERNAL","start_unix_nano":"%s","end_unix_nano":"%s","status":{"code":"UNSET","message":""},"attributes":%s,"events":[],"links":[],"resource":{"attributes":{"service.name":"web"}}}\n' \
		$trace "$1" "$([ "$2" = 0 ] || printf %016x "$2")" "$3" \
		"${5-100$1}" "${6-200$1}" "${4-{\}}"
}

shop() {
	span 1 0 shop
	span 2 1 reserve '{"items":3}'
	span 3 1 pay "{\"amount\":${1-1999}}"
}

diff_text() {
	clnrm-diff --format text "$@"
}

@test "the same trace is the same, and exits 0" {
	shop >a
	run -0 diff_text a a
	[[ "${lines[-1]}" == "same: 3 spans" ]]
}

@test "ids, times of day and the order of lines do not count" {
	shop >a
	shop | tac | sed "s/$trace/0af7651916cd43dd8448eb211c80319c/; s/0000\([123]\)\"/1111\1\"/g; s/nano\":\"/&9/g" >b
	run -0 diff_text a b
	[[ "${lines[-1]}" == "same: 3 spans" ]]
}

@test "a changed attribute is one line, and exits 1" {
	shop >a
	shop 2000 >b
	run -1 diff_text --only-changes a b
	[ "${lines[1]}" = "~   pay  attributes.amount: 1999 -> 2000" ]
	[ "${#lines[@]}" = 3 ]
}

@test "what came, what went, what moved and what has another name are told apart" {
	{ shop; span 4 2 query '{"sql":"x"}'; span 5 2 cache '{"hit":true}'; } >a
	{ shop; span 4 3 query '{"sql":"x"}'; span 5 2 store '{"hit":true}'; span 6 1 log; } >b
	run -1 clnrm-diff a b
	[ "$(jq -r 'select(.type == "diff") | "\(.op) \(.path)"' <<<"$output" | sort)" = \
		"added shop/log
moved shop/pay/query
renamed shop/reserve/store" ]
}

@test "the records are those of the manual" {
	shop >a
	{ shop 2000; span 9 1 log; } >b
	clnrm-diff a b >kept.a || true
	[ "$(wc -l <kept.a)" = 3 ]
	clnrm-diff --show baseline b >kept.b
	is_as_documented kept.a
	is_as_documented kept.b
}

@test "as a filter it passes the stream on, its end behind the difference" {
	shop >a
	{
		echo '{"type":"begin","v":1,"run":"0123456789abcdef","argv":[]}'
		shop 2000
		echo '{"type":"later","x":1}'
		echo '{"type":"end","stage":"exec","status":0,"records":1,"duration_ns":1}'
	} >stream
	run -1 clnrm-diff a - <stream
	[ "$(jq -r .type <<<"$output" | tr '\n' ' ')" = \
		"begin span span span later diff diff.summary end end " ]
	head -n 5 stream | cmp - <(head -n 5 <<<"$output")
}

# live ARGUMENTS...: a live comparison that is written to by $to.
live() {
	mkfifo in out
	clnrm-diff --live "$@" <in >out 3>&- &
	exec {to}>in {from}<out
}

# await WORD: its next line has it.
await() {
	local line
	read -r -t 60 -u "$from" line
	echo "$line"
	[[ "$line" == *"$1"* ]]
}

@test "a live comparison tells what differs as it comes, and ends as any other" {
	shop >a
	{ shop 2000; span 4 1 log; } >b
	run -1 diff_text a - <b
	echo "$output" >want
	live --format text a -
	head -n 1 b >&"$to"
	await 'so far: 2 removed; 3 spans before, 1 now'
	sed -n 2,3p b >&"$to"
	await 'so far: shop/pay  attributes.amount: 1999 -> 2000'
	await 'so far: 1 changed; 3 spans before, 3 now'
	tail -n 1 b >&"$to"
	await 'so far: 1 added, 1 changed; 3 spans before, 4 now'
	exec {to}>&-
	cmp - want <&"$from"
}

@test "a live comparison passes a stream on, and its records say so far" {
	shop >a
	{
		echo '{"type":"begin","v":1,"run":"0123456789abcdef","argv":[]}'
		shop 2000
	} >part
	live a -
	cat part >&"$to"
	await begin
	for _ in 1 2 3; do await '"type":"span"'; done
	await '{"type":"diff","so_far":true,"op":"changed"'
	await '{"type":"diff.summary","so_far":true,"same":false'
	end='{"type":"end","stage":"exec","status":0,"records":1,"duration_ns":1}'
	echo "$end" >&"$to"
	exec {to}>&-
	cat <&"$from" >rest
	[ "$(jq -r .type rest | tr '\n' ' ')" = "diff diff.summary end end " ]
	run -3 clnrm-diff --live a - <part
	[[ "$output" == *"the stream was cut"* ]]
	run -1 clnrm-diff --live -q --loose a - <part
	run -2 clnrm-diff --live a a
	run -2 clnrm-diff --live --format html a - <part
}

@test "live or at once, in lines or one document, the end is the same" {
	need_shared corpus/traces
	pair=$SHARED/corpus/traces/pairs/100-renamed
	for form in ndjson otlp.json; do
		clnrm-diff "$pair/baseline.ndjson" - <"$pair/current.$form" >once || [ $? = 1 ]
		clnrm-diff --live "$pair/baseline.ndjson" - <"$pair/current.$form" |
			grep -v '"so_far":true' | cmp - once
	done
}

@test "a stream that was cut is exit 3" {
	shop >a
	{ echo '{"type":"begin","v":1,"run":"0123456789abcdef","argv":[]}'; shop; } >part
	run -3 clnrm-diff a - <part
	run -0 clnrm-diff --loose -q a - <part
}

@test "a trace that cannot be read is exit 2 with its line" {
	shop >a
	printf '{"name":"x",\n"a":}\n' >bad
	run -2 clnrm-diff a bad
	[[ "$output" == *"bad:2: malformed JSON"* ]]
	echo hello >none
	run -2 clnrm-diff a none
	[[ "$output" == *"none: no spans"* ]]
	run -2 clnrm-diff a missing
	run -2 clnrm-diff
}

@test "a name that is ignored does not count" {
	shop >a
	shop 2000 >b
	run -0 clnrm-diff -q --ignore 'am*' a b
	run -1 clnrm-diff -q --ignore items a b
}

@test "host, process and run ids count with --all only" {
	{ span 1 0 a '{"process.pid":1,"test.run.id":"x"}'; } >a
	{ span 1 0 a '{"process.pid":2,"test.run.id":"y"}'; } >b
	run -0 clnrm-diff -q a b
	run -1 clnrm-diff -q --all a b
}

@test "durations are the same within the tolerance" {
	span 1 0 a '{}' 1000000 11000000 >a
	span 1 0 a '{}' 1000000 16000000 >b
	run -0 clnrm-diff -q a b
	run -1 clnrm-diff -q --tolerance 1.2 a b
	run -0 clnrm-diff -q --tolerance 1.2 --least 1s a b
	run -0 clnrm-diff -q --tolerance 1.2 --ignore duration a b
	run -2 clnrm-diff -q --tolerance x a b
}

@test "of five runs the noise is known, and a duration beyond it is told" {
	for ms in 10 12 11 30 12; do
		span 1 0 a '{}' 1000000 $((1000000 + ms * 1000000)) >run.$ms
	done
	for ms in 13 45 70; do
		span 1 0 a '{}' 1000000 $((1000000 + ms * 1000000)) >now.$ms
	done
	also=(--also run.12 --also run.11 --also run.30 --also run.12)
	run -1 clnrm-diff -q run.10 now.45 # one run, twice as long
	run -0 clnrm-diff -q "${also[@]}" run.10 now.45
	run -1 clnrm-diff --format text "${also[@]}" run.10 now.70
	[[ "$output" == *"duration_ns: 12.0 ms -> 70.0 ms"* ]]
	clnrm-diff --show baseline "${also[@]}" run.10 >base
	is_as_documented base
	run -0 clnrm-diff -q base now.45
	run -1 clnrm-diff -q base now.70
	run -0 clnrm-diff -q --ignore duration base now.70
	# four runs are too few
	clnrm-diff --show baseline "${also[@]:2}" run.10 >few
	run -0 clnrm-diff -q few now.70
	# and the digest is that of one run
	[ "$(clnrm-diff --show digest base)" = "$(clnrm-diff --show digest run.10)" ]
}

@test "recorded durations stay as they are while they take in the new ones" {
	for ms in 10 12 11 30 12 13 99; do
		span 1 0 a '{}' 1000000 $((1000000 + ms * 1000000)) >run.$ms
	done
	clnrm-diff --show baseline --also run.12 --also run.11 --also run.30 --also run.13 run.10 >old
	clnrm-diff --show baseline --also run.10 --also run.11 --also run.11 --also run.12 --also old run.13 >new
	cmp old new
	clnrm-diff --show baseline --also run.99 --also run.11 --also run.11 --also run.12 --also old run.13 >new
	run ! cmp -s old new
	[ "$(diff old new | grep -c '^>')" = 1 ]
}

@test "children in another order are told, unless order is ignored" {
	{ span 1 0 a '{}' 10 90; span 2 1 x '{}' 11 12; span 3 1 y '{}' 13 14; } >a
	{ span 1 0 a '{}' 10 90; span 2 1 x '{}' 15 16; span 3 1 y '{}' 13 14; } >b
	run -1 diff_text a b
	[[ "$output" == *"reordered"* ]]
	run -0 clnrm-diff -q --ignore order a b
}

@test "every shape of span is read" {
	shop >a
	t='"traceId":"'$trace'"'
	printf '{"resourceSpans":[{"scopeSpans":[{"spans":[{%s,"spanId":"0000000000000001","name":"shop"},{%s,"spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"reserve","attributes":[{"key":"items","value":{"intValue":"3"}}]},{%s,"spanId":"0000000000000003","parentSpanId":"0000000000000001","name":"pay","kind":1,"attributes":[{"key":"amount","value":{"intValue":1999}}]}]}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]}}]}' \
		"$t" "$t" "$t" >otlp.json
	run -0 clnrm-diff -q a otlp.json
	jq -s 'map(del(.type))' a >list.json
	run -0 clnrm-diff -q a list.json
	jq -s '{spans: map(del(.type))}' a >spans.json
	run -0 clnrm-diff -q a spans.json
	jq -c '{name, traceId: .trace_id, spanId: .span_id, parentSpanId: (if .parent_span_id == "" then null else .parent_span_id end), kind: "Internal", startTimeUnixNano: (.start_unix_nano | tonumber), endTimeUnixNano: (.end_unix_nano | tonumber), status: {code: "Unset"}, attributes, resource}' a >camel
	run -0 clnrm-diff -q a camel
	mkdir dir
	head -n 2 a >dir/1.ndjson
	tail -n 1 a >dir/2.ndjson
	run -0 clnrm-diff -q a dir
}

@test "equal values are equal in every spelling" {
	span 1 0 a '{"s":"é\n","f":0.5,"l":[1,"x"]}' >a
	span 1 0 a '{ "s": "\u00e9\u000a", "f": 5e-1, "l": [ 1, "x" ] }' >b
	run -0 clnrm-diff -q a b
	span 1 0 a '{"s":"é\n","f":0.5,"l":[1,"y"]}' >c
	run -1 clnrm-diff -q a c
	span 1 0 a '{"f":1}' >one
	span 1 0 a '{"f":1.0}' >float
	run -1 clnrm-diff -q one float
}

@test "circles, orphans, equal ids and several roots are shown and end" {
	{ span 1 2 a; span 2 1 b; span 3 3 self; span 4 99 orphan; span 5 0 root; span 5 0 other; } >odd
	run -0 diff_text odd odd
	[[ "$output" == *"same: 6 spans"* ]]
	[[ "$output" == *"bear the id of another"* ]]
	[[ "$output" == *"their own ancestors"* ]]
	run -0 clnrm graph odd
	[[ "$output" == *"(its parent is not here)"* ]]
	[ "$(clnrm graph odd 2>/dev/null | sed -E 's/^.. *([a-z]+) .*/\1/' |
		sort | tr '\n' ' ')" = "a b orphan other root self " ]
}

@test "a chain of 20000 spans and a value of a megabyte are compared" {
	python3 - <<-'P'
	import json
	def line(i, x):
	    return json.dumps({"span_id": "%x" % i, "trace_id": "1", "parent_span_id": "%x" % (i - 1) if i > 1 else None, "name": "n", "attributes": {"x": x}})
	open("a", "w").write("\n".join(line(i, 1) for i in range(1, 20001)))
	open("b", "w").write("\n".join(line(i, 1 + (i > 19990)) for i in range(1, 20001)))
	open("c", "w").write(line(1, "x" * 1000000))
	open("d", "w").write(line(1, "x" * 1000000 + "y"))
	P
	run -1 diff_text --only-changes --max-depth 1 a b
	[[ "$output" == *"10 changed;"* ]]
	run -1 diff_text c d
	[[ "$output" == *"(1000003 bytes)"* ]]
	run -0 clnrm-diff --show digest a
}

@test "what is too deep to be printed is counted, and decides" {
	need_shared corpus/traces
	pair=$SHARED/corpus/traces/pairs/100-renamed
	run -1 diff_text "$pair/baseline.ndjson" "$pair/current.ndjson"
	all=$output
	for depth in 1 2 4; do
		run -1 diff_text --max-depth $depth "$pair/baseline.ndjson" "$pair/current.ndjson"
		[ "${lines[-1]}" = "$(tail -n 1 <<<"$all")" ]
		# no line is indented further
		run ! grep -qE "^. ( ){$((2 * depth))}[^ ]" <<<"$output"
	done
	run -1 diff_text --max-depth 1 "$pair/baseline.ndjson" "$pair/current.ndjson"
	[[ "${lines[0]}" == "  test: checkout  ("*" changes below)" && ${#lines[@]} = 2 ]]
	# an added subtree is one change, however deep it is cut
	shop >a
	{ shop; span 4 1 log; span 5 4 write; } >b
	run -1 diff_text --max-depth 1 a b
	[[ "${lines[0]}" == *"(1 changes below)" && "${lines[1]}" == "2 added;"* ]]
	run -1 clnrm-diff --max-depth 1 a b
	[ "$(jq -c 'select(.type == "diff") | .path' <<<"$output")" = '"shop/log"' ]
}

@test "a hundred runs of the same behaviour have one digest" {
	for i in $(seq 100); do
		{ span $i 0 shop; span 20$i $i pay '{"amount":1}' $((RANDOM + 1)); span 30$i $i log '{}' $((RANDOM + 1)); } |
			shuf | clnrm-diff --show digest -
	done | sort | uniq -c >digests
	[ "$(wc -l <digests)" = 1 ]
	grep -q '^ *100 ' digests
	{ span 1 0 shop; span 2 1 pay '{"amount":2}'; span 3 1 log; } |
		clnrm-diff --show digest - >other
	run -1 grep -qf other digests
}

@test "the digest of no span is that of the empty text" {
	echo '{"type":"later"}' >none
	run -0 clnrm-diff --show digest none
	[ "$output" = "$(printf '' | sha256sum | cut -d ' ' -f 1)" ]
}

@test "a recorded trace is the same as its source, and changes by a line" {
	shop >a
	clnrm-diff --show baseline a >base
	run -0 clnrm-diff -q base a
	[ "$(sed 1d base | sha256sum | cut -d ' ' -f 1)" = "$(clnrm-diff --show digest a)" ]
	shop 2000 | clnrm-diff --show baseline - >changed
	[ "$(diff <(sed 1d base) <(sed 1d changed) | grep -c '^>')" = 1 ]
	clnrm-diff --show baseline --ignore amount a >ignoring
	shop 2000 >b
	run -0 clnrm-diff -q ignoring b
	run -0 clnrm-diff -q --ignore-from ignoring a b
}

@test "spans are listed by name, attribute, status and duration" {
	shop >a
	run -0 clnrm spans a
	[[ "${lines[-1]}" == "3 of 3 spans" ]]
	run -0 clnrm spans --name 'p*' a
	[[ "${lines[-1]}" == "1 of 3 spans" ]]
	run -0 clnrm spans --attr items=3 a
	[[ "${lines[1]}" == reserve* && "${lines[-1]}" == "1 of 3 spans" ]]
	run -0 clnrm spans --status ERROR a
	[[ "${lines[-1]}" == "0 of 3 spans" ]]
	run -0 clnrm spans --longer 1s a
	[[ "${lines[-1]}" == "0 of 3 spans" ]]
}

@test "a graph is drawn in four forms, its names escaped" {
	{ span 1 0 'a\"b'; span 2 1 'x->y'; } >a
	run -0 clnrm graph a
	[[ "${lines[1]}" == '*   x->y  '* ]]
	run -0 clnrm graph --show dot a
	[[ "$output" == *'label="a\"b"'*'n0 -> n1;'* ]]
	run -0 clnrm graph --show mermaid a
	[[ "$output" == *'n0["a#34;b"]'*'n0 --> n1'* && "$output" != *'"x->y"'* ]]
	run -0 clnrm graph --show json a
	[ "$(jq -c .edges <<<"$output")" = '[{"source":0,"target":1}]' ]
}

@test "json is one document, github a command a change" {
	shop >a
	shop 2000 >b
	clnrm-diff --format json a b >j || [ $? = 1 ]
	[ "$(jq -r '.changes[0].field, .summary.changed' j | tr '\n' ' ')" = "attributes.amount 1 " ]
	run -1 clnrm-diff --format github a b
	[ "$output" = '::error title=trace: changed::shop/pay attributes.amount: 1999 -> 2000' ]
}

@test "the statistic counts by name" {
	shop >a
	shop 2000 >b
	run -1 diff_text --stat a b
	[[ "${lines[0]}" == *"~1 "*"pay" && "${#lines[@]}" = 2 ]]
}

@test "the corpus: known differences are found, and no others, but among equal siblings" {
	need_shared corpus/traces
	SHAPES="mixed deep wide chain" run -0 python3 "$ROOT/t/diff.py" "$SHARED/corpus/traces/gen.py" 10 100 1000
	echo "$output"
	[ "$(grep -c 'sure 1.000 1.000' <<<"$output")" -ge 60 ]
	run -0 clnrm-diff -q "$SHARED/corpus/traces/pairs/50-equal/baseline.ndjson" \
		"$SHARED/corpus/traces/pairs/50-equal/current.otlp.json"
}

@test "record, then repro: the same, until the code changes" {
	one_step shop.clnrm.toml 'cat spans.log' <<-'T'
	isolation = "process"
	[otel]
	exporter = "stdout"
	T
	: >spans.log
	run -0 clnrm record shop.clnrm.toml
	[ -s .clnrm/baseline/shop.clnrm.toml.ndjson ]
	run -0 clnrm repro --verify-digest .clnrm/baseline/shop.clnrm.toml.ndjson
	[[ "$output" == *"same digest"* ]]
	sed -i 's/^name = "s"/name = "other"/' shop.clnrm.toml
	run -1 clnrm repro .clnrm/baseline/shop.clnrm.toml.ndjson
	[[ "$output" == *"clnrm.step:"* ]]
	run -1 clnrm record shop.clnrm.toml
	[[ "$output" == *"--update"* ]]
	run -0 clnrm record --update shop.clnrm.toml
	run -0 clnrm record shop.clnrm.toml
}

@test "ten times in a row the recorded examples are the same, and a change of their code is one line" {
	cp -r "$ROOT/examples/"{hello,spans,clnrm.conf} .
	run -4 clnrm diff
	[[ "$output" == *"nothing is recorded"* ]]
	run -0 clnrm record
	for i in 1 2 3 4 5 6 7 8 9 10; do
		clnrm run >run.tap
		run -0 clnrm diff
		[ "$output" = "hello/hello.clnrm.toml: same: 4 spans
spans/spans.clnrm.toml: same: 5 spans" ]
	done
	sed 's/order.items", 3/order.items", 4/' spans/checkout.c |
		${CC:-cc} -x c -o spans/checkout -
	clnrm run >run.tap
	run -1 clnrm diff
	[ "$(grep -c '^~' <<<"$output")" = 1 ]
	[[ "$output" == *"attributes.order.items: 3 -> 4"*$'\n'"accept: clnrm record --update spans/spans.clnrm.toml" ]]
}

@test "of a run the spans of one test are compared, and a test that did not run is told" {
	cp -r "$ROOT/examples/"{hello,spans,clnrm.conf} .
	clnrm record >recorded
	clnrm run spans >run.tap
	run -0 clnrm-diff -q --source spans/spans.clnrm.toml \
		.clnrm/baseline/spans/spans.clnrm.toml.ndjson last
	run -2 clnrm diff
	[[ "$output" == *"last: no spans of hello/hello.clnrm.toml: it did not run"* ]]
	[[ "$output" == *"spans/spans.clnrm.toml: same: 5 spans"* ]]
	run -0 clnrm -n diff
	[ "${lines[0]}" = "clnrm-diff --format text --only-changes --source hello/hello.clnrm.toml .clnrm/baseline/hello/hello.clnrm.toml.ndjson last" ]
}

@test "record with five runs keeps their durations, and --update no more than what is new" {
	one_step shop.clnrm.toml 'cat spans.log' <<-'T'
	isolation = "process"
	[otel]
	exporter = "stdout"
	T
	span 1 0 shop '{}' 1000000 11000000 | jq -c '{name, context: {trace_id: "0x\(.trace_id)",
		span_id: "0x\(.span_id)"}, parent_id: null, kind: "SpanKind.INTERNAL",
		start_time: "2026-11-21T10:00:00.000000Z", end_time: "2026-11-21T10:00:00.010000Z",
		status: {status_code: "UNSET"}, attributes: {}, events: [], links: [],
		resource: {attributes: {}, schema_url: ""}}' >spans.log
	run -2 clnrm record --runs 1 shop.clnrm.toml
	run -0 clnrm record --runs 5 shop.clnrm.toml
	grep '"name":"shop".*"runs":\[10000000,10000000,10000000,10000000,10000000\]' .clnrm/baseline/shop.clnrm.toml.ndjson
	is_as_documented .clnrm/baseline/shop.clnrm.toml.ndjson
}

@test "record keeps nothing of a test that is not green" {
	one_step bad.clnrm.toml 'exit 1' </dev/null
	run -1 clnrm record bad.clnrm.toml
	[ ! -e .clnrm/baseline ]
}

@test "a test passes red-green only if it was seen to fail" {
	one_step a.clnrm.toml 'exit 0' </dev/null
	run -1 clnrm red-green --expect green a.clnrm.toml
	[[ "$output" == *"never seen to be red"* ]]
	run -1 clnrm red-green --expect red a.clnrm.toml
	one_step a.clnrm.toml 'exit 1' </dev/null
	run -0 clnrm red-green --expect red a.clnrm.toml
	run -1 clnrm red-green --expect green a.clnrm.toml
	one_step a.clnrm.toml 'exit 0' </dev/null
	run -0 clnrm red-green --expect green a.clnrm.toml
	run -2 clnrm red-green a.clnrm.toml
}
