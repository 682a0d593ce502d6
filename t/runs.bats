#!/usr/bin/env bats
# What a run leaves behind, and what can be done with it.
load helper

# The directory of the newest kept run.
newest() {
	printf '%s\n' .clnrm/runs/2*/ | tail -n 1
}

kept() {
	find .clnrm/runs -maxdepth 1 -name '2*' | wc -l
}

bad() {
	one_step bad.clnrm.toml 'echo seen; echo heard >&2; exit 3' </dev/null
}

@test "a run is kept by time and id, whole, and git does not see it" {
	one_step good.clnrm.toml true </dev/null
	run -0 clnrm run good.clnrm.toml
	[ "$(kept)" = 1 ]
	id=$(jq -r 'select(.type == "begin") | .run' "$(newest)stream.ndjson")
	[[ "$(newest)" =~ /[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-${id:0:8}/$ ]]
	run -0 clnrm-report "$(newest)stream.ndjson"
	is_as_documented "$(newest)stream.ndjson"
	[ "$(cat .clnrm/runs/.gitignore)" = '*' ]
	[ ! -e "$(newest)failed" ]
	git init -q . && [ -z "$(git status --porcelain .clnrm)" ]
}

@test "what does not pass has a folder with all there is to see, and the report names it" {
	bad
	run -1 clnrm run --format text bad.clnrm.toml
	folder=$(newest)failed/bad/s
	[[ "$output" == *"kept: $folder"* ]]
	[ "$(cat "$folder"/steps/01-*.out)" = seen ]
	[ "$(cat "$folder"/steps/01-*.err)" = heard ]
	grep -q -- '--> bad.clnrm.toml:4:1' "$folder/checks.txt"
	[ "$(jq -r .verdict "$folder/verdict.json")" = fail ]
	[ "$(jq -r .type "$folder/plan.json")" = plan ]
	grep -q '^isolation: ' "$folder/environment.txt"
	grep -q "^kernel: Linux $(uname -r)" "$folder/environment.txt"
	[ "$(jq -rs '.[].name' "$folder/spans.ndjson" | sort | head -n 1)" = clnrm.run ]
}

@test "repeat runs the scenario as it was planned, whatever the file says now" {
	bad
	run -1 clnrm run bad.clnrm.toml
	one_step bad.clnrm.toml true </dev/null
	folder=$PWD/$(newest)failed/bad/s
	run -1 env -C / "$folder/repeat"
	[[ "$output" == *"exit 3, expected 0"* ]]
	[ "$(kept)" = 1 ]
}

@test "of several scenarios one is repeated, and its places are its own" {
	cat >two.clnrm.toml <<-'T'
	[meta]
	name = "two"
	version = "1"
	[[scenario]]
	name = "good"
	run = "true"
	[[scenario]]
	name = "bad"
	run = "exit 4"
	[[expect.span]]
	name = "never"
	T
	run -1 clnrm run two.clnrm.toml
	[ -d "$(newest)failed/two/file" ]
	[ ! -d "$(newest)failed/two/good" ]
	run -1 "$(newest)failed/two/bad/repeat"
	[[ "$output" == *"1..1"* && "$output" == *"line: 7"* && "$output" != *"never"* ]]
	# The digest of a plan is that of its members from `meta` to `inputs`.
	jq -cj 'del(.type, .source, .gen, .variant, .sha256, .unjudged, .at) | tostring[1:-1]' \
		"$(newest)failed/two/bad/plan.json" >body
	[ "$(sha256sum <body | cut -d ' ' -f 1)" = "$(jq -r .sha256 "$(newest)failed/two/bad/plan.json")" ]
}

@test "logs of services are in the folder" {
	need_namespaces
	printf '[images]\nhost-like = host\n' >clnrm.conf
	cat >logs.clnrm.toml <<-'T'
	[meta]
	name = "logs"
	version = "1"
	[service.db]
	image = "host-like"
	command = ["sh", "-c", "echo database is up; sleep 60"]
	ready.log = "is up"
	[[scenario]]
	name = "s"
	run = "exit 1"
	T
	run -1 clnrm run logs.clnrm.toml
	[ "$(cat "$(newest)failed/logs/s/logs/db.log")" = 'database is up' ]
}

@test "names of tests and steps cannot leave the folder, hide in it, or collide" {
	bad
	clnrm-render bad.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify >ran || true
	{
		head -n 1 ran
		for name in '"../../up"' '".hid"' '"a\nb"' '"a/b"' '"a b"' '"a\u0000b"' '""'; do
			sed "1d; /\"type\":\"end\"/d" ran | jq -c --argjson n "$name" --arg f "$((++n)).clnrm.toml" \
				'.source = $f | if .step then .step = $n else . end |
				if .scenario then .scenario = $n else . end | if .name == "bad" then .name = $n else . end |
				if .meta then .meta.name = $n | .scenarios[0].name = $n else . end'
		done
		tail -n 1 ran
	} >hostile
	run -1 clnrm-report --save hostile
	(cd "$(newest)failed" && find . -mindepth 2 -maxdepth 2 | LC_ALL=C sort) >found
	diff found - <<-'T'
	./_.._.._up/_.._.._up
	./_.hid/_.hid
	./_/_
	./a/a
	./a_b/a_b
	./a_b/a_b~2
	./a_b/a_b~3
	T
	[ "$(find "$(newest)failed" -path '*steps/*' | grep -cv 'steps/01-[a-z_.]*\.\(out\|err\)$')" = 0 ]
	[ -z "$(find . -path ./.clnrm/runs -prune -o -name '*up*' -print)" ]
}

@test "the newest runs are kept, as many as are asked for; 0 keeps none" {
	one_step good.clnrm.toml true </dev/null
	for _ in 1 2 3 4; do
		clnrm run --keep 3 good.clnrm.toml
	done
	[ "$(kept)" = 3 ]
	last=$(newest)
	printf '[report]\nkeep = 1\n' >clnrm.conf
	run -0 clnrm run good.clnrm.toml
	[ "$(kept)" = 1 ]
	[ ! -e "$last" ]
	rm -r .clnrm
	run -0 clnrm run --keep=0 good.clnrm.toml
	[ ! -e .clnrm ]
	run -0 clnrm-report ran.none </dev/null || true
	[ ! -e .clnrm ]
}

@test "what a killed run left is removed by the next; one that is written is not" {
	one_step good.clnrm.toml true </dev/null
	mkdir -p .clnrm/runs/.new-dead .clnrm/runs/.new-live .clnrm/runs/notes
	touch .clnrm/runs/.new-{dead,live}/stream.ndjson
	exec 9<.clnrm/runs/.new-live/stream.ndjson
	flock 9
	run -0 clnrm run good.clnrm.toml 9<&-
	[ ! -e .clnrm/runs/.new-dead ]
	[ -e .clnrm/runs/.new-live ] && [ -e .clnrm/runs/notes ]
}

@test "where nothing can be written, verdicts and status are what they were" {
	one_step good.clnrm.toml true </dev/null
	echo in the way >.clnrm
	run -0 --separate-stderr clnrm run good.clnrm.toml
	[[ "$output" == *'ok 1 - good'* ]]
	# shellcheck disable=SC2154 # set by run
	[[ "$stderr" == 'clnrm-report: warning: this run is not kept: '*'.clnrm'* ]]
	rm .clnrm
	bad
	run -1 --separate-stderr clnrm run --keep 0 bad.clnrm.toml
	[ -z "$stderr" ]
}

@test "a full disk is one warning, and leaves nothing half" {
	unshare -m true 2>/dev/null || cannot "no mount namespace for a small disk"
	bad
	clnrm-render bad.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify >ran || true
	mkdir -p .clnrm/runs
	{ head -n 4 ran && yes "$(jq -c 'select(.type == "step") | .stdout = "x" * 60000' ran)" |
		head -n 40 && tail -n +5 ran; } >long
	# shellcheck disable=SC2016 # for the inner shell
	run -1 --separate-stderr unshare -m sh -c '
		mount -t tmpfs -o size=1m none .clnrm/runs && clnrm-report --save long
		status=$?; ls -A .clnrm/runs >left; exit $status'
	[[ "$stderr" == 'clnrm-report: warning: this run is not kept: '*'No space left'* ]]
	[[ "$output" == *'not ok 1 - bad'* ]]
	[ "$(cat left)" = .gitignore ]
}

@test "an interrupted or cut stream is kept as it came" {
	bad
	clnrm-render bad.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify >ran || true
	head -n 3 ran >short
	run -3 clnrm-report --save short
	run -0 cmp short "$(newest)stream.ndjson"
	run -3 clnrm-report --save </dev/null
	[ "$(kept)" = 1 ]
}

@test "a kept run is read wherever a saved stream is: last, the one before, an id" {
	bad
	run -1 clnrm run bad.clnrm.toml
	sed -i 's/exit 3/exit 0/' bad.clnrm.toml
	run -0 clnrm run bad.clnrm.toml
	run -0 clnrm report --last
	run -0 clnrm report last
	run -1 clnrm report last~1
	id=$(jq -r 'select(.type == "begin") | .run' "$(newest)stream.ndjson")
	run -0 clnrm report "${id:0:8}"
	mkdir -p deep/er
	(cd deep/er && run -0 clnrm report last)
	run -0 clnrm spans last
	[[ "$output" == *clnrm.run* ]]
	run -1 clnrm diff last~1 last
	[[ "$output" == *status* ]]
	run -0 clnrm diff last last
	run -1 clnrm verify last~1
	run -0 clnrm verify last --against bad.clnrm.toml
	run -2 clnrm report last~2
	[[ "$output" == *"2 runs are kept in $PWD/.clnrm/runs"* ]]
	run -2 clnrm report nothing-like-it
	[ "$output" = 'clnrm-report: nothing-like-it: No such file or directory' ]
	run -2 clnrm report --last last
}

@test "run --failed runs the files that did not pass, and nothing when all did" {
	bad
	one_step good.clnrm.toml true </dev/null
	one_step "it's a.clnrm.toml" 'exit 1' </dev/null
	printf 'no toml' >broken.clnrm.toml
	run -2 clnrm run
	run -0 clnrm -n run --failed
	[[ "$output" == "clnrm-render bad.clnrm.toml broken.clnrm.toml 'it'\\''s a.clnrm.toml' | "* ]]
	rm broken.clnrm.toml
	one_step broken.clnrm.toml true </dev/null
	one_step bad.clnrm.toml true </dev/null
	run -1 clnrm run --failed
	[[ "$output" == *'ok 1 - bad'*'ok 2 - broken'*'not ok 3 - itsa'*'1..3'* ]]
	one_step "it's a.clnrm.toml" true </dev/null
	run -0 clnrm run --failed
	[[ "$output" == *'1..1'* ]]
	run -4 clnrm run --failed
	[ "$output" = 'clnrm: nothing failed in the last run' ]
	run -2 clnrm run --failed good.clnrm.toml
	run -2 clnrm dev --failed
	rm -r .clnrm
	run -2 clnrm run --failed
	[[ "$output" == *'0 runs are kept'* ]]
}

@test "what only lists tests writes no report and keeps no run" {
	bad
	printf '[report]\njunit = "j.xml"\n' >>bad.clnrm.toml
	run -1 clnrm run bad.clnrm.toml
	rm j.xml
	printf '[report]\nreport = json=r.json\nsave = true\n' >clnrm.conf
	run -1 clnrm-report --format failed last
	[ "$output" = bad.clnrm.toml ]
	[ ! -e j.xml ] && [ ! -e r.json ] && [ "$(kept)" = 1 ]
}

# A test whose step "go" sends one span, root, of the trace that the file `id`
# names, with times of now.
sender() {
	need_namespaces
	command -v curl >/dev/null || cannot "no curl"
	cat >go <<-'T'
	#!/bin/sh
	now=$(date +%s%N)
	sed "s/TRACE/$(cat id)/; s/NOW/$now/g" body |
		curl -sf -H 'Content-Type: application/json' -d @- "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces" >/dev/null
	T
	echo '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"TRACE","spanId":"00f067aa0ba902b7","name":"root","startTimeUnixNano":"NOW","endTimeUnixNano":"NOW"}]}]}]}' >body
	chmod +x go
	one_step send.clnrm.toml ./go <<-'T'
	[[expect.span]]
	name = "root"
	T
	echo 5b8efff798038103d269b633813fc60c >id
}

root_is() {
	[ "$(jq -r 'select(.type == "span" and .name == "root").bound' "$(newest)stream.ndjson")" = "$1" ]
}

@test "spans that an earlier run saved are a replay, however new their times are" {
	sender
	run -0 clnrm run send.clnrm.toml
	root_is listener
	grep -qx 5b8efff798038103d269b633813fc60c "$(newest)trace_ids"
	# What was saved, out of the kept run itself, from inside of the cleanroom.
	sed -i 's,cat id,sh old,' go
	cat >old <<-'T'
	grep -h '"name":"root"' .clnrm/runs/*/stream.ndjson | grep '"type":"span"' |
		sed 's/.*"trace_id":"\([0-9a-f]*\)".*/\1/' | head -n 1
	T
	run -1 clnrm run --format text send.clnrm.toml
	[[ "$output" == *FAKE*'warning[W418]: spans of trace 5b8efff798038103d269b633813fc60c do not count'* ]]
	root_is no
	# And again: what did not count is remembered as well.
	rm -r "$(printf '%s\n' .clnrm/runs/2*/ | head -n 1)"
	run -1 clnrm run send.clnrm.toml
	root_is no
}

@test "a new trace, or a project that keeps no run, is no replay" {
	sender
	run -0 clnrm run --keep 0 send.clnrm.toml
	run -0 clnrm run send.clnrm.toml
	tr 0-9a-f 1-9a-f0 <id >new && mv new id
	run -0 clnrm run send.clnrm.toml
	root_is listener
	# Files of other programs, cut or hostile, are no trace ids.
	for run in .clnrm/runs/2*/; do
		{ head -c 300000 /dev/urandom; cut -c 2- id; sed 's/^/x/' id; } >"$run/trace_ids"
	done
	run -0 clnrm run send.clnrm.toml
}
