#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test is a subshell on purpose
load helper

teardown() {
	[ -z "${collector-}" ] || kill "$collector" 2>/dev/null || true
}

# Starts a collector with the options "$@" on a free port, in $port; its
# records go to the file `spans`.
start() {
	listen http --listen "$@"
}

start_grpc() {
	listen grpc --grpc
}

listen() {
	: >spans # or the last one's would be read
	clnrm-collect "$2" 127.0.0.1:0 "${@:3}" >spans 3>&- &
	collector=$!
	await grep -q '"type":"listening"' spans
	port=$(sed -n 's/.*"'"$1"'":"127.0.0.1:\([0-9]*\)".*/\1/p' spans)
}

# Ends it, and waits for its `end`.
finish() {
	kill "$collector"
	wait "$collector" || true
	collector=
	[[ $(tail -n 1 spans) == '{"type":"end",'* ]]
}

# POSTs the file $1 as $2; the status is printed, the answer is in `answer`.
post() {
	curl -s -o answer -w '%{http_code}\n' -H "Content-Type: $2" "${@:3}" \
		--data-binary "@$1" "http://127.0.0.1:$port/v1/traces"
}

# The canonical spans, as the corpus has them.
canonical() {
	sed -n '/^{"type":"span"/s/.*,"bound":"no",/{/p' "${1-spans}"
}

# A span as ConsoleSpanExporter of Python prints it, named $1, in the trace $2,
# of now.
printed() {
	local now
	now=$(date -u +%FT%T.%6NZ)
	printf '{"name": "%s", "context": {"trace_id": "0x%s", "span_id": "0x%016x", "trace_state": "[]"}, "kind": "SpanKind.INTERNAL", "parent_id": null, "start_time": "%s", "end_time": "%s", "status": {"status_code": "UNSET"}, "attributes": {}, "events": [], "links": [], "resource": {"attributes": {}, "schema_url": ""}}\n' \
		"$1" "${2-5b8efff798038103d269b633813fc60c}" "${#1}" "$now" "$now"
}

a_request() {
	printf '{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' "$1"
}

a_span() {
	printf '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"%016x","name":"%s"}' \
		"$1" "${2-op}"
}

# Sends a file over the connection as it is, then hears the answer out: the
# statuses in a line.
talk() {
	perl -MIO::Socket::INET -e '
		my ($port, $file) = @ARGV;
		local ($/, $SIG{PIPE}) = (undef, "IGNORE");
		open my $in, "<:raw", $file or die;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
		print $s scalar <$in>;
		$s->flush;
		shutdown $s, 1;
		alarm 10;
		my ($heard, @status) = (scalar(<$s>) // "");
		while ($heard =~ s{^HTTP/1\.1 (\d+)[^\r]*\r\n(.*?)\r\n\r\n}{}s ||
			$heard =~ s{^HTTP/1\.1 (100) Continue\r\n\r\n}{}) {
			push @status, $1;
			substr($heard, 0, $1) = "" if ($2 // "") =~ /Length: (\d+)/;
		}
		print join(",", @status), "\n";' "$port" "$1"
}

@test "the port is told before any span, and a span as soon as it came" {
	start
	[ "$(head -n 2 spans | jq -r .type | xargs)" = "begin listening" ]
	a_request "$(a_span 1 first)" >body
	[ "$(post body application/json)" = 200 ]
	[ "$(cat answer)" = "{}" ]
	[ "$(tail -n 1 spans | jq -c '[.type, .id, .service, .via, .bound, .name]')" = \
		'["span",null,null,"otlp","no","first"]' ]
}

@test "SIGTERM ends the stream with end, and status 143" {
	start
	kill "$collector"
	status=0
	wait "$collector" || status=$?
	collector=
	[ "$status" = 143 ]
	[ "$(tail -n 1 spans | jq -c '[.type, .stage, .status]')" = '["end","collect",143]' ]
}

@test "--max-spans ends it with status 0 once so many have come" {
	start --max-spans 2
	a_request "$(a_span 1),$(a_span 2)" >body
	[ "$(post body application/json)" = 200 ]
	wait "$collector"
	collector=
	[ "$(tail -n 1 spans | jq .status)" = 0 ]
}

@test "--timeout ends it with status 0, and 1 where spans were waited for" {
	clnrm-collect --listen 127.0.0.1:0 --timeout 10ms >spans
	run -1 clnrm-collect --listen 127.0.0.1:0 --timeout 10ms --max-spans 1
}

@test "a reader that goes away ends it" {
	mkfifo pipe
	clnrm-collect --listen 127.0.0.1:0 >pipe 3>&- &
	collector=$!
	head -n 2 <pipe >/dev/null
	wait "$collector"
	collector=
}

@test "an address in use is told in one line, and exits 3" {
	start
	run -3 clnrm-collect --listen "127.0.0.1:$port"
	[ "$(jq -r 'select(.type == "diagnostic") | .message' <<<"$output")" = \
		"cannot listen on 127.0.0.1:$port: Address already in use" ]
	[[ $output != *listening* ]]
}

@test "an address that is none is a usage error" {
	run -2 clnrm-collect --listen 4318
	run -2 clnrm-collect --listen 127.0.0.1:65536
	run -2 clnrm-collect --listen '[::g]:1'
	run -2 clnrm-collect operand
}

@test "both families listen, each told in its own record" {
	[ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6 ||
		cannot "there is no ::1 here"
	start --listen '[::1]:0'
	port=$(jq -r 'select(.type == "listening").http' spans | sed -n 's/^\[::1\]://p')
	a_request "$(a_span 1)" >body
	[ "$(curl -s -g -o /dev/null -w '%{http_code}' --data-binary @body \
		-H 'Content-Type: application/json' "http://[::1]:$port/v1/traces")" = 200 ]
}

@test "a span that is sent again is written once, with other contents twice" {
	start
	a_request "$(a_span 1 a),$(a_span 1 a)" >body
	post body application/json
	post body application/json
	[ "$(grep -c '"type":"span"' spans)" = 1 ]
	a_request "$(a_span 1 b)" >body
	post body application/json
	[ "$(grep -c '"type":"span"' spans)" = 2 ]
	[ "$(jq -r 'select(.type == "diagnostic") | .code + " " + .message' spans)" = \
		"W411 span 0000000000000001 came again with other contents" ]
}

@test "--count writes no span, and says at the end how many came" {
	start --count --max-spans 3
	a_request "$(a_span 1 a),$(a_span 2 b),{}" >body
	[ "$(post body application/json)" = 200 ]
	[ "$(post body application/json)" = 200 ]
	echo nothing >no
	[ "$(post no application/json)" = 400 ]
	a_request "$(a_span 1 c)" >body
	[ "$(post body application/json)" = 200 ]
	wait "$collector"
	collector=
	[ "$(jq -r .type spans | xargs)" = \
		"begin listening diagnostic diagnostic diagnostic diagnostic collected end" ]
	[ "$(grep '"collected"' spans)" = '{"type":"collected","spans":3,"duplicates":2,"conflicts":1,"rejected":2,"requests":4,"refused":1}' ]
}

@test "what is rejected is told to the sender in its own coding" {
	start
	a_request "$(a_span 1),{}" >body
	[ "$(post body application/json)" = 200 ]
	[ "$(jq -c .partialSuccess answer)" = \
		'{"rejectedSpans":"1","errorMessage":"1 span rejected: trace_id is 0 bytes, not 16"}' ]
	# One resource, one scope, one span without ids.
	printf '\n\004\022\002\022\000' >body
	[ "$(post body application/x-protobuf)" = 200 ]
	[ "$(head -c 6 answer | od -An -tx1)" = " 0a 30 08 01 12 2c" ]
	[ "$(tail -c +7 answer)" = "1 span rejected: trace_id is 0 bytes, not 16" ]
}

@test "an error is a google.rpc.Status in the request's coding" {
	start
	printf x >body
	[ "$(post body application/json)" = 400 ]
	[ "$(jq -c . answer)" = '{"message":"no JSON object at byte 0"}' ]
	[ "$(post body application/x-protobuf)" = 400 ]
	[ "$(head -c 1 answer)" = $'\022' ]
	[ "$(post body text/plain)" = 415 ]
	jq -e .message answer
	curl -s -D - -o /dev/null "http://127.0.0.1:$port/v1/traces" |
		tr -d '\r' | grep -ixq 'allow: post'
	curl -s "http://127.0.0.1:$port/v1/metrics" |
		jq -e '.message | contains("OTEL_METRICS_EXPORTER=none")'
}

@test "each status of HTTP has its occasion, and the coding of the request" {
	start
	local json='-H Content-Type:application/json' bytes='-H Content-Type:application/x-protobuf'
	a_request "$(a_span 1)" >one
	gzip -c one >zipped
	printf '\n\004\022\002\022\000' >pb # one span without ids
	head -c 68000000 /dev/zero | gzip >bomb
	: >none
	while read -r want coding path options; do
		# shellcheck disable=SC2086 # words of curl
		got=$(curl -s -o answer -w '%{http_code} %{content_type}' $options \
			"http://127.0.0.1:$port$path")
		[ "$got" = "$want application/$coding" ] || echo "$want $path $options: $got"
		case $want,$coding in
		200,*) ;;
		*,json) jq -e '.message | length > 9' answer >/dev/null ;;
		*) [ "$(head -c 1 answer)" = $'\022' ] ;;
		esac || echo "$want $path $options: $(cat answer)"
	done >wrong <<-T
	200 json /v1/traces $json --data-binary @one
	200 json /v1/traces -H content-type:Application/JSON;charset=utf-8 --data-binary @one
	200 json /v1/traces $json -H Content-Encoding:identity --data-binary @one
	200 json /v1/traces $json -H Content-Encoding:GZIP --data-binary @zipped
	200 json /v1/traces $json -H Transfer-Encoding:chunked --data-binary @one
	200 json /v1/traces $json -H Expect:100-continue --data-binary @one
	200 json /v1/traces $json --http1.0 --data-binary @one
	200 json /v1/traces $json --data {}
	200 json /v1/traces $json --data {"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}
	200 x-protobuf /v1/traces $bytes --data-binary @pb
	200 x-protobuf /v1/traces $bytes --data-binary @none
	400 json /v1/traces $json --data {
	400 json /v1/traces $json -H Content-Encoding:gzip --data-binary @one
	400 x-protobuf /v1/traces $bytes --data-binary @one
	400 json /v1/traces $json -H Content-Length:9 -H Transfer-Encoding:chunked --data-binary @one
	404 json /v1/trace $json --data-binary @one
	404 json /v1/metrics $json --data {}
	404 x-protobuf /v1/logs $bytes --data-binary @none
	405 json /v1/traces -X GET $json
	405 x-protobuf /v1/traces -X PUT $bytes --data-binary @none
	413 x-protobuf /v1/traces $bytes -H Content-Length:67108865 --data-binary @pb
	413 x-protobuf /v1/traces $bytes -H Content-Encoding:gzip --data-binary @bomb
	415 json /v1/traces -H Content-Type:text/plain --data-binary @one
	415 json /v1/traces -H Content-Type: --data-binary @one
	415 x-protobuf /v1/traces $bytes -H Content-Encoding:br --data-binary @pb
	431 json /v1/traces -H X:$(head -c 70000 /dev/zero | tr '\0' x) $json --data-binary @one
	501 json /v1/traces $json -H Transfer-Encoding:gzip,chunked --data-binary @one
	T
	printf 'POST /v1/traces HTTP/3.0\r\n\r\n' >three
	talk three | grep -qx 505 || echo 505 >>wrong
	cut -c 1-300 wrong
	[ ! -s wrong ]
	# However often the span came, it is one.
	finish
	[ "$(grep -c '"type":"span"' spans)" = 1 ]
}

@test "the program of the example is heard, and its trace joins its caller's" {
	[ -x "$ROOT/examples/spans/checkout" ] || cannot "checkout is not built"
	start --max-spans 3
	run -1 env OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$port/" \
		TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 \
		OTEL_RESOURCE_ATTRIBUTES=test.run.id=a%2Cb OTEL_SERVICE_NAME=shop \
		"$ROOT/examples/spans/checkout" --fail
	[ "$output" = "card declined" ]
	wait "$collector"
	collector=
	[ "$(jq -c 'select(.type == "span" and .name == "checkout") |
		[.trace_id, .parent_span_id, .status.code, .resource.attributes]' spans)" = \
		'["4bf92f3577b34da6a3ce929d0e0e4736","00f067aa0ba902b7","ERROR",{"service.name":"shop","test.run.id":"a,b"}]' ]
	[ "$(jq -s '(map(select(.name == "checkout"))[0].span_id) as $top |
		map(select(.parent_span_id == $top).name)' -c spans)" = \
		'["checkout.reserve","checkout.pay"]' ]
}

# Sends a case of the corpus to a collector of its own, and says what is not as
# it should be. The arguments are the fields of `cases` below.
try_case() {
	local file=$1 method=$2 path=$3 want=$4 nd=$5 sum=$6 status
	start
	status=$(curl -s -o answer -w '%{http_code}' -H Content-Type: "${@:7}" \
		-X "$method" --data-binary "@$hostile/$file" \
		"http://127.0.0.1:$port$path")
	finish
	[ "$status" = "$want" ] || echo "$file: status $status, not $want"
	canonical >got
	if [ "$sum" ]; then
		echo "$sum  got" | sha256sum -c --quiet
	elif [ "$nd" ]; then
		# A span sent twice is written once.
		awk '!seen[$0]++' "$hostile/$nd" | cmp - got
	elif [ -s got ]; then
		echo "$file: a span"
	fi
	told "$file"
}

# Whether a case says what is rejected, and why, and what is taken with a word.
told() {
	local said want
	said=$(grep -E '"code":"W41[35]"' spans | jq -r .message)
	want=$(jq -r --arg f "$1" '.[] | select(.file == $f).expect |
		if .rejected_spans > 0 then "\(.rejected_spans) span" else empty end,
		((.reasons // []) + (.warnings // []) | .[])' "$hostile/cases.json")
	[ "$want" ] || [[ $said != *rejected* ]] || echo "$1: says $said"
	while IFS= read -r want; do
		[[ $said == *"$want"* ]] || echo "$1: does not say $want, but $said"
	done <<<"$want"
}

cases() {
	jq -r '.[] | [.file, .method, .path, .expect.status,
		.expect.expect_ndjson // "", .expect.expect_ndjson_sha256 // "",
		(.headers[] | "-H", .[0] + ": " + .[1])] | @sh' "$1"
}

@test "every hostile request gets its status, and its spans byte for byte" {
	need_shared corpus/otlp
	local hostile=$SHARED/corpus/otlp/hostile case
	trap - DEBUG # it would take most of the time
	while IFS= read -r case; do
		eval "try_case $case" || echo "that was $case"
		echo "$case" >>tried
	done < <(cases "$hostile/cases.json") >wrong 2>&1
	cat wrong
	[ ! -s wrong ]
	[ "$(wc -l <tried)" = "$(jq length "$hostile/cases.json")" ]
}

@test "a request that is cut anywhere is refused whole, or is whole to there" {
	need_shared corpus/otlp
	local dir=$SHARED/corpus/otlp/hostile
	start
	perl -MIO::Socket::INET -e '
		my ($port, $file) = @ARGV;
		local $/;
		open my $in, "<:raw", $file or die;
		my $all = <$in>;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
		alarm 60;
		for my $n (0 .. length $all) {
			print $s "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: $n\r\n",
				"Content-Type: application/x-protobuf\r\n\r\n", substr $all, 0, $n;
			$s->flush;
			my $heard = "";
			until ($heard =~ /Length: (\d+)\r\n.*?\r\n\r\n(.*)/s && length $2 == $1) {
				sysread $s, $heard, 4096, length $heard or die;
			}
			print "$n ", $heard =~ /^HTTP\S+ (\d+)/, "\n";
		}' "$port" "$dir/sweep.pb" >got
	diff <(grep -v '^#' "$dir/sweep.txt" | cut -d' ' -f1,2) got
	finish
	[ "$(grep -c '"type":"span"' spans)" = "$(tail -n 1 "$dir/sweep.txt" | cut -d' ' -f3)" ]
}

# What is odd about the spans of a hostile request, by the verifier and by the
# picture of the trace.
oddities() {
	local e='[[expect.span]]
name = "*"
duration_ms = { min = 0 }
[[expect.span]]
name = "*"
parent = "*"
[expect.graph]
acyclic = true
[[expect.window]]
outer = "*"
contains = ["*"]'
	one_step odd.clnrm.toml true <<<"$e"
	clnrm verify "$1" --against odd.clnrm.toml | jq -r '
		select(.type == "check" and (.ok | not)) | .rule + ": " + .actual'
	clnrm-diff --show tree "$1" 2>&1
	jq -r 'select(.type == "diagnostic").code' "$1"
	grep -c '"type":"span"' "$1" | sed 's/^/spans /'
}

@test "what a hostile request leaves to the judge is seen" {
	need_shared corpus/otlp
	local hostile=$SHARED/corpus/otlp/hostile file odd type
	while read -r file odd; do
		type=application/x-protobuf
		[ "${file%.json}" = "$file" ] || type=application/json
		start
		[ "$(post "$hostile/$file" "$type")" = 200 ]
		finish
		oddities spans >seen
		case $odd in
		cycle) grep -q '^expect.graph.acyclic: op -> op' seen ;;
		orphan_parent) grep -q 'its parent is not here' seen ;;
		duplicate_span_identical) grep -qx 'spans 2' seen ;;
		duplicate_span_conflict) grep -qx W411 seen && grep -qx 'spans 3' seen ;;
		duplicate_attribute_key) grep -qx 'spans 1' seen ;; # the bytes are compared above
		end_before_start | start_missing | end_missing)
			grep -qx 'expect.span\[0\].duration: no duration' seen ;;
		time_out_of_range) grep -qE '^\* op  (-|1 ns)$' seen ;;
		child_outside_parent) grep -qx '\*   op  5.0 ms' seen ;;
		multiple_roots) [ "$(grep -c '^\* op' seen)" = 2 ] ;;
		empty_name) grep -qx '\*   1.0 ms' seen ;;
		*) false ;;
		esac || { echo "$file: $odd"; cat seen; return 1; }
	done < <(jq -r '.[] | .file as $f | .expect.judge[]? | $f + " " + .' "$hostile/cases.json")
}

@test "every recorded export of an SDK is taken, byte for byte" {
	need_shared corpus/otlp
	local name type coding
	for body in "$SHARED"/corpus/otlp/recorded/*/*.{pb,json}{,.gz}; do
		[ -e "$body" ] || continue
		case $body in
		*.req.json) continue ;;
		esac
		name=${body##*/}
		name=${body%/*}/${name%%.*}
		type=application/json coding=identity
		case $body in *.pb*) type=application/x-protobuf ;; esac
		case $body in *.gz) coding=gzip ;; esac
		start
		[ "$(post "$body" $type -H "Content-Encoding: $coding")" = 200 ]
		finish
		canonical | cmp - "$name.expect.ndjson"
	done
}

@test "every raw stream of HTTP gets its statuses in order" {
	need_shared corpus/otlp
	local dir=$SHARED/corpus/otlp/hostile/http1 file got
	start
	while IFS= read -r file; do
		got=$(talk "$dir/$file")
		jq -e --arg f "$file" --arg got "$got" '.[] | select(.file == $f) |
			[.statuses, (.also_ok // [])[]] |
			any(.[]; map(tostring) | join(",") == $got)' \
			"$dir/cases.json" >/dev/null || echo "$file: $got"
		echo "$file" >>tried
	done < <(jq -r '.[].file' "$dir/cases.json") >wrong
	cat wrong
	[ ! -s wrong ]
	[ "$(wc -l <tried)" = "$(jq length "$dir/cases.json")" ]
}

# Sends a file to the port of gRPC and prints what comes back: "frame TYPE HEX"
# a line; of a GOAWAY "goaway CODE", of a PING answered "ping TEXT", of another
# protocol "text".
call() {
	perl -MIO::Socket::INET -e '
		my ($port, $file) = @ARGV;
		local ($/, $SIG{PIPE}) = (undef, "IGNORE");
		open my $in, "<:raw", $file or die;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
		print $s scalar <$in>;
		$s->flush;
		shutdown $s, 1;
		alarm 10;
		my $heard = scalar(<$s>) // "";
		print "text\n" if $heard =~ /^HTTP/;
		while (length $heard >= 9) {
			my ($high, $n, $type) = unpack "CnC", $heard;
			my $what = substr $heard, 9, $high << 16 | $n;
			substr($heard, 0, 9 + length $what) = "";
			print "goaway ", unpack("x4N", $what), "\n" if $type == 7;
			print "ping $what\n" if $type == 6;
			print "frame $type ", unpack("H*", $what), "\n";
		}' "$port" "$1"
}

# What came of the calls: the codes that the collector told, 0 for an answer
# with a message.
codes() {
	sed -n 's/.*was refused with \(gRPC status\|status\) \([0-9]*\):.*/\2/p' spans
	grep -c '^frame 0 ' heard | xargs -I% seq % | sed 's/.*/0/'
}

@test "both ports are told, and the one of HTTP takes gRPC too" {
	need_shared corpus/otlp
	start --grpc 127.0.0.1:0
	await grep -q '"grpc"' spans
	[ "$(jq -c 'select(.type == "listening") | keys_unsorted' spans | xargs)" = \
		"[type,http] [type,grpc]" ]
	call "$SHARED/corpus/otlp/hostile/grpc/good.bin" >heard
	grep -q '^frame 0 0000000000$' heard
	finish
	[ "$(grep -c '"type":"span"' spans)" = 1 ]
	is_as_documented spans
}

@test "every recorded connection of gRPC is taken, byte for byte" {
	need_shared corpus/otlp
	local stream
	for stream in "$SHARED"/corpus/otlp/recorded/*-grpc*/*.c2s.bin; do
		start_grpc
		call "$stream" >heard
		finish
		canonical | cmp - "${stream%.c2s.bin}.expect.ndjson"
		[ "$(codes)" = 0 ]
	done
}

# Whether the collector did with a hostile stream what its case says.
try_stream() {
	local file=$1 kind=$2 want=$3 also=$4 spans_wanted=$5 got
	start_grpc
	call "$SHARED/corpus/otlp/hostile/grpc/$file" >heard
	finish
	case $kind in
	grpc_status | http_status)
		got=$(codes | xargs)
		[[ ",$want,$also," == *",$got,"* ]] ;;
	goaway)
		got=$(sed -n 's/^goaway //p' heard)
		[ "$got" = "$want" ] ;;
	close) grep -q '^text' heard ;;
	rejected_spans) grep -q "\"message\":\"$want span" spans ;;
	ping_ack) grep -q '^ping 12345678$' heard ;;
	survive) grep -q '"type":"end"' spans ;;
	*) false ;;
	esac || echo "$file: $got, not $want"
	got=$(grep -c '"type":"span"' spans) || :
	[ "$got" = "$spans_wanted" ] || echo "$file: $got spans"
}

@test "every hostile stream of gRPC gets its status, or ends its connection" {
	need_shared corpus/otlp
	local case
	trap - DEBUG
	while IFS= read -r case; do
		eval "try_stream $case"
		echo "$case" >>tried
	done < <(jq -r '.[] | (.expect | keys_unsorted[0]) as $kind |
		[.file, $kind, (.expect[$kind] | [.] | flatten | map(tostring) | join(" ")),
		(.also_ok_grpc_status // [] | map(tostring) | join(",")),
		.accepted_spans] | @sh' \
		"$SHARED/corpus/otlp/hostile/grpc/cases.json") >wrong 2>&1
	cat wrong
	[ ! -s wrong ]
	[ "$(wc -l <tried)" = "$(jq length "$SHARED/corpus/otlp/hostile/grpc/cases.json")" ]
}

@test "a client of grpc.io is answered: plain, gzipped, large, many at once" {
	/usr/bin/python3 -c 'import grpc' 2>/dev/null ||
		cannot "python3-grpcio is not installed"
	start_grpc
	cat >client.py <<-'PY'
	import struct, sys, grpc
	def varint(n):
	    out = b""
	    while n > 127:
	        out += bytes([n & 127 | 128])
	        n >>= 7
	    return out + bytes([n])
	def field(n, b):
	    return varint(n << 3 | 2) + varint(len(b)) + b
	def request(i, name=b"op"):
	    span = field(1, b"\1" * 16) + field(2, struct.pack(">Q", i)) + field(5, name)
	    return field(1, field(2, field(2, span)))
	export = grpc.insecure_channel("127.0.0.1:" + sys.argv[1]).unary_unary(
	    "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
	assert export(request(1)) == b""
	assert export(request(2), compression=grpc.Compression.Gzip) == b""
	assert export(request(3, b"x" * (5 << 20))) == b""
	for call in [export.future(request(4 + i)) for i in range(300)]:
	    assert call.result() == b""
	try:
	    export(b"\x0a\xff")
	except grpc.RpcError as e:
	    print(e.code().name, e.details())
	PY
	run /usr/bin/python3 client.py "$port"
	[ "$output" = "INVALID_ARGUMENT a number that is cut off at byte 2" ]
	finish
	[ "$(grep -c '"type":"span"' spans)" = 303 ]
}

@test "a client that speaks HTTP/1.1 or TLS to the port of gRPC is told" {
	start_grpc
	curl -s "http://127.0.0.1:$port/v1/traces" |
		grep -q OTEL_EXPORTER_OTLP_PROTOCOL=grpc
	run curl -sk "https://127.0.0.1:$port/"
	[ "$status" != 0 ]
	finish
	grep -q 'this port has no TLS' spans
}

@test "every recorded log gives its spans, byte for byte" {
	need_shared corpus/otlp
	local log
	for log in "$SHARED"/corpus/otlp/recorded/*/*.{stdout,jsonl}; do
		clnrm-collect --from "$log" >out
		canonical out | cmp - "${log%.*}.expect.ndjson"
		[ "$(jq -r 'select(.type == "span").via' out | sort -u)" = file ]
		is_as_documented out
	done
}

@test "printed spans are found as they come, and what is cut off is told" {
	{
		echo hello
		printed a
		echo '{"name": "cut", "context": {"trace_id": "0x5b8e'
		printed bb | tr -d '\n'
	} | clnrm-collect --from - >out
	[ "$(jq -r 'select(.type == "span") | [.via, .form, .bound, .name] | join(" ")' out)" = \
		"stdout python no a"$'\n'"stdout python no bb" ]
	[ "$(jq -r 'select(.type == "diagnostic") | .code + " " + .message' out)" = \
		"W416 a span printed from line 3 on is cut off" ]
	is_as_documented out
}

@test "--from ends with status 1 where spans were waited for, 2 without a file" {
	printed a >log
	clnrm-collect --from log --max-spans 1
	run -1 clnrm-collect --from log --max-spans 2
	run -2 clnrm-collect --from no-such-log
	[ "$(jq -r 'select(.type == "diagnostic") | .code + " " + .message' <<<"$output")" = \
		"E101 cannot read no-such-log: No such file or directory" ]
}

# The spans of a run of a.clnrm.toml, "VIA BOUND NAME" a line.
spans_of_run() {
	executed a.clnrm.toml >out || :
	is_as_documented out || return 1
	jq -r 'select(.type == "span" and .via != "clnrm") |
		[.via, .bound, .name] | join(" ")' out
}

@test "exporter = stdout reads the spans that steps print, bound by trace or run" {
	cat >step <<-'SH'
	trace=${TRACEPARENT#00-}
	printed ours "${trace%%-*}"
	printed foreign
	echo "$OTEL_TRACES_EXPORTER"
	SH
	{ declare -f printed; cat step; } >step.sh
	one_step a.clnrm.toml 'bash step.sh' <<<$'[otel]\nexporter = "stdout"'
	[ "$(spans_of_run)" = "stdout trace ours"$'\n'"stdout no foreign" ]
	jq -r 'select(.type == "step").stdout' out | grep -qx console
	one_step a.clnrm.toml 'bash step.sh' </dev/null
	[ -z "$(spans_of_run)" ]
}

@test "a child in the background prints on, and its spans are read to the end" {
	cat >step <<-'SH'
	trace=${TRACEPARENT#00-}
	trap '' TERM # here, or the child may be told to end before it can say so
	{
		sleep 0.2
		printed late "${trace%%-*}"
		printed cut | head -c 70
	} &
	SH
	{ declare -f printed; cat step; } >step.sh
	one_step a.clnrm.toml 'bash step.sh' <<<$'[otel]\nexporter = "stdout"'
	[ "$(spans_of_run)" = "stdout trace late" ]
	grep -q '"code":"W416"' out
}

@test "steps send by gRPC where the file says so, and on the port of HTTP too" {
	/usr/bin/python3 -c 'import grpc' 2>/dev/null ||
		cannot "python3-grpcio is not installed"
	cat >client.py <<-'PY'
	import os, struct, sys, grpc
	def field(n, b):
	    return bytes([n << 3 | 2, len(b)]) + b
	trace = bytes.fromhex(os.environ["TRACEPARENT"].split("-")[1])
	span = field(1, trace) + field(2, struct.pack(">Q", 7)) + field(5, b"called")
	where = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://")
	print(os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"])
	grpc.insecure_channel(where).unary_unary(
	    "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	)(field(1, field(2, field(2, span))))
	PY
	one_step a.clnrm.toml '/usr/bin/python3 client.py' <<<$'[otel]\nprotocol = "grpc"'
	[ "$(spans_of_run)" = "otlp trace called" ]
	[ "$(jq -r 'select(.type == "step").stdout' out)" = grpc ]
	one_step a.clnrm.toml '/usr/bin/python3 client.py' </dev/null
	[ "$(spans_of_run)" = "otlp trace called" ]
	[ "$(jq -r 'select(.type == "step").stdout' out)" = http/protobuf ]
	[ "$(jq 'select(.type == "scenario.end").complete.connections' out)" = true ]
}
