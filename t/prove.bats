#!/usr/bin/env bats
# The negative control: tests that stay green without the code under test.
load helper

# What was shown of each test: NAME PROVES.
shown() {
	clnrm-render . | clnrm-lint - | clnrm-prove "$@" | clnrm-exec - | clnrm-verify |
		clnrm-prove --judge | keep | jq -r 'select(.type == "proof") | "\(.name) \(.proves)"'
}

@test "a test that needs a span proves something, one that needs a text does not" {
	cp "$ROOT/examples/spans/checkout" .
	one_step spans.clnrm.toml './checkout' <<-'T'
	expected_output_regex = "^order [0-9]+ (paid|open)$"
	[[expect.span]]
	name = "checkout.pay"
	T
	one_step text.clnrm.toml './checkout' <<-'T'
	expected_output_regex = "^order [0-9]+ (paid|open)$"
	T
	run -0 clnrm run .
	run -1 clnrm prove .
	[ "${lines[0]}" = 'proves          spans (spans.clnrm.toml): required span never ran: "checkout.pay"' ]
	[ "${lines[1]}" = 'PROVES NOTHING  text (text.clnrm.toml): green, though nothing of the code under test ran' ]
	[ "$(shown)" = "spans true
text false" ]
	run -0 clnrm prove spans.clnrm.toml
}

@test "an exit status, directories, variables and forbidden programs are no proof" {
	one_step a.clnrm.toml 'cd d && exit "$N"' <<-'T'
	expected_exit_code = 7
	workdir = "d"
	env = { N = "7" }
	policy = { disallowed_commands = ["sh"] }
	artifacts.collect = ["files:/nowhere"]
	T
	[ "$(shown)" = "a false" ]
}

@test "upper bounds alone are no proof, for they hold without any span" {
	one_step a.clnrm.toml true <<-'T'
	[expect.counts]
	errors_total = { eq = 0 }
	spans_total = { lte = 100 }
	T
	[ "$(shown)" = "a false" ]
}

@test "of several scenarios the file is one test" {
	one_step a.clnrm.toml true <<-'T'
	[[scenario]]
	name = "t"
	run = "true"
	[[expect.span]]
	name = "never"
	T
	[ "$(shown)" = "a true" ]
}

@test "an expression that no text can be made for is told, and does not pass" {
	one_step a.clnrm.toml 'echo aQ' <<-'T'
	expected_output_regex = "^(?=.*Q)(?=.*[A-P])[a-z]"
	T
	run -0 clnrm prove a.clnrm.toml
	[[ "${lines[0]}" = 'not tried       a.clnrm.toml (a.clnrm.toml): step "s" cannot be replaced'* ]]
	[ "$(shown)" = "a.clnrm.toml null" ]
}

@test "with --only service a test without services is not tried" {
	one_step a.clnrm.toml 'true' </dev/null
	[ "$(shown --only service)" = "a.clnrm.toml null" ]
	[ "$(shown --only step)" = "a false" ]
	run -2 clnrm prove --only all
}

@test "the plan of stubs has a digest of its own, and all else as it was" {
	one_step a.clnrm.toml 'true' </dev/null
	clnrm-lint a.clnrm.toml | tee plan | clnrm-prove | keep >stub
	jq -S 'select(.type == "plan") | del(.sha256, .scenarios[].steps[].command)' plan >a
	jq -S 'select(.type == "plan") | del(.sha256, .scenarios[].steps[].command)' stub >b
	cmp a b
	[ "$(jq -r 'select(.type == "plan").sha256' plan)" != "$(jq -r 'select(.type == "plan").sha256' stub)" ]
	[ "$(jq -r 'select(.type == "plan").sha256' stub)" = "$(sed -n 's/.*"sha256":"[0-9a-f]*",\("meta".*"inputs":\[\]\).*/\1/p' stub |
		tr -d '\n' | sha256sum | cut -d' ' -f1)" ]
}

@test "no test is exit 4, a file that does not lint exit 2, a cut stream exit 3" {
	run -4 clnrm prove .
	echo '[meta' >a.clnrm.toml
	run -2 clnrm prove a.clnrm.toml
	[[ "$output" = *"a.clnrm.toml:1"* ]]
	one_step b.clnrm.toml 'true' </dev/null
	run -3 sh -c 'clnrm-lint b.clnrm.toml | clnrm-prove | head -n 2 | clnrm-prove --judge --format text'
	[[ "$output" = *"cut"* ]]
}

# A test that needs its service; $1 is more of its step.
with_service() {
	cat >need <<-'T'
	for i in 1 2 3 4 5 6 7 8 9; do
		pgrep -fx "sleep 4181" && echo the db is there && exit
		sleep 0.1
	done
	exit 1
	T
	printf '[images]\nhost = host\n' >clnrm.conf
	cat >a.clnrm.toml <<-T
	[meta]
	name = "a"
	version = "1"
	[service.db]
	image = "host"
	command = ["sh", "-c", "echo up; exec sleep 4181"]
	ready = { log = "up", timeout_ms = 60000 }
	[[scenario]]
	name = "s"
	run = '''${1-sh need}'''
	expected_output_regex = "db is there"
	T
}

@test "a service is replaced by nothing, and is ready at once" {
	with_service
	run -0 clnrm run a.clnrm.toml
	[ "$(shown --only service)" = "a true" ]
	[ "$(shown --only step)" = "a false" ]
	[ "$(shown)" = "a false" ]
	clnrm-lint a.clnrm.toml | clnrm-prove --only service | clnrm-exec - >out || :
	[ "$(jq -r 'select(.type == "service") | .state + ": " + .detail' out)" = "ready: nothing runs in it" ]
	run -1 clnrm prove --only step a.clnrm.toml
}

@test "templates and the cells of a matrix are tests of their own" {
	cat >m.clnrm.toml.tera <<-'T'
	[meta]
	name = "m"
	version = "1"
	[matrix]
	n = ["1", "2"]
	[[scenario]]
	name = "s"
	run = "echo {{ matrix.n }}"
	expected_output_regex = "^{{ matrix.n }}$"
	{% if matrix.n == "2" %}
	[[expect.span]]
	name = "x"
	{% endif %}
	T
	run -1 clnrm prove m.clnrm.toml.tera
	[ "${lines[0]}" = 'PROVES NOTHING  m [n=1] (m.clnrm.toml.tera): green, though nothing of the code under test ran' ]
	[ "${lines[1]}" = 'proves          m [n=2] (m.clnrm.toml.tera): required span never ran: "x"' ]
	[ "${lines[2]}" = '2 tests: 1 proves something, 1 nothing' ]
}

@test "every green test is named, whatever is said of the others" {
	for name in a b c d e; do
		one_step "$name.clnrm.toml" "echo $name" <<<"expected_output_regex = \"^$name\""
	done
	printf '[[expect.span]]\nname = "x"\n' >>c.clnrm.toml
	sed -i 's/"^d"/"^(?=.*Q)(?=.*[A-P])[a-z]"/' d.clnrm.toml
	run -1 clnrm prove .
	[ "$(grep -o '^PROVES NOTHING  [a-z]' <<<"$output" | cut -c17- | xargs)" = "a b e" ]
	[[ "$output" = *"5 tests: 1 proves something, 3 nothing, 1 not tried" ]]
}

@test "a signal ends it, and nothing is left" {
	with_service 'echo begun >/dev/null; sleep 4182'
	clnrm prove --only service a.clnrm.toml >out 2>&1 3>&- &
	prover=$!
	await runs 'sleep 4182'
	kill -TERM $prover
	status=0
	wait $prover || status=$?
	[ "$status" = 143 ]
	is_gone 'sleep 4182'
	run ! grep -q 'PROVES NOTHING' out
}

@test "what is no stream of plans is told" {
	run -3 clnrm-prove </dev/null
	run -2 sh -c 'printf "{\n{\"type\":\"end\",\"stage\":\"lint\",\"status\":0}\n" | clnrm-prove'
	[[ "$output" = *'"code":"E502"'* ]]
	run -2 clnrm-prove nowhere.ndjson
	run -2 clnrm-prove --only steps </dev/null
	run -2 clnrm prove --only
}
