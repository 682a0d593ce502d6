#!/usr/bin/env bats
# Which tests run, out of all that there are, and in which order.
load helper

# a_test NAME TAGS
a_test() {
	printf '[meta]\nname = "%s"\nversion = "1"\ntags = [%s]\n[[scenario]]\nname = "%s-steps"\nrun = "true"\n' \
		"$1" "$2" "$1" >"$1.clnrm.toml"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	a_test pay '"db", "slow"'
	a_test refund '"db"'
	a_test mail '"net"'
	a_test menu ''
	clnrm-render . | clnrm-lint - >plans
}

# The names of the tests that are selected.
selected() {
	clnrm-select "$@" plans | keep | jq -r 'select(.type == "plan") | .meta.name' | xargs
}

@test "a filter takes tests by tag, name and file" {
	[ "$(selected)" = "mail menu pay refund" ]
	[ "$(selected --filter tag:db)" = "pay refund" ]
	[ "$(selected --filter 'tag:db & !slow')" = "refund" ]
	[ "$(selected --filter 'name:m*')" = "mail menu" ]
	[ "$(selected --filter 'name:pay-steps')" = "pay" ]
	[ "$(selected --filter 'file:*fund.clnrm.toml')" = "refund" ]
	[ "$(selected --filter fun)" = "refund" ]
	[ "$(selected --filter 'tag:net | tag:db & slow')" = "mail pay" ]
	[ "$(selected --filter '(tag:net | tag:db) & !!slow')" = "pay" ]
	[ "$(selected --filter tag:none)" = "" ]
}

@test "a filter that cannot be read is told with its column" {
	run -2 clnrm-select --filter 'tag:db &' plans
	[[ "$output" == *"--filter: column 9: a test is named here"* ]]
	run -2 clnrm-select --filter '(a' plans
	run -2 clnrm-select --filter 'a b' plans
	run -2 clnrm-select --filter 'tags:db' plans
	run -2 clnrm-select --filter 'tag:[' plans
	run -2 clnrm-select --filter "$(printf '(%.0s' $(seq 100000))" plans
	[[ "$output" == *"too many parentheses"* ]]
	for bad in 0/2 3/2 1 1/2x -1/2 a/b; do
		run -2 clnrm-select --shard "$bad" plans
	done
}

@test "the shards are all tests, each once" {
	for i in 1 2 3; do selected --shard "$i/3"; done | tr ' ' '\n' | sort >shards
	[ "$(xargs <shards)" = "mail menu pay refund" ]
	[ "$(selected --filter tag:db --shard 2/2)" = "refund" ]
}

@test "an order is that of the names, or random and the same for one seed" {
	[ "$(selected --order name)" = "mail menu pay refund" ]
	[ "$(selected --order random --seed 7)" = "$(selected --order random --seed 7)" ]
	for seed in $(seq 20); do selected --order random --seed "$seed"; done |
		sort -u >orders
	[ "$(wc -l <orders)" -gt 5 ]
	run -0 clnrm-select --order random --seed 7 plans
	[[ "$output" == *'the order is that of --seed 7'* ]]
}

@test "what is left out is told, and so is nothing else than what is said of it" {
	run -0 clnrm-select --filter tag:db plans
	[[ "$output" == *'"severity":"note","code":"W419","message":"2 of 4 tests are selected"'* ]]
	diff <(jq -c 'select(.type != "plan" and .source != "mail.clnrm.toml" and .source != "menu.clnrm.toml")' plans) \
		<(grep -v '"type":"plan"\|W419\|"stage":"select"' <<<"$output")
}

@test "run, dry-run and prove take selections; nothing selected is exit 4" {
	run -0 clnrm run --filter 'tag:db & !slow'
	[[ "$output" == *"ok 1 - refund"*"1..1"* ]]
	run -4 clnrm run --filter tag:none
	run -0 clnrm dry-run --shard 1/4
	[[ "$output" == *mail* && "$output" != *menu* ]]
	run -0 clnrm -n prove --filter a --order name
	[[ "$output" == *"| clnrm-select --filter a --order name | clnrm-prove |"* ]]
	run -2 clnrm lint --filter a
}
