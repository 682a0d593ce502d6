#!/usr/bin/env bats
# What a person meets, point by point: "ux N.M" is a line of the conventions for
# command-line programs that clnrm follows.
load helper

# Lines that the tests of another file try: line, file, beginning of a name.
elsewhere() {
	cat <<-'T'
	1.8 select a filter takes tests by tag, name and file
	1.8 select the shards are all tests, each once
	1.8 runs run --failed runs the files that did not pass
	1.8 replay asked for what changed, files run that have no pass
	3.5 report a verdict is printed as soon as it is known
	5.7 watch at a limit of the kernel the rest is polled, with a note
	5.7 install doctor tells the level and what is missing with its cure
	6.3 completions zsh completes what is begun, by the installed file
	6.3 install install puts programs and manuals in place
	6.5 docs each program's --help and its manual have the same options
	7.2 help each setting is told with where it is from
	7.4 export headers, gzip and a path come from the variables and the URL
	8.4 dev a test that hangs is ended by its next save, and the others go on
	8.4 watch a newer plan starts when the older run of the test is gone
	8.5 signal kill -9 of exec leaves no process, network or file
	9.1 dev a person reads what changed, why a test ran
	9.2 watch a save by rename is one modification
	9.2 watch a .clnrmignore that is edited counts from then on
	9.3 dev keys at a terminal run all, pause, go on and quit
	9.3 recorded the loop tells what is not as recorded, and u takes it
	9.4 watch at a limit of the kernel the rest is polled, with a note
	9.4 watch polling sees what notices see
	9.5 dev the screen is cleared for what comes of a change
	9.5 dev a person reads what changed, why a test ran, and how long it took
	10.5 records diagnostics of every stage are as the manual says
	10.6 records a run's records with spans are those of the manual
	11 report TAP has version, point, YAML with place and counts
	11 recorded a report tells what changed in each recorded trace, in text and on its page
	11 diff what came, what went, what moved and what has another name
	11 diff ten times in a row the recorded examples are the same
	11 bench waiting longer is found by the time on the wall
	11 bench few pairs decide nothing, and that is no pass
	12 install install puts programs and manuals in place, uninstall takes
	12 install installed, it runs as nobody without a home
	T
}

# What of a line does not hold, and why.
departures() {
	cat <<-'T'
	1 the key q ends clnrm dev as ^C does, with 130: a run that is ended has no last verdict
	1.2 no --config, --no-input: clnrm.conf is found, nothing asks; planning is a verb; --output of clnrm-bench is that of other such programs
	5.5 what is expected is a pattern and never many lines, so there is no diff
	5.8 nothing is declared secret: what a test prints is told; clnrm-lint warns of secrets in plain text
	6.2 which isolation and engines there are is told by clnrm doctor
	6.4 the sections are in the order of mdoc(7); FILES and NOTES where there is something to tell
	10.1 an output that is too long is cut in the middle, as --capture says, and goes to no file
	10.6 spans have one canonical form, whatever brought them, and recorded traces have it too
	11 what changed since it was recorded is a table in the page of a report; the picture of it is that of clnrm-diff --format html
	T
}

every_line() {
	printf '%s\n' 1 1.{1..9} 2 3.{1..5} 4.{1..6} 5.{1..8} 6.{1..5} 7.{1..7} 8.{1..5} \
		9.{1..5} 10.{1..7} 11 12
}

# The titles of the tests in a file.
titles() {
	sed -nE 's/^@test "(.*)" \{$/\1/p' "$ROOT/t/$1.bats"
}

tools='clnrm-bench clnrm-collect clnrm-diff clnrm-exec clnrm-fmt clnrm-images
clnrm-lint clnrm-prove clnrm-pull clnrm-render clnrm-report clnrm-verify clnrm-watch
clnrm-completions clnrm-config clnrm-init clnrm-record clnrm-red-green clnrm-repro
clnrm-template'

passing() {
	one_step "${1:-t}.clnrm.toml" 'echo hi' <<<'expected_output_regex = "hi"'
}

failing() {
	one_step "${1:-f}.clnrm.toml" 'echo hi; exit 1' <<<'expected_output_regex = "hi"'
}

fake() {
	one_step g.clnrm.toml "echo hi" <<<$'[[expect.span]]\nname = "x"'
}

# What a program writes to a terminal of 80 columns.
on_a_terminal() {
	SHELL=/bin/bash COLUMNS=80 script -qec "$*" /dev/null </dev/null | tr -d '\r'
}

@test "each line is tried here, or elsewhere, or departed from with a reason" {
	for file in "$ROOT"/t/*.bats; do
		titles "$(basename "$file" .bats)"
	done | sed -nE 's/^ux ([0-9., ]*):.*/\1/p' | tr -d ' ' | tr , '\n' >tried
	elsewhere | cut -d' ' -f1 >>tried
	departures | cut -d' ' -f1 >departed
	every_line >lines
	[ -z "$(grep -vxFf tried lines | grep -vxFf departed | tee /dev/stderr)" ]
	[ -z "$(sort -u tried departed | grep -vxFf lines | tee /dev/stderr)" ]
	while read -r _ file title; do
		titles "$file" | cut -c "1-${#title}" | grep -qxF -e "$title" ||
			{ echo "no $file: $title"; return 1; }
	done < <(elsewhere)
}

@test "ux 1.1: flags have a long form; = or a space; before and behind operands; -- ends them" {
	passing ./-x
	for words in '--format=text t.clnrm.toml' '--format text t.clnrm.toml' \
		't.clnrm.toml --format text' '--format text -- t.clnrm.toml'; do
		passing
		# shellcheck disable=SC2086 # words
		run -0 clnrm run $words
		[[ "$output" == *"PASS"* ]]
	done
	for tool in $tools; do
		"$tool" --help >help
		run ! grep -E '^ +-[a-zA-Z]( [^-]|$)' help # a short form alone
		run ! grep -E '^ +(-. )? *--[a-z-]*[A-Z_]' help
	done
}

@test "ux 1.2: the same name has the same letter in every tool" {
	for tool in $tools; do
		"$tool" --help | sed "s/$/ ($tool)/"
	done | grep -v -e '--output.*(clnrm-bench)' >help
	for pair in 'h help' 'V version' 'q quiet' 'j jobs' 'o output'; do
		grep -E "^ +(-. )? *--${pair#* }( |$)|^ +-${pair% *} " help >told
		[ -s told ]
		run ! grep -vE "^ +-${pair% *} --${pair#* }( |$)" told
	done
}

@test "ux 1.3: directories are searched; no operand is the project's root; - is standard input" {
	mkdir -p a/b
	passing a/b/t
	printf '{%% set x = 1 %%}' | cat - a/b/t.clnrm.toml >a/u.clnrm.toml.tera
	touch a/other.toml
	run -0 clnrm run --format text a
	[[ "$output" == *"2 tests: 2 passed"* ]]
	run -0 clnrm run --format text
	[[ "$output" == *"2 tests: 2 passed"* ]]
	clnrm-render a | clnrm-lint - | clnrm-exec - | clnrm-verify - |
		clnrm-report --format text - >out
	grep -q '2 tests: 2 passed' out
}

@test "ux 1.4: what comes by standard input has the name that it is given" {
	run -1 clnrm-lint --format github --stdin-filename sub/x.clnrm.toml - <<<'x ='
	[[ "$output" == sub/x.clnrm.toml:1:* ]]
	run -2 clnrm-fmt --stdin-filename sub/x.clnrm.toml - <<<'x ='
	[[ "$output" == *sub/x.clnrm.toml:1:* ]]
}

@test "ux 1.5: a stage without a stream, on a terminal, tells how to use it and ends with 2" {
	for tool in clnrm-exec clnrm-verify clnrm-report; do
		run -2 timeout 60 env SHELL=/bin/bash script -qec "$tool" /dev/null
		[[ "$output" == *usage:* ]]
	done
}

@test "ux 1.6: durations have a unit" {
	passing
	run -2 clnrm-exec --timeout 5 t.clnrm.toml
	[[ "$output" == *"5s"* ]]
	run -2 clnrm run --timeout 5 t.clnrm.toml
	[ "$output" = "clnrm-exec: --timeout: '5' has no unit; write 5s or 5ms" ]
	run -0 clnrm run --timeout 5m t.clnrm.toml
}

@test "ux 1.7: what is unknown is an error with the nearest that is known; nothing is abbreviated" {
	for tool in $tools; do
		run -2 "$tool" --hlep </dev/null
		[[ "$output" == *--help* ]]
		run -2 "$tool" --hel </dev/null
	done
	run -2 clnrm rnu
	[[ "$output" == "clnrm: unknown verb 'rnu'; did you mean run?" ]]
	run -2 clnrm run --fitler x
	[ "$output" = "clnrm: unknown option --fitler; did you mean --filter?" ]
	run -2 clnrm run --zzzzz
	[ "$output" = "clnrm: unknown option --zzzzz; see clnrm run --help" ]
	run -2 clnrm record --rnus 3
	[ "$output" = "clnrm-record: unknown option --rnus; did you mean --runs?" ]
}

@test "ux 1.9: what is the user's is overwritten only when asked, and told" {
	passing
	sed -i 's/name = "t"/name="t"/' t.clnrm.toml
	cp t.clnrm.toml was
	clnrm lint t.clnrm.toml >/dev/null
	cmp t.clnrm.toml was
	run -0 clnrm fmt t.clnrm.toml
	[[ "$output" == *t.clnrm.toml* ]]
	run ! cmp -s t.clnrm.toml was
	run -0 clnrm init
	[[ "$output" == *"kept"*clnrm.conf* ]]
}

@test "ux 1: run --explain prints the pipe, and that pipe has the same verdict and status" {
	failing
	run -0 clnrm run --explain f.clnrm.toml
	pipe=$output
	run -1 clnrm run f.clnrm.toml
	run -1 sh -c "$pipe"
	[[ "$output" == *"not ok"* || "$output" == *FAIL* ]]
}

@test "ux 1: each verb ends with 1 when its answer is no, and with 0 when it is yes" {
	passing
	printf '[meta]\nname = "b"\n[[scenario]]\nname="s"\nrun = "true"\n' >b.clnrm.toml
	clnrm fmt t.clnrm.toml
	for verb in 'dry-run' 'lint' 'fmt --check' 'fmt --diff'; do
		# shellcheck disable=SC2086 # words
		run -0 clnrm $verb t.clnrm.toml
		# shellcheck disable=SC2086 # words
		run -1 clnrm $verb b.clnrm.toml
	done
	run -0 clnrm render t.clnrm.toml
	run -0 clnrm render --map t.clnrm.toml
	[[ "$output" == "t.clnrm.toml:1:1: "* ]]
	run -2 clnrm render --stdin-filename u.clnrm.toml.tera - <<<'{{ nothing }}'
	run -0 clnrm record t.clnrm.toml
	[[ "$output" == *.clnrm/baseline/t.clnrm.toml.ndjson* ]]
	one_step r.clnrm.toml 'test -e "$HOME/x"' </dev/null
	run -1 clnrm record r.clnrm.toml
	run -1 clnrm run r.clnrm.toml
	run -1 clnrm report last
	run -0 clnrm explain E204
	run -0 clnrm config
	run -0 clnrm schema
}

@test "ux 2: exit statuses tell pass, finding, misuse, could not run, nothing there" {
	passing
	failing
	fake
	run -0 clnrm run t.clnrm.toml
	run -1 clnrm run f.clnrm.toml
	run -1 clnrm run g.clnrm.toml
	run -2 clnrm run nowhere
	echo 'x =' >e.clnrm.toml
	run -2 clnrm run e.clnrm.toml
	one_step m.clnrm.toml true <<<$'[service.d]\nimage = "never:1"'
	run -3 clnrm run m.clnrm.toml
	mkdir empty
	run -4 clnrm run empty
	run -0 clnrm run --no-tests=pass empty
	# The worst that happened counts.
	run -3 clnrm run m.clnrm.toml f.clnrm.toml
	# A stream without its end was cut.
	clnrm-render t.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify |
		grep -v '"type":"end"' >torn
	run -3 clnrm-report torn
}

@test "ux 2: warnings are no finding, but for --strict" {
	printf '[meta]\nname = "t"\nversion = "1"\nextra = 1\n[[scenario]]\nname = "s"\nrun = "true"\n' >t.clnrm.toml
	run -0 clnrm lint t.clnrm.toml
	run -1 clnrm lint --strict t.clnrm.toml
}

@test "ux 3.1: results go to standard output, what is told about them to standard error" {
	passing
	clnrm run t.clnrm.toml 2>err >out
	[ ! -s err ]
	grep -q '^ok 1' out
	clnrm-render nowhere 2>err >out || :
	grep -q '"type":"diagnostic"' out
	clnrm-lint --format text nowhere 2>err >out || :
	grep -q nowhere out err
}

@test "ux 3.2: a pipe gets TAP, a terminal text" {
	passing
	clnrm run t.clnrm.toml | head -n 1 | grep -qx 'TAP version 14'
	on_a_terminal clnrm run t.clnrm.toml | grep -q 'PASS'
}

@test "ux 3.3: several reports at once, and the terminal as ever" {
	failing
	run -1 clnrm run --format text f.clnrm.toml
	alone=$(grep -c . <<<"$output")
	run -1 clnrm run --format text --report junit=j.xml --report html=r.html --report tap=r.tap f.clnrm.toml
	[ "$(grep -c . <<<"$output")" = "$alone" ]
	[ -s j.xml ] && [ -s r.html ] && [ -s r.tap ]
}

@test "ux 3.4: a closed pipe ends quietly; a full disk is status 3 with the file's name" {
	passing
	clnrm run t.clnrm.toml 2>err | true
	[ ! -s err ]
	run -3 clnrm run --report junit=/dev/full t.clnrm.toml
	[[ "$output" == */dev/full* ]]
}

@test "ux 4.1: colour: the flag, then NO_COLOR, then FORCE_COLOR, then the terminal" {
	failing
	esc=$'\e['
	run -1 env FORCE_COLOR=1 clnrm run --format text f.clnrm.toml
	[[ "$output" == *"$esc"* ]]
	run -1 env NO_COLOR=1 FORCE_COLOR=1 clnrm run --format text f.clnrm.toml
	[[ "$output" != *"$esc"* ]]
	run -1 env NO_COLOR=1 clnrm run --color always --format text f.clnrm.toml
	[[ "$output" == *"$esc"* ]]
	run -1 clnrm run --format text f.clnrm.toml
	[[ "$output" != *"$esc"* ]]
	on_a_terminal env TERM=xterm clnrm run f.clnrm.toml | grep -qF "$esc"
	run ! grep -qF "${esc}3" <<<"$(on_a_terminal env TERM=dumb clnrm run f.clnrm.toml)"
}

@test "ux 4.2: words stand with colours" {
	passing
	failing
	fake
	run -1 clnrm run --format text --color always .
	for word in PASS FAIL FAKE; do
		[[ "$output" == *$word* ]]
	done
}

@test "ux 4.5: paths, commands and places are never cut" {
	name=$(printf 'long%.0s' {1..40})
	failing "$name"
	[[ "$(on_a_terminal clnrm run "$name.clnrm.toml")" == *"$name.clnrm.toml:"* ]]
}

@test "ux 4.6: success is short, failures stand together at the end" {
	passing a
	passing b
	failing
	run -0 clnrm run --format text a.clnrm.toml b.clnrm.toml
	[ "$(grep -v '^isolation:' <<<"$output" | grep -c .)" = 3 ]
	run -1 clnrm run --format text .
	[[ "$output" == *PASS*error*"3 tests: 2 passed, 1 failed"*"rerun: clnrm run"* ]]
}

@test "ux 5.1, 5.2: a finding has its place, its line and a caret; or all in one line" {
	printf '[meta]\nname = "é"\nversion = 1\n[[scenario]]\nname = "s"\nrun = "true"\n' >t.clnrm.toml
	run -1 clnrm lint t.clnrm.toml
	[[ "$output" == *"error[E3"*"--> t.clnrm.toml:3:11"*"version = 1"*"^"* ]]
	run -1 clnrm lint --format github t.clnrm.toml
	[[ "$output" == *"t.clnrm.toml:3:11: error: "*" [E3"* ]]
}

@test "ux 5.3: a finding in a template is told where the author wrote it" {
	mkdir inc
	echo 'nmae = "x"' >inc/meta.tera
	printf '{%% set v = 1 %%}\n[meta]\nname = "t"\nversion = {{ v }}\n{%% include "inc/meta.tera" %%}\n[[scenario]]\nname = "s"\nrun = "true"\n' >t.clnrm.toml.tera
	run -1 clnrm lint t.clnrm.toml.tera
	[[ "$output" == *"--> t.clnrm.toml.tera:4:"*"rendered as: version = 1"* ]]
	[[ "$output" == *"--> inc/meta.tera:1:"*"included from t.clnrm.toml.tera:5:"* ]]
}

@test "ux 5.4: all findings, in order, and no more than asked for" {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		for i in {1..60}; do printf '[[scenario]]\nname = %s\nrun = "true"\n' "$i"; done
	} >t.clnrm.toml
	run -1 clnrm lint t.clnrm.toml
	[ "$(grep -c '^error' <<<"$output")" = 50 ]
	places=$(sed -n 's/.*--> t.clnrm.toml:\([0-9]*\):.*/\1/p' <<<"$output")
	[ "$(sort -n <<<"$places")" = "$places" ]
	run -1 clnrm lint --max-errors 3 t.clnrm.toml
	[ "$(grep -c '^error' <<<"$output")" = 3 ]
}

@test "ux 5.5: expected and found stand together, and what was printed" {
	one_step t.clnrm.toml 'echo one; echo two >&2' <<<'expected_output_regex = "three"'
	run -1 clnrm run --format text t.clnrm.toml
	[[ "$output" == *"^ one"*"= expected: output that matches three"*"stdout of"*one*"stderr of"*two* ]]
}

@test "ux 5.6: every code has a text" {
	for code in E201 E204 E303 W308; do
		run -0 clnrm explain $code
		[[ "${lines[0]}" == *$code* && ${#lines[@]} -ge 2 ]]
	done
	run -2 clnrm explain E999
}

@test "ux 6.1: help is on standard output with 0, and on standard error with 2" {
	for tool in clnrm $tools; do
		"$tool" -h >out 2>err
		[ -s out ] && [ ! -s err ]
		[ "$(wc -l <out)" -le 24 ]
		"$tool" --help >out 2>err
		[ -s out ] && [ ! -s err ]
		run -2 --separate-stderr "$tool" --no-such-flag
		[ -z "$output" ] && [ -n "$stderr" ]
	done
}

@test "ux 6.2: the version is on the first line" {
	for tool in clnrm $tools; do
		run -0 "$tool" --version
		[[ "${lines[0]}" =~ ^"clnrm "[0-9]+\.[0-9]+\.[0-9]+ ]]
	done
}

@test "ux 6.4: manuals have their sections, in one order" {
	order='|NAME|SYNOPSIS|DESCRIPTION|VERBS|OPTIONS|ENVIRONMENT|FILES|EXIT STATUS|EXAMPLES|DIAGNOSTICS|NOTES|SEE ALSO|'
	for page in "$ROOT"/man/*.1; do
		heads=$(sed -n 's/^\.Sh //p' "$page" | grep -vx STANDARDS | tr '\n' '|')
		for head in NAME SYNOPSIS DESCRIPTION OPTIONS ENVIRONMENT 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			[[ "|$heads" == *"|$head|"* ]] || { echo "$page: no $head"; return 1; }
		done
		[[ "$order" =~ ^.*${heads//|/[|].*} ]] || { echo "$page: $heads"; return 1; }
	done
	for page in clnrm.toml.5 clnrm-records.7 clnrm.7; do
		grep -qx '.Sh NAME' "$ROOT/man/$page"
	done
}

@test "ux 7.1, 7.3: the flag before the environment, that before clnrm.conf, that before what is usual" {
	passing
	printf '[report]\nformat = json\n' >clnrm.conf
	run -0 clnrm run t.clnrm.toml
	[ "$(jq -r '.summary | type' <<<"$output")" = object ]
	run -0 env CLNRM_FORMAT=text clnrm run t.clnrm.toml
	[[ "$output" == *PASS* ]]
	run -0 env CLNRM_FORMAT=text clnrm run --format tap t.clnrm.toml
	[[ "$output" == *"ok 1"* ]]
	run -0 env CLNRM_VAR_who=me clnrm render --stdin-filename x.clnrm.toml.tera - <<<'a = "{{ who }}"'
	[ "$output" = 'a = "me"' ]
}

@test "ux 7.5: a step has the environment of the cleanroom and no other" {
	one_step t.clnrm.toml 'env | cut -d= -f1 | sort | xargs' </dev/null
	export SECRET=hush
	run -0 executed t.clnrm.toml
	names=$(jq -r 'select(.type == "step").stdout' <<<"$output")
	for name in TRACEPARENT OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL \
		OTEL_TRACES_SAMPLER OTEL_BSP_SCHEDULE_DELAY OTEL_RESOURCE_ATTRIBUTES PATH \
		TMPDIR CLNRM_TEST_NAME CLNRM_TMPDIR HOME TZ LC_ALL; do
		[[ " $names " == *" $name "* ]]
	done
	[[ "$names" != *SECRET* ]]
}

@test "ux 7.6: an unknown key is a warning with a suggestion" {
	printf '[meta]\nname = "t"\nversion = "1"\ndescripton = "x"\n[[scenario]]\nname = "s"\nrun = "true"\n' >t.clnrm.toml
	run -0 clnrm lint t.clnrm.toml
	[[ "$output" == *"warning["*"descripton"*"description"* ]]
	run -1 clnrm lint --strict t.clnrm.toml
	clnrm schema | jq -e .properties.meta >/dev/null
}

@test "ux 7.7: nothing of a run wants a network" {
	passing
	unshare -Urn true || cannot "a network of its own is not to be had here"
	run -0 unshare -Urn "$BIN/clnrm" run --format text t.clnrm.toml
	[[ "$output" == *"1 test: 1 passed"* ]]
}

@test "ux 8.1, 8.2: a stop is no pass, and says which signal it was" {
	one_step t.clnrm.toml "sleep 600.$$" </dev/null
	clnrm run t.clnrm.toml >out 2>err &
	pid=$!
	for _ in {1..600}; do
		pgrep -f "sleep 600.$$" >/dev/null && break
		sleep 0.1
	done
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" = 143 ]
	run ! grep -q '^ok 1' out
}

@test "ux 8.3: a time-out keeps what was printed, and says which limit it was" {
	one_step t.clnrm.toml 'echo begun; sleep 600' <<<'timeout_ms = 500'
	run -1 clnrm run --format text t.clnrm.toml
	[[ "$output" == *"500 ms"*begun* || "$output" == *"0.5"*begun* ]]
}

@test "ux 10.1, 10.2, 10.3, 10.4: records are one a line, their type first; what is unknown passes; a malformed line has its number" {
	passing
	clnrm-render t.clnrm.toml | clnrm-lint - >planned
	run ! grep -v '^{"type":"' planned
	[ "$(head -n 1 planned | jq -r .type)" = begin ]
	[ "$(tail -n 1 planned | jq -r .type)" = end ]
	{ head -n 1 planned; echo '{"type":"mine","x":[1,2]}'; tail -n +2 planned; } |
		clnrm-exec - | clnrm-verify | grep -qxF '{"type":"mine","x":[1,2]}'
	{ head -n 1 planned; echo '{"type":'; tail -n +2 planned; } >bad
	run -2 clnrm-exec bad
	[[ "$output" == *":2"* || "$output" == *"line 2"* ]]
	sed '1s/"v":1/"v":9/' planned >newer
	run -2 clnrm-exec newer
	[[ "$output" == *9*1* ]]
}

@test "ux 10.7: the report is in the order of the plan" {
	one_step a.clnrm.toml 'sleep 1' </dev/null
	passing b
	run -0 clnrm run -j 2 --format text a.clnrm.toml b.clnrm.toml
	[[ "$output" == *PASS*a\ *PASS*b\ * ]]
}
