#!/usr/bin/env bats
load helper

STREAMS=$ROOT/t/corpus/verdict

# The verdicts of a saved stream, one a line: NAME VERDICT.
verdicts() {
	clnrm-verify "$STREAMS/$1.ndjson" |
		jq -r 'select(.type == "verdict") | "\(.name) \(.verdict)"'
}

# The rules that do not hold, with their codes.
broken() {
	clnrm-verify "$STREAMS/$1.ndjson" |
		jq -r 'select(.type == "check" and (.ok | not)) | "\(.rule) \(.code)"'
}

@test "a test whose every check holds passes, and every check has a record" {
	run -0 clnrm-verify "$STREAMS/pass.ndjson"
	[ "$(jq -r 'select(.type == "verdict").verdict' <<<"$output")" = pass ]
	[ "$(jq -c 'select(.type == "verdict").counts' <<<"$output")" = \
		'{"checks":13,"failed":0,"spans":2,"spans_required":2,"spans_found":2}' ]
	[ "$(jq -c 'select(.type == "check").ok' <<<"$output" | sort -u)" = true ]
}

@test "everything that was read is passed on byte for byte and in order" {
	clnrm-verify "$STREAMS/tables.ndjson" |
		jq -c 'select(.type != "check" and .type != "verdict" and .stage != "verify")' >got
	jq -c . "$STREAMS/tables.ndjson" >want
	cmp want got
	printf '{"type":"odd",  "x":1}\n{"type":"end","stage":"exec","status":0}\n' |
		clnrm-verify | grep -Fx '{"type":"odd",  "x":1}'
}

@test "the verdict comes right behind the scenario.end, before the runner's end" {
	run clnrm-verify "$STREAMS/pass.ndjson"
	[ "$(jq -r .type <<<"$output" | sed -n '/scenario.end/,$p' | uniq | paste -sd' ')" = \
		"scenario.end check verdict end" ]
}

@test "a wrong exit status fails, and steps behind it did not run" {
	[ "$(verdicts fail)" = "declines fail" ]
	[ "$(broken fail)" = "scenarios[0].steps[1].exit_code E201
scenarios[0].steps[2].exit_code E207" ]
	run -1 clnrm-verify "$STREAMS/fail.ndjson"
}

@test "a signal, a time-out and a wrong output fail, each with its code" {
	[ "$(broken signal)" = "scenarios[0].steps[0].exit_code E201" ]
	[ "$(broken timeout)" = "scenarios[0].steps[0].timeout E203" ]
	[ "$(broken output)" = "scenarios[0].steps[0].stdout_regex E202" ]
	[ "$(verdicts signal) $(verdicts timeout) $(verdicts output)" = \
		"killed fail late fail says fail" ]
}

@test "an expression that finds nothing in cut output is an error, exit 3" {
	[ "$(verdicts cut-output)" = "says error" ]
	run -3 clnrm-verify "$STREAMS/cut-output.ndjson"
}

@test "exit 0 without the spans that were expected is fake" {
	[ "$(verdicts fake)" = "refunds fake" ]
	run -1 clnrm-verify "$STREAMS/fake.ndjson"
	[[ "$output" = *'no span with this name; 0 spans carried this run'* ]]
}

@test "a missing span names the nearest one that came" {
	run clnrm-verify "$STREAMS/near.ndjson"
	[[ "$output" = *'did you mean \"refund.persists\"?'* ]]
	[ "$(verdicts near)" = "refunds fake" ]
}

@test "a check stands where the author wrote what it checks" {
	run clnrm-verify "$STREAMS/fake.ndjson"
	[ "$(jq -c 'select(.rule == "expect.span[1].existence") | [.file, .line, .column]' \
		<<<"$output")" = '["t/refunds.clnrm.toml",11,8]' ]
	[ "$(jq -c 'select(.rule == "scenarios[0].steps[0].exit_code") | [.line, .column]' \
		<<<"$output")" = '[3,1]' ]
}

@test "a missing span decides nothing when the collection is not complete" {
	[ "$(verdicts incomplete)" = "refunds error" ]
}

@test "spans that are there and contradict are a failure" {
	[ "$(verdicts mismatch)" = "kinds fail" ]
	[ "$(broken mismatch)" = "expect.span[0].parent E205
expect.span[0].attrs_all E205
expect.span[0].attrs_any E205
expect.span[0].events_any E205
expect.span[0].duration E205
expect.counts.by_name.a E206" ]
}

@test "graph, windows, order, status and hermeticity are judged" {
	[ "$(verdicts tables)" = "tables pass" ]
	[ "$(verdicts tables-fail)" = "tables fail" ]
	[ "$(verdicts tables-fake)" = "tables fake" ]
	[ "$(broken tables-fail | wc -l)" = 12 ]
	broken tables-fail | grep -x 'expect.graph.acyclic E205'
	broken tables-fail | grep -x 'expect.hermeticity.no_external_services E205'
	broken tables-fail | grep -Fx 'expect.order.must_follow[0] E205'
}

@test "what was seen of the network and of files is held against hermeticity" {
	one_step a.clnrm.toml true <<-'T'
	[expect.hermeticity]
	no_external_services = true
	no_outside_writes = true
	writes = ["/var/lib/app/**"]
	T
	clnrm-lint a.clnrm.toml >plan
	key='"id":"1","source":"a.clnrm.toml","gen":0,"variant":null,"scenario":"s"'
	while IFS='|' read -r want violation; do
		got=$({
			jq -c 'select(.type == "plan")' plan
			echo "{\"type\":\"scenario.start\",$key}"
			echo "{\"type\":\"step\",$key,\"step\":\"s\",\"index\":0,\"exit_code\":0,\"stdout\":\"\"}"
			[ -z "$violation" ] || echo "{\"type\":\"violation\",$key,\"step\":\"s\",$violation}"
			echo "{\"type\":\"scenario.end\",$key,\"status\":\"ok\",\"complete\":{\"processes\":true,\"connections\":true,\"parents\":true}}"
		} | clnrm-verify --loose |
			jq -r 'select(.type == "verdict") | .verdict + " " + (.first_failure.rule // "")')
		[ "$got" = "$want" ] || echo "$violation: $got"
	done >wrong <<-'T'
	pass |
	fail expect.hermeticity.no_external_services|"kind":"network","count":2,"target":null
	fail expect.hermeticity.no_outside_writes|"kind":"file","op":"changed","path":"/etc/passwd"
	pass |"kind":"file","op":"created","path":"/var/lib/app/db"
	fail expect.hermeticity.no_outside_writes|"kind":"file","path":null,"count":201
	T
	cat wrong
	[ ! -s wrong ]
}

@test "several scenarios have a verdict each, and the file has one on its spans" {
	[ "$(verdicts several)" = "shop/sell pass
shop/buy pass
shop pass" ]
	run clnrm-verify "$STREAMS/several.ndjson"
	[ "$(jq -c 'select(.type == "verdict") | [.scenario, .counts.checks]' <<<"$output" |
		paste -sd' ')" = '["sell",1] ["buy",1] [null,2]' ]
}

@test "a span that only arrived at the listener counts unless identity is strict" {
	[ "$(verdicts listener)" = "bare pass" ]
	[ "$(verdicts strict)" = "bare fake" ]
}

@test "our own spans count for no expectation" {
	[ "$(verdicts own)" = "own fake" ]
}

@test "a scenario that could not run is an error that says why" {
	[ "$(verdicts error)" = "world error" ]
	run -3 clnrm-verify "$STREAMS/error.ndjson"
	[[ "$output" = *'"message":"no user namespaces: '*'"verdict":"error"'* ]]
}

@test "a scenario cancelled by an edit has no verdict, and the last gen decides" {
	[ "$(verdicts dev)" = "loop fail
loop pass" ]
	run -0 clnrm-verify "$STREAMS/dev.ndjson"
}

@test "a scenario that never ended is an error, but not after an interrupt" {
	[ "$(verdicts unended)" = "stopped error" ]
	[ "$(verdicts interrupted)" = "stopped error" ]
}

@test "a stream that was cut exits 3 and says so; --loose takes it" {
	head -n 2 "$STREAMS/pass.ndjson" >cut.ndjson
	run -3 clnrm-verify cut.ndjson
	[[ "$output" = *'"code":"E501"'* ]]
	printf '{"type":"odd"}\n' >cut.ndjson
	run -3 clnrm-verify cut.ndjson
	run -0 clnrm-verify --loose cut.ndjson
}

@test "clnrm-verify tells a missing file and a second one, exit 2" {
	run -2 clnrm-verify none.ndjson
	[[ "$output" = *"none.ndjson: No such file"* ]]
	run -2 clnrm-verify a b
	[[ "$output" = *"one stream at a time; cat joins several"* ]]
}

# Judges a test "t" whose [expect] is on standard input: spans NAME ID PARENT
# START END [ATTRIBUTES [KIND]], one an operand.
judged() {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n'
		cat
	} >t.clnrm.toml
	clnrm-lint t.clnrm.toml | sed '/"type":"end"/d' >stream
	jq -nc '$ARGS.positional[] | [splits(" +")] | {type: "span", id: "1",
		source: "t.clnrm.toml", gen: 0, variant: null, via: "otlp", bound: "trace",
		trace_id: "t", span_id: .[1], parent_span_id: (.[2] | ltrimstr("-")),
		name: .[0], kind: (.[6] // "INTERNAL"), start_unix_nano: .[3],
		end_unix_nano: .[4], attributes: (.[5] // "{}" | fromjson),
		status: {code: "UNSET"}}' --args "$@" >>stream
	jq -nc '{id: "1", source: "t.clnrm.toml", gen: 0, variant: null, scenario: "s"} as $key
		| ({type: "step", step: "s", exit_code: 0, index: 0} + $key),
		({type: "scenario.end", status: "ok",
		complete: {processes: true, connections: true, parents: true}} + $key),
		{type: "end", stage: "exec", status: 0}' >>stream
	clnrm-verify stream >out || :
	jq -r 'select(.type == "verdict").verdict' out
}

# The message of the one rule that does not hold.
why() {
	jq -r 'select(.type == "check" and (.ok | not)) | "\(.rule): expected \(.expected), found \(.actual)"' out
}

@test "an attribute is held to a range, an expression, another value or its absence" {
	attrs() {
		printf '[[expect.span]]\nname = "a"\nattrs.all = { %s }\n' "$1"
	}
	span='a 1 - 10 20 {"n":200,"s":"/api/x","f":2.5,"t":"7","b":true}'
	for holds in 'n = { gte = 200, lt = 300 }' 'n = { gt = 199.5, lte = 200 }' \
		's = { regex = "^/api" }' 's = { not = "/api" }' 'z = { exists = false }' \
		'n = { exists = true }' 'f = { gt = 2, lt = 3 }' 't = { gte = 7 }' \
		'n = { eq = 200 }' 'b = { eq = true }' 'n = { regex = "^2..$" }'; do
		[ "$(attrs "$holds" | judged "$span")" = pass ] || { echo "$holds"; return 1; }
	done
	for breaks in 'n = { gte = 201 }' 'n = { gt = 200 }' 'n = { lt = 200 }' 'n = { lte = 199 }' \
		's = { regex = "^api" }' 's = { not = "/api/x" }' 's = { exists = false }' \
		'z = { exists = true }' 'z = { not = "x" }' 'z = { lt = 3 }' 's = { gte = 0 }' \
		'b = { gte = 0 }'; do
		[ "$(attrs "$breaks" | judged "$span")" = fail ] || { echo "$breaks"; return 1; }
	done
	attrs 'n = { gte = 300, lt = 400 }, z = { not = "x" }' | judged "$span"
	[ "$(why)" = "expect.span[0].attrs_all: expected n at least 300 and below 400, z other than x, found n=200, no z" ]
}

@test "integers above 2^53 are told apart in a range" {
	printf '[[expect.span]]\nname = "a"\nattrs.all = { n = { gt = 9007199254740992 } }\n' >e
	[ "$(judged 'a 1 - 10 20 {"n":"9007199254740993"}' <e)" = pass ]
	[ "$(judged 'a 1 - 10 20 {"n":"9007199254740992"}' <e)" = fail ]
}

@test "a span has an ancestor, a sibling, and spans that it follows" {
	set -- 'root 1 - 10 100' 'mid 2 1 20 90' 'leaf 3 2 30 40' 'next 4 2 50 60' 'far 5 1 95 99'
	kin() {
		printf '[[expect.span]]\nname = "%s"\n%s = "%s"\n' "$1" "$2" "$3"
	}
	[ "$(kin leaf ancestor root | judged "$@")" = pass ]
	[ "$(kin leaf ancestor 'r*t' | judged "$@")" = pass ]
	[ "$(kin far ancestor mid | judged "$@")" = fail ]
	[ "$(why)" = 'expect.span[0].ancestor: expected ancestor "mid", found it below "root"' ]
	[ "$(kin leaf sibling next | judged "$@")" = pass ]
	[ "$(kin leaf sibling leaf | judged "$@")" = fail ]
	[ "$(kin leaf sibling far | judged "$@")" = fail ]
	[ "$(kin root sibling root | judged "$@")" = fail ]
	[ "$(kin next follows leaf | judged "$@")" = pass ]
	[ "$(kin leaf follows next | judged "$@")" = fail ]
	[ "$(kin leaf follows root | judged "$@")" = pass ]
	[ "$(kin leaf follows never | judged "$@")" = fake ]
	[ "$(kin leaf ancestor never | judged "$@")" = fake ]
}

@test "a child comes first in no order, whatever its clock says" {
	printf '[expect.order]\nmust_precede = [["c", "p"]]\n' >order
	[ "$(judged 'p 1 - 50 60' 'c 2 1 10 20' <order)" = fail ]
	[ "$(judged 'p 1 - 50 60' 'c 2 - 10 20' <order)" = pass ]
}

@test "count bounds how many spans satisfy all that is asked, and eq = 0 is none" {
	set -- 'a 1 - 10 20 {"n":1}' 'a 2 - 10 20 {"n":2}' 'b 3 - 10 20'
	count() {
		printf '[[expect.span]]\nname = "%s"\nattrs.all = { n = { gte = %s } }\ncount = { %s }\n' "$@"
	}
	[ "$(count a 1 'eq = 2' | judged "$@")" = pass ]
	[ "$(count a 2 'eq = 1' | judged "$@")" = pass ]
	[ "$(count a 2 'gte = 2' | judged "$@")" = fail ]
	[ "$(count a 3 'eq = 0' | judged "$@")" = pass ]
	[ "$(count a 2 'eq = 0' | judged "$@")" = fail ]
	[ "$(count c 0 'eq = 0' | judged "$@")" = pass ]
	[ "$(count c 0 'gte = 1' | judged "$@")" = fake ]
	count a 3 'gte = 1' | judged "$@"
	jq -r 'select(.rule == "expect.span[0].count").hint' out |
		grep -Fx 'note: the nearest other one does not match on attrs_all: expected n at least 3, found n=1'
}

@test "all that does not hold is told in the order of the file" {
	judged 'a 1 - 10 20' <<-'T'
	[expect.status]
	all = "OK"
	[expect.counts]
	spans_total = { eq = 5 }
	[[expect.span]]
	name = "b"
	[expect.graph]
	must_include = [["x", "a"]]
	[[expect.span]]
	name = "a"
	kind = "server"
	T
	[ "$(jq -r 'select(.type == "check" and (.ok | not)) | "\(.line) \(.rule)"' out)" = "8 expect.status.all
10 expect.counts.spans_total
12 expect.span[0].existence
14 expect.graph.must_include[0]
17 expect.span[1].kind" ]
	[ "$(jq -r 'select(.type == "verdict").first_failure.rule' out)" = expect.status.all ]
}

@test "conditions on attributes that cannot hold are told by lint at their character" {
	while IFS='|' read -r attrs at why; do
		printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n[[expect.span]]\nname = "a"\nattrs.all = { %s }\n' "$attrs" >t.clnrm.toml
		run -1 clnrm-lint t.clnrm.toml
		[ "$(jq -r 'select(.severity == "error") | "\(.line):\(.column) \(.message)"' <<<"$output")" = "9:$at $why" ] ||
			{ echo "$output"; return 1; }
	done <<-'T'
	a = { gte = 5, lt = 5 }|35|nothing can hold: gte is 5 and lt is 5
	a = { gte = 5, lte = 4 }|36|nothing can hold: gte is 5 and lte is 4
	a = { regex = "x(y" }|33|expression does not compile: missing closing parenthesis
	a = { eq = 1, not = 2 }|26|eq says it all: no other condition may stand beside it
	a = { exists = false, gt = 1 }|30|nothing can hold: what is not there has no value
	a = {}|19|expect.span[0].attrs.all.a asks nothing
	a.b = 3|17|expect.span[0].attrs.all.a is a table, and 'b' is no condition
	a = { gtee = 3 }|21|expect.span[0].attrs.all.a is a table, and 'gtee' is no condition
	a = { gte = nan }|27|'gte' is no number to compare with
	T
}

# $1 spans "a" of 1, 2, 3 ... ms, as operands of `judged`.
steps_of_ms() {
	local i
	spans=()
	for i in $(seq "$1"); do
		spans+=("a $i - 1000000 $(((i + 1) * 1000000)) {\"n\":$((i % 2))}")
	done
}

# A test of the quantile $1 of the durations of "a", with the bounds $2.
quantile() {
	printf '[[expect.span]]\nname = "a"\nduration_ms = { %s = { %s } }\n%s\n' "$1" "$2" "${3-}"
}

@test "quantiles of durations are held to their bounds" {
	steps_of_ms 100
	while read -r q ms; do
		[ "$(quantile "$q" "min = $ms, max = $ms" | judged "${spans[@]}")" = pass ]
		[ "$(quantile "$q" "max = $((ms - 1)).9" | judged "${spans[@]}")" = fail ]
		[ "$(quantile "$q" "min = $ms.1" | judged "${spans[@]}")" = fail ]
	done <<-'T'
	p50 50
	p90 90
	p95 95
	p99 99
	T
	[ "$(why)" = "expect.span[0].duration_p99: expected at least 99.1 ms, found 99 ms" ]
	[ "$(jq -c 'select(.rule == "expect.span[0].duration_p99") | [.line, .column]' out)" = '[9,17]' ]
}

@test "a quantile is of the spans that satisfy all other conditions" {
	steps_of_ms 20
	[ "$(quantile p50 'min = 10, max = 10' 'attrs.all = { n = 0 }' | judged "${spans[@]}")" = pass ]
	[ "$(quantile p50 'min = 9, max = 9' 'attrs.all = { n = 1 }' | judged "${spans[@]}")" = pass ]
	# The longest of all is still what some span must keep within.
	sed 's/p50 = .* }/max = 0.5, &/' <(quantile p50 'max = 10') >both
	[ "$(judged "${spans[@]}" <both)" = fail ]
	[ "$(why | cut -d: -f1)" = 'expect.span[0].duration' ]
}

@test "too few durations are an error and not a pass, and none is fake" {
	while read -r q n; do
		steps_of_ms $((n - 1))
		[ "$(quantile "$q" 'max = 1000' | judged "${spans[@]}" 'a ff - 10 5' 'a fe - 0 5')" = error ]
		steps_of_ms "$n"
		[ "$(quantile "$q" 'max = 1000' | judged "${spans[@]}")" = pass ]
	done <<-'T'
	p50 6
	p90 10
	p95 20
	p99 100
	T
	[ "$(quantile p50 'max = 1' | judged 'b 1 - 10 20')" = fake ]
	[ "$(quantile p50 'max = 1' | judged 'a 1 - 10 20')" = error ]
	jq -r 'select(.rule == "expect.span[0].duration_p50").message' out |
		grep -Fx 'cannot be decided: p50 of "a" takes 6 durations, and there is 1'
}

@test "the runs of one saved stream give their durations together, and the last is judged" {
	cp "$ROOT/examples/spans/checkout" .
	one_step many.clnrm.toml './checkout' <<-'T'
	[[expect.span]]
	name = "checkout"
	duration_ms = { p50 = { max = 60000 } }
	[expect.counts]
	spans_total = { eq = 3 }
	T
	for i in 1 2 3 4 5 6; do
		executed many.clnrm.toml >"run$i.ndjson"
	done
	cat run?.ndjson >all.ndjson
	run -0 clnrm verify all.ndjson --against many.clnrm.toml
	[ "$(jq -r 'select(.type == "verdict") | "\(.verdict) \(.counts.spans)"' <<<"$output")" = "pass 3" ]
	jq -r 'select(.type == "check").message' <<<"$output" |
		grep '^p50 of 6 durations of "checkout": expected at most 60000 ms, found '
	sed -i 's/max = 60000/max = 0/' many.clnrm.toml
	run -1 clnrm verify all.ndjson --against many.clnrm.toml
	# One that was not complete is none to go by.
	jq -c 'if .type == "scenario.end" then .complete.processes = false else . end' \
		run1.ndjson | cat - run[2-6].ndjson >five.ndjson
	run -3 clnrm verify five.ndjson --against many.clnrm.toml
	[[ "$output" = *'takes 6 durations, and there are 5'* ]]
	# Equal ids in two runs are two spans.
	for i in 1 2 3 4 5 6; do
		sed 's/"id":"\([0-9a-f]*\)"/"id":"\1-'"$i"'"/' run1.ndjson
	done >same.ndjson
	run -1 clnrm verify same.ndjson --against many.clnrm.toml
	[[ "$output" = *'p50 of 6 durations'* ]]
}

@test "quantiles that cannot hold are told by lint" {
	while IFS='|' read -r q at why; do
		printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n[[expect.span]]\nname = "a"\nduration_ms = { %s }\n' "$q" >t.clnrm.toml
		clnrm-lint t.clnrm.toml >found || :
		[ "$(jq -r 'select(.severity == "error" or .severity == "warning") | "\(.line):\(.column) \(.message)"' found)" = "9:$at $why" ] ||
			{ cat found; return 1; }
	done <<-'T'
	p50 = { min = 3, max = 2 }|40|nothing can hold: min is 3 and max is 2
	p50 = { min = 3 }, p99 = { max = 2 }|50|nothing can hold: a lower quantile is 3 at least
	p95 = {}|23|'p95' has no bound: min or max
	p95 = 3|23|expect.span[0].duration_ms.p95 is an integer, expected a table
	T
}

# Two spans, a above b, in OTLP/JSON.
saved_trace() {
	jq -n '{resourceSpans: [{resource: {attributes: [{key: "service.name",
		value: {stringValue: "shop"}}]}, scopeSpans: [{spans: [
		{traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174",
		name: "a", kind: 2, startTimeUnixNano: "10", endTimeUnixNano: "50",
		attributes: [{key: "n", value: {intValue: "3"}}], status: {}},
		{traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b175",
		parentSpanId: "eee19b7ec3c1b174", name: "b", startTimeUnixNano: "20",
		endTimeUnixNano: "30", status: {code: 2}}]}]}]}'
}

# A test of which that trace is proof.
shop_test() {
	one_step shop.clnrm.toml 'false' <<-'T'
	[[expect.span]]
	name = "a"
	kind = "server"
	attrs.all = { n = { gte = 3 } }
	[expect.counts]
	spans_total = { eq = 2 }
	errors_total = { eq = 1 }
	[expect.graph]
	must_include = [["a", "b"]]
	[expect.hermeticity]
	resource_attrs.must_match = { "service.name" = "shop" }
	T
}

@test "a saved trace of any shape is held against a test" {
	shop_test
	saved_trace >pretty.json
	jq -c . pretty.json >line.json
	clnrm-collect --from line.json >records.json
	jq -c 'select(.type == "span") | del(.type, .id, .source, .gen, .variant, .via, .form, .bound)' \
		records.json >plain.json
	jq -s . plain.json >array.json
	jq -c '{name, traceId: .trace_id, spanId: .span_id, parentSpanId: .parent_span_id,
		kind: (.kind | ascii_downcase), startTimeUnixNano: .start_unix_nano,
		endTimeUnixNano: .end_unix_nano, status, attributes,
		resourceAttributes: .resource.attributes}' plain.json >camel.json
	{ echo '12:01 starting'; cat line.json; echo '12:02 done'; } >log.json
	for shape in pretty line records plain array camel log; do
		run -0 clnrm verify $shape.json --against shop.clnrm.toml
		[ "$(jq -r 'select(.type == "verdict") | "\(.verdict) \(.counts.spans)"' <<<"$output")" = "pass 2" ] ||
			{ echo "$shape"; return 1; }
		keep <<<"$output" >/dev/null
	done
	sed -i 's/"a", "b"/"b", "a"/' shop.clnrm.toml
	run -1 clnrm analyze shop.clnrm.toml --traces log.json --format text
	[[ "$output" = *'required edge "b" -> "a" not found'*"1 failed"* ]]
}

@test "a saved run is judged by another test, its steps by name" {
	one_step old.clnrm.toml 'echo hi' </dev/null
	executed old.clnrm.toml | clnrm-verify >saved.ndjson
	run -0 clnrm verify saved.ndjson --against old.clnrm.toml
	sed 's/"old"/"new"/; $aexpected_output_regex = "^ho"' old.clnrm.toml >new.clnrm.toml
	run -1 clnrm verify saved.ndjson --against new.clnrm.toml
	[ "$(jq -r 'select(.type == "verdict").first_failure.message' <<<"$output")" = \
		'step "s": the output does not match ^ho' ]
	[ "$(jq -r 'select(.type == "step").source' <<<"$output")" = new.clnrm.toml ]
	sed 's/name = "s"/name = "t"/' old.clnrm.toml >other.clnrm.toml
	run -3 clnrm verify saved.ndjson --against other.clnrm.toml
}

@test "of a saved stream of dev the newest generation is judged" {
	clnrm-verify "$STREAMS/dev.ndjson" >saved.ndjson
	jq -c 'select(.type == "plan" and .gen == 1)' saved.ndjson >plan.ndjson
	run -0 clnrm-verify --loose --traces saved.ndjson plan.ndjson
	[ "$(jq -r 'select(.type == "verdict").verdict' <<<"$output")" = pass ]
}

@test "a saved file without spans, and a test that expects none, are no evidence" {
	shop_test
	echo 'no spans at all' >empty.log
	run -3 clnrm verify empty.log --against shop.clnrm.toml
	[ "$(jq -r 'select(.type == "diagnostic" and .severity == "error").code' <<<"$output")" = E104 ]
	[ "$(jq -r 'select(.type == "verdict").verdict' <<<"$output")" = error ]
	saved_trace >trace.json
	one_step bare.clnrm.toml true </dev/null
	run -3 clnrm verify trace.json --against bare.clnrm.toml
	[[ "$output" = *'spans cannot show it: the test has no [expect]'* ]]
	run -2 clnrm analyze shop.clnrm.toml
	[[ "$output" = *"no saved run or trace"* ]]
}

@test "a failure that is known is skipped until its day; a pass, and a later failure, are red" {
	known() {
		printf 'isolation = "process"\nexpected_output_regex = "x"\nexpect_fail = { until = "%s", why = "issue 7" }\n' \
			"$2" | one_step t.clnrm.toml "$1"
		clnrm-render t.clnrm.toml | clnrm-lint - | clnrm-exec - |
			clnrm-verify >out || :
		jq -r 'select(.type == "verdict") | .verdict + ": " + .first_failure.message' out
	}
	[ "$(known 'echo y' 2999-01-31)" = "skip: fails, as expected until 2999-01-31: issue 7" ]
	[ "$(tail -n 1 out | jq .status)" = 0 ]
	[ "$(known 'echo x' 2999-01-31)" = "fail: passed, and was to fail: issue 7" ]
	jq -en '[inputs | select(.code == "E208") | .line] == [9]' out
	[ "$(known 'echo y' 2020-02-29)" = 'fail: step "s": the output does not match x' ]
	jq -en '[inputs | select(.code == "E208").message] == ["fails still, after 2020-02-29: issue 7"]' out
	[ "$(tail -n 1 out | jq .status)" = 1 ]
	known true 2027-02-30 || :
	run -1 clnrm lint t.clnrm.toml
	[[ "$output" == *"is no date"* ]]
}
