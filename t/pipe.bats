#!/usr/bin/env bats
load helper

# TAP without what may differ from run to run.
same() {
	sed -E 's/duration_ms: .*//; s/[0-9a-f]{16,32}/ID/g; s/[0-9.]+ ?(ms|s)\b/T/g'
}

pipe() {
	clnrm-render "$@" | clnrm-lint - | clnrm-exec - | clnrm-verify | keep |
		clnrm-report
}

three_tests() {
	one_step pass.clnrm.toml 'echo fine' </dev/null
	one_step fail.clnrm.toml 'echo broken >&2; exit 3' </dev/null
	one_step fake.clnrm.toml 'echo all tests passed' <<-'T'
	[[expect.span]]
	name = "never"
	T
}

@test "a scenario that exits 3 fails and the report says why" {
	printf '[meta]\nname="x"\nversion="1"\n[[scenario]]\nname="s"\nrun="exit 3"\n' >x.clnrm.toml
	run -1 clnrm run x.clnrm.toml
	[[ "$output" == *"not ok"* ]]
	[[ "$output" == *"3"*"0"* ]]
}

@test "a scenario that exits 0 passes" {
	printf '[meta]\nname="x"\nversion="1"\n[[scenario]]\nname="s"\nrun="true"\n' >x.clnrm.toml
	run -0 clnrm run x.clnrm.toml
	[[ "$output" == *"ok 1 - x"* ]]
}

@test "a scenario that claims success without its spans is FAKE" {
	printf '[meta]\nname="x"\nversion="1"\n[[scenario]]\nname="s"\nrun="true"\n[[expect.span]]\nname="never"\n' >x.clnrm.toml
	run -1 clnrm run --format text x.clnrm.toml
	[[ "$output" == *FAKE* ]]
	[[ "$output" == *never* ]]
}

@test "spans that prove it make the same test pass" {
	cp "$ROOT/examples/spans/checkout" .
	one_step x.clnrm.toml './checkout' <<-'T'
	[[expect.span]]
	name = "checkout.pay"
	attrs.all = { "payment.status" = "ok" }
	[expect.counts]
	spans_total = { eq = 3 }
	T
	run -0 clnrm run x.clnrm.toml
	sed -i 's/"ok"/"no"/' x.clnrm.toml
	run -1 clnrm run --format text x.clnrm.toml
	[[ "$output" == *FAIL* ]]
}

@test "the pipe by hand says the same as the driver, with the same exit status" {
	three_tests
	run -1 clnrm run .
	driver=$(same <<<"$output")
	run -1 pipe .
	[ "$driver" = "$(same <<<"$output")" ]
	run -0 clnrm -n run .
	run -1 sh -c "$output"
	[ "$driver" = "$(same <<<"$output")" ]
}

@test "exec can be replaced by a stream that was saved from it" {
	three_tests
	clnrm-render . | clnrm-lint - | clnrm-exec - >saved
	run -1 sh -c 'cat saved | clnrm-verify | clnrm-report'
	cat=$(same <<<"$output")
	run -1 pipe .
	[ "$cat" = "$(same <<<"$output")" ]
}

@test "an exec or a verify that is killed in the middle is exit 3, never 0" {
	one_step slow.clnrm.toml 'sleep 41752' </dev/null
	for stage in exec verify; do
		rm -f out
		clnrm run . >out 2>&1 &
		driver=$!
		await runs 'sleep 41752'
		pkill -9 -P $driver -x "clnrm-$stage"
		wait $driver && status=0 || status=$?
		cat out
		[ $status = 3 ]
	done
}

@test "a stream that is cut after any record is exit 3 at the report" {
	three_tests
	clnrm-render . | clnrm-lint - | clnrm-exec - | clnrm-verify >whole || :
	last=$(grep -n '"type":"end"' whole | head -n 1 | cut -d: -f1)
	for n in 0 1 2 5 9 $((last - 1)); do
		run -3 sh -c "head -n $n whole | clnrm-report"
	done
	run -1 clnrm-report <whole
	# cut within a line
	run -3 sh -c "head -c 3000 whole | clnrm-report"
}

@test "what is wrong with one file does not lose another's result" {
	one_step good.clnrm.toml true </dev/null
	echo 'not = = toml' >bad-toml.clnrm.toml
	printf '[meta]\nname="\xff\xfe"\n' >bad-utf8.clnrm.toml
	: >empty.clnrm.toml
	mkdir dir.clnrm.toml
	run clnrm run good.clnrm.toml bad-toml.clnrm.toml bad-utf8.clnrm.toml \
		empty.clnrm.toml missing.clnrm.toml
	[ $status = 2 ]
	grep -q '^ok .* - good' <<<"$output"
	for file in bad-toml bad-utf8 empty missing; do
		grep -q "$file.clnrm.toml" <<<"$output"
	done
	run -2 clnrm run dir.clnrm.toml/none good.clnrm.toml
	grep -q '^ok .* - good' <<<"$output"
}

@test "an unreadable file is told and the others run" {
	[ "$(id -u)" = 0 ] || cannot "only root can become nobody"
	open=$(mktemp -d)
	chmod 755 "$open"
	cd "$open"
	touch clnrm.conf
	one_step good.clnrm.toml true <<<'isolation = "process"'
	cp good.clnrm.toml secret.clnrm.toml
	chmod 600 secret.clnrm.toml
	run setpriv --reuid=65534 --regid=65534 --clear-groups \
		clnrm run good.clnrm.toml secret.clnrm.toml
	rm -rf "$open"
	[ $status = 2 ]
	grep -q '^ok .* - good' <<<"$output"
	grep -q 'secret.clnrm.toml.*Permission denied' <<<"$output"
}

@test "a line of 64 MiB is told and the rest of the stream is read" {
	one_step good.clnrm.toml true </dev/null
	{
		clnrm-render good.clnrm.toml | head -n 1
		printf '{"type":"junk","x":"'
		head -c 70000000 /dev/zero | tr '\0' x
		printf '"}\n'
		clnrm-render good.clnrm.toml | tail -n +2
	} >long
	run sh -c 'clnrm-lint - <long | clnrm-exec - | clnrm-verify | clnrm-report'
	[ $status = 2 ]
	grep -q 'longer than 64 MiB' <<<"$output"
	grep -q '^ok .* - good' <<<"$output"
}

@test "a malformed line is told by its number and the rest is read" {
	one_step good.clnrm.toml true </dev/null
	clnrm-render good.clnrm.toml | sed '1a {"type":}' >stream
	run sh -c 'clnrm-lint - <stream | clnrm-exec - | clnrm-verify | clnrm-report'
	[ $status = 2 ]
	grep -q 'malformed JSON' <<<"$output"
	grep -q '^ok .* - good' <<<"$output"
}

@test "a full disk under a report or a saved stream is exit 3" {
	[ -e /dev/full ] || cannot "no /dev/full"
	one_step good.clnrm.toml true </dev/null
	run -3 sh -c 'clnrm run good.clnrm.toml >/dev/full'
	[[ "$output" == *"No space left"* ]]
	run -3 sh -c 'clnrm-render good.clnrm.toml >/dev/full'
	clnrm-render good.clnrm.toml | clnrm-lint - >planned
	run -3 sh -c 'clnrm-exec - <planned >/dev/full'
}

@test "a reader that goes away ends the pipe quietly, and nothing stays" {
	one_step slow.clnrm.toml 'sleep 41741' </dev/null
	clnrm-render slow.clnrm.toml | clnrm-lint - >planned
	clnrm-exec - <planned 2>err | head -n 1 >/dev/null
	await is_gone 'sleep 41741'
	[ ! -s err ]
}

@test "nothing selected is exit 4" {
	mkdir empty
	run -4 clnrm run empty
}

@test "a stage whose input is empty says so, exit 3" {
	for stage in lint exec; do
		run -3 sh -c "clnrm-$stage - </dev/null"
		[[ "$output" == *"is empty"* ]]
	done
	run -3 sh -c 'clnrm-verify </dev/null'
	run -3 sh -c 'clnrm-report </dev/null'
}

@test "the driver finds its stages beside it, also through a relative path" {
	one_step a.clnrm.toml true </dev/null
	ln -s "$BIN" here
	PATH=/usr/bin:/bin run -0 ./here/clnrm run a.clnrm.toml
}

@test "an unknown verb, option or missing value is exit 2 with a word of help" {
	run -2 clnrm rnu
	[ "$output" = "clnrm: unknown verb 'rnu'; did you mean run?" ]
	run -2 clnrm zzzz
	[ "$output" = "clnrm: unknown verb 'zzzz'; clnrm --help lists them" ]
	run -2 clnrm run --jbos 3
	[[ "$output" == *"--jbos"* ]]
	run -2 clnrm run -j
	run -2 clnrm lint --jobs 3 x
	run -2 clnrm
	run -0 clnrm --version
	[[ "${lines[0]}" == "clnrm "* ]]
}

@test "a value that a stage does not take is said in one line, and nothing runs" {
	one_step a.clnrm.toml 'echo ran' </dev/null
	for words in '--timeout 5' '--jobs x' '--var x' '--shard 3/2' '--filter tag:(' \
		'--max-errors x' '--order y' '--retry 2 --grace 1'; do
		# shellcheck disable=SC2086 # words
		run -2 clnrm run $words a.clnrm.toml
		[ "${#lines[@]}" = 1 ]
		[[ "$output" == "clnrm-"*": --"* ]]
	done
	[ ! -e .clnrm ]
}

@test "settings that a stage does not take are misuse, whoever set them" {
	one_step a.clnrm.toml true </dev/null
	run -2 env CLNRM_TIMEOUT=5 clnrm run a.clnrm.toml
	[[ "$output" == *"CLNRM_TIMEOUT: --timeout: '5' has no unit"* ]]
	printf '[exec]\njobs = many\n' >clnrm.conf
	run -2 clnrm run a.clnrm.toml
	printf '[exce]\njobs = 1\ntimeout = 3s\n[mine]\nx = 1\n' >clnrm.conf
	run -0 clnrm run a.clnrm.toml
	[ "$(grep -c 'section' <<<"$output")" = 1 ]
	[[ "$output" == *"clnrm.conf:2: unknown section [exce]; did you mean [exec]?"* ]]
}

@test "a file that is not there is told by verbs that look for tests" {
	for verb in record 'red-green --expect red'; do
		# shellcheck disable=SC2086 # words
		run -2 clnrm $verb nosuch
		[[ "$output" == "clnrm-"*": nosuch: no such file or directory" ]]
	done
	run -2 clnrm run --format text nosuch
	[[ "$output" == *"= fix:   name test files, or directories of them"* ]]
}

@test "operands with blanks, quotes and bars reach the stages unharmed" {
	name="it's | a \$(file) \"x\".clnrm.toml"
	one_step "$name" true </dev/null
	run -0 clnrm run "$name"
	run -0 clnrm -n run "$name"
	run -0 sh -c "$output"
}

@test "init makes a project whose test passes, and overwrites nothing" {
	run -0 clnrm init p
	cd p
	run -0 clnrm run
	run -0 clnrm lint tests/hello.clnrm.toml
	echo mine >tests/hello.clnrm.toml
	run -0 clnrm init
	[ "$(cat tests/hello.clnrm.toml)" = mine ]
}

@test "init's commented lines, taken in, are caught as FAKE" {
	clnrm init p
	cd p
	sed -i 's/^# \(\[\[expect\|name = "greeting\)/\1/' tests/hello.clnrm.toml
	run -1 clnrm run --format text
	[[ "$output" == *FAKE* ]]
}
