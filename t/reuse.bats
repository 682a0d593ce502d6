#!/usr/bin/env bats
# Services that outlive a scenario, where a test asks for it.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	printf '[images]\nbb = bb\n' >clnrm.conf
	mkdir -p bb/bin bb/tmp
	cp "$(command -v busybox)" bb/bin/busybox
	for program in sh nc cat echo sleep kill mv rm ls date wget true touch; do
		ln bb/bin/busybox "bb/bin/$program"
	done
}

# A test whose service `db` is reused, with more keys of it in $1 and scenarios
# on standard input; options of clnrm-exec may follow.
reuse() {
	{
		cat <<-'T'
		[meta]
		name = "t"
		version = "1"
		[service.db]
		image = "bb"
		reuse = true
		T
		printf '%s\n' "$1"
		cat
	} >t.clnrm.toml
	run --separate-stderr executed t.clnrm.toml "${@:2}"
	stream=$output
}

scenario() {
	printf '[[scenario]]\nname = "%s"\nservice = "%s"\nrun = '"'''%s'''"'\n' "$@"
}

of() {
	jq -rc "select(.type == \"$1\") | ${2:-.}" <<<"$stream"
}

states() {
	of service '[.scenario, .service, .state, (if .reused then "reused" else empty end)] | join(" ")'
}

# Says so, and does.
up='command = ["sh", "-c", "echo up; echo $$ >/tmp/pid; exec sleep 100"]
ready = { log = "up", command = ["cat", "/tmp/pid"] }'

@test "a reused service keeps its files and its processes, and the rest is fresh" {
	reuse "$up" <<-T
	[service.side]
	image = "bb"
	$(scenario one db 'echo kept >/tmp/kept; (sleep 100; echo never) & ls /tmp')
	[[scenario.steps]]
	name = "side"
	service = "side"
	command = ["touch", "/tmp/mine", "mine"]
	$(scenario two db 'cat /tmp/kept /tmp/pid; kill -0 $(cat /tmp/pid)')
	[[scenario.steps]]
	name = "side"
	service = "side"
	command = ["ls", "/tmp/mine", "mine"]
	expected_exit_code = 1
	T
	[ "$status" -eq 0 ]
	diff - <(states) <<-'T'
	one db starting
	one side ready
	one db ready
	two side ready
	two db ready reused
	T
	[[ "$(of step 'select(.scenario == "two" and .step == "two").stdout')" = kept$'\n'* ]]
	[ "$(of scenario.end .status | xargs)" = "ok ok" ]
	[ "$(of scenario.end '.isolation.reused[]' | xargs)" = "db db" ]
}

@test "only the last of those that share has seen the processes go" {
	reuse "$up" < <(scenario one db true; scenario two db true)
	[ "$(of scenario.end .complete.processes | xargs)" = "false true" ]
	run clnrm-report --format text <(clnrm-verify <<<"$stream")
	[[ "$output" = *"isolation: full (reused: db)"* ]] || { echo "$output"; false; }
}

@test "without reuse each scenario has a service of its own" {
	reuse "$up" < <(scenario one db true; scenario two db true)
	sed -i /reuse/d t.clnrm.toml
	stream=$(executed t.clnrm.toml -j 1)
	[ "$(states | xargs)" = "one db starting one db ready two db starting two db ready" ]
	[ "$(of scenario.end '.isolation | has("reused")' | xargs)" = "false false" ]
}

@test "scenarios that share run one after the other, and others beside them" {
	one_step beside.clnrm.toml 'exec sleep 1000'
	reuse "$up" < <(for i in a b c d; do scenario "$i" db true; done)
	clnrm-render beside.clnrm.toml t.clnrm.toml | clnrm-lint - >plan
	clnrm-exec -j 4 plan >out &
	await grep -q '"scenario.end".*"scenario":"d"' out
	kill $!
	wait $! || :
	[ "$(jq -r 'select((.type | startswith("scenario.")) and .scenario != "s")
		| .scenario + .type[8:]' out | xargs)" = \
		"a.start a.end b.start b.end c.start c.end d.start d.end" ]
	[ "$(jq -r 'select(.type == "scenario.end" and .scenario == "s").status' out)" = cancelled ]
}

@test "a record holds what came in its scenario's time" {
	local tell='echo asked by WHO >/tmp/word; mv /tmp/word /tmp/ask; until rm /tmp/told; do sleep 0.02; done'
	reuse 'command = ["sh", "-c", "echo up; while sleep 0.02; do mv /tmp/ask /tmp/got && cat /tmp/got && touch /tmp/told; done 2>/dev/null"]
	ready = { log = "up" }' <<-T
	$(scenario one db "${tell/WHO/one}")
	$(scenario two db "${tell/WHO/two}")
	T
	[ "$(of log '.scenario + ": " + .text' | grep asked)" = $'one: asked by one\ntwo: asked by two' ] || { of log; false; }
}

@test "a reused service that is not ready any more is an error" {
	reuse 'command = ["sh", "-c", "touch /tmp/well; exec sleep 100"]
	ready = { command = ["cat", "/tmp/well"], timeout_ms = 1000 }' \
		< <(scenario one db 'rm /tmp/well'; scenario two db true; scenario three db true)
	[ "$(of scenario.end .status | xargs)" = "ok error ok" ]
	[ "$(of diagnostic 'select(.severity == "error").message')" = \
		"service db: not ready after 1000 ms: its command: ended with 1" ]
	# Who comes after that has a new one.
	[ "$(states | tail -n 2 | xargs)" = "three db starting three db ready" ]
}

@test "a reused service that has ended is begun anew, and is not called reused" {
	reuse "$up" < <(scenario one db 'kill $(cat /tmp/pid); until ! kill -0 $(cat /tmp/pid); do sleep 0.02; done'
		scenario two db 'cat /tmp/pid')
	[ "$(states | xargs)" = "one db starting one db ready one db stopped two db starting two db ready" ]
	[ "$(of scenario.end .status | xargs)" = "ok ok" ]
}

@test "after a time-out nothing is reused" {
	reuse "$up" <<-T
	$(scenario one db 'sleep 100')
	timeout_ms = 2000
	$(scenario two db true)
	T
	[ "$(of scenario.end .status | xargs)" = "timeout ok" ]
	[ "$(states | tail -n 2 | xargs)" = "two db starting two db ready" ]
}

@test "a scenario with another policy has a service of its own" {
	reuse "$up" <<-T
	$(scenario one db 'echo x >/written')
	$(scenario two db true)
	policy.security_level = "high"
	T
	[ "$(jq -r 'select(.type == "scenario.start" or .type == "violation") | .scenario, .path // empty' <<<"$stream" | xargs)" = \
		"one two two /written" ]
	[ "$(states | tail -n 2 | xargs)" = "two db starting two db ready" ]
}

@test "attempts outside are counted once, in the scenario whose step made them" {
	reuse "$up" < <(scenario one db 'nc -w 1 192.0.2.1 80 || true'
		scenario two db 'nc -w 1 192.0.2.1 80; nc -w 1 192.0.2.1 80 || true'
		scenario three db true)
	[ "$(jq -s '[.[] | select(.type == "violation" and .kind == "network")]
		| group_by(.scenario) | map([.[0].scenario, (map(.count) | add)])' -c <<<"$stream")" = \
		'[["one",1],["two",2]]' ] || { of violation; false; }
}

@test "a span of a reused service counts by its trace alone" {
	# The service sends a span of the trace that it is asked with, or of its own.
	cat >db.sh <<-'S'
	echo up
	while sleep 0.02; do
		mv /tmp/ask /tmp/got 2>/dev/null || continue
		t=$(cat /tmp/got)
		[ "$t" != own ] || t=$TRACEPARENT
		s=${t#00-} now=$(date +%s)000000000
		wget -q -O - --header 'Content-Type: application/json' --post-data '{"resourceSpans":[{"scopeSpans":[{
			"spans":[{"traceId":"'${s%%-*}'","spanId":"b7ad6b716920333'$((n += 1))'","name":"work","kind":1,
			"startTimeUnixNano":"'$now'","endTimeUnixNano":"'$now'"}]}]}]}' http://127.0.0.1:4318/v1/traces
		touch /tmp/sent
	done
	S
	ask='for t in own $TRACEPARENT; do echo $t >/tmp/word; mv /tmp/word /tmp/ask; until rm /tmp/sent; do sleep 0.02; done; done'
	reuse 'command = ["sh", "'"$PWD"'/db.sh"]
	ready = { log = "up" }' < <(scenario one db "$ask"; scenario two db "$ask")
	[ "$(of span 'select(.via == "otlp") | .bound' | xargs)" = "trace trace no trace" ] ||
		{ of span >&2; false; }
}

@test "what runs is stopped with what is reused, and nothing of a killed run stays" {
	reuse "$up" < <(scenario one db true)
	mkfifo go
	sed -i 's/name = "t"/name = "reuse-'$$'"/' t.clnrm.toml
	sed -i "s/run = .*/run = 'echo two; exec sleep 1234$$'/" t.clnrm.toml
	printf '[[scenario]]\nname = "two"\nrun = "true"\n' >>t.clnrm.toml
	for signal in TERM KILL; do
		clnrm-render t.clnrm.toml | clnrm-lint - >plan
		clnrm-exec plan >out &
		pid=$!
		await runs "sleep 1234$$"
		kill -$signal $pid
		wait $pid || :
		await is_gone "sleep 1234$$"
		[ $signal = KILL ] || [ "$(jq -r 'select(.type == "scenario.end").status' out)" = cancelled ]
	done
}
