#!/usr/bin/env bats
# Pictures of traces: what a test misses in them, and pages for a browser.
load helper

# A span record: span ID PARENT NAME START END, in milliseconds.
span() {
	printf '{"type":"span","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"%016x","parent_span_id":"%s","name":"%s","start_unix_nano":"%s000000","end_unix_nano":"%s000000","status":{"code":"%s"},"attributes":{"note":"<script>alert(1)</script>"}}\n' \
		"$1" "$([ "$2" = 0 ] || printf %016x "$2")" "$3" "$4" "$5" "${6-UNSET}"
}

shop() {
	span 1 0 shop 1000 1100
	span 2 1 reserve 1005 1030
	span 3 1 'pay & <go>' 1030 1095 ERROR
}

# The same as a stream, with the plan of a test that asks for more.
planned() {
	echo '{"type":"begin","v":1,"run":"0123456789abcdef","argv":[]}'
	cat plan
	shop
	echo '{"type":"end","stage":"verify","status":1,"records":1,"duration_ns":1}'
}

a_test() {
	one_step t.clnrm.toml true <<-'T'
	[[expect.span]]
	name = "re*"
	parent = "shop"
	[[expect.span]]
	name = "mail"
	parent = "shop"
	[expect.graph]
	must_include = [["shop", "pay*"], ["reserve", "pay*"], ["bank", "audit"]]
	T
	clnrm-render t.clnrm.toml | clnrm-lint - | grep '"type":"plan"' >plan
}

need_browser() {
	chromium=$(command -v chromium || command -v chromium-browser) ||
		cannot "chromium is not installed"
}

# Runs the browser on the page $1; $2... are its options.
browse() {
	timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --no-first-run --enable-logging=stderr \
		--user-data-dir="$PWD/profile" --window-size=1000,800 "${@:2}" \
		"file://$PWD/$1" 2>browser.log || cannot "chromium does not start here"
}

is_content() {
	run ! grep -i 'refused\|violates\|ERR_' browser.log
}

@test "the tree tells durations and the critical path" {
	shop >a
	run -0 clnrm graph a
	[ "${lines[0]}" = "* shop  100.0 ms" ]
	[ "${lines[1]}" = "    reserve  25.0 ms" ]
	[ "${lines[2]}" = "*   pay & <go>  65.0 ms  ERROR" ]
}

@test "edges that a test asks for and that are not there are marked" {
	a_test
	planned >stream
	run -0 clnrm graph stream
	[ "${lines[1]}" = "!   mail  (missing: shop -> mail)" ]
	[ "${lines[3]}" = "!     pay*  (missing: reserve -> pay*)" ]
	[ "${lines[5]}" = "! audit  (missing: bank -> audit)" ]
	[ "${#lines[@]}" = 6 ]
	shop >a
	[ "$(clnrm graph --against t.clnrm.toml a)" = "$output" ]
	run -0 clnrm graph a
	[[ "$output" != *missing* ]]
}

@test "every form of graph shows what is missing" {
	a_test
	planned >stream
	run -0 clnrm graph --show dot stream
	[[ "$output" == *'n1 -> n2 [color=red, style=dashed]'*'label="mail", color=red'* ]]
	run -0 clnrm graph --show mermaid stream
	[[ "$output" == *'n1 -. missing .-> n2'*'["mail"]'* ]]
	run -0 clnrm graph --show json stream
	[ "$(jq -c '[.edges[] | select(.missing)] | length' <<<"$output")" = 3 ]
	[ "$(jq -c '[.edges[] | .source, .target] - [.nodes[].id]' <<<"$output")" = '[]' ]
	run -0 clnrm graph --show html stream
	[[ "$output" == *'<li>bank -&gt; audit</li>'*'<g class="missing">'* ]]
}

@test "a picture is one SVG that stands alone" {
	command -v xmllint >/dev/null || cannot "xmllint is not installed"
	shop >a
	clnrm graph --show svg a >a.svg
	run -0 xmllint --noout a.svg
	[ "$(grep -c '<rect' a.svg)" = 3 ]
	run ! grep -E 'href|url\(|src=' a.svg
	grep -q 'prefers-color-scheme:dark' a.svg
}

@test "a page refers to nothing outside, and runs no script but its own" {
	shop >a
	shop | sed 's/reserve/stock/' >b
	clnrm graph --show html a >graph.html
	clnrm diff --format html a b >diff.html || [ $? = 1 ]
	for page in graph diff; do
		run ! grep -Ei '(src|href|action)="[^#]|url\(|@import|<script>alert' $page.html
		hash=$(sed -n 's/.*<script>\(.*\)<\/script>.*/\1/p' $page.html | tr -d '\n' |
			openssl dgst -sha256 -binary | base64)
		grep -qF "script-src 'sha256-$hash'" $page.html
	done
}

@test "the page of a difference tells it as a tree and as a picture" {
	shop >a
	{ shop | sed 's/reserve/stock/; s/"note"/"other"/'; span 7 3 log 1040 1050; } >b
	run -1 clnrm diff --format html a b
	[[ "$output" == *'<tr class="added">'*'log'*'<svg '*'<g class="added">'* ]]
	[[ "$output" == *'attributes.other: none'* ]]
	run -0 clnrm diff --format html --only-changes a a
	[[ "$output" == *'<h1>same: 3 spans</h1>'* ]]
}

@test "a great trace is a page that a browser can still show, and says what is left out" {
	for i in $(seq 6000); do
		echo "{\"name\":\"n\",\"span_id\":\"$(printf %x "$i")\",\"start_unix_nano\":\"$i\",\"end_unix_nano\":\"7000\"}"
	done >many
	run -0 clnrm graph --show html many
	[[ "$output" == *'1000 more spans are not drawn'* ]]
	[ "${#output}" -lt 5000000 ]
}

@test "circles, orphans, a chain of 20000 and a value of a megabyte are drawn" {
	{ span 1 2 a 1 2; span 2 1 b 1 2; span 3 99 orphan 1 2; span 4 0 root 9 1; span 4 0 other 1 2; } >odd
	python3 - <<-'P'
	import json
	def line(i, **more):
	    return json.dumps({"span_id": "%x" % i, "trace_id": "1", "parent_span_id": "%x" % (i - 1) if i > 1 else None, "name": "n", "start_unix_nano": str(i), "end_unix_nano": "30000", **more})
	open("chain", "w").write("\n".join(line(i) for i in range(1, 20001)))
	open("great", "w").write(line(1, attributes={"x": "x" * 1000000}, name="n" * 1000000))
	P
	for trace in odd chain great; do
		for form in svg html dot mermaid json tree; do
			clnrm graph --show $form $trace >$trace.$form
			[ -s $trace.$form ]
		done
		xmllint --noout $trace.svg || ! command -v xmllint
		clnrm diff --format html $trace $trace >$trace.diff.html
		run ! grep -qE 'nan|inf"|="-[0-9]' $trace.svg
	done
	[ "$(grep -c '<g class="span' odd.svg)" = 5 ]
}

@test "in a browser a page can be zoomed with its script, and read without" {
	need_browser
	shop >a
	shop | sed 's/reserve/stock/' >b
	clnrm graph --show html a >graph.html
	clnrm diff --format html a b >diff.html || [ $? = 1 ]
	for page in graph diff; do
		browse $page.html --dump-dom >dom
		is_content
		[ "$(grep -o '<button' dom | wc -l)" = 5 ]
		sed "s/script-src [^\"]*/script-src 'none'/" $page.html >no.html
		browse no.html --dump-dom >dom
		grep -i 'refused\|violates' browser.log
		[ "$(grep -o '<button' dom | wc -l)" = 0 ]
		[ "$(grep -o '<rect' dom | wc -l)" -ge 3 ]
		grep -q 'pay &amp; &lt;go&gt;' dom
	done
}

@test "a click on a bar shows its time alone" {
	need_browser
	shop >a
	clnrm graph --show html a |
		sed "s/script-src [^;\"]*/script-src 'unsafe-inline'/; s,</body>,<script>document.querySelectorAll('svg g:not(.axis)')[1].onclick()</script>&," >a.html
	browse a.html --dump-dom >dom
	# reserve: 5 to 30 ms of 100, and a little more
	[[ "$(grep -oE 'class="tick"[^>]*>[^<]*' dom | sed 's/.*>//' | tr '\n' ',')" == "3.75 ms,"*",31.25 ms," ]]
}

@test "a page is light or dark, as the reader has it" {
	need_browser
	shop >a
	clnrm graph --show html a >a.html
	for dark in 1 0; do
		browse a.html --blink-settings=preferredColorScheme=$dark \
			--screenshot="$PWD/$dark.png"
		is_content
		[ "$(stat -c %s $dark.png)" -gt 5000 ]
	done
	run ! cmp -s 0.png 1.png
}
