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
