#!/usr/bin/env bats
# When a missing span decides: the three facts that clnrm-exec finds out about a
# scenario, each where it does not hold.
load helper

STREAMS=$ROOT/t/corpus/verdict

verdict() {
	clnrm-verify "$@" | jq -r 'select(.type == "verdict") |
		"\(.verdict) \(.first_failure.message // "-")"'
}

# The facts of a run that do not hold.
broken() {
	jq -r 'select(.type == "scenario.end").complete | to_entries[] |
		select(.value | not).key' out | xargs
}

# Runs a test that expects the span "never", of a step that runs $1.
never() {
	one_step a.clnrm.toml "$1" <<<$'[[expect.span]]\nname = "never"'
	executed a.clnrm.toml "${@:2}" >out || :
}

@test "each of the three facts alone turns a missing span into an error" {
	for fact in processes connections parents; do
		jq -c --arg f $fact 'if .type == "scenario.end"
			then .complete[$f] = false else . end' "$STREAMS/fake.ndjson" >open.ndjson
		[[ "$(verdict open.ndjson)" = "error cannot be decided: required span never ran: "*"not complete"* ]] ||
			{ echo "$fact"; return 1; }
		run -3 clnrm-verify open.ndjson
	done
	[[ "$(verdict "$STREAMS/fake.ndjson")" = "fake "* ]]
}

@test "what more spans cannot mend fails, what they cannot break passes, and the rest is open" {
	for fact in processes connections parents; do
		for case in mismatch pass; do
			jq -c --arg f $fact 'if .type == "scenario.end"
				then .complete[$f] = false else . end' "$STREAMS/$case.ndjson" >$case
		done
		# The span to come may be the one with the right kind, or one too many.
		[[ "$(verdict mismatch)" = "error "* ]]
		[[ "$(verdict pass)" = "error cannot be decided: "*"error spans"* ]]
	done
	one_step a.clnrm.toml './checkout' <<-'T'
	[[expect.span]]
	name = "checkout"
	[expect.graph]
	must_not_cross = [["checkout", "checkout.pay"]]
	T
	cp "$ROOT/examples/spans/checkout" .
	executed a.clnrm.toml | jq -c 'if .type == "scenario.end"
		then .complete.processes = false else . end' >open.ndjson
	[[ "$(verdict open.ndjson)" = "fail "*checkout.pay* ]]
	grep -v must_not_cross a.clnrm.toml >b.clnrm.toml
	executed b.clnrm.toml | jq -c 'if .type == "scenario.end"
		then .complete.processes = false else . end' >open.ndjson
	[ "$(verdict open.ndjson)" = "pass -" ]
}

@test "a process that has to be killed may have had a span to send" {
	never '(trap "" TERM; : >up; sleep 60) >/dev/null 2>&1 & until [ -e up ]; do sleep 0.01; done' --grace 50ms
	[ "$(broken)" = processes ]
	[[ "$(verdict out)" = "error cannot be decided: "*"processes still run)" ]]
}

@test "one that ends at TERM had its turn" {
	never 'sleep 60 >/dev/null 2>&1 &'
	[ -z "$(broken)" ]
	[[ "$(verdict out)" = "fake "* ]]
}

@test "an export that is not at its end may hold the span" {
	need_refusal
	mkfifo go
	dir=$PWD
	one_step a.clnrm.toml "env >$dir/seen; cat $dir/go" <<-'T'
	isolation = "process"
	[[expect.span]]
	name = "never"
	T
	refused=without_namespaces executed a.clnrm.toml >out &
	await grep -qs OTEL_EXPORTER_OTLP_ENDPOINT seen
	# Somebody outside has begun to send, and does not go on.
	exec 9<>"/dev/tcp/127.0.0.1/$(sed -n 's,^OTEL_EXPORTER_OTLP_ENDPOINT=.*:,,p' seen)"
	printf 'POST /v1/traces HTTP/1.1\r\nContent-Length: 1000\r\n' >&9
	: >go
	wait
	exec 9>&-
	[ "$(broken)" = connections ]
	[[ "$(verdict out)" = "error cannot be decided: "*"exporter connections are open)" ]]
}

@test "a parent that did not come may be the span" {
	cat >send <<-'T'
	trace=$(echo "$TRACEPARENT" | cut -d- -f2)
	curl -sf -H 'Content-Type: application/json' -d '{"resourceSpans":[{"scopeSpans":[{"spans":[
		{"traceId":"'"$trace"'","spanId":"00000000000000a1","parentSpanId":"00000000000000ff","name":"child"}]}]}]}' \
		"$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces"
	T
	never 'sh send'
	[ "$(broken)" = parents ]
	[[ "$(verdict out)" = "error cannot be decided: "*"parents of spans did not come)" ]]
}
