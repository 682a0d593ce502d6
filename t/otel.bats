#!/usr/bin/env bats
# What a test's [otel] tells the SDKs of the code under test.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	printf '[images]\nhost = host\n' >clnrm.conf
}

# A test that runs $1, with a service that prints its variables too; its [otel]
# is on standard input.
a_test() {
	cat >a.clnrm.toml <<-T
	[meta]
	name = "a"
	version = "1"
	[[scenario]]
	name = "s"
	run = '''$1'''
	[service.peer]
	image = "host"
	command = ["sh", "-c", "env | sort; echo ready; exec sleep 60"]
	ready.log = "ready"
	[otel]
	T
	cat >>a.clnrm.toml
}

# The variables of the name $1 that the step and the service saw.
seen() {
	executed a.clnrm.toml >out || :
	jq -r 'if .type == "step" then .stdout elif .type == "log" then .text
		else empty end' out | grep -E "^($1)=" | LC_ALL=C sort -u
}

# The plan's diagnostics: CODE LINE:COLUMN MESSAGE.
findings() {
	clnrm-lint a.clnrm.toml | jq -r 'select(.type == "diagnostic" and .code != "W307" and .code != "W308") |
		"\(.code) \(.line):\(.column) \(.message)"'
}

@test "headers, propagators and the ratio of samples reach steps and services" {
	a_test 'env' <<-'T'
	sample_ratio = 0.25
	propagators.use = ["tracecontext", "b3"]
	[otel.headers]
	x-team = "a b,c=d%é"
	x-key = "plain"
	T
	[ "$(seen 'OTEL_(EXPORTER_OTLP_HEADERS|PROPAGATORS|TRACES_SAMPLER.*)')" = \
		"OTEL_EXPORTER_OTLP_HEADERS=x-team=a%20b%2Cc%3Dd%25%C3%A9,x-key=plain
OTEL_PROPAGATORS=tracecontext,b3
OTEL_TRACES_SAMPLER=parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG=0.25" ]
	[ "$(jq -r 'select(.type == "log").text' out | grep -c '^OTEL_PROPAGATORS=')" = 1 ]
	[ "$(seen TRACEPARENT | sort -u | grep -c -- '-01$')" = 2 ]
	clnrm-lint a.clnrm.toml >plan || :
	[ "$(jq -c 'select(.type == "plan").otel | [.sample_ratio, .headers, .propagators]' plan)" = \
		'[0.25,{"x-team":"a b,c=d%é","x-key":"plain"},["tracecontext","b3"]]' ]
}

@test "what the file does not ask for is not set, and all is sampled" {
	a_test 'env' </dev/null
	[ "$(seen 'OTEL_(EXPORTER_OTLP_HEADERS|PROPAGATORS|TRACES_SAMPLER.*)')" = \
		"OTEL_TRACES_SAMPLER=always_on" ]
	seen TRACEPARENT | grep -q -- '-01$'
}

@test "a ratio of 0 samples nothing: the parent says so too" {
	a_test 'env' <<<'sample_ratio = 0'
	[ "$(seen 'OTEL_TRACES_SAMPLER.*')" = "OTEL_TRACES_SAMPLER=parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG=0" ]
	[ "$(seen TRACEPARENT | grep -c -- '-00$')" = 2 ]
	a_test 'env' <<<'sample_ratio = 1e-9'
	[ "$(seen OTEL_TRACES_SAMPLER_ARG)" = "OTEL_TRACES_SAMPLER_ARG=1e-09" ]
	seen TRACEPARENT | grep -q -- '-01$'
}

@test "the older names of headers and propagators are told alike" {
	a_test 'env' <<-'T'
	[otel_headers]
	a = "1"
	[otel_propagators]
	use = ["jaeger"]
	T
	[ "$(seen 'OTEL_(EXPORTER_OTLP_HEADERS|PROPAGATORS)')" = \
		"OTEL_EXPORTER_OTLP_HEADERS=a=1"$'\n'"OTEL_PROPAGATORS=jaeger" ]
}

@test "a variable of the step's own wins over what [otel] says" {
	a_test 'env' <<<'propagators.use = ["b3"]'
	sed -i "s/^run = .*/&\nenv = { OTEL_PROPAGATORS = \"none\" }/" a.clnrm.toml
	executed a.clnrm.toml >out
	jq -r 'select(.type == "step").stdout' out | grep -x OTEL_PROPAGATORS=none
}

@test "headers and propagators that cannot be sent are told by lint at their place" {
	a_test true <<-'T'
	propagators.use = ["tracecontext", "b3,jaeger", "w3c", ""]
	[otel.headers]
	"a b" = "x"
	"" = "x"
	ok-1 = "x"
	crlf = "a\r\nb"
	T
	[ "$(findings)" = "E304 12:36 'b3,jaeger' is no name of a propagator
W302 12:49 the propagator 'w3c' is none that is known
E304 12:56 '' is no name of a propagator
E304 14:1 'a b' is no name of a header
E304 15:1 '' is no name of a header
E304 17:8 header 'crlf' has a control character" ]
}
