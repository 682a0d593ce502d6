#!/usr/bin/env bats
# The digest of a trace, from the spans that count: in verdicts, in [report],
# in recorded traces.
load helper

# The plan of the shop's checkout, its program beside it.
shop() {
	mkdir -p spans
	cp "$ROOT/examples/spans/checkout" "$ROOT/examples/spans/spans.clnrm.toml" spans/
	clnrm-render spans/spans.clnrm.toml | clnrm-lint -
}

digests() {
	jq -r 'select(.type == "verdict") | .digest'
}

@test "a hundred runs of one behaviour have one digest" {
	shop >plan
	touch {0..99}.clnrm.toml
	jq -c 'if .type == "plan" then . as $p | range(100) | $p + {source: "\(.).clnrm.toml"}
		else . end' plan | clnrm-exec -j 4 - | clnrm-verify | keep | digests |
		sort | uniq -c >seen
	cat seen
	[ "$(wc -l <seen)" = 1 ]
	grep -Eq '^ *100 [0-9a-f]{64}$' seen
}

@test "the order of arrival and of siblings is not in the digest; an attribute is" {
	shop | clnrm-exec - | keep >ran
	digest=$(clnrm-verify <ran | digests)
	jq -cs 'def is_late: .type | IN("span", "scenario.end", "end");
		(.[] | select(is_late | not)), (map(select(.type == "span")) | reverse | .[]),
		(.[] | select(is_late and .type != "span"))' ran >reversed
	[ "$(clnrm-verify reversed | digests)" = "$digest" ]
	jq -c 'if .type == "span" then .span_id |= .[8:] + .[:8] |
		if .parent_span_id then .parent_span_id |= .[8:] + .[:8] else . end |
		.start_unix_nano |= (tonumber / 2 | floor | tostring) |
		.resource.attributes["process.pid"] = 7 | .resource.attributes["test.run.id"] = "x"
		else . end' ran >moved
	[ "$(clnrm-verify moved | digests)" = "$digest" ]
	sed 's/"order.items":3/"order.items":4/' ran >changed
	run -1 cmp -s ran changed
	[ "$(clnrm-verify changed | digests)" != "$digest" ]
}

@test "services that trace in another order, and their steps' names, are the same digest" {
	shop | clnrm-exec - | keep >ran
	span() { # NAME SERVICE ID PARENT
		jq -c --arg name "$1" --arg service "$2" --arg id "000000000000000$3" --arg up "$4" \
			'select(.type == "span" and .name == "checkout") | .name = $name | .span_id = $id |
			.resource.attributes["service.name"] = $service |
			.parent_span_id = if $up == "" then null else "000000000000000\($up)" end' ran
	}
	for spans in "a db 1 , b web 2 , c web 3 2 , d web 4 2" "b web 5 , d web 6 5 , a db 7 , c web 8 5"; do
		IFS=, read -ra list <<<"$spans"
		{
			jq -c 'select(.type | IN("begin", "plan", "scenario.start", "step"))' ran
			for one in "${list[@]}"; do
				# shellcheck disable=SC2086 # words
				span ${one% } ""
			done
			jq -c 'select(.type | IN("scenario.end", "end"))' ran
		} | sed 's/clnrm.step:checkout/clnrm.step:x/' | clnrm-verify | digests
	done | uniq -c >seen
	cat seen
	grep -Eq '^ *2 ' seen
	[ "$(wc -l <seen)" = 1 ]
}

@test "our own spans and those of no run do not count; without any it is that of nothing" {
	nothing=$(printf '' | sha256sum | cut -d ' ' -f 1)
	shop | clnrm-exec - | keep >ran
	sed 's/"bound":"[a-z]*"/"bound":"no"/' ran >strange
	[ "$(clnrm-verify strange | digests)" = "$nothing" ]
	[ "$(clnrm-diff --show digest strange)" = "$nothing" ]
	one_step quiet.clnrm.toml true </dev/null
	[ "$(executed quiet.clnrm.toml | clnrm-verify | digests)" = "$nothing" ]
}

@test "what could not run has no digest" {
	shop | clnrm-exec - | keep >ran
	sed 's/"status":"ok"/"status":"error"/' ran >broken
	[ "$(clnrm-verify broken | digests)" = null ]
}

@test "a recorded trace, a saved run and the verdict agree on the digest" {
	shop | clnrm-exec - | clnrm-verify | keep >ran
	digest=$(digests <ran)
	[ "$(clnrm-diff --show digest ran)" = "$digest" ]
	clnrm-diff --show baseline ran >base
	[ "$(jq -r 'select(.type == "baseline") | .digest' base)" = "$digest" ]
	[ "$(clnrm-diff --show digest base)" = "$digest" ]
	run -0 clnrm-diff -q base ran
}

@test "each scenario has its own digest, and the file that of all" {
	cp "$ROOT/examples/spans/checkout" .
	cat >two.clnrm.toml <<-'T'
	[meta]
	name = "two"
	version = "1"
	[[scenario]]
	name = "a"
	run = "./checkout"
	[[scenario]]
	name = "b"
	run = "./checkout --fail || true"
	[[expect.span]]
	name = "checkout.pay"
	T
	executed two.clnrm.toml | clnrm-verify | digests >seen
	[ "$(sort -u seen | wc -l)" = 3 ]
	[ "$(grep -Ec '^[0-9a-f]{64}$' seen)" = 3 ]
}

@test "[report].digest is the digest of the verdict" {
	shop >/dev/null
	printf '[report]\ndigest = "d.txt"\n' >>spans/spans.clnrm.toml
	clnrm-render spans/spans.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify | keep >ran
	run -0 clnrm-report ran
	[ "$(cat d.txt)" = "$(digests <ran)" ]
}
