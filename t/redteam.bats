#!/usr/bin/env bats
# Attacks on the verdict: tests that want to be green without the code having
# run. Each is caught, or is one that clnrm-verify(1) calls out of reach.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	printf '[images]\nalpine:latest = host\nclnrm:test = host\n' >clnrm.conf
	# emit NAME:ID:PARENT ... sends spans as an SDK would; TRACE, FROM, TO (ns),
	# STATUS, RUN (test.run.id) and PRINT (to standard output) change them.
	cat >emit <<-'T'
	#!/bin/sh
	trace=${TRACE-$(echo "$TRACEPARENT" | cut -d- -f2)} now=$(date +%s%N) spans=
	for span; do
		IFS=: read -r name id parent <<-S
		$span
		S
		spans="$spans${spans:+,}{\"traceId\":\"$trace\",\"spanId\":\"$id\",\"parentSpanId\":\"$parent\",\"name\":\"$name\",\"kind\":1,\"startTimeUnixNano\":\"${FROM-$now}\",\"endTimeUnixNano\":\"${TO-$now}\",\"status\":{\"code\":${STATUS-1}}}"
	done
	[ -z "${RUN-}" ] || run="{\"key\":\"test.run.id\",\"value\":{\"stringValue\":\"$RUN\"}}"
	json="{\"resourceSpans\":[{\"resource\":{\"attributes\":[${run-}]},\"scopeSpans\":[{\"spans\":[$spans]}]}]}"
	if [ "${PRINT-}" ]; then
		echo "$json"
	else
		echo "$json" | curl -sf -H 'Content-Type: application/json' -d @- \
			"$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces" >/dev/null
	fi
	T
	chmod +x emit
}

# The verdict on the command $1 and the first rule that does not hold; what is
# expected is on standard input.
attack() {
	one_step a.clnrm.toml "$1"
	executed a.clnrm.toml | clnrm-verify >ran || :
	jq -r 'select(.type == "verdict") | .verdict + " " + (.first_failure.rule // "-")' ran
}

readonly ROOT_SPAN=root:00000000000000a1: CHILD=child:00000000000000a2:00000000000000a1

wants() {
	printf '[[expect.span]]\nname = "root"\n[[expect.span]]\nname = "child"\nparent = "root"\n%s\n' "${1-}"
}

@test "the honest program passes" {
	[ "$(wants | attack "./emit $ROOT_SPAN $CHILD")" = "pass -" ]
}

@test "upstream's red team A and B are fake at the rule that their comments name" {
	need_shared corpus/upstream
	for file in attack_a_echo attack_b_logs; do
		cp "$SHARED/corpus/upstream/tests/red_team/$file.clnrm.toml" .
		executed $file.clnrm.toml | clnrm-verify >ran || :
		[ "$(jq -r 'select(.type == "verdict") | "\(.verdict) \(.first_failure.rule)"' ran)" = \
			"fake expect.span[0].existence" ]
		jq -r 'select(.rule == "expect.span[0].existence").message' ran | grep -F clnrm.run
	done
	[ "$(jq -r 'select(.type == "check" and (.ok | not)).rule' ran | xargs)" = \
		"expect.span[0].existence expect.span[1].existence expect.counts.spans_total" ]
}

@test "upstream's case study falls at every one of its layers" {
	need_shared corpus/upstream
	# Without its service, which is the original itself, and its limits.
	sed '/^\[service/,/^wait_for/d; /^service=/d; /^\[limits\]/,/^memory/d' \
		"$SHARED/corpus/upstream/tests/red_team/clnrm_redteam_catch_verbose.clnrm.toml" >c.clnrm.toml
	executed c.clnrm.toml | clnrm-verify >ran || :
	[ "$(jq -r 'select(.type == "verdict") | "\(.verdict) \(.first_failure.rule)"' ran)" = \
		"fake expect.span[0].existence" ]
	for layer in span graph counts window order status hermeticity; do
		jq -r 'select(.type == "check" and (.ok | not)).rule' ran | grep -q "^expect.$layer" ||
			{ echo "$layer"; return 1; }
	done
	cp "$SHARED/corpus/upstream/tests/red_team/clnrm_redteam_catch_verbose.clnrm.toml" d.clnrm.toml
	run -3 clnrm run d.clnrm.toml
}

@test "fake green: a root without its children lacks the edges" {
	[ "$(printf '%s\n' '[expect.graph]' 'must_include = [["root", "step one"], ["root", "step two"]]' |
		attack "echo Step 1; ./emit $ROOT_SPAN")" = "fake expect.graph.must_include[0]" ]
	[ "$(jq -r 'select(.type == "check" and (.ok | not)).rule' ran | wc -l)" = 2 ]
	[ "$(printf '%s\n' '[expect.graph]' 'must_include = [["root", "child"]]' |
		attack "./emit $ROOT_SPAN child:00000000000000a2:")" = "fail expect.graph.must_include[0]" ]
}

@test "fake green: spans with errors belie an exit status of 0" {
	[ "$(printf '%s\n' '[expect.status]' 'all = "OK"' |
		attack "./emit $ROOT_SPAN; STATUS=2 ./emit $CHILD; echo All good")" = "fail expect.status.all" ]
	[ "$(printf '%s\n' '[expect.counts]' 'errors_total = { eq = 0 }' |
		attack "STATUS=2 ./emit $ROOT_SPAN")" = "fail expect.counts.errors_total" ]
}

@test "fake green: a count that is claimed is counted" {
	printf '[expect.counts]\nspans_total = { gte = 4 }\n' >four
	[ "$(attack "echo 4 spans; ./emit $ROOT_SPAN $CHILD" <four)" = "fail expect.counts.spans_total" ]
	[ "$(attack 'echo Success' <four)" = "fake expect.counts.spans_total" ]
}

@test "attack: OTEL variables that are set, and nothing that is sent" {
	[ "$(wants | attack 'export OTEL_TRACES_EXPORTER=otlp OTEL_SERVICE_NAME=real; echo "span root ended"')" = \
		"fake expect.span[0].existence" ]
}

@test "attack: spans printed where nobody asked for spans on standard output" {
	[ "$(wants | attack "PRINT=1 ./emit $ROOT_SPAN $CHILD")" = "fake expect.span[0].existence" ]
}

@test "attack: spans printed by echo with a trace id from elsewhere" {
	line=$(TRACE=5b8efff798038103d269b633813fc60c PRINT=1 ./emit $ROOT_SPAN $CHILD)
	[ "$(wants $'[otel]\nexporter = "stdout"' | attack "echo '$line'")" = "fake expect.span[0].existence" ]
	[ "$(jq -r 'select(.type == "span" and .via == "stdout").bound' ran | sort -u)" = no ]
}

@test "attack: a trace of an earlier run, replayed" {
	need_namespaces
	wants | attack "./emit $ROOT_SPAN $CHILD" >/dev/null
	trace=$(jq -r 'select(.type == "span" and .name == "root").trace_id' ran)
	from=$(jq -r 'select(.type == "span" and .name == "root").start_unix_nano' ran)
	[ "$(wants | attack "TRACE=$trace FROM=$from TO=$from ./emit $ROOT_SPAN $CHILD")" = \
		"fake expect.span[0].existence" ]
	[ "$(jq -r 'select(.type == "span" and .name == "root").bound' ran)" = no ]
}

@test "attack: new times on a trace that bears another run's id" {
	[ "$(wants | attack "TRACE=5b8efff798038103d269b633813fc60c RUN=0123456789abcdef ./emit $ROOT_SPAN $CHILD")" = \
		"fake expect.span[0].existence" ]
}

@test "attack: a trace id of its own is taken by arrival, and not when identity is strict" {
	need_namespaces
	spans="TRACE=5b8efff798038103d269b633813fc60c ./emit $ROOT_SPAN $CHILD"
	[ "$(wants | attack "$spans")" = "pass -" ]
	[ "$(wants $'[otel]\nidentity = "strict"' | attack "$spans")" = "fake expect.span[0].existence" ]
}

@test "attack: clocks set into the past or the future do not bind by arrival" {
	need_namespaces
	for time in 1 '$(($(date +%s%N) - 60000000000))' '$(($(date +%s%N) + 60000000000))'; do
		[ "$(wants | attack "TRACE=5b8efff798038103d269b633813fc60c FROM=$time TO=$time ./emit $ROOT_SPAN $CHILD")" = \
			"fake expect.span[0].existence" ]
	done
}

@test "attack: spans from before the run began do not bind by arrival" {
	need_namespaces
	# A second before, and a second before to now.
	for to in '' ' TO=$(date +%s%N)'; do
		early=$(($(date +%s%N) - 1000000000))
		[ "$(wants | attack "TRACE=5b8efff798038103d269b633813fc60c FROM=$early${to:- TO=$early} ./emit $ROOT_SPAN $CHILD")" = \
			"fake expect.span[0].existence" ]
		[ "$(jq -r 'select(.type == "span" and .via == "otlp").bound' ran | sort -u)" = no ]
	done
}

@test "attack: a step that sends the spans of the next one" {
	printf '%s\n' '[meta]' 'name = "a"' 'version = "1"' '[[scenario]]' 'name = "s"' \
		'[[scenario.steps]]' 'name = "one"' 'command = ["sh", "one"]' \
		'[[scenario.steps]]' 'name = "two"' 'command = ["sh", "two"]' \
		'[[expect.span]]' 'name = "root"' 'parent = "clnrm.step:two"' >b.clnrm.toml
	send='./emit "root:00000000000000a1:$(echo "$TRACEPARENT" | cut -d- -f3)"'
	while read -r want one two; do
		echo "${one/send/$send}" >one
		echo "${two/send/$send}" >two
		executed b.clnrm.toml | clnrm-verify >ran || :
		[ "$(jq -r 'select(.type == "verdict").verdict' ran)" = "$want" ]
	done <<-'T'
	pass true send
	fail send true
	T
	[ "$(jq -r 'select(.type == "verdict").first_failure.rule' ran)" = "expect.span[0].parent" ]
}

@test "attack: the right names under the wrong parents" {
	[ "$(wants | attack "./emit $ROOT_SPAN child:00000000000000a2:00000000000000ff")" = "error expect.span[1].parent" ]
	[ "$(wants | attack "./emit $ROOT_SPAN other:00000000000000a3: child:00000000000000a2:00000000000000a3")" = \
		"fail expect.span[1].parent" ]
	[ "$(wants | attack "./emit root:00000000000000a1:00000000000000a2 $CHILD")" = "pass -" ]
	[ "$({ wants; printf '[expect.graph]\nacyclic = true\n'; } |
		attack "./emit root:00000000000000a1:00000000000000a2 $CHILD")" = "fail expect.graph.acyclic" ]
}

@test "attack: one span exported many times, with other contents too" {
	[ "$(printf '%s\n' '[expect.counts]' 'by_name = { root = { eq = 3 } }' |
		attack "for i in 1 2 3; do ./emit $ROOT_SPAN; done")" = "fail expect.counts.by_name.root" ]
	[ "$(jq -r 'select(.type == "check" and (.ok | not)).actual' ran)" = 1 ]
	[ "$(printf '%s\n' '[expect.counts]' 'spans_total = { eq = 2 }' |
		attack "./emit $ROOT_SPAN; ./emit child:00000000000000a1:")" = "fail expect.counts.spans_total" ]
}

@test "attack: our own spans stand in for those of the code" {
	[ "$(printf '[[expect.span]]\nname = "clnrm.step:s"\n' | attack 'echo ok')" = "fake expect.span[0].existence" ]
	[ "$(printf '[expect.counts]\nspans_total = { gte = 1 }\n' | attack 'echo ok')" = "fake expect.counts.spans_total" ]
	grep -q '"via":"clnrm"' ran
}

@test "attack: a helper that outlives the step sends what the step did not" {
	[ "$(wants | attack "setsid sh -c 'sleep 2; ./emit $ROOT_SPAN $CHILD' >/dev/null 2>&1 &")" = \
		"fake expect.span[0].existence" ]
	is_gone "sleep 2; ./emit"
}

@test "attack: a helper outside does not reach the listener inside" {
	need_namespaces
	[ "$(wants | attack 'echo "$TRACEPARENT" >/tmp/parent; sleep 0.3' & sleep 0.2
		curl -sf -m 1 -d x http://127.0.0.1:4318/v1/traces || :
		wait)" = "fake expect.span[0].existence" ]
}

@test "attack: what one run leaves behind is not there for the next" {
	need_namespaces # else the project is the machine's
	wants | attack 'echo "$TRACEPARENT" >left; echo "$TRACEPARENT" >/tmp/left; echo "$TRACEPARENT" >"$HOME/left"' >/dev/null
	[ "$(wants | attack 'cat left /tmp/left "$HOME/left"')" = "fail scenarios[0].steps[0].exit_code" ]
	[ ! -e left ]
}

@test "attack: a span whose name is a pattern" {
	[ "$(wants | attack "./emit '*:00000000000000a1:' 'r?ot:00000000000000a2:'")" = "fake expect.span[0].existence" ]
}

@test "attack: ids that cannot be" {
	[ "$(wants | attack "TRACE=00000000000000000000000000000000 ./emit $ROOT_SPAN $CHILD")" = \
		"fake expect.span[0].existence" ]
	[ "$(wants | attack "./emit root:0000000000000000: $CHILD")" = "error expect.span[0].existence" ]
}

@test "attack: a value that contains the one that is expected" {
	cat >attrs <<-'T'
	[[expect.span]]
	name = "root"
	attrs.all = { result = "pass" }
	T
	sed -i 's/"status"/"attributes":[{"key":"result","value":{"stringValue":"bypass"}}],"status"/; s/\\"status\\"/\\"attributes\\":[{\\"key\\":\\"result\\",\\"value\\":{\\"stringValue\\":\\"bypass\\"}}],\\"status\\"/' emit
	[ "$(attack "./emit $ROOT_SPAN" <attrs)" = "fail expect.span[0].attrs_all" ]
}

@test "attack: an output too long to be kept hides what is not in it" {
	printf 'expected_output_regex = "NEVER"\n' >regex
	[ "$(attack 'head -c 40000000 /dev/zero | tr "\\0" x' <regex)" = "error scenarios[0].steps[0].stdout_regex" ]
}

@test "attack: only upper bounds are green without a span, and prove says so" {
	printf '[expect.counts]\nerrors_total = { eq = 0 }\n' >upper
	[ "$(attack true <upper)" = "pass -" ]
	run -1 clnrm prove a.clnrm.toml
	[[ "$output" = *"PROVES NOTHING"* ]]
}

@test "attack: a stream with its failures cut out, or its end" {
	wants | attack 'true' >/dev/null
	grep -v '"type":"end"' ran | run -3 clnrm-report
	grep -v '"type":"verdict"' ran | run -3 clnrm-report
	head -n 3 ran | run -3 clnrm-report
}

@test "out of reach: whoever holds the parent in the cleanroom can speak for the code" {
	[ "$(wants | attack "echo fake; ./emit $ROOT_SPAN $CHILD")" = "pass -" ]
	[ "$(wants $'[otel]\nexporter = "stdout"' | attack "PRINT=1 ./emit $ROOT_SPAN $CHILD")" = "pass -" ]
	# Times are what the code says they are.
	[ "$({ wants; printf '[[expect.span]]\nname = "root"\nduration_ms = { min = 60000 }\n'; } |
		attack "FROM=1 TO=60000000001 ./emit $ROOT_SPAN $CHILD")" = "pass -" ]
	# What asks for its SDK, or for what only the real code knows, is harder.
	[ "$({ wants; printf '[expect.hermeticity]\nsdk_resource_attrs.must_match = { "telemetry.sdk.language" = "python" }\n'; } |
		attack "./emit $ROOT_SPAN $CHILD")" = "fail expect.hermeticity.resource_attrs.telemetry.sdk.language" ]
}
