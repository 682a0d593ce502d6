#!/usr/bin/env bats
# What the stages measure of themselves, as records and on the wire.
load helper

# The metrics of a stream: STAGE NAME KIND UNIT VALUE or COUNT, ATTRIBUTES.
metrics() {
	jq -r 'select(.type == "metric") | [.stage, .name, .kind, .unit,
		(.value | if type == "object" then .count else . end),
		(.attributes | to_entries[] | .key + "=" + .value)] | join(" ")' "$@"
}

a_test() {
	cp "$ROOT/examples/spans/checkout" .
	one_step "$1.clnrm.toml" "${2-./checkout}" <<-'T'
	[[expect.span]]
	name = "checkout"
	T
}

piped() {
	clnrm-render --metrics . | clnrm-lint --metrics - | clnrm-exec --metrics - |
		clnrm-verify --metrics | keep
}

@test "each stage tells what it measured before its end" {
	a_test good
	a_test bad false
	piped >out || :
	diff <(metrics out | LC_ALL=C sort) - <<-'M'
	exec executor.scenario_duration_ms histogram ms 2
	exec executor.scenarios_completed counter {scenario} 1 status=failed
	exec executor.scenarios_completed counter {scenario} 1 status=ok
	exec executor.spans counter {span} 3 via=otlp
	exec executor.spans counter {span} 4 via=clnrm
	exec executor.step_duration_ms histogram ms 2
	lint cache.hit_rate gauge 1 0 cache=lint
	lint lint.duration_ms histogram ms 2
	render cache.hit_rate gauge 1 0 cache=render
	render render.duration_ms histogram ms 2
	verify validation.checks counter {check} 2 ok=false
	verify validation.checks counter {check} 2 ok=true
	verify validation.duration_ms histogram ms 2
	verify validation.verdicts counter {verdict} 1 verdict=fail
	verify validation.verdicts counter {verdict} 1 verdict=pass
	M
	for stage in render lint exec verify; do
		[ "$(jq -r "select(.stage == \"$stage\") | .type" out | uniq | tail -n 2 | xargs)" = "metric end" ]
	done
}

@test "a distribution has its sum, its ends and its buckets" {
	a_test good 'sleep 0.03'
	piped >out || :
	jq -es 'map(select(.name == "executor.step_duration_ms"))[0].value |
		.count == 1 and .sum >= 30 and .min == .max and .min == .sum and
		(.buckets | add == 1 and length == 16) and (.bounds | length == 15) and
		. as $v | ($v.buckets | index(1)) as $i |
		($v.sum <= ($v.bounds[$i] // infinite)) and ($v.sum > $v.bounds[$i - 1])' out
	[ "$(jq -c 'select(.name == "executor.step_duration_ms") |
		(.start_unix_nano | length), (.unix_nano | length)' out | xargs)" = "19 19" ]
}

@test "nothing is measured that nobody asked for" {
	a_test good
	executed good.clnrm.toml | clnrm-verify >out
	[ -z "$(metrics out)" ]
}

@test "watch tells how soon it spoke of a change, and render what its cache spared" {
	a_test good
	clnrm-watch --metrics . >changes 3>&- &
	watcher=$!
	await grep -q '"type":"ready"' changes
	echo '# more' >>good.clnrm.toml
	await grep -q '"modified"' changes
	kill $watcher
	wait $watcher || :
	metrics changes | grep -qx 'watch watch.changes counter {change} 1 event=modified'
	jq -es 'map(select(.name == "watch.reaction_time_ms"))[0].value | .count == 1 and .sum > 0 and .sum < 30000' changes
	for gen in 0 1; do
		printf '{"type":"change","source":"good.clnrm.toml","event":"modified","gen":%d}\n' $gen
	done >stream
	echo '{"type":"end","stage":"watch","status":0}' >>stream
	clnrm-render --metrics - <stream | clnrm-lint --metrics - >out || :
	metrics out | grep -qx 'lint cache.hit_rate gauge 1 0.5 cache=lint'
}

@test "clnrm run --metrics asks every stage of the pipe" {
	a_test good
	run -0 clnrm -n run --metrics good.clnrm.toml
	[ "$output" = "clnrm-render --metrics good.clnrm.toml | clnrm-lint --metrics - | clnrm-exec --metrics - | clnrm-verify --metrics | clnrm-report --save" ]
	run -0 clnrm -n dev --metrics
	[[ "$output" = "clnrm-watch --around --metrics | "* ]]
	run -0 clnrm run --metrics --format ndjson good.clnrm.toml
	[ "$(metrics <<<"$output" | cut -d' ' -f1 | uniq | xargs)" = "render lint exec verify" ]
	run -0 clnrm run --metrics --format text good.clnrm.toml
	[[ "$output" = *"1 passed"* ]] 
}

# Prints the fields of a message of Protocol Buffers, as deep as they go:
# PATH VALUE a line.
decoded() {
	python3 - "$1" <<-'P'
	import struct, sys
	SUB = {(), (1,), (1, 1), (1, 1, 1), (1, 1, 1, 2), (1, 2), (1, 2, 1), (1, 2, 2)}
	SUB |= {(1, 2, 2, k) for k in (5, 7, 9)} | {(1, 2, 2, k, 1) for k in (5, 7, 9)}
	SUB |= {(1, 2, 2, k, 1, a) for k in (5, 7, 9) for a in (7, 9)}
	SUB |= {(1, 2, 2, k, 1, a, 2) for k in (5, 7, 9) for a in (7, 9)}
	SUB -= {(1, 2, 2, 9, 1, 7)}
	def varint(b, i):
	    n = s = 0
	    while True:
	        n |= (b[i] & 127) << s
	        s += 7
	        i += 1
	        if b[i - 1] < 128: return n, i
	def walk(b, path):
	    i = 0
	    while i < len(b):
	        tag, i = varint(b, i)
	        at = path + (tag >> 3,)
	        name = ".".join(map(str, at))
	        if tag & 7 == 0:
	            v, i = varint(b, i)
	            print(name, v)
	        elif tag & 7 == 1:
	            print(name, struct.unpack("<q", b[i:i + 8])[0], struct.unpack("<d", b[i:i + 8])[0])
	            i += 8
	        else:
	            assert tag & 7 == 2
	            n, i = varint(b, i)
	            if at in SUB: print(name); walk(b[i:i + n], at)
	            elif at[-1] in (6, 7) and len(at) == 6: print(name, *struct.unpack("<%d%s" % (n // 8, "qd"[at[-1] == 7]), b[i:i + n]))
	            else: print(name, b[i:i + n].decode())
	            i += n
	walk(open(sys.argv[1], "rb").read(), ())
	P
}

# A backend that keeps what is posted to each path.
backend() {
	cat >backend.py <<-'P'
	import http.server, os
	class H(http.server.BaseHTTPRequestHandler):
	    def log_message(self, *a): pass
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length']))
	        open(self.path.replace('/', '_'), 'wb').write(body)
	        self.send_response(200)
	        self.send_header('Content-Length', '0')
	        self.end_headers()
	s = http.server.HTTPServer(('127.0.0.1', 0), H)
	print(s.server_port, file=open('port.new', 'w'), flush=True)
	os.rename('port.new', 'port')
	s.serve_forever()
	P
	python3 backend.py 3>&- &
	BACKEND=$!
	await test -e port
	URL=http://127.0.0.1:$(cat port)
}

teardown() {
	[ -z "${BACKEND-}" ] || kill "$BACKEND"
}

@test "metrics go over OTLP, beside the spans" {
	backend
	cat >in <<-'T'
	{"type":"begin","v":1,"run":"1","argv":["x"]}
	{"type":"metric","stage":"exec","name":"executor.scenarios_completed","kind":"counter","value":3,"unit":"{scenario}","attributes":{"status":"ok"},"start_unix_nano":"5","unix_nano":"9"}
	{"type":"metric","stage":"lint","name":"cache.hit_rate","kind":"gauge","value":0.25,"unit":"1","attributes":{"cache":"lint"},"start_unix_nano":"5","unix_nano":"9"}
	{"type":"metric","stage":"verify","name":"validation.duration_ms","kind":"histogram","value":{"count":2,"sum":7.5,"min":0.5,"max":7,"bounds":[0,5],"buckets":[0,1,1]},"unit":"ms","attributes":{},"start_unix_nano":"5","unix_nano":"9"}
	{"type":"end","stage":"verify","status":0}
	T
	for url in "$URL/" "$URL/v1/traces"; do
		rm -f _v1_metrics
		run -0 clnrm-collect --export "$url" <in
		[ "$(jq -r 'select(.stage != "export")' <<<"$output")" = "$(jq . in)" ]
		decoded _v1_metrics >got
	done
	diff got - <<-T
	1
	1.1
	1.1.1
	1.1.1.1 service.name
	1.1.1.2
	1.1.1.2.1 clnrm
	1.1.1
	1.1.1.1 service.version
	1.1.1.2
	1.1.1.2.1 $(clnrm-collect --version | sed -n 's/clnrm[a-z-]* //p' | head -n 1)
	1.2
	1.2.1
	1.2.1.1 clnrm
	1.2.1.2 $(clnrm-collect --version | sed -n 's/clnrm[a-z-]* //p' | head -n 1)
	1.2.2
	1.2.2.1 executor.scenarios_completed
	1.2.2.3 {scenario}
	1.2.2.7
	1.2.2.7.1
	1.2.2.7.1.2 5 2.5e-323
	1.2.2.7.1.3 9 4.4e-323
	1.2.2.7.1.6 3 1.5e-323
	1.2.2.7.1.7
	1.2.2.7.1.7.1 status
	1.2.2.7.1.7.2
	1.2.2.7.1.7.2.1 ok
	1.2.2.7.1.7
	1.2.2.7.1.7.1 clnrm.stage
	1.2.2.7.1.7.2
	1.2.2.7.1.7.2.1 exec
	1.2.2.7.2 2
	1.2.2.7.3 1
	1.2.2
	1.2.2.1 cache.hit_rate
	1.2.2.3 1
	1.2.2.5
	1.2.2.5.1
	1.2.2.5.1.2 5 2.5e-323
	1.2.2.5.1.3 9 4.4e-323
	1.2.2.5.1.4 4598175219545276416 0.25
	1.2.2.5.1.7
	1.2.2.5.1.7.1 cache
	1.2.2.5.1.7.2
	1.2.2.5.1.7.2.1 lint
	1.2.2.5.1.7
	1.2.2.5.1.7.1 clnrm.stage
	1.2.2.5.1.7.2
	1.2.2.5.1.7.2.1 lint
	1.2.2
	1.2.2.1 validation.duration_ms
	1.2.2.3 ms
	1.2.2.9
	1.2.2.9.1
	1.2.2.9.1.2 5 2.5e-323
	1.2.2.9.1.3 9 4.4e-323
	1.2.2.9.1.4 2 1e-323
	1.2.2.9.1.5 4620130267728707584 7.5
	1.2.2.9.1.6 0 1 1
	1.2.2.9.1.7 0.0 5.0
	1.2.2.9.1.9
	1.2.2.9.1.9.1 clnrm.stage
	1.2.2.9.1.9.2
	1.2.2.9.1.9.2.1 verify
	1.2.2.9.1.11 4602678819172646912 0.5
	1.2.2.9.1.12 4619567317775286272 7.0
	1.2.2.9.2 2
	T
}

@test "a run with --metrics and --otlp sends both, and a backend that is gone harms nothing" {
	backend
	a_test good
	run -0 clnrm run --metrics --otlp "$URL" good.clnrm.toml
	[ -s _v1_traces ]
	decoded _v1_metrics | grep -q 'executor.scenario_duration_ms'
	kill $BACKEND
	BACKEND=
	run -0 clnrm run --metrics --otlp "$URL" good.clnrm.toml
}
