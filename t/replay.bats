#!/usr/bin/env bats
# What passed and is unchanged comes again; what is not known to be runs.
# shellcheck disable=SC2016 # the steps' shell expands

bats_require_minimum_version 1.5.0
load helper

# Runs the test file with the cache: sets $stream, the records.
cached() {
	need_namespaces
	sleep 0.03 # the clock of files is behind by a tick
	run clnrm run --cache --report ndjson=stream t.clnrm.toml "$@"
	stream=$(<stream)
	is_as_documented stream
}

# Was the scenario $1 run, or did it come again?
came() {
	jq -rc "select(.type == \"scenario.end\" and .scenario == \"${1:-s}\") | .cached" <<<"$stream"
}

verdicts() {
	jq -rc 'select(.type == "verdict") | [.verdict, .cached] | join(" ")' <<<"$stream"
}

# It is stored, and comes again.
stored() {
	mkdir -p .clnrm/cache/runs
	cached
	[ "$(verdicts)" = "pass false" ] || { echo "$output"; return 1; }
	cached
	again
}

# It came again; if not, the records say why.
again() {
	[ "$(verdicts)" = "pass true" ] || { unstored; return 1; }
}

unstored() {
	jq -c 'select(.type == "scenario.end") | {status, cache}' stream
	echo "$output"
}

# After a change it runs, and to another end: $1 is its verdict.
runs_to() {
	cached
	[ "$(verdicts)" = "$1 false" ] || { verdicts; return 1; }
}

@test "what passed and is unchanged comes again, with all of its records" {
	echo data >data
	one_step t.clnrm.toml 'cat data; echo $TRACEPARENT' </dev/null
	stored
	[ "$(jq -rc 'select(.type == "step") | .stdout' stream | head -1)" = data ]
	[ "$(jq -rc 'select(.type == "scenario.end") | .cached' stream)" = true ]
	[ "$(jq -rc 'select(.type == "input" and .path == "data") | .kind' stream)" = read ]
	trace=$(jq -r 'select(.type == "scenario.start") | .trace_id' stream)
	jq -r 'select(.type == "step") | .stdout' stream | grep -q "$trace"
	jq -r 'select(.type == "span") | .trace_id' stream | grep -q "$trace"
}

@test "a file of the project is an input, its content, its mode and its being there" {
	echo data >data
	one_step t.clnrm.toml 'grep -q data data && test -x tool' </dev/null
	touch tool
	chmod +x tool
	stored
	touch data
	cached
	[ "$(verdicts)" = "pass true" ]
	echo atad >data
	runs_to fail
	echo data >data
	runs_to pass
	chmod -x tool
	runs_to fail
	chmod +x tool
	runs_to pass
	rm data
	runs_to fail
}

@test "what was looked for and comes, a list, a link and a directory are inputs" {
	mkdir dir other
	touch dir/a
	ln -s dir link
	one_step t.clnrm.toml '! test -e new && [ "$(ls dir)" = a ] && test -e link/a && test -d other' </dev/null
	stored
	touch new
	runs_to fail
	rm new
	runs_to pass
	touch dir/b
	runs_to fail
	rm dir/b
	runs_to pass
	ln -sfn other link
	runs_to fail
	ln -sfn dir link
	runs_to pass
	rmdir other
	runs_to fail
	mkdir other
	runs_to pass
	rm dir/a
	mkdir dir/a
	runs_to pass
}

@test "where a file is made, moved from or linked to is an input" {
	mkdir sub
	echo 1 >moved
	echo 2 >linked
	one_step t.clnrm.toml 'echo x >sub/out && mv moved sub/m && ln -s ../linked sub/l && [ "$(cat sub/m sub/l | xargs)" = "1 2" ]' </dev/null
	stored
	echo 2 >moved
	runs_to fail
	echo 1 >moved
	runs_to pass
	echo 3 >linked
	runs_to fail
	echo 2 >linked
	runs_to pass
	rmdir sub
	runs_to fail
}

@test "a directory that gets another name is nothing to rely on" {
	mkdir -p dir
	echo 1 >dir/f
	one_step t.clnrm.toml 'ln -s dir l && cat l/f' </dev/null
	cached
	cached
	[ "$(verdicts)" = "pass false" ]
	one_step t.clnrm.toml 'cat /proc/self/cwd/dir/f' </dev/null
	cached
	cached
	[ "$(verdicts)" = "pass false" ]
}

@test "a program of the host and a library are inputs" {
	mkdir bin lib
	lib=$(ldd /bin/ls | sed -n 's,.*=> \(/.*/libc.so.6\) .*,\1,p')
	cp "$lib" lib/
	printf '#!/bin/sh\necho one\n' >bin/tool
	chmod +x bin/tool
	one_step t.clnrm.toml '[ "$(bin/tool)" = one ] && LD_LIBRARY_PATH=$PWD/lib ls -d lib' </dev/null
	stored
	printf '#!/bin/sh\necho two\n' >bin/tool
	runs_to fail
	printf '#!/bin/sh\necho one\n' >bin/tool
	runs_to pass
	echo >>lib/libc.so.6
	runs_to pass
	: >lib/libc.so.6
	runs_to fail
}

@test "a variable that is let in, our program and our options are inputs" {
	export CLNRM_T_IN=1
	one_step t.clnrm.toml '[ "$CLNRM_T_IN" = 1 ]' <<-'T'
	[env]
	pass = ["CLNRM_T_IN"]
	T
	stored
	export CLNRM_T_IN=2
	runs_to fail
	export CLNRM_T_IN=1
	runs_to pass
	cached --capture 100
	[ "$(verdicts)" = "pass false" ]
	umask 077
	runs_to pass
	umask 022
	mkdir bin
	cp "$BIN"/* bin
	echo >>bin/clnrm-exec
	sleep 0.03
	BIN=$PWD/bin PATH=$PWD/bin:$PATH runs_to pass
}

@test "an image and a volume are inputs" {
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	export XDG_DATA_HOME=$PWD/store
	vol=$(mktemp -d)
	mkdir -p bb/bin bb/etc
	cp "$(command -v busybox)" bb/bin/busybox
	ln bb/bin/busybox bb/bin/sh
	ln -s /data bb/etc/link
	echo 1 >bb/etc/conf
	echo 1 >"$vol/f"
	tar -C bb -cf "$vol.tar" .
	clnrm images import bb "$vol.tar"
	one_step t.clnrm.toml true <<-T
	[service.db]
	image = "bb"
	command = ["sh", "-c", "[ \$(busybox cat /etc/conf)\$(busybox cat /etc/link/f) = 11 ] || exit 1; echo >/tmp/up; exec busybox sleep 100"]
	ready = { command = ["busybox", "test", "-e", "/tmp/up"] }
	volumes = [{ host_path = "$vol/", container_path = "/data/" }]
	T
	stored
	echo 2 >"$vol/f"
	cached
	[ "$(verdicts)" != "pass true" ]
	echo 1 >"$vol/f"
	cached
	again || { cached; again; }
	echo 2 >bb/etc/conf
	tar -C bb -cf "$vol.tar" .
	clnrm images import bb "$vol.tar"
	cached
	[ "$(verdicts)" != "pass true" ]
	rm -r "$vol" "$vol.tar"
}

@test "the records say why a pass is not stored" {
	one_step t.clnrm.toml 'echo 1 >f' <<-'T'
	artifacts.collect = ["files:f"]
	T
	cached
	[ "$(jq -r 'select(.cache) | .cache.unstored' stream)" = "files are kept of it" ]
	one_step t.clnrm.toml 'test ! -e gone; : waits-62; sleep 0.5; sleep 0.5' </dev/null
	clnrm run --cache --report ndjson=stream t.clnrm.toml &
	await runs waits-62
	touch beside
	wait $!
	unstored | grep -q '/gone was looked for and not there'
	one_step t.clnrm.toml 'cat t.clnrm.toml' </dev/null
	cached
	unstored | grep -q '"unstored":null'
}

@test "an edited expectation is judged without a run, and a plan that is edited runs" {
	one_step t.clnrm.toml 'echo one' <<<'expected_output_regex = "one"'
	stored
	sed -i 's/"one"/"two"/' t.clnrm.toml
	cached
	[ "$(verdicts)" = "fail true" ]
	sed -i 's/"two"/"one"/' t.clnrm.toml
	# A failure always runs.
	runs_to pass
	cached
	[ "$(verdicts)" = "pass true" ]
	sed -i 's/^version = .*/version = "2"/' t.clnrm.toml
	cached
	[ "$(verdicts)" = "pass true" ]
	sed -i 's/echo one/echo one two/' t.clnrm.toml
	runs_to pass
}

@test "what a template takes in is part of the plan" {
	echo 'echo one' >inc.tera
	cat >t.clnrm.toml.tera <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	run = '''{% include "inc.tera" %}'''
	expected_output_regex = "one"
	T
	ln -s t.clnrm.toml.tera x
	sed -n 1p x >/dev/null
	need_namespaces
	for i in 1 2 3; do
		[ $i != 3 ] || echo 'echo none; echo' >inc.tera
		sleep 0.03 # as above
		run clnrm run --cache --report ndjson=stream t.clnrm.toml.tera
		stream=$(<stream)
		verdicts
		verdicts >>all
	done
	[ "$(paste -sd, all)" = "pass false,pass true,pass false" ]
}

@test "what failed runs, and what is now this and now that always does" {
	need_namespaces
	one_step t.clnrm.toml 'exit $(($(date +%s%N) / 1000 % 2))' </dev/null
	for _ in $(seq 40); do
		cached --force
		[ "$(came)" = false ]
		! grep -q flaky .clnrm/cache/runs/*.mark || break
	done
	grep -q flaky .clnrm/cache/runs/*.mark
	cached
	[ "$(came)" = false ]
	cached
	[ "$(came)" = false ]
}

@test "what was edited while it ran is not stored" {
	need_namespaces
	echo one >data
	one_step t.clnrm.toml 'cat data; : waits-61; sleep 0.5; sleep 0.5' </dev/null
	clnrm run --cache t.clnrm.toml &
	await runs waits-61
	echo two >data
	wait $!
	cached
	[ "$(verdicts)" = "pass false" ]
}

@test "what was stopped is no failure" {
	one_step t.clnrm.toml 'cat data; : waits-63; [ ! -e slow ] || sleep 60' </dev/null
	echo one >data
	stored
	touch slow
	clnrm run --cache t.clnrm.toml 3>&- &
	await runs 'waits-63.*sleep 60'
	kill $!
	wait $! || :
	rm slow
	cached
	run ! grep -q flaky .clnrm/cache/runs/*.mark
	cached
	again
}

@test "scenarios that are judged together come together" {
	echo 1 >a
	echo 1 >b
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "a"
	run = "cat a"
	[[scenario]]
	name = "b"
	run = "cat b"
	T
	cached
	cached
	[ "$(came a) $(came b)" = "true true" ]
	echo 2 >a
	cached
	[ "$(came a) $(came b)" = "false true" ]
	printf '[expect.hermeticity]\nno_external_services = true\n' >>t.clnrm.toml
	cached
	[ "$(came a) $(came b)" = "true true" ]
	echo 3 >a
	cached
	[ "$(came a) $(came b)" = "false false" ]
}

@test "what is stored and was cut or changed is let go, and runs" {
	one_step t.clnrm.toml 'echo one' </dev/null
	stored
	file=$(find .clnrm/cache/runs -name '*.mark')
	file=${file%.mark}
	truncate -s -20 "$file"
	runs_to pass
	cached
	[ "$(verdicts)" = "pass true" ]
	sed -i 's/one/two/' "$file"
	runs_to pass
	echo garbage >"$file.mark"
	runs_to pass
	: >"$file"
	runs_to pass
}

@test "a cache that cannot be written changes no verdict" {
	one_step t.clnrm.toml 'echo one' </dev/null
	mkdir .clnrm
	: >.clnrm/cache
	cached
	cached
	[ "$status" = 0 ]
	[ "$(verdicts)" = "pass false" ]
}

@test "without the cache, or by force, all is run" {
	one_step t.clnrm.toml 'echo one' </dev/null
	stored
	cached --force
	[ "$(verdicts)" = "pass false" ]
	cached --no-cache
	[ "$(verdicts)" = "pass false" ]
	CLNRM_CACHE=1 run -0 clnrm run --no-cache --report ndjson=stream t.clnrm.toml
	stream=$(<stream)
	[ "$(verdicts)" = "pass false" ]
	run -2 clnrm lint --cache t.clnrm.toml
}

@test "files that are kept are a reason to run" {
	one_step t.clnrm.toml 'echo 1 >f' <<-'T'
	artifacts.collect = ["files:f"]
	T
	cached
	cached
	[ "$(verdicts)" = "pass false" ]
}

@test "after random edits the verdicts are those of a cold run" {
	need_namespaces
	run -0 "$ROOT/t/stale" run 12 5
	[[ "$output" == *"none was stale"* ]]
}

@test "what was of no use for long is removed" {
	one_step t.clnrm.toml 'echo one' </dev/null
	mkdir -p .clnrm/cache/runs
	touch -d '40 days ago' .clnrm/cache/runs/old
	touch -d '20 days ago' .clnrm/cache/runs/young
	cached
	[ ! -e .clnrm/cache/runs/old ]
	[ -e .clnrm/cache/runs/young ]
}

@test "what is stored is listed, and removed when that is asked for" {
	one_step t.clnrm.toml 'echo one' </dev/null
	run -0 clnrm cache
	[[ "$output" == "0 scenarios, 0 KiB in "*/.clnrm/cache/runs ]]
	stored
	run -0 clnrm cache
	[[ "${lines[0]}" == "t.clnrm.toml: 1 stored, 1 as passed, "*" KiB, of use today" ]]
	[[ "${lines[1]}" == "1 scenario, "* ]]
	run -0 clnrm cache gc
	cached
	again
	run -0 clnrm cache clear
	[[ "$output" == "removed 2 files, "* ]]
	runs_to pass
	run -2 clnrm cache all
}

@test "asked for what changed, files run that have no pass that is still good" {
	need_namespaces
	mkdir -p .clnrm/cache/runs
	for file in a b c; do
		echo good >$file
		one_step $file.clnrm.toml "grep good $file" </dev/null
	done
	sleep 0.03 # as above
	run -0 clnrm run --changed --format tap
	[ "$(grep -c '^ok' <<<"$output")" = 3 ]
	run -4 clnrm run --changed
	echo bad >b
	run -1 clnrm run --changed --format tap
	[ "$(grep -cE '^(not )?ok' <<<"$output")" = 1 ]
	run -1 clnrm run --changed --format tap a.clnrm.toml b.clnrm.toml
	[ "$(grep -cE '^(not )?ok' <<<"$output")" = 1 ]
	echo good >b
	echo '[[wrong' >>c.clnrm.toml
	run clnrm run --changed --format tap
	[[ "$output" == *"ok 1 - b"* ]]
	[[ "$output" == *"c.clnrm.toml"* ]]
	run -2 clnrm run --changed nowhere
	run -2 clnrm run --changed --failed
}
