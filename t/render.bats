#!/usr/bin/env bats
# clnrm-render from outside.
load helper

# The rendered text of the records in $output.
text() {
	jq -rj 'select(.type == "rendered").text' <<<"$output"
}

# The diagnostics in $output: severity, code, line, column.
told() {
	jq -r 'select(.type == "diagnostic") |
		"\(.source) \(.severity) \(.code) \(.line):\(.column)"' \
		<<<"$output"
}

# A stream of changes of the files named.
changes() {
	echo '{"type":"begin","v":1,"run":"0123456789abcdef","argv":["w"]}'
	for f; do
		jq -nc --arg f "$f" '{type:"change",source:$f,
			event:"modified",gen:7}'
	done
	echo '{"type":"end","stage":"watch","status":0,"records":1}'
}

@test "every conformance case passes" {
	need_shared conformance/tera
	command -v python3 || cannot "there is no python3"
	run -0 "$SHARED/conformance/tera/run.sh" -v clnrm-render
	[[ "${lines[-1]}" == *" passed, 0 failed" ]]
}

@test "a file gives begin, rendered and end" {
	printf 'name = "{{ svc }}"\n' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -r .type <<<"$output" | xargs)" = "begin rendered end" ]
	[ "$(text)" = 'name = "clnrm"' ]
	[ "$(jq -c 'select(.map).map' <<<"$output")" = "[[1,0,1,1]]" ]
}

@test "the digests are those of the text and of the file" {
	printf '{{ svc }}' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -r 'select(.text) | .sha256' <<<"$output")" = \
		"$(printf clnrm | sha256sum | cut -d' ' -f1)" ]
	[ "$(jq -r 'select(.text) | .deps[0].sha256' <<<"$output")" = \
		"$(sha256sum <a.clnrm.toml | cut -d' ' -f1)" ]
}

@test "a text without a marker goes through, with no map" {
	printf 'a = 1\r\nb = "}}"' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(text)" = "$(cat a.clnrm.toml)" ]
	[ "$(jq -c 'select(.text).map' <<<"$output")" = null ]
}

@test "a person reads the TOML, and findings on standard error" {
	printf '{{ svc }}\n' >a.clnrm.toml
	printf '\n{{ svcc }}\n' >b.clnrm.toml
	run -0 --separate-stderr clnrm-render --format text a.clnrm.toml
	[ "$output" = clnrm ]
	run -2 --separate-stderr clnrm-render --format text b.clnrm.toml
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	[ "${stderr_lines[0]}" = "b.clnrm.toml:2:4: error: the variable \
\`svcc\` is not defined [E120]" ]
	[ "${stderr_lines[1]}" = "  = fix: did you mean \`svc\`?" ]
}

@test "--map prints where each line came from" {
	printf '{%% for i in range(end=2) -%%}\nx\n{%% endfor %%}y\n' \
		>a.clnrm.toml
	run -0 clnrm-render --map a.clnrm.toml
	[ "${lines[0]}" = "a.clnrm.toml:2:1: x" ]
	[ "${lines[1]}" = "a.clnrm.toml:2:1: x" ]
	[ "${lines[2]}" = "a.clnrm.toml:3:13: y" ]
}

@test "-o writes the file, and only one" {
	printf '{{ svc }}\n' >a.clnrm.toml
	run -0 clnrm-render -o out/b.toml a.clnrm.toml
	[ -z "$output" ]
	[ "$(cat out/b.toml)" = clnrm ]
	run -2 clnrm-render -o c.toml a.clnrm.toml a.clnrm.toml
	[ ! -e c.toml ]
}

@test "a directory gives its tests in order, without the skipped ones" {
	mkdir -p t/b t/build t/target t/.git t/node_modules t/.clnrm
	for d in t/b t/build t/target t/.git t/node_modules t/.clnrm t; do
		echo 'x = 1' >$d/a.clnrm.toml
	done
	echo 'x = 1' >t/b/z.clnrm.toml.tera
	echo 'x = 1' >t/other.toml
	ln -s . t/loop
	run -0 clnrm-render t
	[ "$(jq -r 'select(.text).source' <<<"$output" | xargs)" = \
		"t/a.clnrm.toml t/b/a.clnrm.toml t/b/z.clnrm.toml.tera" ]
}

@test "without an operand the project is rendered" {
	mkdir sub
	echo 'x = 1' >sub/a.clnrm.toml
	run -0 clnrm-render </dev/null
	[ "$(jq -r 'select(.text).source' <<<"$output")" = sub/a.clnrm.toml ]
	cd sub
	run -0 clnrm-render </dev/null
	[ "$(jq -r 'select(.text).source' <<<"$output")" = \
		"$(pwd -P)/a.clnrm.toml" ]
}

@test "a directory without a test file exits 4" {
	mkdir t
	run -4 clnrm-render t
	[ "$(told)" = "t note null null:null" ]
}

@test "HOME and / are no project, unless --root says so" {
	mkdir home
	echo 'x = 1' >home/a.clnrm.toml
	rm clnrm.conf
	cd home
	mkdir ../.git
	HOME=$BATS_TEST_TMPDIR run -2 clnrm-render </dev/null
	[[ "$output" == *"would be $(cd .. && pwd -P)"*--root* ]]
	HOME=$BATS_TEST_TMPDIR run -0 clnrm-render --root . </dev/null
	rmdir ../.git
}

@test "--var wins over CLNRM_VAR, over [vars], the environment, the default" {
	printf '{{ svc }} {{ vars.svc }}\n' >a.clnrm.toml
	render() {
		clnrm-render --format text "$@" a.clnrm.toml
	}
	[ "$(render)" = "clnrm clnrm" ]
	export SERVICE_NAME=environment
	[ "$(render)" = "environment environment" ]
	printf '[vars]\nsvc = "file" # its own\n' >>a.clnrm.toml
	[ "$(render | head -n 1)" = "file file" ]
	export CLNRM_VAR_svc=given
	[ "$(render | head -n 1)" = "given given" ]
	[ "$(render --var svc=flag | head -n 1)" = "flag flag" ]
	[ "$(render --var svc=a=b --var x=1 | head -n 1)" = "a=b a=b" ]
}

@test "a variable set to the empty text in the environment is set" {
	printf '[{{ env }}]' >a.clnrm.toml
	ENV='' run -0 clnrm-render --format text a.clnrm.toml
	[ "$output" = "[]" ]
}

@test "variables of the file may be of any type" {
	printf '%s\n' '[vars]' 'n = 3' 'l = ["a", "b"]' 'd = 2025-01-02' \
		'[vars.db]' 'port = 5432' '[x]' \
		'y = "{{ n * 2 }} {{ l[1] }} {{ d }} {{ db.port }}"' \
		>a.clnrm.toml
	run -0 clnrm-render --format text a.clnrm.toml
	[ "${lines[-1]}" = 'y = "6 b 2025-01-02 5432"' ]
}

@test "[vars] that is no TOML is told in a note" {
	printf '[vars]\na = {{ svc }}\n[x]\n' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(told)" = "a.clnrm.toml note E120 null:null" ]
}

@test "a variable that is a template itself is none" {
	printf '[vars]\na = "{{ svc }}"\n[x]\nb = "{{ a }}"\n' >a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
	[ "$(told | cut -d' ' -f2-3 | xargs)" = "note E120 error E120" ]
}

@test "--var without a name is wrong usage" {
	run -2 clnrm-render --var svc x
	[[ "$output" == *"'svc' is not NAME=VALUE"* ]]
	run -2 clnrm-render --var 1a=b x
}

@test "a marker that opens no tag is text, with a warning" {
	# shellcheck disable=SC2016 # it is the file's
	printf 'run = "echo ${#A} {{.State}} {{ svc }}"\n' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	# shellcheck disable=SC2016
	[ "$(text)" = 'run = "echo ${#A} {{.State}} clnrm"' ]
	[ "$(told | cut -d' ' -f2- | xargs)" = \
		"warning W302 1:14 warning W302 1:19" ]
	run -2 clnrm-render --strict a.clnrm.toml
}

@test "each kind of failure has its code, and the others still render" {
	printf '\303\244 \377' >a.clnrm.toml
	printf '\n{{ 1 + }}' >b.clnrm.toml
	printf '{{ 1 | trim }}' >c.clnrm.toml
	printf '{{ nope }}' >d.clnrm.toml
	mkdir e.clnrm.toml
	printf 'x = 1' >g.clnrm.toml
	run -2 clnrm-render [abcd].clnrm.toml nowhere.toml g.clnrm.toml
	[ "$(told)" = "a.clnrm.toml error E102 1:3
b.clnrm.toml error E110 2:8
c.clnrm.toml error E111 1:8
d.clnrm.toml error E120 1:4
nowhere.toml error E101 null:null" ]
	[ "$(text)" = "x = 1" ]
	[ "$(jq -r 'select(.type == "end").status' <<<"$output")" = 2 ]
}

@test "templates are found beside the file, then in the project's root" {
	mkdir -p t/parts parts
	printf '{%% include "parts/a.tera" %%}{%% include "b.tera" %%}' \
		>t/x.clnrm.toml
	printf 'near\n{%% include "c.tera" %%}' >t/parts/a.tera
	printf 'beside\n' >t/parts/c.tera
	printf 'far\n' >parts/a.tera
	printf 'root\n' >b.tera
	run -0 clnrm-render t/x.clnrm.toml
	[ "$(text)" = "$(printf 'near\nbeside\nroot')" ]
	[ "$(jq -r 'select(.deps).deps[].path' <<<"$output" | xargs)" = \
		"t/x.clnrm.toml t/parts/a.tera t/parts/c.tera b.tera" ]
	[ "$(jq -c 'select(.deps).includes' <<<"$output")" = \
		'[null,[0,1,12],[1,2,12],[0,1,40]]' ]
	[ "$(jq -c 'select(.deps).map' <<<"$output")" = \
		'[[1,1,1,1],[2,2,1,1],[3,3,1,1]]' ]
	[ "$(jq -r 'select(.deps).deps[3].sha256' <<<"$output")" = \
		"$(sha256sum <b.tera | cut -d' ' -f1)" ]
}

@test "an error in an included file names it, and the way to it" {
	printf 'a = 1\n{%% include "b.tera" %%}' >a.clnrm.toml
	printf '\n{{ nope }}' >b.tera
	run -2 clnrm-render a.clnrm.toml
	[ "$(jq -c 'select(.code) | [.source, .file, .line, .column,
		(.hint | split("\n")[-1])]' \
		<<<"$output")" = '["a.clnrm.toml","b.tera",2,4,'\
'"note: included from a.clnrm.toml:2:12"]' ]
	run -2 clnrm-render --format text a.clnrm.toml
	[ "${lines[0]}" = "b.tera:2:4: error: the variable \`nope\` is not \
defined [E120]" ]
	[[ "${lines[1]}" = "  = note: in sight are "*"svc, "* ]]
	[ "${lines[2]}" = "  = note: included from a.clnrm.toml:2:12" ]
}

@test "lint finds the place in the file that a line came from" {
	printf '%s\n' '[meta]' 'name = "a"' 'version = "1"' '[[scenario]]' \
		'name = "s"' '{% include "b.tera" %}' >a.clnrm.toml
	printf 'run = "true"\nrum = 1\n' >b.tera
	run bash -c 'clnrm-render a.clnrm.toml | clnrm-lint --format ndjson -'
	[ "$(jq -c 'select(.file == "b.tera").line' <<<"$output")" = 2 ]
}

@test "a template that is not there is told where it is named" {
	printf '\n{%% include "nope.tera" %%}' >a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
	[ "$(told)" = "a.clnrm.toml error E101 2:12" ]
}

@test "a circle of includes is one error" {
	printf '{%% include "b.tera" %%}' >a.clnrm.toml
	printf '{%% include "b.tera" %%}' >b.tera
	run -2 clnrm-render a.clnrm.toml
	[[ "$(jq -r 'select(.code).message' <<<"$output")" == \
		*"without an end: b.tera → b.tera" ]]
}

@test "each built-in macro gives what lint accepts" {
	cat >a.clnrm.toml <<-'E'
	{% import "_macros.toml.tera" as m %}
	[meta]
	name = "a"
	version = "1"

	[vars]
	set = { k = 'a "quoted" \ text' }

	{{ m::service(id="db", image="alpine", args=["x"], env=set) }}

	{{ m::scenario(name="s", service="db", cmd='echo "\x"') }}

	{{ m::scenario(name="t", service="", cmd="false", expect_success=false) }}

	{{ m::span(name="a", parent="b", attrs=set) }}

	{{ m::span_exists(name="b") }}

	{{ m::graph_relationship(parent="b", child="a") }}

	{{ m::temporal_ordering(before="b", after="f") }}

	{{ m::error_propagation(source="c", target="d") }}

	{{ m::service_interaction(client="b", server="e") }}

	{{ m::attribute_validation(span="f", key="k", value=1) }}

	{{ m::resource_check(type="service", name="db") }}

	{{ m::batch_validation(spans=["g", "h"], condition='kind = "client"') }}
	E
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -r 'select(.deps).deps[1].path' <<<"$output")" = \
		builtin:_macros.toml.tera ]
	run -0 bash -c 'clnrm-render a.clnrm.toml | clnrm-lint --format ndjson -'
	[ -z "$(jq -c 'select(.severity == "error")' <<<"$output")" ]
	[ "$(jq -c 'select(.type == "plan").expect |
		[(.spans | length), .graph.must_include, .order.must_precede]' \
		<<<"$output")" = '[8,[["b","a"]],[["b","f"]]]' ]
}

@test "macros of the project go before those that are built in" {
	printf '{%% macro m() %%}mine{%% endmacro %%}' >_macros.toml.tera
	printf '{%% import "_macros.toml.tera" as m %%}{{ m::m() }}' \
		>a.clnrm.toml
	run -0 clnrm-render --format text a.clnrm.toml
	[ "$output" = mine ]
}

@test "what is not Tera but clear is taken with a warning, not by --strict" {
	printf '# x\n{%% import "m.tera" as m %%}\n{{ m::m("a\\"b") }}' \
		>a.clnrm.toml
	printf '{%% macro m(x) %%}{{ x }}{%% endmacro %%}' >m.tera
	run -0 clnrm-render a.clnrm.toml
	[ "$(text)" = "$(printf '# x\n\na"b')" ]
	[ "$(told | cut -d' ' -f2- | xargs)" = "warning W302 2:1 \
warning W302 3:9 warning W302 3:4" ]
	run -2 clnrm-render --strict a.clnrm.toml
	printf '{{ env(name="NOPE", default="d") }}{{ env.NOPE_TOO }}' \
		>a.clnrm.toml
	NOPE_TOO=x run -0 clnrm-render a.clnrm.toml
	[ "$(text)" = dx ]
	[ "$(told | cut -d' ' -f2- | xargs)" = \
		"warning W302 1:4 warning W302 1:39" ]
}

@test "each cell of a matrix is rendered, the last key goes fastest" {
	printf '%s\n' '[matrix]' 'os = ["b", "a"]' 'arch = ["x", "y"]' \
		'[x]' 'y = "{{ matrix.os }}{{ matrix.arch }}"' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -r 'select(.text) | .variant + " " + .text[-5:-2]' \
		<<<"$output")" = 'arch=x,os=b "bx
arch=x,os=a "ax
arch=y,os=b "by
arch=y,os=a "ay' ]
	run -2 clnrm-render -o out a.clnrm.toml
	[ ! -e out ]
}

@test "a file that is no template has a matrix too" {
	printf '[matrix]\nos = ["b", "a"]\n' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -c 'select(.text) | [.variant, .map]' <<<"$output" | xargs)" = \
		'[os=b,null] [os=a,null]' ]
}

@test "a matrix that cannot be is told at its place" {
	printf '\n[matrix]\nos = "b"\n' >a.clnrm.toml
	printf '[matrix]\nos = []\n' >b.clnrm.toml
	printf '[matrix]\nos = [[1]]\n' >c.clnrm.toml
	{
		echo '[matrix]'
		for i in 1 2 3 4 5 6 7; do
			echo "k$i = [1, 2, 3, 4]"
		done
	} >d.clnrm.toml
	run -2 clnrm-render [abcd].clnrm.toml
	[ "$(told)" = "a.clnrm.toml error E303 3:1
b.clnrm.toml error E304 2:6
c.clnrm.toml error E303 2:7
d.clnrm.toml error E304 8:1" ]
}

@test "TOML that is no template as a whole is rendered string by string" {
	printf '%s\n' '[vars]' 'v = "w"' '[x]' \
		'a = """' '{{ env(name=\"NAME\") }}' '"""' \
		'b = "{{ v ~ \"\\\\\" }}"' "c = '}'" 'd = "{{ {{ }}"' \
		>a.clnrm.toml
	NAME='x"y' run -2 clnrm-render a.clnrm.toml
	[ "$(told | cut -d' ' -f2- | xargs)" = \
		"warning W302 5:13 error E110 9:5" ]
	sed -i '$d' a.clnrm.toml
	NAME='x"y' run -0 clnrm-render a.clnrm.toml
	[ "$(text | tail -n 3)" = 'a = "x\"y\n"
b = "w\\\\"
c = '"'}'" ]
	[ "$(jq -c 'select(.map).map' <<<"$output")" = \
		'[[1,0,1,1],[5,0,7,1]]' ]
}

@test "draws with a seed are those of the original" {
	cat >a.clnrm.toml <<-'E'
	{{ rand_hex(seed=42) }} {{ pick(list=["a", "b", "c", "d"], seed=0) }}
	{{ shuffle(list=[1, 2, 3, 4, 5], seed=1) }}{{ sample(list=[1, 2, 3, 4, 5], k=2, seed=1) }}
	{{ uuid_v5(ns="6ba7b810-9dad-11d1-80b4-00c04fd430c8", name="example.com") }}
	{{ "HTTP Server 2" | camel }} {{ 42 | kebab }} {{ snake(s="APIKey2Go") }}
	{{ fake_port(seed=1) }} {{ fake_semver(seed=42) }}
	E
	run -0 clnrm-render --format text a.clnrm.toml
	[ "$output" = "28a6a20d86b28d3a d
[1, 3, 5, 2, 4][1, 4]
cfbff0d1-9375-5685-968c-48ce8b15ae17
httpServer2 42 api_key_2_go
54242 1.10.24" ]
}

@test "an unreadable file is an error" {
	ln -s a.clnrm.toml a.clnrm.toml # a mode would not stop root
	run -2 clnrm-render a.clnrm.toml
	[ "$(told)" = "a.clnrm.toml error E101 null:null" ]
}

@test "a directory where a file changed is an error" {
	mkdir a.clnrm.toml
	run -2 clnrm-render - < <(changes a.clnrm.toml)
	[ "$(told)" = "a.clnrm.toml error E101 null:null" ]
}

@test "an empty file renders to nothing" {
	: >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -c 'select(.type == "rendered") | [.text, .map]' \
		<<<"$output")" = '["",null]' ]
}

@test "a file of more than 64 MiB is refused in one line" {
	truncate -s 65M a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
	[ "$(jq -r 'select(.code).message' <<<"$output")" = \
		"larger than 64 MiB" ]
}

@test "a change is followed by its text, of the same gen" {
	printf '{{ svc }}' >a.clnrm.toml
	run -0 clnrm-render - < <(changes a.clnrm.toml src/main.c)
	[ "$(jq -r .type <<<"$output" | xargs)" = \
		"begin change rendered change end end" ]
	[ "$(jq -r 'select(.text).gen' <<<"$output")" = 7 ]
}

@test "without an operand a pipe is read as a stream" {
	printf '{{ svc }}' >a.clnrm.toml
	changes a.clnrm.toml | clnrm-render >out
	[ "$(jq -r 'select(.text).text' out)" = clnrm ]
}

@test "a deleted file is not rendered" {
	printf 'x' >a.clnrm.toml
	run -0 clnrm-render - < <(changes a.clnrm.toml |
		sed s/modified/deleted/)
	[ -z "$(text)" ]
}

@test "a file that vanished meanwhile is a warning, and no failure" {
	run -0 clnrm-render - < <(changes gone.clnrm.toml)
	[ "$(told)" = "gone.clnrm.toml warning E101 null:null" ]
	run -2 clnrm-render gone.clnrm.toml
}

@test "records of other types go through byte for byte" {
	printf '%s\n' '{ "type" : "tea","x":1.0e5, "é":"\u00e9" }' \
		'{"type":"plan","b":1,"a":[ ]}' '{"type":"end"}' >in
	clnrm-render - <in >out
	head -n 3 out | cmp - in
}

@test "a line that is too long is told, and the next one is read" {
	{
		printf '{"type":"x","y":"'
		head -c 67108864 /dev/zero | tr '\0' a
		printf '"}\n{"type":"after"}\n{"type":"end"}\n'
	} >in
	run -2 clnrm-render - <in
	[ "$(jq -r '.code // .type' <<<"$output" | xargs)" = \
		"E504 after end end" ]
}

@test "a stream that was cut exits 3, or is taken with --loose" {
	echo '{"type":"x"}' >in
	run -3 clnrm-render - <in
	[ "$(jq -r 'select(.code).code' <<<"$output")" = E501 ]
	run -0 clnrm-render --loose - <in
}

@test "--stdin-filename names a template on standard input" {
	run -0 clnrm-render --format text --stdin-filename b.clnrm.toml \
		< <(printf '{{ svc }}')
	[ "$output" = clnrm ]
	run -2 clnrm-render --stdin-filename b.clnrm.toml <<<'{{ nope }}'
	[ "$(told)" = "b.clnrm.toml error E120 1:4" ]
}

@test "--context renders with exactly that context" {
	echo '{"a": {"b": [1, 2.0]}}' >c.json
	printf '{{ a.b }}{{ svc is defined }}' >t
	run -0 clnrm-render --context c.json t
	[ "$output" = "[1, 2]false" ]
	echo '[]' >c.json
	run -2 clnrm-render --context c.json t
	run -2 clnrm-render --context c.json t t
}

@test "an error in one file leaves no half of its text" {
	printf 'a = 1\n{{ nope }}' >a.clnrm.toml
	run -2 --separate-stderr clnrm-render --format text a.clnrm.toml
	[ -z "$output" ]
}

@test "a source that is told to stop ends with 128+n" {
	mkfifo a.clnrm.toml
	clnrm-render a.clnrm.toml b.clnrm.toml >out &
	pid=$!
	exec 9>a.clnrm.toml # open: the program waits for its text
	kill -TERM $pid
	exec 9>&-
	rc=0
	wait $pid || rc=$?
	[ "$rc" = 143 ]
	[ "$(jq -r 'select(.type == "end").status' out)" = 143 ]
}

@test "a reader that goes away stops the source quietly" {
	mkdir t
	for i in $(seq 300); do
		echo 'x = 1' >"t/$i.clnrm.toml"
	done
	set +o pipefail
	run --separate-stderr bash -c 'clnrm-render t | head -n 1 >/dev/null'
	[ -z "$stderr" ]
}

@test "without a stream on standard input, - is wrong usage" {
	command -v script || cannot "there is no script(1)"
	run script -qec 'clnrm-render -' /dev/null </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *usage:* ]]
}

# ---- functions

@test "identifiers and headers of traces have their forms, and obey a seed" {
	cat >a.clnrm.toml <<-'T'
	{{ uuid_v7(seed=1) }} {{ ulid(seed=1) }}
	{{ traceparent(seed=42) }}
	{{ traceparent(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331", sampled=0) }}
	T
	run -0 clnrm-render --format text a.clnrm.toml
	[[ "${lines[0]}" =~ ^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\ [0-9A-HJKMNP-TV-Z]{26}$ ]]
	[ "${lines[1]}" = \
		00-28a6a20d86b28d3a087a4781729386a3-c06614a0903d23f0-01 ]
	[ "${lines[2]}" = \
		00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00 ]
	echo '{{ traceparent(trace_id="x") }}' >a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
}

@test "sequences count by name, from their start, by their step" {
	printf '%s' '{{ seq(name="a") }}{{ seq(name="a") }}' \
		'{{ seq(name="b", start=10, step=-5) }},{{ seq(name="b") }}' \
		'{{ seq(name="a") }}' >a.clnrm.toml
	run -0 clnrm-render --format text a.clnrm.toml
	[ "$output" = "0110,52" ]
}

@test "weights, baggage and examples of data are those of the original" {
	cat >a.clnrm.toml <<-'T'
	[vars]
	pairs = [["never", 0], ["always", 1]]
	bag = { b = 2, a = "x" }
	[x]
	{{ weighted(pairs=pairs) }} {{ baggage(map=bag) }}
	{{ fake(kind="internet.ip.v4") }} {{ fake(kind="no.such") }}
	{{ fake_kinds() | length }} {{ true | upper }} {{ [1, "É"] | lower }}
	T
	run -0 clnrm-render --format text a.clnrm.toml
	[ "${lines[4]}" = "always a=x,b=2" ]
	[ "${lines[5]}" = "192.168.1.1 unknown_kind" ]
	[ "${lines[6]}" = '27 TRUE [1,"é"]' ]
	sed -i 's/"never", 0/"never", -1/' a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
}

@test "freeze_clock of the file stops every function that tells the time" {
	cat >a.clnrm.toml <<-'T'
	[determinism]
	seed = {{ 1 }}
	freeze_clock = "2025-10-17T12:00:00.5Z"
	[x]
	{{ now_rfc3339() }} {{ now_unix() }} {{ now_ms() }} {{ now() }}
	{{ now_plus(seconds=-3600) }} {{ date_rfc3339(offset_seconds=86400) }}
	{{ now(timestamp=true) }} {{ uuid_v7() | truncate(length=13, end="") }}
	T
	run -0 clnrm-render --format text a.clnrm.toml
	[ "${lines[4]}" = "2025-10-17T12:00:00.5Z 1760702400 1760702400500 \
2025-10-17T12:00:00.5Z" ]
	[ "${lines[5]}" = \
		"2025-10-17T11:00:00.500+00:00 2025-10-18T12:00:00.500+00:00" ]
	[ "${lines[6]}" = "1760702400 $(printf '%012x' 1760702400500 |
		sed 's/./&-/8')" ]
	sed -i 's/"2025.*/"{{ freeze_clock }}"/' a.clnrm.toml
	run -0 clnrm-render --format text --var freeze_clock=1970-01-01T00:00:01Z \
		a.clnrm.toml
	[[ "${lines[4]}" = "1970-01-01T00:00:01Z 1 1000 "* ]]
	FREEZE_CLOCK=now run -2 clnrm-render --stdin-filename b.clnrm.toml \
		<<<'{{ now_unix() }}'
	[[ "$output" == *"the clock is frozen at what is no time"* ]]
}

@test "seed of the file makes draws the same, and each another one" {
	printf '%s\n' '[determinism]' 'seed = 7' '[x]' \
		'{{ uuid_v4() }} {{ uuid_v4() }} {{ fake_name() }}' \
		'{{ get_random(end=1000000000) }} {{ fake_uuid() }}' \
		>a.clnrm.toml
	run -0 clnrm-render --format text a.clnrm.toml
	first=$output
	run -0 clnrm-render --format text a.clnrm.toml
	[ "$output" = "$first" ]
	read -r one two _ <<<"${lines[3]}"
	[ "$one" != "$two" ]
	printf '[matrix]\na = [1, 2]\n' >>a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(jq -r 'select(.text).text' <<<"$output" | grep -c "$one")" = 1 ]
}

@test "names of functions and arguments that files use are taken with a warning" {
	cat >a.clnrm.toml <<-'T'
	{{ pick(array=["a"]) }}{{ sample(array=["b"], n=1) }}
	{{ sha256(input="") == sha256(s="") }}{{ "" | sha256 | length }}
	{{ toml_encode(s="c") }}{{ "d" | toml_encode }}
	{{ fake_address() | wordcount > 2 }}
	T
	run -0 clnrm-render a.clnrm.toml
	[ "$(text)" = 'a[b]
true64
"c""d"
true' ]
	[ "$(told | grep -c W302)" = 8 ]
	run -2 clnrm-render --strict a.clnrm.toml
}

# ---- comments

@test "a tag in a comment that does not parse, or reads no variable, is text" {
	printf '%s\n' '# write {{ }} and {{ vars.name }}, or {% frob %}' \
		'x = "{{ svc }}" # {{ svc }}' >a.clnrm.toml
	run -0 clnrm-render a.clnrm.toml
	[ "$(text)" = '# write {{ }} and {{ vars.name }}, or {% frob %}
x = "clnrm" # clnrm' ]
	[ "$(told | cut -d' ' -f2- | xargs)" = "warning W302 1:9 \
warning W302 1:39 note E120 1:19" ]
	run -2 clnrm-render --strict a.clnrm.toml
	printf '# {{ vars.name }}\n' >a.clnrm.toml
	run -0 clnrm-render --strict a.clnrm.toml
	printf 'x = 1 # {{ vars.name }}\n' >a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
	printf '# {%% if %%}\n{%% endif %%}\n' >a.clnrm.toml
	run -2 clnrm-render a.clnrm.toml
}

# ---- errors

@test "all that does not parse is told in one go, each at its place" {
	cat >a.clnrm.toml <<-'T'
	a = {{ 1 + }}
	{% if %}x{% else %}y{% endif %}
	{% for x y %}{{ "open }}{% endfor %}
	{% frob %}
	{% if svc %}{{ ! }}{% endif what %}
	{% endfor %}{{ svc }}
	T
	run -2 clnrm-render a.clnrm.toml
	[ "$(told | cut -d' ' -f3- | xargs)" = "E110 1:12 E110 2:7 E110 3:10 \
E110 3:17 E110 4:1 E110 5:16 E110 5:29 E110 6:1" ]
	[ -z "$(text)" ]
}

@test "an undefined variable tells what is in sight, and a macro its callers" {
	printf '{%% macro m(abc) %%}\n{{ abd }}{%% endmacro %%}' >m.tera
	printf '{%% import "m.tera" as m %%}\n{{ m::m(abc=1) }}' >a.clnrm.toml
	run -2 clnrm-render --format text a.clnrm.toml
	[ "${lines[0]}" = "m.tera:2:4: error: the variable \`abd\` is not \
defined [E120]" ]
	[ "${lines[1]}" = "  = fix: did you mean \`abc\`?" ]
	[[ "${lines[2]}" = "  = note: in sight are abc, matrix, "* ]]
	[ "${lines[3]}" = "  = note: called from a.clnrm.toml:2:4" ]
}

@test "a template that is not there tells where it was looked for" {
	mkdir t
	printf '{%% include "no.tera" %%}' >t/a.clnrm.toml
	run -2 clnrm-render --format text t/a.clnrm.toml
	[ "${lines[1]}" = "  = note: looked for in t/ and $(pwd -P)/" ]
}

@test "no template reads what is outside of the project" {
	mkdir -p p/t out
	touch p/clnrm.conf
	echo secret >out/s.tera
	ln -s ../../out/s.tera p/t/link.tera
	ln -s ../../out p/t/folder
	mkfifo p/t/pipe.tera
	cd p
	for name in ../../out/s.tera link.tera folder/s.tera \
		"$BATS_TEST_TMPDIR/out/s.tera"; do
		printf '{%% include "%s" ignore missing %%}' "$name" \
			>t/a.clnrm.toml
		run -2 clnrm-render t/a.clnrm.toml
		[[ "$output" == *"is outside of the project"* ]]
		[[ "$output" != *secret* ]]
	done
	for name in /etc/passwd /proc/self/environ /dev/zero pipe.tera; do
		printf '{%% include "%s" %%}' "$name" >t/a.clnrm.toml
		run -2 timeout 60 clnrm-render t/a.clnrm.toml
		[[ "$output" != *root:* ]]
	done
	ln -s t/in.tera in.tera
	echo inside >t/in.tera
	printf '{%% include "in.tera" %%}' >t/a.clnrm.toml
	run -0 clnrm-render --format text t/a.clnrm.toml
	[ "$output" = inside ]
}

# Renders a text that has no end, in two seconds and 600 MB; $1 is told.
endless() {
	cat >a.clnrm.toml
	run -2 bash -c 'ulimit -v 1200000; timeout 60 clnrm-render a.clnrm.toml'
	jq -r 'select(.type == "diagnostic").message' <<<"$output" |
		grep -F "$1" || { echo "$output"; return 1; }
}

@test "what has no end, or too much of it, is a clear error" {
	[ -z "${SAN-}" ] || skip "sanitizers need more address space"
	for i in $(seq 1000); do
		echo "{% include 'f$((i + 1)).tera' %}" >f$i.tera
	done
	echo 'the end' >f1001.tera
	endless "more than 64 files" <<<'{% include "f1.tera" %}'
	echo '{% include "self.tera" %}' >self.tera
	endless "goes on without an end" <<<'{% include "self.tera" %}'
	endless "more than 1000000 numbers" <<<'{{ range(end=10000000000) }}'
	endless "larger than 64 MiB" <<<'{% set x = "0123456789abcdef" %}
		{% for i in range(end=400000) %}{{ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x }}{% endfor %}'
	endless "goes on without an end" <<<'{% macro m() %}{{ self::m() }}{% endmacro %}{{ self::m() }}'
	endless "more than 10000000 turns" <<<'{% for i in range(end=100000) %}{% for j in range(end=100000) %}{% endfor %}{% endfor %}'
	endless "a tenth of that in calls" <<<'{% macro m(n) %}{% if n > 0 %}{{ self::m(n=n - 1) }}{{ self::m(n=n - 1) }}{% endif %}{% endmacro %}{{ self::m(n=200) }}'
	endless "MiB" <<<'{% set x = [1, 2, 3, 4] %}{% for i in range(end=80) %}{% set_global x = [x, x, x, x] %}{% endfor %}{{ x }}'
	endless "need more than 256 MiB" <<<'{% set a = range(end=1000000) %}{% set b = range(end=1000000) %}{% set c = range(end=1000000) %}{% set d = range(end=1000000) %}{% set e = range(end=1000000) %}'
}

# ---- showing, keeping

@test "--show-vars prints what is in scope and where it is from" {
	printf '[vars]\nx = [1]\n[matrix]\nos = ["a", "b"]\n{{ ' >a.clnrm.toml
	SERVICE_NAME=s CLNRM_VAR_z=1 run -0 clnrm-render --show-vars --var y=2 \
		a.clnrm.toml
	grep -qx 'svc = "s"  *# SERVICE_NAME' <<<"$output"
	grep -qx 'env = "ci"  *# default' <<<"$output"
	grep -qx 'x = \[1\]  *# \[vars\]' <<<"$output"
	grep -qx 'z = "1"  *# CLNRM_VAR_z' <<<"$output"
	grep -qx 'y = "2"  *# --var' <<<"$output"
	grep -qx 'matrix.os = "a"  *# \[matrix\], the first cell' <<<"$output"
	run -2 clnrm-render --show-vars --format ndjson a.clnrm.toml
}

@test "a change of a template renders exactly the tests that are made of it" {
	mkdir parts
	printf '{%% include "parts/x.tera" %%}' >a.clnrm.toml
	printf '{%% include "parts/y.tera" %%}' >b.clnrm.toml
	printf '{%% include "new.tera" ignore missing %%}{{ svc }}' >c.clnrm.toml
	printf '{%% include "deep.tera" %%}' >parts/x.tera
	echo deep >parts/deep.tera
	echo y >parts/y.tera
	{
		changes a.clnrm.toml b.clnrm.toml c.clnrm.toml | sed '$d'
		changes parts/deep.tera src/main.c | sed '1d;$d;s/:7}/:8}/'
		changes parts/new.tera | sed '1d;$d;s/:7}/:9}/'
		changes "$(pwd -P)/parts/y.tera" b.clnrm.toml |
			sed '1d;s/:7}/:10}/'
	} >in
	run -0 --separate-stderr clnrm-render --stats - <in
	[ "$(jq -r 'select(.type == "rendered") |
		"\(.source)@\(.gen)=\(.cached)"' <<<"$output" | xargs)" = \
		"a.clnrm.toml@7=false b.clnrm.toml@7=false c.clnrm.toml@7=false \
a.clnrm.toml@8=true c.clnrm.toml@9=true b.clnrm.toml@10=true" ]
	[[ "$stderr" = "parsed templates: 6 hits, 6 misses, 0 dropped; 6 kept "* ]]
}

@test "a template that goes away breaks its users, and one that comes mends them" {
	printf '{%% include "x.tera" %%}' >a.clnrm.toml
	mkfifo in
	clnrm-render - <in >out &
	exec 9>in
	changes a.clnrm.toml | sed '$d' >&9
	await grep -q E101 out
	echo here >x.tera
	changes x.tera | sed '1d;$d;s/:7}/:8}/' >&9
	await grep -q here out
	rm x.tera
	changes x.tera | sed '1d;s/:7}/:9}/;s/modified/deleted/' >&9
	exec 9>&-
	wait $! || true
	[ "$(jq -r 'select(.code or .text) | .code // .text' out | xargs)" = \
		"E101 here E101" ]
}

@test "--warm parses ahead, so that the first rendering finds it done" {
	mkdir t
	printf '{{ svc }}' >t/a.clnrm.toml
	printf '{{ svc }' >t/broken.tera
	run -0 --separate-stderr clnrm-render --warm t --stats t
	[ "$(jq -r 'select(.cached).source' <<<"$output")" = t/a.clnrm.toml ]
	[[ "$stderr" = "parsed templates: 1 hits, "* ]]
}
