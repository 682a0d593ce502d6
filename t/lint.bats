#!/usr/bin/env bats
# clnrm-lint from outside.
load helper

# A test file that is right, with what the arguments add.
good() {
	printf '%s\n' '[meta]' 'name = "x"' 'version = "1"' \
		'[[steps]]' 'name = "s"' 'command = ["true"]' "$@"
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
		'["error","E303","steps[0].timeout_ms is a string, expected an integer",7,14,17]' ]
	[ "$(sed -n 3p <<<"$output" | jq .status)" = 1 ]
}

@test "an unknown key is a warning with the nearest key, and strict counts it" {
	good 'comand = 1' >a.toml
	run -0 clnrm-lint --format text a.toml
	[ "${lines[0]}" = "warning[W301]: unknown key 'comand' in steps[0]" ]
	[ "${lines[1]}" = "  --> a.toml:7:1" ]
	[ "${lines[3]}" = " 7 | comand = 1" ]
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

@test "a command that is one text is told how to be mended" {
	good | sed 's/\["true"\]/"true"/' >a.toml
	run -1 clnrm-lint --format text a.toml
	[ "${lines[0]}" = "error[E303]: steps[0].command is a string, expected an array of strings" ]
	[[ $output == *'run = "…"'* ]]
}

@test "findings come in the order of their places" {
	good '[[expect.span]]' 'kind = "odd"' '[limits]' 'processes = 0' \
		'[zzz]' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$(cut -d: -f2 <<<"$output" | xargs)" = "7 8 10 11" ]
	[ "$(grep -o '\[[EW].*' <<<"$output" | xargs)" = \
		"[E302] [E304] [E304] [W301]" ]
}

@test "a finding for an editor is one line" {
	good 'workdir = 1' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$output" = "a.toml:7:11: error: steps[0].workdir is an integer, expected a string [E303]" ]
}

@test "at most max-errors findings are told, errors first" {
	good 'u = 1' '[services.d]' 'ports = ["x"]' >a.toml
	run -1 clnrm-lint --format github --max-errors 1 a.toml
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == *'[E302]' ]]
	[ "${lines[1]}" = "a.toml: note: 2 more findings are not shown" ]
}

@test "what nobody can run is an error" {
	printf '[meta]\nname = "x"\nversion = "1"\n' >a.toml
	run -1 clnrm-lint --format github a.toml
	[ "$output" = "a.toml:1:1: error: nothing to run: no [[steps]] and no [[scenario]] [E306]" ]
	: >empty.toml
	run -1 clnrm-lint --format github empty.toml
	[[ $output == *"[E302]"*"[E306]"* ]]
}

@test "the oldest files are told how to come along" {
	printf '[test]\nname = "x"\n[[steps]]\nname = "s"\ncommand = ["x"]\n' >a.toml
	run -1 clnrm-lint --format text a.toml
	[ "${lines[0]}" = "error[E302]: [test] has no 'metadata'" ]
	[[ $output == *"rename [test] to [test.metadata]"* ]]
}

# Each line: what is added to a good file, and what must be said of it.
@test "each rule finds what it is there for" {
	while IFS='|' read -r add say; do
		printf '%b\n' "$add" >added.txt
		good "$(cat added.txt)" >a.toml
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
		[[scenario]]\nname = "a"\nrun = ["y"]|scenario[0].run is an array, expected a string
		[[scenario]]\nname = "a"\nrun = "y"\nisolation = "none"|expected one of full|no-proc
		[[scenario]]\nname = "a"\nrun = "y"\nartifacts.collect = ["x"]|'x' is nothing to collect
		[services.a]|has no 'image'
		[services.a]\nplugin = "x"|there is no plugin 'x', and the service has no image
		[services.a]\nplugin = "x"\nimage = "y"|its image runs as generic_container
		[services.a]\nimage = "a b"|is no name of an image
		[services.a]\nimage = "a"\nports = [80]|reserved
		[services.a]\nimage = "a"\nvolumes = [{host_path="x", container_path="/etc/x"}]|host_path 'x' is not absolute
		[services.a]\nimage = "a"\n[service.a]\nimage = "b"|is in [services] and in [service]
		[[expect.span]]\nname = "a[b"|does not parse
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
		[assertions]\na = 1|[assertions] decides nothing
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
	[[ $output == "n.toml:7:11: "* ]]
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
	run -2 timeout 10 clnrm-lint --format text - <in
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
	} | timeout 20 clnrm-lint --format text - >out
	[ "$(grep '^ 7 |' out)" = $' 7 | u = 1\n 7 | v = 1' ]
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
	run -1 timeout 10 clnrm-lint --format github a.toml
	{
		echo 'a = '
		head -c 3000000 /dev/zero | tr '\0' '['
	} | tr -d '\n' >b.toml
	run -1 timeout 10 clnrm-lint --format github b.toml
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
