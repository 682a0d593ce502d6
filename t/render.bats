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
	printf '{{ 1 | upper }}' >c.clnrm.toml
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
	[ "$(jq -c 'select(.code) | [.source, .file, .line, .column, .hint]' \
		<<<"$output")" = '["a.clnrm.toml","b.tera",2,4,'\
'"note: included from a.clnrm.toml:2:12"]' ]
	run -2 clnrm-render --format text a.clnrm.toml
	[ "${lines[0]}" = "b.tera:2:4: error: the variable \`nope\` is not \
defined [E120]" ]
	[ "${lines[1]}" = "  = note: included from a.clnrm.toml:2:12" ]
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
