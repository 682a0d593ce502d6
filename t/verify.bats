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
