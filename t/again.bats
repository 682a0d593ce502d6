#!/usr/bin/env bats
# Tests that run several times into one report: --retry and --repeat.
load helper

# coins N: so many tests that pass every other time.
coins() {
	for i in $(seq -w "$1"); do
		one_step "coin$i.clnrm.toml" \
			"test \$(od -An -N1 -tu1 /dev/urandom) -lt 128" </dev/null
	done
}

@test "what fails and then passes is FLAKY, and its failure is told" {
	coins 20
	run -0 clnrm run --format text --retry 40
	[ "$(grep -c '^\(PASS\|FLAKY\) ' <<<"$output")" = 20 ]
	[[ "$output" == *"FLAKY coin"*"failed "*", then passed: step \"s\": exit 1, expected 0"* ]]
	[[ "$output" == *"error[E201]"* ]]
	grep -q "^20 tests: .* passed, .* flaky " <<<"$output"
	run -0 clnrm report --format text last
	[[ "$output" == *"FLAKY coin"* ]]
}

@test "what fails each time fails once in the report, and what passed ran once" {
	one_step bad.clnrm.toml 'exit 1' </dev/null
	one_step good.clnrm.toml 'exit 0' </dev/null
	run -1 clnrm run --format text --retry 2
	[ "$(grep -c '^FAIL ' <<<"$output")" = 1 ]
	[[ "$output" == *"2 tests: 1 passed, 1 failed"* ]]
	stream=$(echo .clnrm/runs/*/stream.ndjson)
	[ "$(jq -r 'select(.type == "verdict") | .name' "$stream" | sort | uniq -c | xargs)" = "3 bad 1 good" ]
	is_as_documented "$stream"
	run -1 clnrm run --retry=1
	[ "$(grep -c '^not ok' <<<"$output")" = 1 ]
}

@test "JUnit has each failure of a test that ran again" {
	command -v xmllint >/dev/null || cannot "xmllint is not installed"
	one_step bad.clnrm.toml 'exit 1' </dev/null
	run -1 clnrm run --retry 2 --report junit=j.xml
	run -0 xmllint --noout --schema "$ROOT/t/corpus/report/junit.xsd" j.xml
	at() { xmllint --xpath "$1" j.xml; }
	[ "$(at 'concat(count(//testcase), count(//failure), count(//rerunFailure))')" = 112 ]
	[ "$(at 'string(//rerunFailure[2]/@type)')" = E201 ]
	coins 20
	rm bad.clnrm.toml
	run -0 clnrm run --format text --retry 40 --report junit=j.xml
	[ "$(at 'count(//rerunFailure)')" = 0 ]
	[ "$(at 'count(//flakyFailure)')" = \
		"$(sed -n 's/.*failed \([0-9]*\) times*, then.*/\1/p' <<<"$output" | awk '{ n += $1 } END { print n }')" ]
}

@test "a test that does not run is not tried again for ever" {
	echo 'nonsense' >broken.clnrm.toml
	run -2 clnrm run --retry 2
	[ "$(grep -c '^not ok' <<<"$output")" = 1 ]
}

@test "repeated tests are told once, with how many runs failed and what was other" {
	coins 1
	one_step good.clnrm.toml 'exit 0' </dev/null
	run -1 clnrm run --format text --repeat 40
	[[ "$output" =~ 'FLAKY coin1'.*' of 40 runs failed: '[0-9]+' % ('[0-9]+' to '[0-9]+' %)' ]]
	[[ "$output" == *"PASS  good"*"2 tests: 1 passed, 1 flaky"* ]]
	[[ "$output" == *"coin1.clnrm.toml: from a run that passed to one that failed:"*'result: "pass" -> "fail"'* ]]
	run -0 clnrm run --format text --repeat 3 good.clnrm.toml
	[[ "$output" == *"1 test: 1 passed"* ]]
}

@test "how often is a number, of one of the two, for files" {
	one_step good.clnrm.toml 'exit 0' </dev/null
	for bad in 0 x -1 1000 ''; do
		run -2 clnrm run --retry "$bad"
		[[ "$output" == *"--retry takes a number from 1 to 999"* ]]
	done
	run -2 clnrm run --retry 1 --repeat 2
	run -2 clnrm run --retry 1 -
	run -2 clnrm dev --retry 1
	run -0 clnrm -n run --repeat 3 good.clnrm.toml
	[[ "$output" == "{ echo '{\"type\":\"attempts\",\"how\":\"repeat\",\"times\":3}'; clnrm-render good.clnrm.toml | "*"; ...; } | clnrm-report --save" ]]
}

@test "a signal ends what runs again, and leaves nothing behind" {
	one_step slow.clnrm.toml 'echo up; sleep 300.25' </dev/null
	mkdir tmp
	TMPDIR=$PWD/tmp clnrm run --repeat 5 >out 2>&1 3>&- &
	pid=$!
	await runs 'sleep 300.2[5]'
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 143 ]
	await is_gone 'sleep 300.2[5]'
	[ -z "$(ls tmp)" ]
}

@test "the first failure ends a run that is to fail fast, and the rest is skipped" {
	one_step bad.clnrm.toml 'exit 1' </dev/null
	one_step slow.clnrm.toml 'sleep 600.75' </dev/null
	run -1 clnrm run --fail-fast -j 2
	[[ "$output" == *"not ok 1 - bad"* ]]
	[[ "$output" == *"ok 2 - slow # SKIP another test failed before (--fail-fast)"* ]]
	await is_gone 'sleep 600.7[5]'
	is_as_documented "$(echo .clnrm/runs/*/stream.ndjson)"
	rm bad.clnrm.toml slow.clnrm.toml
	one_step good.clnrm.toml 'exit 0' </dev/null
	run -0 clnrm run --fail-fast
}
