#!/usr/bin/env bats
# Tests of a stream held against what is recorded of them: clnrm-diff
# --recorded, and the key `u` of the loop.

# shellcheck disable=SC2030,SC2031 # each test has a shell of its own
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	one_step shop.clnrm.toml 'cat spans.log' <<-'T'
	isolation = "process"
	[otel]
	exporter = "stdout"
	T
	sed -i '/^version/a inputs = ["spans.log"]' shop.clnrm.toml
	one_step other.clnrm.toml true <<<'isolation = "process"'
	sells 1
	clnrm record shop.clnrm.toml >/dev/null
	kept=.clnrm/baseline/shop.clnrm.toml.ndjson
}

# The program under test prints a span that sold $1 things, in $2 ms.
sells() {
	jq -nc --arg n "$1" --arg ms "${2-10}" '{name: "shop", context: {
		trace_id: "0x00000000000000000000000000000001",
		span_id: "0x0000000000000001"}, parent_id: null,
		kind: "SpanKind.INTERNAL",
		start_time: "2026-11-21T10:00:00.000000Z",
		end_time: "2026-11-21T10:00:00.0\($ms)000Z",
		status: {status_code: "UNSET"}, attributes: {sold: $n},
		events: [], links: [], resource: {attributes: {}, schema_url: ""}}' \
		>spans.log
}

ran() {
	clnrm-render "${@:-.}" | clnrm-lint - | clnrm-exec - | clnrm-verify
}

held() {
	clnrm-diff --recorded .clnrm/baseline "$@" | keep
}

# The stream of a run, and behind it a request to accept what differs.
accepting() {
	grep -v '"type":"end"'
	printf '%s\n' '{"type":"batch","gen":0,"size":1}' \
		'{"type":"request","what":"accept","gen":1}' \
		'{"type":"batch","gen":1,"size":0}' \
		'{"type":"end","stage":"verify","status":0,"records":0,"duration_ns":1}'
}

@test "a report tells what changed in each recorded trace, in text and on its page" {
	sells 2
	ran | held - >differs
	sells 1
	sed -i 's/"name":"shop"/"name":"shop <b>"/' spans.log
	ran | held - >renamed
	run -0 clnrm-report --format text --report html=r.html differs
	[[ "$output" == *"since it was recorded: 1 changed"*'shop attributes.sold: "1" -> "2"'* ]]
	grep -q '<h2>Changed since recorded</h2>' r.html
	grep -q '<summary><h3>shop.clnrm.toml: 1 changed</h3></summary>' r.html
	grep -qE '<tr class="changed"><td>~ .*shop</td><td>attributes.sold: &quot;1&quot; -&gt; &quot;2&quot;</td></tr>' r.html
	run -0 clnrm-report --format text --report html=r.html renamed
	[[ "$output" == *'shop <b> renamed from "shop"'* ]]
	grep -qE '~ .*shop &lt;b&gt;</td><td>renamed from &quot;shop&quot;</td>' r.html
	ran other.clnrm.toml | held - | clnrm-report --format html >r.html
	run ! grep 'since recorded' r.html
}

@test "what passes is passed on byte for byte, with what changed behind the verdicts" {
	sells 2
	ran >saved
	held - <saved >out
	grep -vE '^\{"type":"(diff|diff.summary)"|"stage":"diff"' out >passed
	cmp saved passed
	[ "$(grep -E '"type":"(diff|diff.summary)"' out | jq -r '"\(.type) \(.source) \(.gen)"')" = \
		"diff shop.clnrm.toml 0
diff.summary shop.clnrm.toml 0" ]
	[ "$(jq -c 'select(.type == "diff") | [.op, .field, .before, .after]' out)" = \
		'["changed","attributes.sold","1","2"]' ]
	# Behind the verdict, and before the end of the stage before.
	[ "$(grep -E 'verdict.*shop|diff.summary|"end"' out | jq -r .type | head -n 3 | tr '\n' ' ')" = \
		'verdict diff.summary end ' ]
	run -0 clnrm-diff --recorded .clnrm/baseline saved
}

@test "records leave as they come, before the stream ends" {
	mkfifo in
	clnrm-diff --recorded .clnrm/baseline - <in >out 3>&- &
	exec 9>in
	echo '{"type":"odd","x":1}' >&9
	await grep -qx '{"type":"odd","x":1}' out
	ran shop.clnrm.toml | accepting | head -n -1 >&9
	await grep -q '"recorded"' out
	exec 9>&-
	wait $! && status=0 || status=$?
	[ "$status" = 3 ] # it was cut
}

@test "the cells of a matrix are one trace, and the scenarios of a file" {
	cat >cells.clnrm.toml.tera <<-'T'
	[meta]
	name = "cells-{{ matrix.n }}"
	version = "1"
	[matrix]
	n = ["1", "2", "3"]
	[[scenario]]
	name = "a{{ matrix.n }}"
	isolation = "process"
	run = "true"
	[[scenario]]
	name = "b{{ matrix.n }}"
	isolation = "process"
	run = "true"
	T
	clnrm record cells.clnrm.toml.tera >/dev/null
	ran cells.clnrm.toml.tera other.clnrm.toml | held - >out
	[ "$(jq -r 'select(.type == "diff.summary") | "\(.same) \(.spans)"' out)" = 'true 12' ]
	sed -i 's/"3"/"4"/' cells.clnrm.toml.tera
	ran other.clnrm.toml cells.clnrm.toml.tera | accepting | held - >out
	[ "$(jq -r 'select(.type == "diff.summary") | "\(.same) \(.spans)"' out)" = 'false 12' ]
	ran cells.clnrm.toml.tera | held - >out
	[ "$(jq -r 'select(.type == "diff.summary").same' out)" = true ]
}

@test "an order to accept records what record --update would" {
	cp "$kept" before
	sells 2
	ran | accepting | held - >out
	[ "$(jq -c 'select(.type == "recorded") | [.source, .path, .why_not]' out)" = \
		"[\"shop.clnrm.toml\",\"$kept\",null]" ]
	run ! cmp -s before "$kept"
	cp "$kept" accepted
	cp before "$kept"
	clnrm record --update shop.clnrm.toml >/dev/null
	cmp accepted "$kept"
	# Now it is the same, and nothing is left to be recorded.
	ran | accepting | held - >out
	[ "$(jq -r 'select(.type == "diff.summary").same' out)" = true ]
	[ "$(jq -r 'select(.type == "recorded").why_not' out)" = 'nothing differs from what was recorded' ]
}

@test "names that the recording ignores do not count, and stay ignored" {
	sed -i '1s/"ignore":\[\]/"ignore":["sold"]/' "$kept"
	sells 2
	ran | held - >out
	[ "$(jq -r 'select(.type == "diff.summary").same' out)" = true ]
	sed -i 's/"name":"shop"/"name":"stall"/' "$kept"
	ran | accepting | held - >out
	[ "$(jq -r 'select(.type == "recorded").why_not' out)" = null ]
	head -n 1 "$kept" | grep -q '"ignore":\["sold"\]'
	run ! grep -q '"sold":' "$kept"
	clnrm record --update shop.clnrm.toml >/dev/null
	head -n 1 "$kept" | grep -q '"ignore":\["sold"\]'
}

@test "recorded durations count, and stay as they are while they take in the new ones" {
	clnrm record --update --runs 5 shop.clnrm.toml >/dev/null
	grep -q '"runs":\[10000000,' "$kept"
	sells 1 90
	ran | held - >out
	[ "$(jq -r 'select(.type == "diff").field' out)" = duration_ns ]
	sells 2
	ran | accepting | held - >out
	grep -q '"sold":"2".*"runs":\[10000000,10000000,10000000,10000000,10000000\]' "$kept"
}

@test "what did not pass is told, and never recorded" {
	cp "$kept" before
	sed -i 's/cat spans.log/cat spans.log; exit 3/' shop.clnrm.toml
	ran | accepting | held - >out
	[ "$(jq -r 'select(.type == "diff.summary") | "\(.verdict) \(.same)"' out)" = 'fail false' ]
	[ "$(jq -r 'select(.type == "recorded").why_not' out)" = 'it did not pass' ]
	cmp before "$kept"
}

@test "a recording that cannot be written is told, and stays as it was" {
	cp "$kept" before
	sells 2
	ran shop.clnrm.toml | accepting >saved
	(
		trap '' XFSZ
		ulimit -f 0
		clnrm-diff --recorded .clnrm/baseline saved
	) | cat >out
	[ "$(jq -r 'select(.type == "recorded").why_not' out)" = "$kept: File too large" ]
	cmp before "$kept"
	[ "$(ls .clnrm/baseline)" = shop.clnrm.toml.ndjson ]
}

@test "what could not be recorded may be once it can" {
	sells 2
	ran shop.clnrm.toml | accepting >saved
	mkfifo in
	clnrm-diff --recorded .clnrm/baseline - <in >out 3>&- &
	exec 9>in
	head -n -3 saved >&9
	await grep -q '"type":"diff.summary"' out
	mv .clnrm/baseline away
	tail -n 3 saved | head -n 1 >&9
	await grep -q '"type":"recorded"' out
	[ "$(jq -r 'select(.type == "recorded").why_not' out)" = "$kept: No such file or directory" ]
	mv away .clnrm/baseline
	tail -n 3 saved >&9
	exec 9>&-
	wait $!
	grep -q '"sold":"2"' "$kept"
}

@test "a recording that cannot be read is a warning, and the stream goes on" {
	echo '{"type":"baseline",' >"$kept"
	ran shop.clnrm.toml | held - >out
	[ "$(jq -r 'select(.type == "diagnostic" and .stage == "diff") | "\(.severity) \(.code) \(.source)"' out)" = \
		'warning W420 shop.clnrm.toml' ]
	[ "$(jq -r 'select(.type == "end").stage' out | tail -n 1)" = diff ]
}

@test "it compares with a stream only" {
	run -2 clnrm-diff --recorded .clnrm/baseline --show tree -
	run -2 clnrm-diff --recorded .clnrm/baseline - -
	run -3 clnrm-diff --recorded .clnrm/baseline - </dev/null
}

@test "a person reads what changed below the verdict; formats for machines stay what they are" {
	sells 2
	ran | accepting >saved
	held saved >out
	clnrm-report --format text out >said || :
	grep -A 2 '^PASS  shop ' said >news
	[ "$(tail -n 2 news)" = '      shop.clnrm.toml changed since it was recorded: 1 changed
        ~ shop attributes.sold: "1" -> "2"' ]
	grep -qx "recorded: $kept" said
	for format in tap junit json ctrf; do
		clnrm-report --format $format saved >a || :
		clnrm-report --format $format out >b || :
		[ "$(grep -c . a)" = "$(grep -c . b)" ]
	done
	clnrm-report --format ndjson out | cmp - out
}

@test "the loop tells what is not as recorded, and u takes it" {
	command -v script >/dev/null || cannot "no script(1)"
	mkfifo typed
	SHELL=/bin/sh script -qec 'clnrm dev --color never --format text .; echo exit $?' \
		/dev/null <typed >said 2>&1 3>&- &
	terminal=$!
	exec 9>typed
	await grep -q '2 passed' said
	run ! grep -q 'since it was recorded' said
	sells 2
	await grep -q 'shop.clnrm.toml changed since it was recorded: 1 changed (u takes it)' said
	await grep -q '1 passed' said
	printf u >&9
	await grep -q "^recorded: $kept" said
	grep -q '"sold":"2"' "$kept"
	printf u >&9
	await grep -q '^not recorded: nothing differs' said
	run ! grep -q '^changed: .*baseline' said # what it writes runs nothing
	printf q >&9
	await grep -q 'exit 130' said
	exec 9>&-
	wait $terminal || :
}
