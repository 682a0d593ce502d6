#!/usr/bin/env bats
# The loop: `clnrm dev` as a person runs it, held against what it says.

# shellcheck disable=SC2030,SC2031 # each test has a shell of its own
load helper

# Starts the loop; its records go to the file `all`.
dev() {
	: >all
	clnrm dev --format ndjson "$@" >>all 2>err 3>&- &
	driver=$!
	await is_batch 0
}

is_batch() {
	grep -q '^{"type":"batch","gen":'"$1", all
}

# The sources of a generation's verdicts, and what they were.
verdicts() {
	jq -r --argjson gen "$1" 'select(.type == "verdict" and .gen == $gen) |
		"\(.source) \(.verdict)"' all | LC_ALL=C sort
}

# After the generation $1 these verdicts are all that it brought.
expect() {
	local gen=$1
	shift
	await is_batch "$gen" || { tail -n 5 all err; return 1; }
	[ "$(verdicts "$gen")" = "$(printf '%s\n' "$@")" ] && return
	grep -a diagnostic all; cat err; verdicts "$gen"
	return 1
}

why() {
	jq -r --argjson gen "$1" 'select(.type == "affected" and .gen == $gen) |
		"\(.source) \(.how) \(.by)"' all | LC_ALL=C sort
}

end_dev() {
	kill "$driver" 2>/dev/null || :
	wait "$driver" && status=0 || status=$?
}

teardown() {
	[ -z "${driver-}" ] || end_dev
	[ ! -s all ] || is_as_documented all
}

@test "an edit runs the test that it is in, and no other" {
	one_step a.clnrm.toml true </dev/null
	one_step b.clnrm.toml true </dev/null
	dev .
	expect 0 'a.clnrm.toml pass' 'b.clnrm.toml pass'
	one_step a.clnrm.toml false </dev/null
	expect 1 'a.clnrm.toml fail'
	touch b.clnrm.toml
	one_step a.clnrm.toml 'exit 0' </dev/null
	expect 2 'a.clnrm.toml pass'
}

@test "an edited template or macro runs its users, and says so" {
	mkdir lib
	echo 'run = "true"' >lib/step.tera
	echo '{% macro run() %}run = "true"{% endmacro run %}' >lib/m.tera
	one_step a.clnrm.toml true </dev/null
	for file in b c; do
		printf '[meta]\nname = "%s"\nversion = "1"\n[[scenario]]\nname = "s"\n' $file
		[ $file = c ] || echo '{% include "lib/step.tera" %}'
		[ $file = b ] || echo '{% import "lib/m.tera" as m %}{{ m::run() }}'
	done >both
	sed -n '1,/include/p' both >b.clnrm.toml.tera
	sed '1,/include/d' both >c.clnrm.toml.tera
	dev .
	expect 0 'a.clnrm.toml pass' 'b.clnrm.toml.tera pass' 'c.clnrm.toml.tera pass'
	echo 'run = "false"' >lib/step.tera
	expect 1 'b.clnrm.toml.tera fail'
	[ "$(why 1)" = 'b.clnrm.toml.tera template lib/step.tera' ]
	sed -i 's/true/exit 0/' lib/m.tera
	expect 2 'c.clnrm.toml.tera pass'
}

@test "a file below a volume or fitting an input runs who declared it" {
	need_namespaces
	mkdir -p data/deep fixtures/deep other
	echo 1 >data/deep/x
	echo 1 >fixtures/deep/y
	one_step plain.clnrm.toml true </dev/null
	one_step input.clnrm.toml 'grep -q 1 fixtures/deep/y' </dev/null
	sed -i 's,^version.*,&\ninputs = ["fixtures/**/y" \, "other/"],' input.clnrm.toml
	one_step volume.clnrm.toml 'grep -q 1 /seen/deep/x' <<-T
	service = "box"
	[service.box]
	plugin = "generic_container"
	image = "box"
	[[service.box.volumes]]
	host_path = "$PWD/data"
	container_path = "/seen"
	T
	mkdir -p root/bin
	cp "$(command -v busybox)" root/bin/
	for word in sh grep; do ln -s busybox "root/bin/$word"; done
	printf '[images]\nbox = root\n' >clnrm.conf
	dev --debounce 300ms .
	expect 0 'input.clnrm.toml pass' 'plain.clnrm.toml pass' 'volume.clnrm.toml pass'
	echo 2 >data/deep/x
	expect 1 'volume.clnrm.toml fail'
	[ "$(why 1)" = 'volume.clnrm.toml volume data/deep/x' ]
	echo 2 >fixtures/deep/y
	expect 2 'input.clnrm.toml fail'
	[ "$(why 2)" = 'input.clnrm.toml input fixtures/deep/y' ]
	echo 1 >other/new
	expect 3 'input.clnrm.toml fail'
	# Both in one batch: it runs once, as it is now.
	echo 1 >fixtures/deep/y
	echo '#' >>input.clnrm.toml
	expect 4 'input.clnrm.toml pass'
}
