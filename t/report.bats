#!/usr/bin/env bats
load helper

STREAMS=$ROOT/t/corpus/verdict

# The report on a saved stream; further arguments are options.
report() {
	local name=$1
	shift
	clnrm-verify "$STREAMS/$name.ndjson" | clnrm-report "$@"
}

# The file that the streams fake and near speak of.
refunds() {
	mkdir -p t
	printf '[meta]\nname = "refunds"\nversion = "1"\n\n[[scenario]]\nname = "s"\n[[expect.span]]\nname = "refund.persist"\n\n[[expect.span]]\nname = "refund.notify"\n' \
		>t/refunds.clnrm.toml
}

@test "a pass is one line with duration and spans, and a summary" {
	run -0 report pass --format text
	[ "${lines[0]}" = "PASS  pays                   0.41s   2 spans" ]
	[[ "${lines[1]}" = "1 test: 1 passed "*s ]]
	[ "${#lines[@]}" = 2 ]
}

@test "a fake shows the line of the source, a caret, and what was seen" {
	refunds
	run -1 report fake --format text
	[ "${lines[0]}" = "FAKE  refunds                0.41s   0 of 2 required spans" ]
	[ "${lines[1]}" = 'error[E204]: required span never ran: "refund.persist"' ]
	[ "${lines[2]}" = '  --> t/refunds.clnrm.toml:8:8' ]
	[ "${lines[3]}" = '   |' ]
	[ "${lines[4]}" = ' 8 | name = "refund.persist"' ]
	[ "${lines[5]}" = "   |        ^^^^^^^^^^^^^^^^ no span with this name; 0 spans carried this run's trace id" ]
	[[ "$output" = *"= seen:  nothing"* ]]
	[[ "$output" = *"= fix:   is the SDK on"* ]]
	[[ "$output" = *"rerun: clnrm run t/refunds.clnrm.toml"* ]]
}

@test "a failure shows what its steps printed, control characters made visible" {
	run -1 report fail --format text
	[[ "$output" = *'stderr of step "two":'* ]]
	[[ "$output" = *'   | card \x1b[31mdeclined\x1b[0m'* ]]
	[[ "$output" != *$'\033'* ]]
}

@test "where there is no source line, what was found has a line of its own" {
	run -1 report fail --format text
	[[ "$output" = *"= found: exit 1"* ]]
}

@test "verdicts come in the order of the plan, whatever order they ended in" {
	run -2 report order --format tap
	[ "$(grep -E '^(not )?ok' <<<"$output")" = "ok 1 - first
not ok 2 - t/broken.clnrm.toml
ok 3 - second" ]
}

@test "ux 10.7: a report without an order tells each file as it ends" {
	run -2 report order --unordered --report junit=j.xml
	[ "$(grep -E '^(not )?ok' <<<"$output")" = "not ok 1 - t/broken.clnrm.toml
ok 2 - second
ok 3 - first" ]
	[ "$(grep -c '<testcase ' j.xml)" = 3 ]
	# What never ended is told at last, as ever.
	clnrm-verify "$STREAMS/order.ndjson" | grep -v '"type":"end"' |
		grep -v '"type":"verdict","id":[^,]*,"source":"t/first' >torn
	run -3 clnrm-report --unordered --format text torn
	[[ "$output" == *"PASS  second"*"1 passed, 1 error, 1 not run"* ]]
}

@test "a verdict is printed as soon as it is known" {
	# shellcheck disable=SC2094 # what the reader writes is waited for
	{
		clnrm-verify "$STREAMS/pass.ndjson" | head -n -4
		until grep -q '^ok 1' seen; do sleep 0.02; done
		printf '{"type":"end","stage":"verify","status":0}\n'
	} | timeout 60 clnrm-report >seen
	grep -x '1..1' seen
}

@test "TAP has version, point, YAML with place and counts, and the plan last" {
	run -1 report fake
	[ "${lines[0]}" = "TAP version 14" ]
	[ "${lines[1]}" = "not ok 1 - refunds" ]
	[[ "$output" = *'  severity: fake'* ]]
	[[ "$output" = *$'  at:\n    file: "t/refunds.clnrm.toml"\n    line: 8\n    column: 8'* ]]
	[[ "$output" = *'  duration_ms: 410.000'* ]]
	[ "${lines[-1]}" = "1..1" ]
}

@test "prove reads the TAP, once it is told that it is version 13" {
	report several | sed '1s/14/13/' >out.tap
	run -0 prove -e cat out.tap
	[[ "$output" = *"Result: PASS"* ]]
	report fail | sed '1s/14/13/' >out.tap
	run -1 prove -e cat out.tap
}

@test "equal runs give equal TAP but for durations" {
	report tables-fail >a || true
	sed 's/"duration_ns":[0-9]*/"duration_ns":7/; s/"id":"[0-9a-f]*"/"id":"00000000000000ff"/g' \
		"$STREAMS/tables-fail.ndjson" | clnrm-verify | clnrm-report >b || true
	diff <(sed '/duration_ms/d' a) <(sed '/duration_ms/d' b)
}

@test "# and \\ in a name are escaped" {
	sed 's/"name":"pays"/"name":"a # b\\\\c"/' "$STREAMS/pass.ndjson" |
		clnrm-verify | clnrm-report >out
	grep -Fx 'ok 1 - a \# b\\c' out
}

@test "a source that does not lint is an error, exit 2, and warnings are told" {
	run -2 report order --format text
	[[ "$output" = *"ERROR t/broken.clnrm.toml"* ]]
	[[ "$output" = *"error[E302]: missing key 'name'"* ]]
	[[ "$output" = *"warning[W301]: unknown key 'exists'"* ]]
	[[ "$output" = *"3 tests: 2 passed, 1 error, 1 warning"* ]]
}

@test "warnings alone exit 0, and 1 with --strict" {
	grep -v '"severity":"error"' "$STREAMS/order.ndjson" |
		sed 's/"stage":"lint","status":1/"stage":"lint","status":0/' >warned
	clnrm-verify warned >judged
	run -0 clnrm-report judged
	run -1 clnrm-report --strict judged
}

@test "a level below full is said in the summary" {
	run -0 report several --format text
	[[ "$output" = *"isolation: process (no user namespaces)"* ]]
	run -0 report several --format tap
	[[ "$output" = *"# isolation: process (no user namespaces)"* ]]
}

@test "an error verdict exits 3" {
	run -3 report error --format text
	[[ "$output" = *"1 test: 1 error"* ]]
	run -3 report error --format tap
	[[ "$output" != *"Bail out!"* ]]
}

@test "a cut stream exits 3, says so, and bails out" {
	clnrm-verify "$STREAMS/pass.ndjson" | grep -v '"type":"end"' >cut.ndjson
	run -3 clnrm-report --format text cut.ndjson
	[[ "$output" = *"the stream was cut: results are not complete"* ]]
	run -3 clnrm-report --format tap cut.ndjson
	[ "${lines[-1]}" = "Bail out! the stream was cut: results are not complete" ]
	run -0 clnrm-report --loose cut.ndjson
	: >cut.ndjson
	run -3 clnrm-report cut.ndjson
}

@test "an interrupted run is marked, and exits with the signal" {
	run -130 report interrupted --format text
	[[ "$output" = *"1 not run"* ]]
	[ "${lines[-1]}" = "interrupted: results are not complete" ]
	run -130 report interrupted --format tap
	[[ "$output" = *"# interrupted: results are not complete"* ]]
}

@test "nothing selected is told and exits 4, or 0 with --no-tests pass" {
	run -4 report empty --format text
	[[ "$output" = *"nothing was selected"* ]]
	run -4 report empty --format tap
	[ "${lines[-1]}" = "1..0 # SKIP nothing was selected" ]
	run -0 report empty --no-tests pass
}

@test "every batch has a summary, an edit its time, and the last gen decides" {
	run -0 report dev --format text
	[ "$(grep -c '^1 test:' <<<"$output")" = 2 ]
	[ "$(grep -c '^edit to verdict: [0-9]* ms' <<<"$output")" = 1 ]
	[ "$(grep -c '^FAIL' <<<"$output")" = 1 ]
}

@test "colour is asked for, never alone with the meaning" {
	run -0 report pass --format text --color always
	[[ "$output" = $'\033[32mPASS\033[0m'* ]]
	FORCE_COLOR=1 run -0 report pass --format text
	[[ "$output" = *$'\033'* ]]
	FORCE_COLOR=1 NO_COLOR=1 run -0 report pass --format text
	[[ "$output" != *$'\033'* ]]
	run -0 report pass --format text
	[[ "$output" != *$'\033'* ]]
}

@test "a finding in colour has severity, arrow and carets in colour" {
	refunds
	run -1 report fake --format text --color always
	[[ "$output" = *$'\033[1;31merror[E204]\033[0m: required'* ]]
	[[ "$output" = *$'  \033[34m-->\033[0m t/refunds.clnrm.toml:8:8'* ]]
	[[ "$output" = *$'\033[1;31m^^^^^^^^^^^^^^^^\033[0m no span'* ]]
}

@test "a source that changed is shown as it is at the next batch" {
	wrong='{"type":"diagnostic","stage":"lint","source":"a.toml","severity":"error","code":"E301","message":"odd","line":1,"column":1,"end_line":null,"end_column":null,"hint":null}'
	echo old >a.toml
	{
		printf '%s\n{"type":"batch","gen":0,"size":1}\n' "$wrong"
		until grep -q '^ 1 |' out; do sleep 0.02; done
		echo new >a.toml
		printf '%s\n{"type":"batch","gen":1,"size":1}\n' "$wrong"
		echo '{"type":"end","stage":"lint","status":1}'
	} | timeout 60 clnrm-report --format text >out || true
	[ "$(grep '^ 1 |' out)" = $' 1 | old\n 1 | new' ]
}

@test "one stream is read, from a file or standard input, and no terminal" {
	run -2 clnrm-report a b
	[[ "$output" = *"one stream at a time; cat joins several"* ]]
	run -2 clnrm-report none.ndjson
	[[ "$output" = *"none.ndjson: No such file"* ]]
	run -4 clnrm-report - <"$STREAMS/empty.ndjson"
	command -v script >/dev/null || cannot "no script(1)"
	run script -qec 'clnrm-report; echo "exit $?"' /dev/null
	[[ "$output" == *"usage: clnrm-report"*"exit 2"* ]]
}

@test "a format that nobody knows is exit 2, as is a report to nowhere" {
	run -2 clnrm-report --format odd "$STREAMS/empty.ndjson"
	for to in junit odd=x junit= junit=- plan=x; do
		run -2 clnrm-report --report $to "$STREAMS/pass.ndjson"
		[[ "$output" == *"--report $to: "* ]]
	done
	run -2 clnrm-report --report junit=x --report json=x "$STREAMS/pass.ndjson"
	[[ "$output" == *"two reports go to x"* ]]
	[ ! -e x ]
}

@test "a plan is told in words: what runs, where, within what, and what is expected" {
	cat >x.clnrm.toml <<-'TOML'
	[meta]
	name = "checkout"
	version = "1"
	[env]
	pass = ["HOME"]
	[limits]
	processes = 10
	[[scenario]]
	name = "pays"
	timeout_ms = 5000
	[[scenario.steps]]
	name = "charge"
	command = ["./checkout", "it's 5"]
	env = { A = "b" }
	workdir = "sub"
	expected_exit_code = 3
	[[expect.span]]
	name = "pay"
	parent = "root"
	attrs.all = { n = 1 }
	[expect.graph]
	must_not_cross = [["a", "b"]]
	[expect.order]
	must_precede = [["c", "d"]]
	[expect.counts]
	spans_total = { gte = 2, lte = 9 }
	TOML
	run -0 clnrm dry-run x.clnrm.toml
	[ "$(head -n 16 <<<"$output")" = "checkout  (x.clnrm.toml)
  scenario pays  in a cleanroom of its own, isolation full
    at most 5000 ms
    charge           ./checkout 'it'\\''s 5'
                     in directory sub
                     env A=b
                     expects exit 3
  limit processes 10
  sees of the caller's environment: HOME
  expects span pay
    below root
    with n=1
  expects spans_total >= 2
  expects spans_total <= 9
  expects a never above b
  expects c before d" ] || { echo "$output"; false; }
}

# A run that has begun and takes its time: begun HUNDREDTHS
begun() {
	clnrm-verify "$STREAMS/pass.ndjson" | sed -n 1,3p
	for _ in $(seq "$1"); do
		echo # a stream that is busy
		sleep 0.01
	done
	clnrm-verify "$STREAMS/pass.ndjson" | sed 1,3d
}

@test "ux 4.4: a slow test is named while it runs, and not in the report" {
	run -0 --separate-stderr clnrm-report --slow 200ms <<<"$(clnrm-verify "$STREAMS/pass.ndjson")"
	[ -z "$stderr" ]
	begun 100 | clnrm-report --slow 200ms >out 2>said
	grep -x 'SLOW  pays  runs for [01] s' said
	[ "$(wc -l <said)" -lt 20 ]
	run ! grep SLOW out
	begun 100 | clnrm-report --slow 0s >out 2>said
	[ ! -s said ]
}

@test "ux 4.3: progress is drawn on a terminal, wiped, and not drawn in CI" {
	command -v script >/dev/null || cannot "no script(1)"
	export -f begun
	export STREAMS SHELL=$BASH
	unset CI
	SECONDS=0
	TERM=xterm script -qec 'begun 100 | clnrm-report --format tap >out' said </dev/null >/dev/null
	most=$((10 * SECONDS + 15))
	grep -qF '0 of 1 done, 1 running: pays' said
	[ "$(grep -oF 'running: pays' said | wc -l)" -le $most ]
	tail -n +2 said | head -n 1 | grep -q $'\r\033\\[K'
	run ! grep running out
	CI=1 TERM=xterm script -qec 'begun 30 | clnrm-report --format tap >out' said </dev/null >/dev/null
	run ! grep -F running said
	TERM=dumb script -qec 'begun 30 | clnrm-report --format tap >out' said </dev/null >/dev/null
	run ! grep -F running said
}

@test "ux 4.6: the rerun line is one that a shell can read" {
	sed "s/t\/declines.clnrm/t\/it's bad.clnrm/g" "$STREAMS/fail.ndjson" | clnrm-verify >odd || true
	run -1 clnrm-report --format text odd
	[ "${lines[-1]}" = "rerun: clnrm run 't/it'\\''s bad.clnrm.toml'" ]
}

# A test that emits the spans $2, and asks for those of $3.
emitting() {
	local name
	{
		printf '[meta]\nname = "%s"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n' "$1"
		for name in $3; do printf '[[expect.span]]\nname = "%s"\n' "$name"; done
	} >"$1.clnrm.toml"
	for name in $2; do
		jq -cn --arg name "$name" --arg id "$(printf %s "$name" | md5sum | cut -c1-16)" '{
			trace_id: ("0" * 31 + "1"), span_id: $id, name: $name}'
	done >>spans.jsonl
}

@test "a suite ends with the spans that were required and never seen, and the reverse" {
	emitting a 'one two' one
	emitting b 'db.get db.put' 'db.* gone.*'
	emitting c '' 'lost two'
	run -1 clnrm analyze --traces spans.jsonl --format text a.clnrm.toml b.clnrm.toml
	[[ "$output" == *"2 tests: "*$'\n'"spans required and never seen: gone.*"$'\n'"spans seen and never required: two"$'\n'rerun* ]]
	run -1 clnrm analyze --traces spans.jsonl --format text .
	[[ "$output" == *"spans required and never seen: gone.*, lost"* ]]
	[[ "$output" != *"never required"* ]]
	# Of one test its own line tells it.
	run -1 clnrm analyze --traces spans.jsonl --format text b.clnrm.toml
	[[ "$output" != *"never seen:"* ]]
	# A verdict and the status are what they were.
	run -0 clnrm analyze --traces spans.jsonl --format text a.clnrm.toml
	emitting d "$(printf 'x%s ' $(seq 9))" one
	run -0 clnrm analyze --traces spans.jsonl --report json=r.json --report html=r.html \
		--format text a.clnrm.toml d.clnrm.toml
	[[ "$output" == *"spans seen and never required: db.get, db.put, two, x1, x2, and 7 more" ]]
	jq -e '.catalogue | .required_never_seen == [] and .left_out == 0 and
		(.seen_never_required | length == 12 and
		.[0] == {"name": "db.get", "source": null, "spans": 1})' r.json
	grep -q 'Seen and never required: 12' r.html
	grep -q '<td>x9</td><td>1</td>' r.html
}

@test "prove bears with the spans of the suite, which TAP tells as comments" {
	emitting a 'one two' one
	emitting b 'db.get' 'db.*'
	clnrm analyze --traces spans.jsonl --format tap . >r.tap
	grep -qx '# spans seen and never required: two' r.tap
	[ "$(tail -n 1 r.tap)" = 1..2 ]
	sed -i 1s/14/13/ r.tap
	run -0 prove r.tap
	[[ "$output" == *"Result: PASS"* ]]
}

@test "the catalogue of a run that was cut is not told, and a list has none" {
	emitting a '' 'one'
	emitting b '' 'two'
	clnrm-render . | clnrm-lint - | clnrm-exec - | clnrm-verify >whole || true
	run -1 clnrm-report --format text whole
	[[ "$output" == *"never seen: one, two"* ]]
	run -1 clnrm-report --format failed whole
	[ "${#lines[@]}" = 2 ]
	grep -v '"type":"end"' whole >torn
	run -3 clnrm-report --format text --report json=r.json torn
	[[ "$output" != *"never seen:"* ]]
	[ "$(jq .catalogue r.json)" = null ]
}
