#!/usr/bin/env bats
# What clnrm-lint knows of tests: which files are right, and where one is not.
load helper

# A test with a scenario that checks its output, and what standard input adds.
with() {
	{
		printf '%s\n' '[meta]' 'name = "x"' 'version = "1"' \
			'[[scenario]]' 'name = "s"' 'run = "true"' \
			'expected_output_regex = "x"'
		cat
	} >x.clnrm.toml
}

# The findings, "CODE LINE:COLUMN message", one a line.
findings() {
	clnrm-lint --format ndjson x.clnrm.toml | jq -r \
		'select(.type == "diagnostic") | "\(.code) \(.line):\(.column) \(.message)"'
}

hints() {
	clnrm-lint --format ndjson x.clnrm.toml |
		jq -r 'select(.type == "diagnostic").hint'
}

plan() {
	clnrm-lint --format ndjson x.clnrm.toml | jq -c "select(.type == \"plan\") | $1"
}

# ---- forms that are read as they were meant

@test "[test] without metadata is read as [test.metadata], with a warning" {
	cat >x.clnrm.toml <<-'TOML'
	[test]
	name = "old"
	[[steps]]
	name = "a"
	command = ["true"]
	expected_exit_code = 0
	TOML
	[ "$(findings)" = "W302 1:1 [test] without 'metadata' is read as [test.metadata]" ]
	[ "$(plan .meta.name)" = '"old"' ]
	run -1 clnrm-lint --strict --format text x.clnrm.toml
	[ "${lines[0]}" = "error[W302]: [test] without 'metadata' is read as [test.metadata]" ]
}

@test "a command that is a string is run by the shell" {
	with <<-'TOML'
	[[steps]]
	name = "a"
	command = "echo a | cat"
	TOML
	[ "$(findings | grep W302)" = "W302 10:11 steps[0].command is a string: it is run by the shell" ]
	[ "$(plan '.scenarios[0].steps[0].command')" = '["/bin/sh","-c","echo a | cat"]' ]
}

@test "a run that is an array is a command, in a step and in a scenario" {
	with <<-'TOML'
	[[scenario]]
	name = "t"
	run = ["printf", "a b"]
	expected_output_regex = "a"
	[[scenario]]
	name = "u"
	[[scenario.steps]]
	name = "v"
	run = ["true"]
	TOML
	[ "$(findings | cut -d' ' -f1,2 | xargs)" = "W302 10:7 W308 12:1 W302 16:7" ]
	[ "$(plan '.scenarios[1].steps')" = '[{"name":"t","command":["printf","a b"],"env":{},"workdir":null,"service":null,"user":null,"exit_code":0,"stdout_regex":"a","timeout_ms":null,"continue_on_failure":false}]' ]
	[ "$(plan '.scenarios[2].steps[0].command')" = '["true"]' ]
}

@test "a port that is a string is the one inside" {
	with <<-'TOML'
	[service.s]
	image = "a"
	ports = ["127.0.0.1:80:8080", "9090/tcp", "x"]
	TOML
	[ "$(plan '.services[0].ports' || :)" = "" ]
	[ "$(findings | head -n 2 | cut -d: -f2-)" = "10 a port of service 's' is a string: it listens on 8080
31 a port of service 's' is a string: it listens on 9090" ]
	[ "$(findings | tail -n 1)" = "E303 10:43 service.s.ports[2] is a string, expected an integer" ]
}

@test "attrs.any as an array and [template.vars] are taken with a warning" {
	with <<-'TOML'
	[template.vars]
	a = "b"
	[[expect.span]]
	name = "n"
	attrs.any = ["a=b"]
	TOML
	[ "$(findings)" = "W302 8:11 [template.vars] is read as [vars]
W302 12:13 expect.span[0].attrs.any is an array of \"key=value\"" ]
	[ "$(plan '.expect.spans[0].attrs_any')" = '{"a":"b"}' ]
	[ "$(clnrm-lint --strict --format ndjson x.clnrm.toml | jq -r 'select(.severity).severity' | xargs)" = "error error" ]
}

@test "every form that is read as meant is listed in the manual" {
	for form in '\[test\]' 'command' 'run' 'ports' 'attrs.any' \
		'\[template.vars\]' 'type' 'plugin'; do
		sed -n '/^\.Sh COMPATIBILITY/,/^\.Sh SEE/p' "$ROOT/man/clnrm.toml.5" |
			grep -q "$form" || { echo "$form"; return 1; }
	done
}

# ---- templates

@test "a slip in an included template is told at its own file, line and column" {
	with <<<'{% include "part.tera" %}'
	printf '# a part\n{%% set n = "x" %%}\n\n  [[expcet.span]]\n  name = "{{ n }}"\n' >part.tera
	run -0 clnrm lint x.clnrm.toml
	[ "${lines[0]}" = "warning[W301]: unknown key 'expcet'" ]
	[ "${lines[1]}" = "  --> part.tera:4:5" ]
	[ "${lines[3]}" = " 4 |   [[expcet.span]]" ]
	[ "${lines[5]}" = "   = fix:   did you mean 'expect'?" ]
	[ "${lines[6]}" = "   = note:  included from x.clnrm.toml:8:12" ]
	run -1 clnrm lint --strict x.clnrm.toml
	[ "${lines[0]}" = "error[W301]: unknown key 'expcet'" ]
}

# ---- what is no test, and what nobody judges

@test "a file with none of a test's tables is skipped with a warning" {
	printf '[weights]\na = 1\n' >x.clnrm.toml
	[ "$(findings)" = "W305 1:1 this is no test file: it has none of a test's tables" ]
	run -0 clnrm-lint --format ndjson x.clnrm.toml
	[ "$(jq -r .type <<<"$output" | xargs)" = "begin diagnostic end" ]
	run -1 clnrm-lint --strict --format text x.clnrm.toml
	: >macros.tera
	run -0 clnrm-lint --format text macros.tera
	[ "${lines[0]}" = "warning[W305]: this is no test file: it has none of a test's tables" ]
}

@test "an empty test, and one whose tables are misspelt, are errors" {
	: >x.clnrm.toml
	[ "$(findings | cut -c1-4 | xargs)" = "E302 E306" ]
	printf '[[scenarios]]\nname = "a"\n' >x.clnrm.toml
	[ "$(findings | cut -c1-4 | xargs)" = "E302 E306 W301" ]
}

@test "tables that nobody judges are named by the verdict" {
	with <<-'TOML'
	[assertions]
	a = true
	[otel_expectations]
	spans = 3
	[[expect.temporal]]
	before = "a"
	TOML
	[ "$(plan .unjudged)" = '["otel_expectations","expect.temporal","assertions"]' ]
	sed -i 's/"true"/"echo x"/' x.clnrm.toml
	clnrm-render x.clnrm.toml | clnrm-lint - | clnrm-exec - | clnrm-verify >run
	[ "$(jq -c 'select(.type == "verdict").unjudged' run)" = \
		'["otel_expectations","expect.temporal","assertions"]' ]
	run -0 clnrm-report --format text run
	[[ "${lines[*]}" = *"(3 tables not judged: otel_expectations, expect.temporal, assertions)"* ]]
	run -1 clnrm-lint --strict --format ndjson x.clnrm.toml
	[ "$(jq -r 'select(.code == "W304").severity' <<<"$output")" = error ]
	run -2 clnrm run --strict x.clnrm.toml
}

@test "generations that say different things are told" {
	with <<-'TOML'
	[test.metadata]
	name = "y"
	[otel]
	headers = { a = "b" }
	[otel_headers]
	a = "c"
	[service.s]
	image = "a"
	[services.s]
	image = "b"
	TOML
	[ "$(findings | grep -v W307)" = "W302 9:8 test.metadata.name is not looked at: meta.name is 'x'
E305 12:2 otel_headers and otel.headers are two names for one thing
E305 14:10 service 's' is in [services] and in [service]" ]
}

# ---- expectations that cannot hold

@test "bounds that contradict each other are errors" {
	with <<-'TOML'
	[expect.counts]
	spans_total = { eq = 3, gte = 5 }
	events_total = { gte = 2, lte = 1 }
	by_name."a" = { eq = 1, lte = 4 }
	TOML
	[ "$(findings)" = "E304 9:22 nothing can hold: gte is 5 and eq is 3
W303 9:22 eq decides: the other bounds of 'spans_total' are not looked at
E304 10:33 nothing can hold: gte is 2 and lte is 1
W303 11:22 eq decides: the other bounds of 'a' are not looked at" ]
}

@test "a name that must be there and must not is an error" {
	with <<-'TOML'
	[[expect.span]]
	name = "pay"
	[expect.counts]
	by_name."p*" = { lte = 0 }
	by_name."q" = { eq = 0 }
	TOML
	[ "$(findings)" = "E304 11:9 nothing can hold: of 'p*' there must be none" ]
	[ "$(hints)" = "line 9 needs 'pay'" ]
}

@test "a total below what is needed is an error" {
	with <<-'TOML'
	[expect.graph]
	must_include = [["a", "b"], ["b", "c"]]
	[expect.counts]
	spans_total = { lte = 2 }
	TOML
	[ "$(findings)" = "E304 11:15 nothing can hold: spans_total is 2 at most" ]
	[ "$(hints)" = "3 names must be there" ]
	with <<-'TOML'
	[expect.counts]
	spans_total = { lte = 4 }
	by_name.a = { gte = 3 }
	by_name.b = { eq = 2 }
	TOML
	[ "$(hints)" = "by_name asks for 5" ]
}

@test "errors, events and attributes that exclude each other are errors" {
	with <<-'TOML'
	[[expect.span]]
	name = "a"
	attrs.all = { "net.peer.name" = "x" }
	events.any = ["e"]
	[expect.counts]
	events_total = { lte = 0 }
	errors_total = { gte = 1 }
	[expect.status]
	all = "ok"
	by_name."a" = "ERROR"
	[expect.hermeticity]
	span_attrs.forbid_keys = ["net.peer.name"]
	TOML
	[ "$(findings | cut -d' ' -f2-)" = "13:16 nothing can hold: events_total is 0 at most
14:16 nothing can hold: errors_total is 1 at least, and status.all is 'ok'
17:9 nothing can hold: status.all is 'ok'
19:27 nothing can hold: no span may have 'net.peer.name'" ]
}

@test "an edge that is asked for and forbidden is an error" {
	with <<-'TOML'
	[[expect.span]]
	name = "b"
	parent = "a"
	[expect.graph]
	must_not_cross = [["b", "a"], ["a", "b"]]
	TOML
	[ "$(findings)" = "E304 12:31 nothing can hold: 'a' must not be above 'b'" ]
}

@test "an order that nothing can keep, and one against the tree, are told" {
	with <<-'TOML'
	[expect.graph]
	must_include = [["a", "b"]]
	[expect.order]
	must_precede = [["b", "a"]]
	must_follow = [["c", "d"], ["d", "c"]]
	TOML
	[ "$(findings)" = "W306 11:17 'b' is to begin before 'a', which is above it
E304 12:28 no order can hold: d after c after d" ]
}

@test "windows within each other and within themselves are told" {
	with <<-'TOML'
	[[expect.window]]
	outer = "a"
	contains = ["b", "a"]
	[[expect.window]]
	outer = "b"
	contains = ["a"]
	TOML
	[ "$(findings)" = "W306 10:18 'a' always lies within itself
E304 13:13 nothing can hold: 'a' and 'b' lie within each other" ]
}

@test "an edge whose spans no expectation knows is told, with the nearest name" {
	with <<-'TOML'
	[[expect.span]]
	name = "checkout.pay"
	[[expect.span]]
	name = "db.*"
	[expect.graph]
	must_include = [["chekout.pay", "db.query"], ["checkout.pay", "mail"]]
	TOML
	[ "$(findings)" = "W306 13:18 no expected span is named 'chekout.pay'
W306 13:63 no expected span is named 'mail'" ]
	[ "$(hints | head -n 1)" = "did you mean 'checkout.pay'?" ]
}

# ---- places inside of strings

@test "a pattern that does not compile is told at its character" {
	with <<-'TOML'
	[[scenario]]
	name = "t"
	run = "true"
	expected_output_regex = "\u00e4é(b"
	[[scenario]]
	name = "u"
	run = "true"
	expected_output_regex = '''
	x
	(y'''
	[[expect.span]]
	name = 'a[b'
	[expect.counts]
	by_name."c[d" = { gte = 1 }
	TOML
	[ "$(findings | cut -d' ' -f1,2 | xargs)" = "E304 11:35 E304 17:3 E304 19:10 E304 21:11" ]
}

# ---- secrets

@test "secrets in plain text are told where they stand" {
	with <<-'TOML'
	[otel]
	headers = { Authorization = "Bearer abc", x = "y" }
	[service.s]
	image = "s"
	env = { API_KEY = "k", API_KEY_FILE = "$HOME", A = "b AKIAABCDEFGHIJKLMNOP" }
	TOML
	[ "$(findings | grep W303)" = "W303 9:13 header 'Authorization' looks like a secret in plain text
W303 12:9 API_KEY looks like a secret in plain text
W303 12:55 this looks like an access key of AWS in plain text" ]
}

# ---- what proves nothing

@test "a service that nobody speaks of and a scenario that asserts nothing are noted" {
	cat >x.clnrm.toml <<-'TOML'
	[meta]
	name = "x"
	version = "1"
	[service.db]
	image = "db"
	[service.api]
	image = "api"
	ports = [8080]
	[[scenario]]
	name = "a"
	run = "curl localhost:8080"
	TOML
	[ "$(findings)" = "W307 4:10 no step and no other service speaks of service 'db'
W308 9:1 a proves nothing but that its steps end with 0" ]
	[ "$(clnrm-lint --format ndjson x.clnrm.toml | jq -r 'select(.severity).severity' | xargs)" = "note note" ]
}

# ---- services

@test "services say when they are ready, and what must be ready before" {
	with <<-'TOML'
	[service.db]
	image = "db"
	ports = [5432]
	[service.api]
	image = "api"
	command = ["serve"]
	depends_on = ["db"]
	ready = { http = "http://127.0.0.1:80/health", log = "listening", timeout_ms = 9 }
	[service.old]
	image = "old db api"
	health_check = { cmd = ["true"], interval = 2, timeout = 3 }
	[service.surreal]
	plugin = "surrealdb"
	username = "u"
	TOML
	sed -i 's/old db api/old/' x.clnrm.toml
	[ "$(plan '.services[0].ready')" = '{"tcp":[5432],"http":null,"log":null,"command":[],"span":null,"interval_ms":null,"timeout_ms":60000,"try_ms":0}' ]
	[ "$(plan '.services[1] | [.command, .depends_on, .network, .ready.http, .ready.timeout_ms]')" = \
		'[["serve"],["db"],"none","http://127.0.0.1:80/health",9]' ]
	[ "$(plan '.services[2].ready | [.command, .interval_ms, .try_ms]')" = '[["true"],2000,3000]' ]
	[ "$(plan '.services[3] | [.image, .args, .ready.tcp]')" = \
		'["surrealdb/surrealdb:latest",["start","--user","u","--pass","root","memory"],[8000]]' ]
}

@test "a service can be reused, by more than one scenario, with what it depends on" {
	with <<-'TOML'
	[service.a]
	image = "a"
	depends_on = ["b"]
	reuse = true
	[service.b]
	image = "b"
	reuse = false
	[service.c]
	image = "c"
	reuse = 1
	TOML
	[ "$(findings | grep -v -e W308 -e 'no step')" = "E304 10:15 service 'a' is reused, and depends on 'b', which is not
W307 11:9 service 'a' is reused by nobody: there is one scenario
E303 17:9 service.c.reuse is an integer, expected true or false" ] || { findings; false; }
	sed -i '/^reuse = [1f]/d; s/^image = "b"/&\nreuse = true/' x.clnrm.toml
	printf '[[scenario]]\nname = "z"\nrun = "a b c"\n' >>x.clnrm.toml
	[ "$(findings | grep -v W308)" = "" ] || { findings; false; }
	[ "$(plan '.services | map(.reuse)')" = '[true,true,null]' ]
}

@test "services that wait for each other, or for one that is not there, are errors" {
	with <<-'TOML'
	[service.a]
	image = "a"
	depends_on = ["b"]
	[service.b]
	image = "b"
	depends_on = ["a", "c"]
	ready = { log = "(", http = "ftp://x" }
	network = "host"
	TOML
	[ "$(findings | grep E304)" = "E304 13:15 no service can start: b after a after b
E304 13:20 service 'b' depends on 'c', which is not there
E304 14:19 ready.log does not compile: missing closing parenthesis
E304 14:29 ready.http 'ftp://x' is no http URL
E304 15:11 the host's network needs a policy that allows it" ] || { findings; false; }
}

@test "a policy that no cleanroom keeps is an error at its place" {
	with <<-'TOML'
	network = "host"
	[scenario.policy]
	security_level = "medium"
	disallowed_commands = ["curl", "/bin/nc", "bin/sh", "", "/bin/"]
	allowed_network_hosts = ["localhost", "127.0.0.1:80", "::1", "[::1]:80"]
	[[scenario]]
	name = "t"
	run = "true"
	policy = { allowed_network_hosts = ["db", "db:5432", "LocalHost", "127.0.0.2", "api.example.com", "10.0.0.1:80", "127.0.0.1.evil.org", "fe80::1"] }
	[[scenario]]
	name = "u"
	run = "true"
	network = "host"
	policy = { security_level = "Low", allowed_network_hosts = [] }
	[service.db]
	image = "db"
	TOML
	[ "$(findings | grep E304)" = "E304 8:11 the host's network needs a policy that allows it
E304 11:43 'bin/sh' is neither the name of a program nor its absolute path
E304 11:53 '' is neither the name of a program nor its absolute path
E304 11:57 '/bin/' is neither the name of a program nor its absolute path
E304 12:25 scenario[0].policy.allowed_network_hosts: nobody holds the host's network to a list
E304 16:80 a cleanroom reaches no outside host: 'api.example.com' cannot be allowed
E304 16:99 a cleanroom reaches no outside host: '10.0.0.1:80' cannot be allowed
E304 16:114 a cleanroom reaches no outside host: '127.0.0.1.evil.org' cannot be allowed
E304 16:136 a cleanroom reaches no outside host: 'fe80::1' cannot be allowed
E304 21:60 scenario[2].policy.allowed_network_hosts: nobody holds the host's network to a list" ] || { findings; false; }
	clnrm-render x.clnrm.toml | clnrm-lint - >said || :
	jq -r 'select(.code == "E304").hint' said | grep -q 'make it a service of this file'
	[ "$(grep -c '"hint":null' said)" -lt 3 ]
}

@test "a service in the host's network needs every scenario to be open, also the one of top-level steps" {
	with <<-'TOML'
	policy = { security_level = "low" }
	[service.a]
	image = "a"
	network = "host"
	TOML
	[ -z "$(findings | grep E304)" ]
	printf '[[steps]]\nname = "top"\ncommand = ["true"]\n' >>x.clnrm.toml
	[ "$(findings | grep -c "E304 .* the host's network")" = 1 ]
}

@test "plugins of models run an image, and are ready at their own path" {
	with <<-'TOML'
	[service.a]
	plugin = "ollama"
	image = "ollama/ollama"
	[service.b]
	plugin = "vllm"
	image = "vllm"
	ports = [9000]
	[service.c]
	plugin = "tgi"
	image = "tgi"
	ready = { log = "up" }
	[service.d]
	plugin = "network_service"
	image = "any"
	TOML
	[ "$(findings | grep -v W307)" = "W302 20:10 there is no plugin 'network_service': its image runs as generic_container" ] || { findings; false; }
	[ "$(plan '.services[] | [.plugin, .ready.tcp, .ready.http]')" = \
		'["ollama",[11434],"http://127.0.0.1:11434/api/version"]
["vllm",[9000],"http://127.0.0.1:9000/health"]
["tgi",[],null]
["generic_container",[],null]' ]
	sed -i '/^image/d' x.clnrm.toml
	[ "$(findings | grep -E '^E' | cut -d' ' -f1,3-)" = "E302 service 'a' has no 'image'
E302 service 'b' has no 'image'
E302 service 'c' has no 'image'
E304 there is no plugin 'network_service', and the service has no image" ] || { findings; false; }
}

# ---- the table of keys

@test "the reference in clnrm.toml(5) is what the table of keys says" {
	diff <(sed -n '/^\.\\" What follows/,/^\.\\" So far/p' "$ROOT/man/clnrm.toml.5" | sed '1d;$d') \
		<(clnrm-lint --schema mdoc)
}

@test "the JSON Schema takes what lint takes, and refuses what lint refuses" {
	python3 -c 'import jsonschema, tomllib' 2>/dev/null ||
		cannot "python3 with jsonschema is not installed"
	clnrm schema >schema.json
	cat >check.py <<-'PY'
	import json, sys, tomllib, jsonschema
	schema = json.load(open("schema.json"))
	jsonschema.Draft7Validator.check_schema(schema)
	errors = jsonschema.Draft7Validator(schema).iter_errors(
	    tomllib.load(open(sys.argv[1], "rb")))
	for e in sorted(errors, key=str):
	    print("/".join(map(str, e.absolute_path)), e.validator)
	PY
	for file in "$ROOT"/examples/*.clnrm.toml; do
		[ -z "$(python3 check.py "$file")" ] || { echo "$file"; return 1; }
	done
	with <<-'TOML'
	typo = 1
	timeout_ms = "5"
	[[steps]]
	name = "a"
	[[expect.span]]
	nmae = "b"
	kind = "Server"
	TOML
	python3 check.py x.clnrm.toml >said
	[ "$(sort said | xargs)" = "expect/span/0 additionalProperties expect/span/0 required scenario/0 additionalProperties scenario/0/timeout_ms type steps/0 anyOf" ]
}

@test "the schema of a generation has the keys of that generation" {
	[ "$(clnrm schema 0.4 | jq -c '[.properties | has("test", "meta", "steps")]')" = "[true,false,true]" ]
	[ "$(clnrm schema 0.6 | jq -c '[.properties | has("test", "meta")]')" = "[false,true]" ]
	[ "$(clnrm schema 0.6 | jq '.properties.scenario.items.properties | has("run")')" = false ]
	[ "$(clnrm schema 1.0 | jq '.properties.scenario.items.properties | has("run")')" = true ]
	run -2 clnrm schema 7
	[ "$output" = "clnrm-lint: no generation '7'; there are 0.4, 0.6 and 1.0" ]
}

@test "every key is listed for completion, with its type and its text" {
	clnrm-lint --schema keys >keys
	grep -qxP 'expect\.span\[\]\.name\tstring\tThe name, or a pattern\.' keys
	grep -qxP 'service\.NAME\.ports\tarray of integers, 1 to 65535\t.*' keys
	[ -z "$(awk -F'\t' 'NF != 3 || !$2 || !$3' keys)" ]
}

# ---- codes

@test "every code that a program tells has an explanation, and the manual its title" {
	clnrm explain >all
	grep -rhoE '"[EW][0-9]{3}"' "$ROOT/lib" "$ROOT/tools" | tr -d '"' | sort -u >told
	[ "$(cut -c1-4 all)" = "$(cat told)" ] || diff <(cut -c1-4 all) told
	sed -n '/^\.Sh CODES/,/^\.El/p' "$ROOT/man/clnrm-records.7" |
		awk '/^\.It /{c=$2;getline;print c "  " $0}' >manual
	diff all manual
	run -0 clnrm explain w301
	[ "${lines[0]}" = "W301: an unknown key" ]
	run -2 clnrm explain E999
	[ "$output" = "clnrm-report: no code 'E999'; --explain all lists them" ]
}
