#!/usr/bin/env bats
# clnrm-collect --export: spans on their way to a backend that may be anything.
load helper

# A backend that answers request N as line N of the file `answers` says, then
# 200: STATUS [HEADER: VALUE], `hang`, `drop`, or `close` behind a 200. It
# notes each request in `requests`, and its port in `port`.
backend() {
	touch answers
	cat >backend.py <<-'P'
	import gzip, http.server, time
	answers = open('answers').read().splitlines()
	log = open('requests', 'a', buffering=1)
	class H(http.server.BaseHTTPRequestHandler):
	    protocol_version = 'HTTP/1.1'
	    def log_message(self, *a): pass
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length']))
	        coding = self.headers.get('Content-Encoding', '-')
	        if coding == 'gzip': body = gzip.decompress(body)
	        print(self.path, self.headers['Content-Type'], coding,
	            self.headers.get('X-Key', '-'), self.client_address[1], len(body), file=log)
	        word, _, header = (answers.pop(0) if answers else '200').partition(' ')
	        if word == 'hang': time.sleep(60)
	        if word == 'drop': self.close_connection = True; return
	        status = 200 if word in ('close', 'partial', 'chunked') else int(word)
	        text = b'\x12\x05sorry' if status != 200 else b''
	        if word == 'partial': text = b'\x0a\x09\x08\x02\x12\x05dusty'
	        self.send_response(status)
	        if header: self.send_header(*header.split(': '))
	        if word == 'chunked':
	            self.send_header('Transfer-Encoding', 'chunked')
	            self.end_headers()
	            self.wfile.write(b'0\r\n\r\n')
	            return
	        self.send_header('Content-Length', str(len(text)))
	        self.end_headers()
	        self.wfile.write(text)
	        self.close_connection |= word == 'close'
	s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
	s.daemon_threads = True
	print(s.server_port, file=open('port.new', 'w'), flush=True)
	import os; os.rename('port.new', 'port')
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

# Writes a stream of $1 spans, a scenario.end behind each $2 of them.
stream() {
	echo '{"type":"begin","v":1,"run":"7c153ea718c45a3e","argv":["x"]}'
	seq "$1" | awk -v each="${2:-100000}" '{
		printf "{\"type\":\"span\",\"id\":\"1\",\"source\":\"a\",\"gen\":0,\"variant\":null,"
		printf "\"service\":null,\"via\":\"otlp\",\"bound\":\"trace\","
		printf "\"trace_id\":\"5b8efff798038103d269b633813fc60c\",\"span_id\":\"%016x\",", $1
		printf "\"parent_span_id\":\"\",\"name\":\"n%d\",\"kind\":\"CLIENT\",", $1
		printf "\"start_unix_nano\":\"1\",\"end_unix_nano\":\"2\",\"attributes\":{\"i\":%d},", $1
		printf "\"resource\":{\"attributes\":{\"service.name\":\"s\"}}}\n"
		if ($1 % each == 0) print "{\"type\":\"scenario.end\",\"status\":\"ok\"}"
	}'
	echo '{"type":"end","stage":"verify","status":0}'
}

note() {
	jq -r 'select(.code == "W417").message' <<<"$output"
}

@test "every span arrives, in batches of 512, over one connection" {
	backend
	stream 1300 >in
	run -0 clnrm-collect --export "$URL" <in
	[ "$(cut -d' ' -f1,2 requests | sort | uniq -c | xargs)" = "3 /v1/traces application/x-protobuf" ]
	[ "$(cut -d' ' -f5 requests | sort -u | wc -l)" = 1 ]
	[ -z "$(note)" ]
}

@test "what is sent is what another collector takes in" {
	clnrm-collect --listen 127.0.0.1:0 --grpc 127.0.0.1:0 --max-spans 700 >got 3>&- &
	BACKEND=$!
	await grep -q '"http"' got
	stream 700 100 >in
	run -0 clnrm-collect --export "http://$(jq -r 'select(.http).http' got)/" <in
	wait "$BACKEND" || :
	BACKEND=
	[ "$(jq -r 'select(.type == "span") | "\(.span_id) \(.name) \(.attributes.i) \(.kind)"' got | sort)" = \
		"$(jq -r 'select(.type == "span") | "\(.span_id) \(.name) \(.attributes.i) \(.kind)"' in | sort)" ]
}

@test "every record is passed on byte for byte, whatever the backend does" {
	backend
	printf '503\n400\ndrop\n' >answers
	stream 5 1 >in
	printf '%s\n' '{"type":"odd",  "x":1}' '{"type":"end","stage":"x","status":0}' >>in
	run -0 clnrm-collect --export "$URL" <in
	diff <(grep -v W417 <<<"$output" | head -n -1) in
}

@test "headers, gzip and a path come from the variables and the URL" {
	backend
	stream 3 >in
	OTEL_EXPORTER_OTLP_COMPRESSION=gzip OTEL_EXPORTER_OTLP_HEADERS='a=b, X-Key=k%20%3D1' \
		run -0 clnrm-collect --export "$URL/base/" <in
	[ "$(cut -d' ' -f1-5 requests)" = "/base/v1/traces application/x-protobuf gzip k =1" ]
	: >requests
	run -0 clnrm-collect --export "$URL/x/v1/traces" <in
	[ "$(cut -d' ' -f1,3 requests)" = "/x/v1/traces -" ]
	OTEL_EXPORTER_OTLP_HEADERS='k=a%0d%0ab' run -2 clnrm-collect --export "$URL" <in
}

@test "429, 502, 503, 504 and a lost connection are tried again, others are not" {
	backend
	stream 1 1 >later
	# The end of the stream comes when the second try is over.
	for first in 429 502 503 504 drop; do
		: >requests
		kill "$BACKEND"; rm port; echo "$first" >answers
		backend
		run -0 sh -c '{ sed "\$d" later; sleep 1.5; tail -n 1 later; } | clnrm-collect --export "$0"' "$URL"
		[ "$(wc -l <requests)" = 2 ] || { echo "$first"; return 1; }
		[[ "$(note)" != *dropped* ]]
	done
	for first in 400 401 404 413 500 501; do
		: >requests
		kill "$BACKEND"; rm port; echo "$first" >answers
		backend
		run -0 clnrm-collect --export "$URL" <later
		[ "$(wc -l <requests)" = 1 ] || { echo "$first"; return 1; }
		[ "$(note)" = "export: 0 spans sent, 0 rejected, 1 dropped: it answered $first: sorry" ]
	done
}

@test "Retry-After is kept, and one past the deadline gives up" {
	echo '503 Retry-After: 0' >answers
	backend
	stream 1 >in
	run -0 clnrm-collect --export "$URL" <in
	[ "$(wc -l <requests)" = 2 ]
	kill "$BACKEND"; rm port requests; echo '429 Retry-After: 3600' >answers
	backend
	run -0 clnrm-collect --export "$URL" <in
	[ "$(wc -l <requests)" = 1 ]
	[[ "$(note)" = *"1 dropped: it answered 429: sorry" ]]
}

@test "spans that are rejected are told, and sent once" {
	printf 'partial\nchunked\nclose\n' >answers
	backend
	stream 8 2 >in
	run -0 clnrm-collect --export "$URL" <in
	[ "$(wc -l <requests)" = 4 ]
	[ "$(note)" = "export: 6 spans sent, 2 rejected, 0 dropped: it says: dusty" ]
}

@test "a dead backend costs no time, and what was dropped is told" {
	stream 2000 100 >in
	start=$(date +%s%N)
	run -0 clnrm-collect --export http://127.0.0.1:1 <in
	[ $((($(date +%s%N) - start) / 1000000)) -lt 1900 ]
	[ "$(note)" = "export: 0 spans sent, 0 rejected, 2000 dropped: 127.0.0.1:1: cannot connect: Connection refused" ]
	[ "$(jq -r 'select(.type == "end") | "\(.stage) \(.status)"' <<<"$output" | tail -n 1)" = "export 0" ]
}

@test "a backend that never answers costs 2 seconds at the end, and no more" {
	echo hang >answers
	backend
	stream 10 5 >in
	start=$(date +%s%N)
	run -0 clnrm-collect --export "$URL" <in
	[ $((($(date +%s%N) - start) / 1000000)) -lt 8000 ]
	[[ "$(note)" = "export: 0 spans sent, 0 rejected, 10 dropped: no answer in time" ]]
}

@test "spans that are not of their run stay here, our own go with their SDK" {
	clnrm-collect --listen 127.0.0.1:0 --grpc 127.0.0.1:0 >got 3>&- &
	BACKEND=$!
	await grep -q '"http"' got
	stream 3 | sed 's/trace","trace_id\(.*n2"\)/no","trace_id\1/; s/otlp\(.*n3"\)/clnrm\1/' >in
	run -0 clnrm-collect --export "http://$(jq -r 'select(.http).http' got)" <in
	await sh -c '[ "$(grep -c service.name got)" = 2 ]'
	[ "$(jq -r 'select(.type == "span") | "\(.name) \(.resource.attributes["telemetry.sdk.name"])"' got)" = "n1 null
n3 clnrm" ]
}

@test "the root of a run goes with its verdict, the records as they were" {
	clnrm-collect --listen 127.0.0.1:0 --grpc 127.0.0.1:0 >got 3>&- &
	BACKEND=$!
	await grep -q '"http"' got
	URL=http://$(jq -r 'select(.http).http' got)
	cp "$ROOT/examples/spans/checkout" .
	printf '[expect.counts]\nspans_total = { gte = 1 }\n' >one
	for command in ./checkout true false; do
		one_step a.clnrm.toml "$command" <one
		executed a.clnrm.toml | clnrm-verify >ran || :
		run clnrm-collect --export "$URL" <ran
		[ "$(head -n "$(wc -l <ran)" <<<"$output")" = "$(cat ran)" ]
	done
	# Without a verdict it goes as it is.
	one_step a.clnrm.toml true <one
	executed a.clnrm.toml >ran
	run -0 clnrm-collect --export "$URL" <ran
	await sh -c '[ "$(grep -c clnrm.run got)" = 4 ]'
	[ "$(jq -r 'select(.name == "clnrm.run") | "\(.attributes.result) \(.status.code) \(.status.message)"' got)" = \
"pass OK 
fake ERROR spans in all: expected at least 1, found 0
fail ERROR step \"s\": exit 1, expected 0
pass OK " ]
	[ "$(jq -c 'select(.name == "clnrm.step:s") | .events | map(.name)' got | sort -u)" = \
		'["container.start","container.exec","container.stop"]' ]
}

@test "a name is looked up, one that is none is told" {
	backend
	stream 1 >in
	run -0 clnrm-collect --export "http://localhost:$(cat port)" <in
	[ "$(wc -l <requests)" = 1 ]
	run -0 clnrm-collect --export http://no.such.host.invalid:4318 <in
	[[ "$(note)" = *"no.such.host.invalid:4318: there is no host of this name" ]]
}

@test "a URL that cannot be posted to is exit 2" {
	for url in https://a:4318 ftp://a localhost:4318 http:// http://a:x http://a:99999 'http://a b'; do
		run -2 clnrm-collect --export "$url" </dev/null
		[ -n "$output" ]
	done
	run -2 clnrm-collect --export https://a </dev/null
	[[ "$output" = *"https is not spoken; send to a collector on this machine"* ]]
}

@test "a stream that was cut is exit 3, and its spans are sent all the same" {
	backend
	stream 3 | head -n 3 >in
	run -3 clnrm-collect --export "$URL" <in
	[[ "$output" = *E501* ]]
	[ "$(wc -l <requests)" = 1 ]
	run -0 clnrm-collect --loose --export "$URL" <in
}

@test "clnrm run --otlp sends the spans of the code and of the run, and stays green without a backend" {
	clnrm-collect --listen 127.0.0.1:0 --grpc 127.0.0.1:0 >got 3>&- &
	BACKEND=$!
	await grep -q '"http"' got
	cp "$ROOT/examples/spans/checkout" .
	one_step a.clnrm.toml ./checkout <<-'T'
	[expect.counts]
	spans_total = { eq = 3 }
	T
	run -0 clnrm run --otlp "http://$(jq -r 'select(.http).http' got)" a.clnrm.toml
	await sh -c 'grep -q checkout.pay got'
	grep -q '"clnrm.step:s"' got
	run -0 clnrm run --otlp=http://127.0.0.1:1 a.clnrm.toml
	[[ "$output" = *"ok 1"* ]]
	run -0 clnrm -n run --otlp http://h
	[[ "$output" = *"clnrm-verify | clnrm-collect --export http://h | clnrm-report --save" ]]
}
