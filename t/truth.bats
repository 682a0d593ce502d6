#!/usr/bin/env bats
# Each rule of [expect] against traces of which the truth is known: t/truth.py
# works it out in its own way.
load helper

# What clnrm-verify says of $1 tests of the seed $2, beside what is true: the
# lines that differ are in `wrong`.
weigh() {
	mkdir -p made
	rm -f made/*
	python3 "$ROOT/t/truth.py" made "$1" "$2"
	clnrm-lint made/*.toml >plans || :
	cat plans made/spans.ndjson | clnrm-verify >out || :
	jq -r 'select(.type == "check" and (.rule | startswith("expect."))) |
		"\(.source)\t\(.rule)\t\(if .ok then "True" else "False" end)"' out >said
	jq -r 'select(.type == "verdict") | "\(.source)\tverdict\t\(.verdict)"' out >>said
	# A test that contradicts itself is told by lint, and is not run.
	jq -r 'select(.type == "plan").source' plans | sort >judged
	sort made/truth.tsv | join -t "$(printf '\t')" - judged >truth
	sort said | diff truth - >wrong || :
	[ ! -s wrong ] || head -n 20 wrong
}

@test "of 1000 traces every rule's verdict is the truth" {
	seed=${TRUTH_SEED:-1}
	weigh 1200 "$seed"
	[ ! -s wrong ]
	[ "$(wc -l <judged)" -ge 1000 ]
}

@test "among them every rule holds at times, and at times does not" {
	weigh 1200 2
	[ ! -s wrong ]
	cut -f2,3 truth | sed -E 's/\[[0-9]+\]//g; s/(by_name|resource_attrs)\.[^\t]*/\1/' |
		sort | uniq -c >table
	for rule in expect.span.{existence,count,parent,ancestor,sibling,follows,kind} \
		expect.span.{attrs_all,attrs_any,events_all,events_any,duration} \
		expect.graph.{must_include,must_not_cross,acyclic} \
		expect.counts.{spans_total,events_total,errors_total,by_name} \
		expect.window.contains expect.order.{must_precede,must_follow} \
		expect.status.{all,by_name} \
		expect.hermeticity.{no_external_services,resource_attrs,forbid_keys}; do
		for ok in True False; do
			grep -qE "^ *([1-9][0-9]+|[3-9]) $rule	$ok\$" table ||
				{ echo "$rule is $ok too rarely"; cat table; return 1; }
		done
	done
	for verdict in pass fail fake; do
		grep -qE "^ *[0-9]{2,} verdict	$verdict" table
	done
}

@test "what is known of a trace of the corpus is true, and one thing made wrong is told" {
	need_shared corpus/traces
	mkdir known
	python3 "$ROOT/t/facts.py" "$SHARED/corpus/traces/gen.py" known "${FACTS:-40}" >/dev/null
	sed 's/^/pass - fail /' known/*/rule >want
	for trace in known/*/; do
		for file in true false; do
			clnrm-lint "$trace$file.clnrm.toml" |
				clnrm-verify --traces "${trace}baseline.otlp.json" >out || :
			jq -r 'select(.type == "verdict") | .verdict + " " + (.first_failure.rule // "-")' out
		done | paste -sd' '
	done >said
	[ "$(wc -l <want)" -ge 40 ]
	diff want said
}

@test "a rule that is broken is noticed: a sample of t/mutate" {
	[ -z "${SAN-}" ] || skip "once is enough"
	[ "$BIN" = "$ROOT/build/bin" ] || cannot "another build is under test"
	run -0 "$ROOT/t/mutate" --sample 17
	[ "${lines[-1]}" = "3 changes, 0 not caught" ]
}
