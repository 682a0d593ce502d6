#!/usr/bin/env bats
# The formats of clnrm-report, and the files it writes.
load helper

STREAMS=$ROOT/t/corpus/verdict

# The report on a saved stream; further arguments are options.
report() {
	local name=$1
	shift
	clnrm-verify "$STREAMS/$name.ndjson" | clnrm-report "$@"
}

# A stream of all verdicts; as TAP's reader, each knows what is red.
of_all() {
	for stream in pass fail fake error several order; do
		clnrm-verify "$STREAMS/$stream.ndjson" || :
	done | grep -v '"type":"end"'
	clnrm-verify "$STREAMS/interrupted.ndjson" || :
}

need_xmllint() {
	command -v xmllint >/dev/null || cannot "xmllint is not installed"
}

is_junit() {
	xmllint --noout --schema "$ROOT/t/corpus/report/junit.xsd" "$1"
}

is_ctrf() {
	/usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' \
		"$ROOT/t/corpus/report/ctrf.json" "$1"
}

need_jsonschema() {
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null ||
		cannot "python3-jsonschema is not installed"
}

# The value of an XPath expression in the file $1.
at() {
	xmllint --xpath "$2" "$1"
}

# The same of a page.
in_page() {
	xmllint --html --xpath "$2" "$1"
}

# A stream of one test whose step printed "$1", as JSON has it.
printed() {
	PRINTED=$1 perl -pe 's/"stderr":"card [^"]*"/"stderr":"$ENV{PRINTED}"/' \
		"$STREAMS/fail.ndjson" | clnrm-verify || :
}

# The test of a stream, N times: many STREAM N [BYTES of output of each]
many() {
	/usr/bin/python3 - "$STREAMS/$1.ndjson" "${@:2}" <<-'PY'
	import json, sys
	lines = [json.loads(l) for l in open(sys.argv[1])]
	many, size = int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0
	text = ("<&>\"x" * (size // 5 + 1))[:size]
	print(json.dumps(lines[0]))
	for i in range(many):
	    for r in lines[1:]:
	        if r["type"] == "end":
	            continue
	        r = dict(r, source="t/%d.clnrm.toml" % i)
	        if r["type"] == "plan":
	            r["meta"] = dict(r["meta"], name="test %d" % i)
	        else:
	            r["id"] = "%016x" % (i + 1)
	        if r["type"] == "step" and text:
	            r["stdout"] = text
	        print(json.dumps(r))
	for r in lines:
	    if r["type"] == "end":
	        print(json.dumps(r))
	PY
}

@test "ux 3.3: reports go to files, and what is printed stays as it is" {
	report fail >alone || true
	run -1 report fail --report junit=a/b/j.xml --report json=r.json \
		--report ctrf=c.json --report html=r.html --report ndjson=r.ndjson \
		--report text=r.txt --report github=g.txt --report tap=r.tap
	diff alone <(echo "$output")
	diff alone r.tap
	grep -qx '1 test: 1 failed  *[0-9.]*s' r.txt
	grep -q '^::error file=t/declines' g.txt
	[ "$(ls a/b)" = j.xml ]
	[ "$(jq -r '.tests[0].verdict' r.json)" = fail ]
}

@test "a saved stream is the stream, and gives the same report again" {
	clnrm-verify "$STREAMS/order.ndjson" >stream || true
	clnrm-report --report ndjson=saved.ndjson stream >first || true
	cmp stream saved.ndjson
	clnrm-report saved.ndjson | diff first -
	run -2 clnrm-report --format ndjson saved.ndjson
	diff saved.ndjson <(echo "$output")
}

@test "a report may take the place of what it is read from" {
	clnrm-verify "$STREAMS/pass.ndjson" >run.ndjson
	cp run.ndjson before
	run -0 clnrm-report --report ndjson=run.ndjson run.ndjson
	cmp run.ndjson before
}

@test "a file that cannot be written is exit 3; one that is there keeps its mode" {
	touch file
	run -3 clnrm-report --report junit=file/x.xml "$STREAMS/empty.ndjson"
	[[ "$output" == *"file/x.xml: Not a directory" || "$output" == *"file: "* ]]
	chmod 640 file
	run -0 report pass --report junit=file
	[ "$(stat -c %a file)" = 640 ]
	grep -q testsuites file
	[ -e /dev/full ] || cannot "no /dev/full"
	run -3 report pass --report junit=/dev/full --format text
	[[ "$output" == *"error[E421]: a report cannot be written: /dev/full: No space"* ]]
	[ -c /dev/full ]
}

@test "a report goes through a fifo, and leaves it there" {
	mkfifo pipe
	cat pipe >got &
	run -0 report pass --report json=pipe
	wait
	[ -p pipe ]
	jq -e .is_green got
}

@test "a killed report leaves the file that was there" {
	echo old >j.xml
	mkfifo in
	clnrm-report --report junit=j.xml - <in >said &
	exec 9>in
	clnrm-verify "$STREAMS/pass.ndjson" | head -n -4 >&9
	await grep -q '^ok 1' said
	kill -KILL $!
	wait $! 2>/dev/null || true
	exec 9>&-
	[ "$(cat j.xml)" = old ]
}

@test "ux 11: JUnit holds to the schema that its readers share" {
	need_xmllint
	of_all >all.ndjson
	run -130 clnrm-report --format junit all.ndjson
	echo "$output" >j.xml
	run -0 is_junit j.xml
	[ "$(at j.xml 'count(//testcase)')" = "$(at j.xml 'sum(//testsuite/@tests)')" ]
	[ "$(at j.xml 'string(/testsuites/@tests)')" = "$(at j.xml 'count(//testcase)')" ]
	[ "$(at j.xml 'string(/testsuites/@errors)')" = "$(at j.xml 'count(//error)')" ]
	[ "$(at j.xml 'string(/testsuites/@failures)')" = "$(at j.xml 'count(//failure)')" ]
	sed 's/ classname="[^"]*"//' j.xml >worse.xml
	run ! is_junit worse.xml
}

@test "ux 11: JUnit tells a failure from a fake and from what could not run" {
	need_xmllint
	of_all >all.ndjson
	clnrm-report --format junit all.ndjson >j.xml || true
	[ "$(at j.xml 'string(//testcase[@name="refunds"]/failure/@type)')" = fake-green ]
	[ "$(at j.xml 'string(//testcase[@name="declines"]/failure/@type)')" = E201 ]
	[ "$(at j.xml 'string(//testcase[@name="declines"]/@classname)')" = t.declines ]
	[ "$(at j.xml 'string(//testcase[@name="declines"]/@time)')" = 0.410000 ]
	[ "$(at j.xml 'string(//testcase[@name="waiting"]/error/@type)')" = not-run ]
	[ "$(at j.xml 'string(//testcase[@name="the run"]/error/@type)')" = incomplete ]
	[ "$(at j.xml 'string(//testcase[@name="refunds"]//property[@name="clnrm.spans_required"]/@value)')" = 2 ]
	[ "$(at j.xml 'count(//testcase[@name="pays"]/*)')" = 1 ]
}

@test "JUnit of a cut stream is never green" {
	need_xmllint
	clnrm-verify "$STREAMS/pass.ndjson" | grep -v '"type":"end"' >cut.ndjson
	clnrm-report --format junit cut.ndjson >j.xml || true
	run -0 is_junit j.xml
	[ "$(at j.xml 'string(/testsuites/@errors)')" = 1 ]
	: >cut.ndjson
	clnrm-report --format junit cut.ndjson >j.xml || true
	[ "$(at j.xml 'string(/testsuites/@errors)')" = 1 ]
}

@test "hostile output leaves XML, JSON and HTML whole" {
	need_xmllint
	printed ']]>\u0000\u0001\u001b[31m\ufffe\ud800</script>&\u0007\u2028\r--><!--' >hostile.ndjson
	run -1 clnrm-report --report junit=j.xml --report json=r.json --report html=r.html \
		--report ctrf=c.json hostile.ndjson
	run -0 is_junit j.xml
	[[ "$(at j.xml 'string(//system-err)')" == *']]>\x00'*'</script>&'*'--><!--'* ]]
	jq -e '.tests[0].outputs[1].stderr | test("</script>")' r.json
	jq -e . c.json >/dev/null
	run ! grep -F '</script>' r.html
	run ! grep -P '[\x00-\x08\x0b-\x1f]' r.html
}

@test "what turns the direction of writing is told, and turns nothing" {
	printed 'a\u202eb\u2066c' >turned.ndjson
	run -1 clnrm-report --format text --report html=r.html --report junit=j.xml turned.ndjson
	for text in "$output" "$(cat r.html)" "$(cat j.xml)"; do
		[[ "$text" == *'a\u202eb\u2066c'* ]]
	done
}

@test "JSON says of each test what became of it, and why" {
	of_all >all.ndjson
	run -130 clnrm-report --format json all.ndjson
	echo "$output" >r.json
	[ "$(jq -c '[.tests[].verdict] | group_by(.) | map({(.[0]): length}) | add' r.json)" = \
		'{"error":3,"fail":1,"fake":1,"not_run":1,"pass":6}' ]
	[ "$(jq .summary.tests r.json)" = "$(jq '.tests | length' r.json)" ]
	[ "$(jq -r '.tests[] | select(.name == "declines").failures[0] | [.code, .file, .line] | @csv' r.json)" = \
		'"E201","t/declines.clnrm.toml",3' ]
	[ "$(jq -r '.tests[] | select(.name == "pays").outputs | length' r.json)" = 0 ]
	jq -e '(.is_green | not) and (.incomplete | test("interrupted"))' r.json
	[ "$(jq -r '.diagnostics[] | select(.severity == "warning").code' r.json)" = W301 ]
}

@test "CTRF holds to its schema, and counts what it lists" {
	need_jsonschema
	of_all >all.ndjson
	clnrm-report --format ctrf all.ndjson >c.json || true
	run -0 is_ctrf c.json
	for status in passed failed skipped pending other; do
		[ "$(jq ".results.summary.$status" c.json)" = \
			"$(jq "[.results.tests[] | select(.status == \"$status\")] | length" c.json)" ]
	done
	jq -e '.results.summary | .tests == 12 and .stop - .start == 410' c.json
	jq '.results.tests[0].status = "fake"' c.json >worse.json
	run ! is_ctrf worse.json
}

@test "ux 11: annotations of GitHub are escaped, and stand where the finding is" {
	sed 's/"\(step\|name\)":"two"/"\1":"50% ::a,b"/; s/declines\.clnrm/a,b:c%.clnrm/g' \
		"$STREAMS/fail.ndjson" | clnrm-verify >odd.ndjson || true
	run -1 clnrm-report --format github odd.ndjson
	[ "${lines[0]}" = '::error file=t/a%2Cb%3Ac%25.clnrm.toml,line=3,col=1,title=E201::step "50%25 ::a,b": exit 1, expected 0%0Atest: declines%0Aexpected: exit 0%0Afound: exit 1' ]
	[ "${lines[-1]}" = "1 test: 1 failed" ]
}

@test "ux 11: at most ten annotations of a kind, the last counts the rest" {
	many fail 12 >many.ndjson
	clnrm-verify many.ndjson >judged || true
	run -1 clnrm-report --format github judged
	[ "$(grep -c '^::error' <<<"$output")" = 10 ]
	[ "$(grep '^::error' <<<"$output" | tail -n 1)" = "::error title=clnrm::15 more, which the log tells" ]
}

@test "on GitHub annotations come beside the log, and the summary by itself" {
	export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary.md
	echo "# before" >summary.md
	report order >log 2>annotations || true
	GITHUB_ACTIONS='' report order 2>/dev/null | diff log - || true
	[ "$(cut -d' ' -f1 annotations)" = $'::error\n::warning' ]
	run ! grep '^::' log
	[ "$(head -n 1 summary.md)" = "# before" ]
	grep -Fx '### clnrm: 3 tests: 2 passed, 1 error, 1 warning' summary.md
	grep -F '| ERROR | t/broken.clnrm.toml |' summary.md
	run -1 report fail --format github
	[ "$(grep -c '^::error' <<<"$output")" = 2 ]
	grep -Fx '### clnrm: 1 test: 1 failed' summary.md
	[ -z "$(GITHUB_ACTIONS=false report fail 2>&1 >/dev/null)" ]
}

@test "a name cannot draw in the summary of GitHub" {
	export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary.md
	sed 's/"name":"declines"/"name":"a | <img src=x> [b](c) `d`"/' "$STREAMS/fail.ndjson" |
		clnrm-verify | clnrm-report >/dev/null 2>&1 || true
	grep -F '| FAIL | a &#124; &lt;img' summary.md || grep -F '| FAIL | a &#124; &#60;img' summary.md
	run ! grep -F '<img' summary.md
	run ! grep -F '[b](c)' summary.md
}

@test "ux 11: the page holds failed tests first and open, and asks for nothing" {
	need_xmllint
	of_all >all.ndjson
	clnrm-report --format html all.ndjson >r.html || true
	xmllint --html --noout r.html 2>&1 | grep -vE 'Tag (header|nav|main|details|summary|svg|g|rect|text|title) invalid|^ *\^|^<|^ ' >wrong || true
	run ! grep -q error wrong
	[ "$(in_page r.html 'count(//details[@class="test"])' 2>/dev/null)" = 12 ]
	[ "$(in_page r.html 'count(//details[@class="test"][@open])' 2>/dev/null)" = 6 ]
	[ "$(in_page r.html 'count(//details[@class="test"][not(@open)]/following::details[@class="test"][@open])' 2>/dev/null)" = 0 ]
	[ "$(in_page r.html 'count(//nav//a)' 2>/dev/null)" = 6 ]
	run ! grep -iE '(src|href)="[^#]|url\(|@import|<script|<link|<iframe|[[:space:]]on[a-z]+=' r.html
	grep -q "default-src 'none'" r.html
}

@test "the page is read in the order that it is seen, no heading left out" {
	need_xmllint
	of_all >all.ndjson
	clnrm-report --format html all.ndjson >r.html || true
	grep -oE '<(h[1-4]|nav|main)[ >]' r.html | tr -d '<> ' >order
	[ "$(head -n 5 order | tr '\n' ' ')" = "h1 nav main h2 h3 " ]
	run -0 awk '/^h/ { n = substr($0, 2); if (n > last + 1) print; last = n }' order
	[ -z "$output" ]
	grep -q '<html lang="en">' r.html
	run ! grep -E '[^b]order:|float:|tabindex="[1-9-]' r.html
	[ "$(grep -c '<svg' r.html)" = "$(grep -c 'role="img" aria-label' r.html)" ]
}

@test "nothing on a page is wider than a phone but pictures, which are moved" {
	chromium=$(command -v chromium || command -v chromium-browser) ||
		cannot "chromium is not installed"
	long=$(printf 'long%.0s' {1..60})
	sed "s/\"name\":\"pays\"/\"name\":\"$long\"/; s,t/pays,t/$long," "$STREAMS/pass.ndjson" |
		clnrm-verify | clnrm-report --format html >r.html
	sed 's/<details/<details open/g; s/default-src/x-src/' r.html >a.html
	cat >phone.html <<-'H'
	<iframe src="a.html" style="width:360px;height:800px;border:0"></iframe>
	<script>onload = () => {
		document.title = frames[0].document.documentElement.scrollWidth }</script>
	H
	timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --no-first-run \
		--allow-file-access-from-files --user-data-dir="$PWD/profile" \
		--dump-dom "file://$PWD/phone.html" >dom 2>browser.log || cannot "chromium does not start here"
	[ "$(sed -n 's/.*<title>\([0-9]*\).*/\1/p' dom)" -le 360 ]
}

@test "every link of the page leads to a test" {
	need_xmllint
	of_all >all.ndjson
	clnrm-report --format html all.ndjson >r.html || true
	grep -oE 'href="#[^"]*' r.html | sed 's/.*#//' | sort -u >links
	grep -oE ' id="[^"]*' r.html | sed 's/.*="//' | sort >ids
	[ -z "$(uniq -d ids)" ]
	[ -z "$(comm -23 links ids)" ]
	[ "$(wc -l <links)" -gt 6 ]
}

@test "the spans are a picture, and the same as a table" {
	need_xmllint
	report pass --format html >r.html
	[ "$(in_page r.html 'count(//*[name()="svg"]//*[name()="rect"])' 2>/dev/null)" = 3 ]
	[ "$(in_page r.html 'count(//details/details/table/tbody/tr)' 2>/dev/null)" = 3 ]
	[ "$(in_page r.html 'string(//*[name()="svg"]/@role)' 2>/dev/null)" = img ]
	grep -q 'aria-label="3 spans in 100.00 ms' r.html
	[[ "$(in_page r.html 'string((//details/details/table/tbody/tr)[2])' 2>/dev/null)" == *checkout*"n=1"* ]]
}

@test "ux 11: the page stays below 5 MB, and says what it leaves out" {
	many fail 900 8000 >many.ndjson
	clnrm-verify many.ndjson >judged || true
	run -1 clnrm-report --report html=r.html --format github judged
	[ "$(stat -c %s r.html)" -lt 5000000 ]
	[ "$(stat -c %s r.html)" -gt 3000000 ]
	grep -E '[0-9]+ failed tests are not shown' r.html
	[ "$(grep -c 'class="test"' r.html)" = \
		"$((900 - $(grep -oE '[0-9]+ failed tests' r.html | cut -d' ' -f1)))" ]
}

@test "the spans of the suite stand in every report that has a place for them" {
	need_xmllint
	need_jsonschema
	clnrm-verify "$STREAMS/near.ndjson" | sed 's/"refund.persists"/"a | <b> \\u0001"/' >two.ndjson || :
	GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary.md run -1 clnrm-report \
		--report junit=j.xml --report ctrf=c.json --report json=r.json two.ndjson
	unseen=$(jq -r '.catalogue.required_never_seen[].name' r.json)
	[ "$(wc -l <<<"$unseen")" -ge 1 ] && [ -n "$unseen" ]
	run -0 is_junit j.xml
	for key in required_never_seen seen_never_required; do
		jq -r ".catalogue.${key}[].name" r.json | tr -d '\001' >names
		at j.xml "//testsuite[@tests=0]//property[@name=\"clnrm.$key\"]/@value" |
			sed 's/^ *value="//; s/"$//; s/&lt;/</; s/&gt;/>/; s/\\x01//' | diff names -
	done
	run -0 is_ctrf c.json
	[ "$(jq -c .results.summary.extra.catalogue c.json)" = "$(jq -c .catalogue r.json)" ]
	grep -q "<summary>Spans required and never seen: $(wc -l <<<"$unseen")</summary>" summary.md
	grep -qE '^\| a &#124; &#60;b&#62; .* \| [0-9]+ \| ' summary.md
	# What was cut does not know what it would have seen.
	grep -v '"type":"end"' two.ndjson >cut.ndjson
	clnrm-report --report junit=j.xml --report ctrf=c.json cut.ndjson || true
	[ "$(at j.xml 'count(//testsuite[@tests=0])')" = 0 ]
	[ "$(jq .results.summary.extra.catalogue c.json)" = null ]
}

@test "memory does not grow with tests that pass" {
	[ -z "${SAN-}" ] || skip "sanitizers hold memory back"
	command -v /usr/bin/time >/dev/null || cannot "time(1) is not installed"
	many pass 20 >few.ndjson
	many pass 5000 >many.ndjson
	for n in few many; do
		clnrm-verify $n.ndjson >judged
		/usr/bin/time -f %M -o $n.kb clnrm-report --report junit=j.xml \
			--report json=r.json --report html=r.html judged >/dev/null
	done
	echo "$(cat few.kb) $(cat many.kb)"
	[ "$(cat many.kb)" -lt $(($(cat few.kb) + 16000)) ]
}

@test "the page is seen by a browser, in light and in dark, without a request" {
	chromium=$(command -v chromium || command -v chromium-browser) ||
		cannot "chromium is not installed"
	of_all >all.ndjson
	clnrm-report --format html all.ndjson >r.html || true
	for dark in 1 0; do
		timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --no-first-run --enable-logging=stderr \
			--user-data-dir="$PWD/profile" --window-size=1000,800 \
			--blink-settings=preferredColorScheme=$dark \
			--screenshot="$PWD/$dark.png" "file://$PWD/r.html" 2>browser.log ||
			cannot "chromium does not start here"
		[ "$(stat -c %s $dark.png)" -gt 20000 ]
	done
	run ! cmp -s 0.png 1.png
	run ! grep -i 'refused\|violates\|ERR_' browser.log
}

@test "[report] of a test file is written, of the tests that name it" {
	need_xmllint
	sed 's/"report":null/"report":{"json":"r.json","junit":"out\/j.xml"}/' \
		"$STREAMS/pass.ndjson" | clnrm-verify | grep -v '"type":"end"' >both.ndjson
	clnrm-verify "$STREAMS/fail.ndjson" >>both.ndjson || true
	run -1 clnrm-report both.ndjson
	run -0 is_junit out/j.xml
	[ "$(at out/j.xml 'string(/testsuites/@tests)')" = 1 ]
	[ "$(jq -c '[.summary.tests, .summary.passed, .is_green, .tests[0].name]' r.json)" = '[1,1,true,"pays"]' ]
}

@test "[report] writes the digest of a trace, or says that there is none" {
	sha=$(printf x | sha256sum | cut -d' ' -f1)
	sed 's/"report":null/"report":{"digest":"d.txt"}/' "$STREAMS/pass.ndjson" |
		clnrm-verify >judged
	sed "s/\"digest\":\"[0-9a-f]*\"/\"digest\":\"$sha\"/" judged >digested
	run -0 clnrm-report digested
	[ "$(cat d.txt)" = "$sha" ]
	rm d.txt
	sed 's/"digest":"[0-9a-f]*"/"digest":null/' judged >undigested
	run -0 clnrm-report undigested --format text
	[[ "$output" == *"warning[W405]: the digest is not written"* ]]
	[ ! -e d.txt ]
}

@test "a test file writes no report outside of the directory" {
	mkdir in
	cd in || return
	ln -s ../stolen link
	for path in ../stolen "$BATS_TEST_TMPDIR/stolen" a/../../stolen link ''; do
		sed "s|\"report\":null|\"report\":{\"json\":\"$path\"}|" "$STREAMS/pass.ndjson" |
			clnrm-verify >judged
		run -3 clnrm-report judged
		[[ "$output" == *"error[E421]"* ]]
	done
	[ ! -e ../stolen ]
	[ -L link ]
}

@test "every batch leaves its own report in the file" {
	run -0 report dev --report json=r.json
	[ "$(jq -c '[.summary.tests, .is_green]' r.json)" = '[1,true]' ]
	run -0 report dev --format json
	[ "$(jq -c .is_green <<<"$output")" = $'false\ntrue' ]
}

@test "FLAKY is told as such, with what failed at first" {
	need_xmllint
	clnrm-verify "$STREAMS/fail.ndjson" |
		sed 's/"verdict":"fail"/"verdict":"flaky"/; s/"status":1/"status":0/' >flaky.ndjson
	run -0 clnrm-report --format text --report junit=j.xml --report ctrf=c.json flaky.ndjson
	[[ "${lines[0]}" == "FLAKY declines"* ]]
	[[ "$output" == *"error[E201]"*"1 test: 1 flaky"* ]]
	[[ "$output" != *rerun:* ]]
	run -0 is_junit j.xml
	[ "$(at j.xml 'count(//flakyFailure)')" = 2 ]
	[ "$(at j.xml 'string(/testsuites/@failures)')" = 0 ]
	jq -e '.results.tests[0] | .flaky and .status == "passed"' c.json
	run -0 clnrm-report flaky.ndjson
	[ "${lines[1]}" = "ok 1 - declines" ]
}

@test "the driver hands reports on" {
	one_step t.clnrm.toml "echo hi" </dev/null
	run -0 clnrm run --report junit=j.xml --report=html=r.html --slow 1m t.clnrm.toml
	grep -q '<testcase name="t"' j.xml
	grep -q 'PASS' r.html
	run -2 clnrm dry-run --report junit=j.xml t.clnrm.toml
	CLNRM_REPORT=junit=k.xml run -0 clnrm dry-run t.clnrm.toml
	[ ! -e k.xml ]
}
