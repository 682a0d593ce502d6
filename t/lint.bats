#!/usr/bin/env bats
# clnrm-lint from outside.
load helper

# A test file that is right, with what the arguments add.
good() {
	printf '%s\n' '[meta]' 'name = "x"' 'version = "1"' \
		'[[steps]]' 'name = "s"' 'command = ["true"]' \
		'expected_output_regex = "x"' "$@"
}

# A stream with one rendered record of the text on standard input.
rendered() {
	jq -Rsc '{type:"rendered",source:"t.toml",gen:1,variant:null,text:.,
		sha256:"",map:null,deps:[],cached:false,duration_ns:1}'
	echo '{"type":"end","stage":"render","status":0,"records":1}'
}

@test "malformed input names its line and column" {
	printf '{"type":"a"}\n{"type":}\n' >spec
	run -3 clnrm-lint --format text - <spec
	[ "${lines[0]}" = "-:2:9: error: malformed JSON" ]
	run -2 clnrm-lint --loose --format text - <spec
	[ "${lines[0]}" = "-:2:9: error: malformed JSON" ]
}

@test "every document of the TOML suite is told right from wrong" {
	need_shared conformance/toml
	command -v python3 || cannot "there is no python3"
	run -0 "$SHARED/conformance/toml/run.sh" clnrm-lint --tagged-json
	[ "${lines[-1]}" = "709 passed, 0 failed" ]
}

@test "a file that is right gives begin, plan and end" {
	good >a.clnrm.toml
	run -0 clnrm-lint a.clnrm.toml
	[ "$(jq -r .type <<<"$output" | xargs)" = "begin plan end" ]
	[ "$(sed -n 2p <<<"$output" | jq -r '.source, .meta.name' | xargs)" = \
		"a.clnrm.toml x" ]
}

@test "with one error there is no plan, and the exit status is 1" {
	good 'timeout_ms = "5"' >a.toml
	run -1 clnrm-lint a.toml
	[ "$(jq -r .type <<<"$output" | xargs)" = "begin diagnostic end" ]
	[ "$(sed -n 2p <<<"$output" | jq -c \
		'[.severity, .code, .message, .line, .column, .end_column]')" = \
		'["error","E303","steps[0].timeout_ms is a string, expected an integer",8,14,17]' ]
	[ "$(sed -n 3p <<<"$output" | jq .status)" = 1 ]
}

@test "an unknown key is a warning with the nearest key, and strict counts it" {
	good 'comand = 1' >a.toml
	run -0 clnrm-lint --format text a.toml
	[ "${lines[0]}" = "warning[W301]: unknown key 'comand' in steps[0]" ]
	[ "${lines[1]}" = "  --> a.toml:8:1" ]
	[ "${lines[3]}" = " 8 | comand = 1" ]
	[ "${lines[4]}" = "   | ^^^^^^" ]
	[ "${lines[5]}" = "   = fix:   did you mean 'command'?" ]
	[ "${lines[-1]}" = "0 errors, 1 warning" ]
	run -1 clnrm-lint --strict --format text a.toml
}

@test "keys in the free tables are not unknown" {
	good '[vars]' 'a.b = 1' '[matrix]' 'c = ["d"]' \
		'[otel]' 'resources = { "e.f" = "g" }' >a.toml
	run -0 clnrm-lint --strict --format text a.toml
	[ "$output" = "a.toml: ok" ]
}

@test "a command that is one text is for the shell, and a warning" {
	good | sed 's/\["true"\]/"true"/' >a.toml
	run -0 clnrm-lint --format github a.toml
	[ "$output" = "a.toml:6:11: warning: steps[0].command is a string: it is run by the shell [W302]" ]
}

@test "findings come in the order of their places" {
	good '[[expect.span]]' 'kind = "odd"' '[limits]' 'processes = 0' \
		'[zzz]' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$(cut -d: -f2 <<<"$output" | xargs)" = "8 9 11 12" ]
	[ "$(grep -o '\[[EW].*' <<<"$output" | xargs)" = \
		"[E302] [E304] [E304] [W301]" ]
}

@test "a finding for an editor is one line" {
	good 'workdir = 1' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$output" = "a.toml:8:11: error: steps[0].workdir is an integer, expected a string [E303]" ]
}

@test "at most max-errors findings of a run are told, a file's errors first" {
	good 'u = 1' 'workdir = 1' >a.toml
	good 'v = 1' >b.toml
	run -1 clnrm-lint --format text --max-errors 1 a.toml b.toml
	[[ ${lines[0]} == 'error[E303]: '* ]]
	[ "${lines[-2]}" = "… and 2 more findings; --max-errors 0 shows all" ]
	[ "${lines[-1]}" = "1 error, 2 warnings" ]
	run -1 clnrm-lint --format github --max-errors 2 a.toml b.toml
	[ "$(cut -d: -f1-3 <<<"${lines[*]:0:2}" | xargs)" = "a.toml:8:1" ]
	[ "${lines[2]}" = "… and 1 more finding; --max-errors 0 shows all" ]
	run -1 clnrm-lint --format github --max-errors 3 a.toml b.toml
	[ "${#lines[@]}" = 3 ]
}

@test "fifty findings are told unless all are asked for; records have all" {
	good >a.toml
	for i in {1..60}; do echo "u$i = 1"; done >>a.toml
	run -0 clnrm-lint --format github a.toml
	[ "${#lines[@]}" = 51 ]
	[ "${lines[50]}" = "… and 10 more findings; --max-errors 0 shows all" ]
	run -0 clnrm-lint --format github --max-errors 0 a.toml
	[ "${#lines[@]}" = 60 ]
	run -0 clnrm-lint --format json --max-errors 1 a.toml
	[ "$(jq '.findings | length' <<<"$output")" = 60 ]
	run -0 clnrm-lint --max-errors 1 a.toml
	[ "$(grep -c '"diagnostic"' <<<"$output")" = 60 ]
}

@test "deny-warnings is another word for strict" {
	good 'u = 1' >a.toml
	run -1 clnrm-lint --deny-warnings --format github a.toml
	run -1 env CLNRM_DENY_WARNINGS=1 clnrm-lint --format github a.toml
	run -0 clnrm-lint --format github a.toml
}

@test "json is one object of all that was found" {
	good 'u = 1' >a.toml
	good >b.toml
	run -2 clnrm-lint --format json a.toml b.toml none.toml
	[ "${#lines[@]}" = 1 ]
	[ "$(jq -c '[.files, .errors, .warnings]' <<<"$output")" = '[3,1,1]' ]
	[ "$(jq -c '.findings[0] | [.file, .line, .column, .end_line, .end_column,
		.severity, .code, .hint]' <<<"$output")" = \
		'["a.toml",8,1,8,2,"warning","W301",null]' ]
	[ "$(jq -r '.findings[1].code' <<<"$output")" = E101 ]
	run -0 clnrm-lint --format json b.toml
	[ "$output" = '{"files":1,"errors":0,"warnings":0,"findings":[]}' ]
}

@test "json has what the stages before found, and their files" {
	{
		echo '{"type":"diagnostic","stage":"render","source":"u.tera","severity":"error","code":"E110","message":"boo","line":1,"column":2,"end_line":null,"end_column":null,"hint":null}'
		good 'u = 1' | rendered
	} >in
	run -0 clnrm-lint --format json - <in
	[ "$(jq -c '[.files, .errors, .warnings, [.findings[] | .file, .line]]' \
		<<<"$output")" = '[2,1,1,["u.tera",1,"t.toml",8]]' ]
}

@test "a finding in an included file has its own place, and the levels above" {
	good 'u = 1' >text
	jq -Rsc '{type:"rendered",source:"t.tera",gen:0,variant:null,text:.,
		sha256:"",map:[[1,0,1,1],[8,2,5,3]],
		deps:[{path:"t.tera"},{path:"mid.tera"},{path:"in.tera"}],
		includes:[null,[0,3,1],[1,7,4]]}' text >in
	run -0 clnrm-lint --loose --format text - <in
	[ "${lines[1]}" = "  --> in.tera:5:3" ]
	[ "${lines[2]}" = "   = note:  included from mid.tera:7:4" ]
	[ "${lines[3]}" = "   = note:  included from t.tera:3:1" ]
	[ "${lines[4]}" = "   = note:  rendered as: u = 1" ]
	# Files that include each other, and what is no entry, end somewhere
	jq -c '.includes = [[2,1,1],[0,1,1],[1,1,1]]' in |
		clnrm-lint --loose --format text - >out
	[ "$(grep -c 'included from' out)" = 64 ]
	for odd in '"x"' '[]' '[[],[],[9]]' '[1,2,[9,1,1]]' '[0,0,["a",{},-1]]' \
		'[0,0,[-1,1,1]]'; do
		jq -c ".includes = $odd" in >odd
		run -0 clnrm-lint --loose --format github - <odd
	done
}

@test "many files give the same bytes, however many are read at a time" {
	mkdir t
	for i in {1..300}; do
		good "u$i = 1" >"t/$i.clnrm.toml"
	done
	good 'workdir = 1' >t/7.clnrm.toml
	printf '\xff' >t/70.clnrm.toml
	good >t/99.clnrm.toml
	for format in text json github ndjson; do
		for j in 1 2 7; do
			clnrm-lint --format $format --max-errors 200 -j $j t none t |
				grep -vE '^\{"type":"(begin|end)"' >$format.$j || :
		done
		[ "$(wc -c <$format.1)" -gt 1000 ]
		cmp $format.1 $format.2
		cmp $format.1 $format.7
	done
	run -2 clnrm-lint -j 2 t
	run -2 clnrm-lint -j 0 t
	[ "$output" = "clnrm-lint: --jobs: '0' is no number from 1, nor auto" ]
	run -2 clnrm-lint --jobs many t
}

@test "a reader that leaves ends a lint of many files" {
	mkdir t
	for i in {1..200}; do good >"t/$i.clnrm.toml"; done
	clnrm-lint -j 2 t | head -n 1 >out
	grep -q '"begin"' out
}

@test "what comes again unchanged is answered with the gen of now" {
	good 'u = 1' | rendered | head -n 1 >one
	jq -c '.gen = 12345 | .duration_ns = 9' one >two
	run -0 clnrm-lint --loose - < <(cat one two one)
	for i in 1 2 3; do
		jq -c "select(.type == \"plan\" or .type == \"diagnostic\")" \
			<<<"$output" | sed -n "$((2 * i - 1)),$((2 * i))p" >$i
	done
	[ "$(jq .gen 2 | xargs)" = "null 12345" ]
	cmp 1 3
	cmp 1 <(jq -c 'if .gen then .gen = 1 else . end' 2)
}

@test "what nobody can run is an error" {
	printf '[meta]\nname = "x"\nversion = "1"\n' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$output" = "a.toml:1:1: error: nothing to run: no [[steps]] and no [[scenario]] [E306]" ]
	: >empty.toml
	run -0 clnrm-lint --format github empty.toml
	[ "$output" = "empty.toml:1:1: warning: this is no test file: it has none of a test's tables [W305]" ]
}

@test "the oldest files are read, with a warning" {
	good | sed 's/\[meta\]/[test]/' >a.toml
	run -0 clnrm-lint --format github a.toml
	[ "${lines[0]}" = "a.toml:1:1: warning: [test] without 'metadata' is read as [test.metadata] [W302]" ]
}

# Each line: what is added to a good file, and what must be said of it.
@test "each rule finds what it is there for" {
	while IFS='|' read -r add say; do
		printf '%b\n' "$add" >added.txt
		good | grep -v _regex | cat - added.txt >a.toml
		clnrm-lint --format github a.toml >out || true
		grep -qF -- "$say" out || { echo "$add"; cat out; return 1; }
	done <<-'EOT'
		expected_output_regex = "(x"|does not compile
		run = "a\\u0000b"|steps[0].run holds a NUL
		expected_exit_code = 256|steps[0].expected_exit_code is 256, expected 0 to 255
		service = "nope"|there is no such service
		run = "true"|has both 'command' and 'run'
		env = { "A B" = "x" }|'A B' is no name of a variable
		env = { API_TOKEN = "x" }|looks like a secret
		[[steps]]\nname = "s"\nrun = "x"|two steps are named 's'
		[[steps]]\nname = " "\nrun = "x"|steps[1].name is blank
		[[scenario]]\nname = "a"|has nothing to run
		[[scenario]]\nname = "x"\nrun = "y"|two scenarios are named 'x'
		[[scenario]]\nname = "../x"\nrun = "y"|cannot be a directory's
		[[scenario]]\nname = "a"\nrun = ["y"]|scenario[0].run is an array: it is run without a shell
		[[scenario]]\nname = "a"\nrun = "y"\nisolation = "none"|expected one of full|no-proc
		[[scenario]]\nname = "a"\nrun = "y"\nartifacts.collect = ["x"]|'x' is nothing to collect
		[services.a]|has no 'image'
		[services.a]\nplugin = "x"|there is no plugin 'x', and the service has no image
		[services.a]\nplugin = "x"\nimage = "y"|its image runs as generic_container
		[services.a]\nimage = "a b"|is no name of an image
		[services.a]\nimage = "a"\nports = [80]|reserved
		[services.a]\nimage = "a"\nvolumes = [{host_path="x", container_path="/etc/x"}]|host_path 'x' is not absolute
		[services.a]\nimage = "a"\n[service.a]\nimage = "b"|is in [services] and in [service]
		[[expect.span]]\nname = "a[b"|does not compile
		[[expect.span]]\nname = "a"\nduration_ms = {min = 2, max = 1}|nothing can hold
		[[expect.span]]\nname = "a"\nattrs.any = ["a"]|expected "key=value"
		[expect.counts]\nspans_total = {gte = 2, lte = 1}|nothing can hold
		[expect.counts]\nspans_total = 2|expected a table
		[expect.counts]\nerrors_total = {gte = -1}|is -1, expected 0 or more
		[expect.graph]\nmust_include = [["a"]]|no pair of names
		[[expect.graph]]|expected a table
		[expect.window]|expected an array of tables
		[expect.order]\nmust_precede = [["a","b"]]\nmust_follow = [["a","b"]]|no order can hold
		[expect.status]\nall = "fine"|expected one of OK
		[expect.hermeticity]\nresource_attrs = {}\nresource_attrs_must_match = {}|two names for one thing
		[determinism]\nfreeze_clock = "now"|no RFC 3339 time
		[otel]\nsample_ratio = 2|expected 0 to 1
		[otel]\nexporter = "x"|expected one of stdout
		[limits]\noptional = ["x"]|expected one of cpu_millicores
		[env]\npass = ["1"]|'1' is no name of a variable
		[assertions]\na = 1|[assertions] is judged by nobody
		a = 1\na = 2|key 'a' is set twice [E301]
		a = {\nb = 1}|is TOML 1.1 [W302]
	EOT
}

@test "a stream passes through byte for byte, but for what is rendered" {
	{
		echo '{"type":"begin","v":1,"run":"0","argv":[]}'
		echo '{"type":"zzz",  "b": 1.50}'
		good | rendered
	} >in
	run -0 clnrm-lint - <in
	[ "${lines[0]}" = '{"type":"begin","v":1,"run":"0","argv":[]}' ]
	[ "${lines[1]}" = '{"type":"zzz",  "b": 1.50}' ]
	[ "$(jq -r .type <<<"$output" | xargs)" = "begin zzz plan end end" ]
	[ "$(jq -r 'select(.type == "plan").gen' <<<"$output")" = 1 ]
}

@test "the place of a finding is the one in the template" {
	printf '{%% for i in [1] %%}\n[meta]\nname = {{ i }}\nversion = "1"\n' >t.tera
	jq -nc '{type:"rendered",source:"t.tera",gen:0,variant:null,
		text:"[meta]\nname = 1\nversion = \"1\"\n[[steps]]\nname = \"s\"\nrun = \"x\"\n",
		sha256:"",map:[[1,0,2,1]],deps:[{path:"t.tera",sha256:""}]}' >in
	run -1 clnrm-lint --loose --format text - <in
	[ "${lines[1]}" = "  --> t.tera:3:8" ]
	[ "${lines[3]}" = " 3 | name = {{ i }}" ]
	[[ $output == *"= note:  rendered as: name = 1"* ]]
}

@test "with text, what failed upstream is printed and decides too" {
	{
		echo '{"type":"diagnostic","stage":"render","source":"u.tera","severity":"error","code":"E110","message":"boo","line":1,"column":2,"end_line":null,"end_column":null,"hint":null}'
		echo '{"type":"end","stage":"render","status":2,"records":1}'
	} >in
	run -2 clnrm-lint --format text - <in
	[ "${lines[0]}" = "error[E110]: boo" ]
	[ "${lines[1]}" = "  --> u.tera:1:2" ]
}

@test "a stream that was cut is exit 3, unless it was cut by hand" {
	good | rendered | head -n 1 >in
	run -3 clnrm-lint - <in
	[[ $output == *'"E501"'* ]]
	run -0 clnrm-lint --loose - <in
	run -3 clnrm-lint - </dev/null
}

@test "plain text on standard input has the name that it is given" {
	good 'workdir = 1' >text
	run -1 clnrm-lint --stdin-filename n.toml --format github <text
	[[ $output == "n.toml:8:11: "* ]]
}

@test "a file that is not UTF-8 or not there is exit 2, and the rest is read" {
	printf 'a = "\xff"\n' >a.toml
	good >b.toml
	run -2 clnrm-lint a.toml none.toml b.toml
	[ "$(jq -r '.code // .type' <<<"$output" | xargs)" = \
		"begin E102 E101 plan end" ]
}

@test "a template that nobody rendered is told so" {
	printf '{%% if x %%}\n[meta]\n{%% endif %%}\n' >a.toml
	run -1 clnrm-lint --format text a.toml
	[[ $output == *"this is a template: clnrm-render FILE | clnrm-lint -"* ]]
}

@test "without an operand and a stream the project is linted" {
	mkdir -p t/u
	good >t/u/a.clnrm.toml
	good >t/b.clnrm.toml
	run -0 clnrm-lint --format text </dev/null
	[ "${#lines[@]}" = 2 ]
	run -0 clnrm-lint --format text t
	[ "${lines[1]}" = "t/u/a.clnrm.toml: ok" ]
	mkdir empty
	run -4 clnrm-lint --format text empty
}

@test "quiet leaves the findings" {
	good >a.toml
	run -0 clnrm-lint -q --format text a.toml
	[ -z "$output" ]
}

@test "control characters do not reach the terminal" {
	good '"\u001b[31m" = 1' >a.toml
	run -0 clnrm-lint --format text a.toml
	[[ $output != *$'\e'* ]]
}

@test "a finding in what is no regular file does not wait for it" {
	mkfifo u.tera
	{
		echo '{"type":"diagnostic","stage":"render","source":"u.tera","severity":"error","code":"E110","message":"boo","line":1,"column":2,"end_line":null,"end_column":null,"hint":null}'
		echo '{"type":"end","stage":"render","status":2,"records":1}'
	} >in
	run -2 timeout 60 clnrm-lint --format text - <in
	[ "${lines[1]}" = "  --> u.tera:1:2" ]
}

@test "a stream that was cut says with text how to take it" {
	run -3 clnrm-lint --format text - </dev/null
	[ "${lines[0]}" = "-: error: the stream into lint is empty" ]
	[[ ${lines[1]} == "   = fix:   "*"--loose"* ]]
}

@test "a text that changed in the stream is shown as it is now" {
	good 'u = 1' >t.toml
	{
		rendered <t.toml | head -n 1
		until grep -q "'u'" out; do sleep 0.02; done
		good 'v = 1' >t.toml
		rendered <t.toml
	} | timeout 60 clnrm-lint --format text - >out
	[ "$(grep '^ 8 |' out)" = $' 8 | u = 1\n 8 | v = 1' ]
}

@test "findings have colour where it is asked for" {
	good 'u = 1' >a.toml
	FORCE_COLOR=1 run -0 clnrm-lint --format text a.toml
	[[ ${lines[0]} == $'\e[33mwarning[W301]\e[0m: '* ]]
	FORCE_COLOR=1 NO_COLOR=1 run -0 clnrm-lint --format text a.toml
	[[ $output != *$'\e'* ]]
}

@test "hostile text takes neither long nor much" {
	head -c 2000000 /dev/zero | tr '\0' '[' >a.toml
	run -1 timeout 60 clnrm-lint --format github a.toml
	{
		echo 'a = '
		head -c 3000000 /dev/zero | tr '\0' '['
	} | tr -d '\n' >b.toml
	run -1 timeout 60 clnrm-lint --format github b.toml
	[[ $output == *"nested deeper than 256 levels"* ]]
}

@test "real files do not crash it" {
	need_shared corpus/upstream
	find "$SHARED/corpus/upstream" -name '*.to*' ! -name '*.tsv' >files
	while read -r file; do
		clnrm-lint "$file" >out || [ $? = 1 ] || { echo "$file"; return 1; }
		grep -q '"type":"end"' out || { echo "$file"; return 1; }
	done <files
}
